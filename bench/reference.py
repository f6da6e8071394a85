"""What plans mean to many articles at once, as plainly as speed allows: sets of articles, word by word.

``tests/query/reference.py`` says it more plainly still, one article and one position at a time, and would need days for
twenty million pairs. This one keeps, for each key, where it stands in all articles laid end to end, and works out for
each part of a plan the set of articles that meet it. It shares nothing with the back-ends but the nodes of the plan;
the equivalence bench holds it against the plainer one over thousands of pairs.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, NamedTuple

from tocsin.query import plan as p

BETWEEN = 100
"""Empty positions between a title and its text, and more than that between articles."""
OPENING = 60
"""Words of the text that belong to the lead."""

Places = list[tuple[int, int]]
"""First and last positions, in the one long stream, in order."""


class Sheet(NamedTuple):
    """An article: the keys at each position of title and text, where later sentences of the text begin, the rest."""

    title: Sequence[Iterable[str]]
    text: Sequence[Iterable[str]]
    sentences: Sequence[int]
    attributes: dict[str, set[str]]
    times: dict[str, datetime | None]


class Reference:
    """Articles laid end to end."""

    def __init__(self, sheets: Sequence[Sheet], now: datetime) -> None:
        self._now = now
        self._everything = frozenset(range(len(sheets)))
        self._titles: list[int] = []
        self._texts: list[int] = []
        self._sentences = array("I")
        self._times = [sheet.times for sheet in sheets]
        self._having: dict[tuple[str, str], set[int]] = defaultdict(set)
        standing: dict[str, array[int]] = defaultdict(lambda: array("I"))
        at = 0
        for number, sheet in enumerate(sheets):
            self._titles.append(at)
            self._sentences.append(at)
            for position, keys in enumerate(sheet.title, at):
                for key in keys:
                    standing[key].append(position)
            at += len(sheet.title) + BETWEEN
            self._texts.append(at)
            self._sentences.extend(sorted({at, *(at + start for start in sheet.sentences)}))
            for position, keys in enumerate(sheet.text, at):
                for key in keys:
                    standing[key].append(position)
            at += len(sheet.text) + 10 * BETWEEN
            for name, values in sheet.attributes.items():
                for value in values:
                    self._having[name, value.casefold()].add(number)
        self._standing = dict(standing)
        self._keys = sorted(self._standing)

    def meets(self, plan: Any) -> frozenset[int] | set[int]:
        """Numbers of the articles that meet a plan."""
        kind = type(plan)
        if kind is p.All:
            return frozenset.intersection(self._everything, *map(self.meets, plan.parts))
        if kind is p.AnyOf:
            return frozenset().union(*map(self.meets, plan.parts))
        if kind is p.No:
            return self._everything - self.meets(plan.part)
        if kind is p.Has:
            return set().union(*(self._having.get((plan.name, value), ()) for value in plan.values))
        if kind is p.Between:
            return {number for number, times in enumerate(self._times) if self._timely(plan, times.get(plan.name))}
        if kind is p.Stands:
            return {number for number, _ in self._by_article(self.places(plan.side, plan.zone))}
        if kind is p.Often:
            found = self._by_article(self.places(plan.side, plan.zone))
            most = {number: _most_apart(places) for number, places in found}
            return {number for number in self._everything if most.get(number, 0) >= plan.times}
        if kind is p.Together:
            return self._together(self.places(plan.left, plan.zone), self.places(plan.right, plan.zone))
        several = [self.places(side, plan.zone) for side in plan.sides]
        chained = self._chained(several, plan.gap)
        return chained if plan.ordered else chained | self._chained(several[::-1], plan.gap)

    def places(self, side: p.Side, zone: str) -> Places:
        """Places of a zone where one of the sequences stands, in all articles."""
        found: set[tuple[int, int]] = set()
        for sequence in side:
            starts = set(self._positions(sequence.steps[0]))
            for offset, keys in enumerate(sequence.steps[1:], 1):
                starts &= {at - offset for at in self._positions(keys)}
            last = len(sequence.steps) - 1
            found.update((at, at + last) for at in starts if not zone or self._lies_in(zone, at, at + last))
        return sorted(found)

    def _positions(self, keys: p.Keys) -> set[int]:
        found: set[int] = set()
        for key in keys:
            if not key.endswith("*"):
                found.update(self._standing.get(key, ()))
                continue
            at = bisect_left(self._keys, key[:-1])
            while at < len(self._keys) and self._keys[at].startswith(key[:-1]):
                found.update(self._standing[self._keys[at]])
                at += 1
        return found

    def _lies_in(self, zone: str, first: int, last: int) -> bool:
        text = self._texts[bisect_right(self._titles, first) - 1]
        if zone == "text":
            return first >= text
        return last < (text if zone == "title" else text + OPENING)

    def _by_article(self, places: Places) -> Iterable[tuple[int, Places]]:
        grouped = groupby(places, lambda place: bisect_right(self._titles, place[0]) - 1)
        return ((number, list(group)) for number, group in grouped)

    def _together(self, left: Places, right: Places) -> set[int]:
        """Articles with a sentence that holds a place of each, one behind the other."""
        ours, theirs = self._by_sentence(left), self._by_sentence(right)
        met = set()
        for sentence in ours.keys() & theirs.keys():
            one, other = ours[sentence], theirs[sentence]
            apart = min(end for _, end in one) < max(start for start, _ in other)
            if apart or min(end for _, end in other) < max(start for start, _ in one):
                met.add(bisect_right(self._titles, one[0][0]) - 1)
        return met

    def _by_sentence(self, places: Places) -> dict[int, Places]:
        found: dict[int, Places] = defaultdict(list)
        for first, last in places:
            number = bisect_right(self._sentences, first)
            if bisect_right(self._sentences, last) == number:
                found[number].append((first, last))
        return found

    def _chained(self, sides: list[Places], gap: int) -> set[int]:
        """Articles with a place of each side, in this order, and at most ``gap`` words between them altogether."""
        reached = {last: 0 for _, last in sides[0]}
        for places in sides[1:]:
            by_start: dict[int, list[int]] = defaultdict(list)
            for first, last in places:
                by_start[first].append(last)
            further: dict[int, int] = {}
            for end, spent in reached.items():
                for more in range(gap - spent + 1):
                    for last in by_start.get(end + 1 + more, ()):
                        further[last] = min(further.get(last, gap), spent + more)
            reached = further
        return {bisect_right(self._titles, last) - 1 for last in reached}

    def _timely(self, plan: p.Between, time: datetime | None) -> bool:
        if time is None:
            return False
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        low = plan.low
        if plan.last is not None:
            low = self._now - plan.last
            low = low.replace(microsecond=low.microsecond - low.microsecond % 1000)
        return (low is None or low <= time) and (plan.high is None or time < plan.high)


def _most_apart(places: Places) -> int:
    """The most places of which no two overlap: always the next that ends first."""
    number, reached = 0, -1
    for first, last in sorted(places, key=lambda place: place[1]):
        if first > reached:
            number, reached = number + 1, last
    return number
