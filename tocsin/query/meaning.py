"""What a plan means to one article: the evaluation that every back-end must agree with.

A back-end may find candidates as it likes; whatever it cannot decide by itself is decided here, over the positions at
which the words of the plan stand.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, assert_never

from tocsin.query.plan import (
    GAP,
    LEAD,
    All,
    AnyOf,
    Between,
    Has,
    Keys,
    Near,
    No,
    Often,
    Plan,
    Side,
    Spatial,
    Stands,
    Together,
)

Place = tuple[int, int]
"""First and last position of a sequence, in the one stream of title and text."""


class Article(Protocol):
    """An article as it is asked: where words stand, what attributes and times it has."""

    @property
    def title(self) -> int:
        """Positions of the title."""

    @property
    def sentences(self) -> Sequence[int]:
        """Positions of the text, from 0, at which its second and later sentences begin, in order."""

    @property
    def now(self) -> datetime:
        """Its arrival: what ``last 7d`` counts back from."""

    def starts(self, steps: tuple[Keys, ...]) -> Collection[int]:
        """Positions of the stream at which the steps begin to stand one after the other."""

    def values(self, name: str) -> frozenset[str]:
        """Casefolded values of an attribute."""

    def time(self, name: str) -> datetime | None:
        """``date`` or ``seen``."""


def holds(plan: Plan, article: Article) -> bool:
    """Whether an article meets a plan."""
    match plan:
        case Stands() | Near() | Together() | Often():
            return _stands(plan, article)
        case Has(name, values):
            return not values.isdisjoint(article.values(name))
        case Between():
            return _between(plan, article)
        case All(parts):
            return all(holds(part, article) for part in parts)
        case AnyOf(parts):
            return any(holds(part, article) for part in parts)
        case No(part):
            return not holds(part, article)
        case _:
            assert_never(plan)


def _stands(plan: Spatial, article: Article) -> bool:
    match plan:
        case Stands(side, zone):
            return any(_starts(sequence.steps, article, zone) for sequence in side)
        case Near((left, right), gap, ordered, "") if len(left) == len(right) == 1:
            return _near(left[0].steps, right[0].steps, gap, article, ordered=ordered)
        case Near((left, right), gap, ordered, zone):
            first, second = places(left, article, zone), places(right, article, zone)
            return _follows(first, second, gap) or (not ordered and _follows(second, first, gap))
        case Near(several, gap, _, zone):
            return _in_order([places(side, article, zone) for side in several], gap)
        case Together(left, right, zone):
            return _in_one_sentence(places(left, article, zone), places(right, article, zone), article)
        case Often(side, times, zone):
            most = sum(len(_starts(sequence.steps, article, zone)) for sequence in side)
            return times <= 0 or (most >= times and _apart(places(side, article, zone)) >= times)
        case _:
            assert_never(plan)


def _near(one: tuple[Keys, ...], two: tuple[Keys, ...], gap: int, article: Article, *, ordered: bool) -> bool:
    """The most usual distance by the shortest way: each side is one sequence, and the rarer one is gone through."""
    first, second = article.starts(one), article.starts(two)
    if not first or not second:
        return False
    # From the start of the one to the start of the other, behind it or before it.
    behind, before = (len(one), len(one) + gap), (-len(two) - gap, -len(two))
    if len(first) > len(second):
        first, second = second, first
        behind, before = (-behind[1], -behind[0]), (-before[1], -before[0])
    reaches = (behind,) if ordered else (behind, before)
    there, last = sorted(second), len(second)
    for at in first:
        for low, high in reaches:
            nearest = bisect_left(there, at + low)
            if nearest < last and there[nearest] <= at + high:
                return True
    return False


def places(side: Side, article: Article, zone: str = "") -> list[Place]:
    """Every place of the zone where a sequence of the side stands, in order, each once."""
    if len(side) == 1:
        last = len(side[0].steps) - 1
        return [(at, at + last) for at in sorted(_starts(side[0].steps, article, zone))]
    found = {(at, at + len(sequence.steps) - 1) for sequence in side for at in _starts(sequence.steps, article, zone)}
    return sorted(found)


def adjacent(steps: tuple[Keys, ...], at: Callable[[Keys], Collection[int]]) -> Collection[int]:
    """Positions at which steps begin to stand one after the other, by the positions at which each stands."""
    if len(steps) == 1:
        return at(steps[0])
    # From the rarest word: nothing is left to compare where it does not stand.
    standing = [at(keys) for keys in steps]
    rarest = min(range(len(steps)), key=lambda offset: len(standing[offset]))
    starts: Collection[int] = [position - rarest for position in standing[rarest]]
    for offset, positions in enumerate(standing):
        if not starts:
            return ()
        if offset != rarest:
            starts = [start for start in starts if start + offset in positions]
    return starts


def _starts(steps: tuple[Keys, ...], article: Article, zone: str) -> Collection[int]:
    """Where steps begin to stand in a zone."""
    starts = article.starts(steps)
    if not zone or not starts:
        return starts
    low, high = _bounds(zone, article)
    last = len(steps) - 1
    return [at for at in starts if low <= at and at + last < high]


def _bounds(zone: str, article: Article) -> tuple[int, int]:
    text = article.title + GAP
    if zone == "title":
        return 0, article.title
    return (text, 1 << 62) if zone == "text" else (0, text + LEAD)


def _follows(first: list[Place], second: list[Place], gap: int) -> bool:
    """Whether a place of the second begins behind one of the first, with at most ``gap`` words between."""
    starts = [start for start, _ in second]
    for _, end in first:
        at = bisect_right(starts, end)
        if at < len(starts) and starts[at] - end - 1 <= gap:
            return True
    return False


def _in_order(several: list[list[Place]], gap: int) -> bool:
    """Whether one place of each, in this order, stands with at most ``gap`` words between all of them."""
    ends = [end for _, end in sorted(several[0], key=lambda place: place[1])]
    spent = [0] * len(ends)
    for here in several[1:]:
        best: list[int] = []
        for end, words in zip(ends, spent, strict=True):
            best.append(min(words - end, best[-1]) if best else words - end)
        reached: dict[int, int] = {}
        for start, end in here:
            before = bisect_left(ends, start)
            if before and (words := best[before - 1] + start - 1) <= gap:
                reached[end] = min(words, reached.get(end, words))
        ends = sorted(reached)
        spent = [reached[end] for end in ends]
    return bool(ends)


def _in_one_sentence(left: list[Place], right: list[Place], article: Article) -> bool:
    """Whether a place of each lies in one sentence, one behind the other: looked for from the side that has fewer."""
    few, many = sorted((left, right), key=len)
    if not few:
        return False
    text, later = article.title + GAP, article.sentences
    for start, end in few:
        number = bisect_right(later, start - text)
        low = text + later[number - 1] if number else text if start >= text else 0
        high = text + later[number] if number < len(later) and start >= text else text if start < text else 1 << 62
        if end >= high:
            continue
        before = many[bisect_left(many, (low,)) : bisect_left(many, (start,))]
        behind = many[bisect_left(many, (end + 1,)) : bisect_left(many, (high,))]
        if any([last < start for _, last in before]) or any([last < high for _, last in behind]):  # noqa: C419
            return True
    return False


def _apart(found: list[Place]) -> int:
    """How many places can be told apart: the most of which no two overlap."""
    number, reached = 0, -1
    for start, end in sorted(found, key=lambda place: place[1]):
        if start > reached:
            number, reached = number + 1, end
    return number


def _between(plan: Between, article: Article) -> bool:
    time = article.time(plan.name)
    if time is None:
        return False
    low = since(plan.last, article.now) if plan.last is not None else plan.low
    time = aware(time)
    return (low is None or time >= low) and (plan.high is None or time < plan.high)


def since(last: timedelta, now: datetime) -> datetime:
    """So long before now, to the millisecond: stores keep no finer times."""
    moment = now - last
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def aware(time: datetime) -> datetime:
    """A time as it is compared: digits without a zone count as UTC."""
    return time if time.tzinfo else time.replace(tzinfo=UTC)
