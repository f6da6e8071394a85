"""Random small articles and plans, and what a plan means to an article: by trying every place, in the plainest way.

Vocabularies are tiny, tokens have several keys, sides overlap and repeat: what differs between back-ends differs here.
"""

import random
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise, product

from tocsin.query.plan import (
    GAP,
    LEAD,
    All,
    AnyOf,
    Between,
    Has,
    Near,
    No,
    Often,
    Plan,
    Sequence,
    Side,
    Stands,
    Together,
)
from tocsin.words import Analysed, Token

STEMS = ("ab", "abc", "abd", "under", "під", "підрив", "пр", "при", "jähr", "jährlich", "𝒳y")
TOKENS = tuple(
    Token(keys)
    for keys in (
        *((f"s:{stem}", f"x:{stem}", f"l:{stem}") for stem in STEMS[:6]),
        *((f"s:{stem}", f"x:{stem.title()}", f"x:{stem}", f"n:uk:{stem}", f"t:{stem}") for stem in STEMS[6:]),
        ("s:ab", "x:AB", "l:abc", "l:under"),
        ("s:abd-c", "x:abd-c", "l:ab", "l:abd", "s:abc", "l:пр", "t:xx", "t:xy"),
        ("s:a.b*", "x:(a|b)", "l:a#b@c~&<1-2>", 'l:"q"\\d'),
    )
)
KEYS = tuple(sorted({key for token in TOKENS for key in token.keys}))
BEGINNINGS = ("s:ab*", "s:пр*", "s:під*", "s:jä*", "s:u*", "s:a.b**", "x:A*", "s:𝒳*", "l:a*")
ZONES = ("", "", "", "title", "text", "lead")
LANGS = ("en", "uk", "ru")
START = datetime(2026, 1, 1, tzinfo=UTC)


class Sheet:
    """An article of tokens, with what plans ask beside them."""

    def __init__(self, rng: random.Random, longest: int = 12) -> None:
        words = rng.sample(TOKENS, rng.randint(2, 6)) if rng.random() < 0.7 else TOKENS
        filler = Token(("s:filler", "x:filler"))
        share = rng.choice((0.0, 0.5, 0.9))
        pick = lambda: filler if rng.random() < share else rng.choice(words)  # noqa: E731
        title = tuple(pick() for _ in range(rng.randint(0, 5)))
        length = rng.choice((rng.randint(0, longest), rng.randint(0, longest), rng.randint(LEAD - 3, LEAD + 9)))
        text = tuple(pick() for _ in range(length))
        starts = (
            sorted({rng.randrange(1, length) for _ in range(rng.randint(0, 1 + length // 4))}) if length > 1 else []
        )
        self.analysed = Analysed(title, text, tuple(starts))
        self.stream = dict(enumerate(title)) | dict(enumerate(text, len(title) + GAP))
        self.attributes = {
            "lang": [rng.choice(LANGS)],
            "topic": rng.sample(("war", "draft", "élection"), rng.randint(0, 3)),
        }
        date = START + timedelta(microseconds=rng.randrange(10))
        self.times = {"date": rng.choice((None, date, date.replace(tzinfo=None))), "seen": date}


def plan(rng: random.Random, depth: int = 2) -> Plan:
    """Any plan."""
    if depth and rng.random() < 0.4:
        parts = tuple(plan(rng, depth - 1) for _ in range(rng.randint(0 if rng.random() < 0.1 else 1, 3)))
        return rng.choice((All, AnyOf))(parts) if rng.random() < 0.8 else No(plan(rng, depth - 1))
    zone = rng.choice(ZONES)
    chance = rng.random()
    if chance < 0.3:
        return Stands(side(rng), zone)
    if chance < 0.55:
        number = rng.choice((2, 2, 2, 3))
        sides = tuple(side(rng) for _ in range(number))
        if rng.random() < 0.15:
            sides = (sides[0],) * number
        return Near(sides, rng.choice((0, 1, 2, 3, 5, 50)), number > 2 or rng.random() < 0.4, zone)
    if chance < 0.7:
        left = side(rng)
        return Together(left, left if rng.random() < 0.15 else side(rng), zone)
    if chance < 0.85:
        return Often(side(rng), rng.choice((0, 1, 2, 2, 3, 5)), zone)
    if chance < 0.92:
        return Has(
            *rng.choice(
                (
                    ("lang", frozenset(rng.sample(LANGS, 2))),
                    ("topic", frozenset(("war", "élection"))),
                    ("org", frozenset("x")),
                )
            )
        )
    low, high = (rng.choice((None, START + timedelta(microseconds=rng.randrange(10)))) for _ in range(2))
    return Between(rng.choice(("date", "seen")), low, high)


def side(rng: random.Random) -> Side:
    """Sequences of which one must stand; seldom none."""
    number = 0 if rng.random() < 0.01 else rng.choice((1, 1, 1, 2, 2, 3, 6))
    return tuple(sequence(rng) for _ in range(number))


def sequence(rng: random.Random) -> Sequence:
    """One to four steps, of which some are equal; seldom many."""
    steps = [_keys(rng) for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4, rng.choice((1, 8)))))]
    if len(steps) > 1 and rng.random() < 0.4:
        steps[-1] = steps[0]
    return Sequence(tuple(steps), "")


def _keys(rng: random.Random) -> frozenset[str]:
    wild = [rng.choice(BEGINNINGS)] if rng.random() < 0.15 else []
    return frozenset(rng.sample(KEYS, rng.choice((1, 2, 3, 6, 12))) + wild)


def meets(asked: Plan, sheet: Sheet) -> bool:
    """Whether the article meets the plan, by the words of ``tocsin.query.plan``."""
    match asked:
        case All(parts):
            return all(meets(part, sheet) for part in parts)
        case AnyOf(parts):
            return any(meets(part, sheet) for part in parts)
        case No(part):
            return not meets(part, sheet)
        case Has(name, values):
            return bool(values & set(sheet.attributes.get(name, ())))
        case Between(name, low, high):
            time = sheet.times[name]
            time = time and time.replace(tzinfo=UTC)
            return bool(time and (not low or time >= low) and (not high or time < high))
        case Stands(one, zone):
            return bool(_places(one, sheet, zone))
        case Near(several, gap, ordered, zone):
            found = [_places(one, sheet, zone) for one in several]
            return any(_close(row, gap, ordered) for row in product(*found))
        case Together(left, right, zone):
            pairs = product(_places(left, sheet, zone), _places(right, sheet, zone))
            return any(_apart(a, b) and _sentence(a, sheet) == _sentence(b, sheet) != -1 for a, b in pairs)
        case Often(one, times, zone):
            return _most(sorted(_places(one, sheet, zone), key=lambda place: place[1])) >= times
    raise AssertionError(asked)


def _places(one: Side, sheet: Sheet, zone: str) -> set[tuple[int, int]]:
    stream, title = sheet.stream, len(sheet.analysed.title)
    zoned = {
        "": lambda at: at >= 0,
        "title": lambda at: at < title,
        "text": lambda at: at >= title + GAP,
        "lead": lambda at: at < title + GAP + LEAD,
    }[zone]
    found = set()
    for asked in one:
        for start in stream:
            run = range(start, start + len(asked.steps))
            if all(
                at in stream and zoned(at) and _met(keys, stream[at]) for at, keys in zip(run, asked.steps, strict=True)
            ):
                found.add((run[0], run[-1]))
    return found


@cache
def _met(keys: frozenset[str], token: Token) -> bool:
    return any(
        key == asked or (asked[-1] == "*" and key.startswith(asked[:-1])) for asked in keys for key in token.keys
    )


def _apart(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[1] < b[0] or b[1] < a[0]


def _close(row: tuple[tuple[int, int], ...], gap: int, ordered: bool) -> bool:
    rows = [row] if ordered else [row, row[::-1]]
    return any(
        all(a[1] < b[0] for a, b in pairwise(one)) and sum(b[0] - a[1] - 1 for a, b in pairwise(one)) <= gap
        for one in rows
    )


def _sentence(place: tuple[int, int], sheet: Sheet) -> int:
    first = len(sheet.analysed.title) + GAP
    begins = [first, *(first + start for start in sheet.analysed.sentences)]
    numbers = {sum(begin <= at for begin in begins) for at in place}
    return numbers.pop() if len(numbers) == 1 else -1


def _most(places: list[tuple[int, int]]) -> int:
    number, reached = 0, -1
    for start, end in places:
        if start > reached:
            number, reached = number + 1, end
    return number
