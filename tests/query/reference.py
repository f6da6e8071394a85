"""What a plan means, as plainly as it can be said: recursion over the plan, and every position looked at.

It shares nothing with the back-ends but the nodes of the plan, and is slow on purpose.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tocsin.query import plan as p

GAP, LEAD = 100, 60


class Text(NamedTuple):
    """An article: for each position of title and text the keys that stand there, and what else may be asked."""

    title: list[set[str]]
    text: list[set[str]]
    sentences: list[int]
    attributes: dict[str, set[str]]
    times: dict[str, datetime | None]
    now: datetime

    def stream(self) -> list[set[str]]:
        """Title, a gap, text."""
        return [*self.title, *([set()] * GAP), *self.text]

    def sentence(self, position: int) -> int:
        """The number of the sentence that a position lies in."""
        at = position - len(self.title) - GAP
        return 0 if at < 0 else 1 + sum(start <= at for start in self.sentences)


def means(plan: Any, text: Text) -> bool:
    """Whether an article meets a plan."""
    kind = type(plan)
    if kind is p.All:
        return all(means(part, text) for part in plan.parts)
    if kind is p.AnyOf:
        return any(means(part, text) for part in plan.parts)
    if kind is p.No:
        return not means(plan.part, text)
    if kind is p.Has:
        return bool({value.casefold() for value in text.attributes.get(plan.name, ())} & plan.values)
    if kind is p.Between:
        return _timely(plan, text)
    if kind is p.Stands:
        return bool(places(plan.side, plan.zone, text))
    if kind is p.Often:
        return _most_apart(sorted(places(plan.side, plan.zone, text))) >= plan.times
    if kind is p.Together:
        return any(
            text.sentence(a) == text.sentence(b) == text.sentence(c) == text.sentence(d) and (b < c or d < a)
            for a, b in places(plan.left, plan.zone, text)
            for c, d in places(plan.right, plan.zone, text)
        )
    chains = _chains([places(side, plan.zone, text) for side in plan.sides], plan.gap)
    if next(chains, None):
        return True
    turned = [places(side, plan.zone, text) for side in reversed(plan.sides)]
    return not plan.ordered and next(_chains(turned, plan.gap), None) is not None


def places(side: p.Side, zone: str, text: Text) -> set[tuple[int, int]]:
    """First and last position of every place of a zone at which a sequence stands."""
    stream, found = text.stream(), set()
    for sequence in side:
        long = len(sequence.steps)
        for first in range(len(stream) - long + 1):
            here = range(first, first + long)
            stands = all(_meets(keys, stream[at]) for keys, at in zip(sequence.steps, here, strict=True))
            if stands and all(_in_zone(zone, at, text) for at in here):
                found.add((first, first + long - 1))
    return found


def _meets(keys: p.Keys, token: set[str]) -> bool:
    return any(any(mine.startswith(key[:-1]) for mine in token) if key.endswith("*") else key in token for key in keys)


def _in_zone(zone: str, at: int, text: Text) -> bool:
    begins = len(text.title) + GAP
    if zone == "title":
        return at < len(text.title)
    if zone == "text":
        return at >= begins
    return at < begins + LEAD if zone == "lead" else True


def _chains(sides: list[set[tuple[int, int]]], gap: int) -> Iterator[bool]:
    """Places of the sides one behind the other, with at most ``gap`` words between them altogether."""

    def behind(number: int, end: int, left: int) -> bool:
        if number == len(sides):
            return True
        return any(
            behind(number + 1, last, left - (first - end - 1))
            for first, last in sides[number]
            if 0 <= first - end - 1 <= left
        )

    if any(behind(1, last, gap) for _, last in sides[0]):
        yield True


def _most_apart(found: list[tuple[int, int]]) -> int:
    """The most places of which no two overlap: with the one that ends first, or without it."""
    number = 0
    while found:
        first = min(found, key=lambda place: place[1])
        number += 1
        found = [place for place in found if place[0] > first[1]]
    return number


def _timely(plan: p.Between, text: Text) -> bool:
    time = text.times.get(plan.name)
    if time is None:
        return False
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    if plan.last is not None:
        low = text.now - plan.last
        return time >= low.replace(microsecond=low.microsecond // 1000 * 1000)
    return (plan.low is None or plan.low <= time) and (plan.high is None or time < plan.high)
