"""Plan → SQL over the full-text table ``words`` (title, text), the table ``tags`` and the columns of ``articles``.

FTS5 finds words, phrases, prefixes and AND, OR, NOT of them by itself. What it cannot say (order, sentences, the lead,
a number of places) it finds too widely: the *expression* of a plan is met by at least the articles that meet the plan.
Where it is met by more, ``tocsin_met`` decides row by row, by ``tocsin.query.meaning``, over the positions that FTS5
has at hand.

No word of a reader stands in the SQL: everything is a parameter. ``words`` is keyed by arrival.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain, product
from math import prod
from typing import Any, NamedTuple, assert_never

from tocsin.query.meaning import aware
from tocsin.query.plan import (
    All,
    AnyOf,
    Between,
    Has,
    Keys,
    Near,
    No,
    Often,
    Plan,
    Sequence,
    Side,
    Spatial,
    Stands,
    Together,
    condensed,
    sides,
)

MOST_PAIRS = 40
"""Ways to pair the sequences of sides up to which a distance is asked of FTS5 itself."""
MOST_BRANCHES = 8
"""Ways to meet a plan up to which each is asked by itself."""
WINDOW = "/*window*/"
"""Where a condition that looks up words may be held to a window of arrivals: ``AND rowid > … AND rowid < …``."""
MET = "tocsin_met"
"""Name of the auxiliary function that decides what an expression leaves open."""

Steps = tuple[Keys, ...]
_TIMES = {"date": "published", "seen": "first_seen"}


class Expression(NamedTuple):
    """A full-text expression that at least all articles meet which meet the plan."""

    match: str
    phrases: tuple[Steps, ...]
    """What each phrase of it asks for, by FTS5's number."""
    plan: Plan
    """What it stands for, condensed."""
    exact: bool
    """Whether the articles that meet it are those that meet the plan."""


class Condition(NamedTuple):
    """A condition on a row of ``articles AS article``, and its parameters.

    An ``Expression`` among the parameters stands for two: its text, and the number under which ``tocsin_met`` finds it.
    """

    sql: str
    values: list[Any]


class Wanted(NamedTuple):
    """How to find what meets a plan: words first, the rest as a condition. Either may be missing."""

    words: Expression | None
    rest: Condition | None


def branches(plan: Plan) -> tuple[Plan, ...]:
    """Plans of which an article must meet one: words apart from attributes and times, where an OR has both.

    Asked as one, nothing could be read from the index of words; apart, each gives its newest articles first.
    """
    match plan:
        case AnyOf(parts) if expression(plan) is None:
            of_words = tuple(part for part in parts if expression(part) is not None)
            others = (part for part in parts if expression(part) is None)
            found = [*([AnyOf(of_words)] if of_words else []), *chain.from_iterable(map(branches, others))]
        case All(parts):
            found = [All(way) for way in product(*map(branches, parts))]
        case _:
            found = [plan]
    return tuple(found) if 1 < len(found) <= MOST_BRANCHES else (plan,)


def wanted(plan: Plan) -> Wanted:
    """How to find what meets a plan."""
    plan = condensed(plan)
    parts = plan.parts if isinstance(plan, All) else (plan,)
    of_words = [part for part in parts if expression(part) is not None]
    # What only forbids words joins the words that it takes from; alone it is a condition like any other.
    forbidden = [part for part in parts if isinstance(part, No) and of_words and expression(part.part) is not None]
    rest = [part for part in parts if part not in of_words and part not in forbidden]
    asked = [*of_words, *forbidden]
    words = expression(asked[0] if len(asked) == 1 else All(tuple(asked))) if asked else None
    return Wanted(words, condition(rest[0] if len(rest) == 1 else All(tuple(rest))) if rest else None)


def condition(plan: Plan) -> Condition:
    """A condition that says all of a plan.

    Raises ValueError where ``last`` was left open.
    """
    match plan:
        case Has(name, values):
            marks = ",".join("?" * len(values))
            # The + keeps SQLite from going through the whole list for each row that the index of words has found.
            sql = f"+article.seq IN (SELECT article FROM tags WHERE name = ? AND value IN ({marks}))"
            return Condition(sql, [name, *sorted(values)])
        case Between():
            return _between(plan)
        case No(part):
            inner = condition(part)
            return Condition(f"NOT ifnull({inner.sql}, 0)", inner.values)
        case Stands() | Near() | Together() | Often():
            found = expression(plan)
            return _in_words(found) if found else Condition("0", [])
        case All(parts) | AnyOf(parts):
            found = expression(plan)
            if found is not None:
                return _in_words(found)
            joined = [condition(part) for part in sorted(parts, key=_cost)]
            glue = " AND " if isinstance(plan, All) else " OR "
            return Condition(
                "(" + glue.join(one.sql for one in joined) + ")", [v for one in joined for v in one.values]
            )
        case _:
            assert_never(plan)


def _in_words(found: Expression) -> Condition:
    if found.exact:
        return Condition(f"article.arrival IN (SELECT rowid FROM words WHERE words MATCH ? {WINDOW})", [found.match])
    sql = f"article.arrival IN (SELECT rowid FROM words WHERE words MATCH ? {WINDOW} AND {MET}(words, ?))"
    return Condition(sql, [found.match, found])


def _cost(plan: Plan) -> int:
    """What costs least is asked first: SQLite asks in the order of the words."""
    return 0 if isinstance(plan, Has) else 1 if isinstance(plan, Between) else 2


def _between(plan: Between) -> Condition:
    """Looked up in the index of times: in its row a time stands behind the record, and all of that were to be read."""
    if plan.last is not None:
        raise ValueError("what counts back from now must be fixed to a moment before a store is asked")
    column = _TIMES[plan.name]
    tests, values = [f"{column} IS NOT NULL"], list[Any]()
    if plan.low is not None:
        tests.append(f"{column} >= ?")
        values.append(_epoch(plan.low))
    if plan.high is not None:
        tests.append(f"{column} < ?")
        values.append(_epoch(plan.high))
    return Condition(f"+article.seq IN (SELECT seq FROM articles WHERE {' AND '.join(tests)})", values)


def _epoch(moment: datetime) -> float:
    return aware(moment).timestamp()


def expression(plan: Plan) -> Expression | None:
    """The full-text expression of a plan that asks for words alone; None where it asks for anything else too."""
    draft = _Draft()
    plan = _side_by_side(plan)
    match = draft.text(plan)
    if match is not None and not draft.exact and _loses_places(plan, root=True):
        match = f"({match}) AND ({' OR '.join(map(draft.phrase, dict.fromkeys(draft.phrases)))})"
    return None if match is None else Expression(match, tuple(draft.phrases), plan, draft.exact)


def _loses_places(plan: Plan, *, root: bool) -> bool:
    """Whether FTS5 may not tell where phrases stand in a row that it finds; so they are asked for once more, apart.

    An AND that is not the root and fails on a row forgets the places of all phrases below it, also of those in an OR
    that stand in a later row already, and does not look them up again. (SQLite 3.54; the rows themselves are right.)
    """
    match plan:
        case Stands(side) | Often(side):
            return any(segments_of(one.steps) is None and len(one.steps) > 1 for one in side)
        case Near(several) if _few_ways(several):
            return False
        case Near() | Together():
            return not root or any(_loses_places(Stands(side), root=False) for side in sides(plan))
        case All(parts):
            positive = [part for part in parts if not isinstance(part, No)]
            if len(positive) > 1 and (not root or len(positive) < len(parts)):
                return True
            forbidden = (part.part for part in parts if isinstance(part, No))
            doubtful = any(found is not None and not found.exact for found in map(expression, forbidden))
            return doubtful or any(_loses_places(part, root=root and positive == list(parts)) for part in positive)
        case AnyOf(parts):
            return any(_loses_places(part, root=False) for part in parts)
        case Has() | Between() | No():
            return False
        case _:
            assert_never(plan)


def _side_by_side(plan: Plan) -> Plan:
    """The same meaning, with phrases for sides that nothing may stand between: those FTS5 finds by itself."""
    match plan:
        case Near(several, 0, ordered, zone) if prod(map(len, several)) <= MOST_PAIRS:
            ways = [several] if ordered else [several, several[::-1]]
            runs = [tuple(chain.from_iterable(one.steps for one in run)) for way in ways for run in product(*way)]
            return Stands(tuple(Sequence(steps, "") for steps in dict.fromkeys(runs)), zone)
        case All(parts) | AnyOf(parts):
            return type(plan)(tuple(map(_side_by_side, parts)))
        case No(part):
            return No(_side_by_side(part))
        case _:
            return plan


class _Draft:
    """An expression being written: its phrases in order, and whether it says all so far."""

    def __init__(self) -> None:
        self.phrases: list[Steps] = []
        self.exact = True

    def text(self, plan: Plan) -> str | None:
        match plan:
            case Stands() | Near() | Together() | Often():
                return self._spatial(plan)
            case All(parts):
                return self._all(parts)
            case AnyOf(parts):
                inner = [self.text(part) for part in parts]
                return None if None in inner or not inner else "(" + " OR ".join(filter(None, inner)) + ")"
            case Has() | Between() | No():
                return None
            case _:
                assert_never(plan)

    def _all(self, parts: Iterable[Plan]) -> str | None:
        """FTS5 knows only "these and not those": the forbidden ones stand behind.

        Where it finds a forbidden one too widely, it is only asked where its words stand: with the first of what is
        asked as the other choice, that leaves no article out.
        """
        positive: list[Plan] = []
        forbidden: list[Plan] = []
        doubtful: list[Plan] = []
        for part in parts:
            found = expression(part.part) if isinstance(part, No) else None
            if isinstance(part, No) and found is not None:
                (forbidden if found.exact else doubtful).append(part.part)
            else:
                positive.append(part)
        asked = [self.text(part) for part in positive]
        if None in asked or not asked:
            return None
        text = "(" + " AND ".join(filter(None, asked)) + ")"
        if forbidden:
            text = f"({text} NOT ({' OR '.join(filter(None, map(self.text, forbidden)))}))"
        if doubtful:
            self.exact = False
            text = f"({text} AND ({' OR '.join(filter(None, map(self.text, [positive[0], *doubtful])))}))"
        return text

    def _spatial(self, plan: Spatial) -> str | None:
        match plan:
            case Stands(side, zone):
                self.exact = self.exact and zone != "lead"
                return self._side(side, zone)
            case Often(side, times, zone):
                self.exact = self.exact and times == 1 and zone != "lead"
                return self._side(side, zone) if times > 0 else None
            case Near(several, gap, _, zone) if _few_ways(several):
                self.exact = False
                return self._near(several, gap, zone)
            case Near(several, _, _, zone):
                self.exact = False
                return "(" + " AND ".join(self._side(side, zone) for side in several) + ")"
            case Together(left, right, zone):
                self.exact = False
                return f"({self._side(left, zone)} AND {self._side(right, zone)})"
            case _:
                assert_never(plan)

    def _side(self, side: Side, zone: str) -> str:
        return "(" + " OR ".join(self._sequence(sequence.steps, zone) for sequence in side) + ")"

    def _near(self, several: tuple[Side, ...], gap: int, zone: str) -> str:
        """FTS5 counts the words between the first and the last place, those of the middle ones too."""
        ways = []
        for run in product(*several):
            between = gap + sum(len(one.steps) for one in run[1:-1])
            ways.append(f"NEAR({' '.join(self.phrase(one.steps) for one in run)}, {between})")
        return f"{_columns(zone)}({' OR '.join(ways)})"

    def _sequence(self, words: Steps, zone: str) -> str:
        segments = segments_of(words)
        if segments is None and len(words) == 1:
            return f"{_columns(zone)}({' OR '.join(self._alternatives(words[0]))})"
        if segments is None:
            # Each word is asked for by itself, and how they stand is verified.
            self.exact = False
            inner = (f"({' OR '.join(self._alternatives(keys))})" for keys in words)
            return f"{_columns(zone)}({' AND '.join(inner)})"
        if len(segments) == 1:
            return _columns(zone) + self.phrase(words)
        self.exact = False
        between = sum(map(len, segments[1:-1]))
        return f"{_columns(zone)}NEAR({' '.join(map(self.phrase, segments))}, {between})"

    def _alternatives(self, keys: Keys) -> list[str]:
        plain = frozenset(key for key in keys if not key.endswith("*"))
        found = [self.phrase((plain,))] if plain else []
        for key in sorted(keys - plain):
            self.phrases.append((frozenset({key}),))
            found.append(f"{_quoted(key[:-1])} *")
        return found

    def phrase(self, words: Steps) -> str:
        """A phrase that is one piece, numbered as FTS5 will number it."""
        self.phrases.append(words)
        (*whole, last), begun = words, _has_prefix(words[-1])
        keys = [*map(sorted, whole), [key.removesuffix("*") for key in last] if begun else sorted(last)]
        return _quoted(" ".join(map("\x1f".join, keys))) + (" *" if begun else "")


def segments_of(words: Steps) -> tuple[Steps, ...] | None:
    """A phrase in pieces that FTS5 can ask for: of a piece, only the last word may be a beginning.

    None where a word may begin so or be another.
    """
    segments: list[Steps] = []
    start = 0
    for at, keys in enumerate(words, 1):
        begun = _has_prefix(keys)
        if begun and len(keys) > 1:
            return None
        if begun or at == len(words):
            segments.append(words[start:at])
            start = at
    return tuple(segments)


def _few_ways(several: tuple[Side, ...]) -> bool:
    """Whether FTS5's own NEAR can ask for the sides: each sequence is one piece, and they make few pairs."""
    pieces = (segments_of(sequence.steps) for side in several for sequence in side)
    return prod(map(len, several)) <= MOST_PAIRS and all(found is not None and len(found) == 1 for found in pieces)


def _has_prefix(keys: Keys) -> bool:
    return any(key.endswith("*") for key in keys)


def _columns(zone: str) -> str:
    return f"{{{zone}}} : " if zone in ("title", "text") else ""


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
