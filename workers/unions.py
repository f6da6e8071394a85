"""Which stories were one at a moment of the past.

A store knows which stories are one today, and not since when. They became one with a text that was a copy of both; so
the copies are decided once more, in the order in which they came and by what was drawn of them at filing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice

import msgspec

from tocsin.records import Article, Story
from tocsin.stores.port import Met, Store
from tocsin.stores.stories import story_of
from tocsin.words import Analysed
from workers.dedupe import CANDIDATES, decide
from workers.sketch import Drawn, sketch

_AT_ONCE = 500


class Unions:
    """Stories of a store at any of its arrivals. ``stories``: those that are going to be asked for."""

    def __init__(self, store: Store, stories: Iterable[str]) -> None:
        self._store = store
        self._today = dict(_today(store, dict.fromkeys(stories)))
        self._groups: dict[str, set[str]] = {}
        for story, root in self._today.items():
            self._groups.setdefault(root, set()).add(story)
        self._became: dict[str, tuple[int, str]] = {}
        """At which arrival a story became part of which other one."""
        self._decided: set[str] = set()
        self._members = cache(lambda root: [it for it in store.members(root) if it.arrival is not None])

    def root(self, story: str, arrival: int) -> str:
        """The id that stood for a story when this arrival was given."""
        today = self._root(story)
        if len(self._groups[today]) > 1:
            self._decide(today)
        return self._at(story, arrival)

    def kin(self, root: str) -> Collection[str]:
        """Stories that were ever asked for and may be one with this one, itself among them."""
        return self._groups[self._root(root)]

    def story(self, story: str, arrival: int) -> Story | None:
        """A story as it stood then."""
        today = self._root(story)
        members = self._members(today)
        if any(it.story != today for it in members):
            self._decide(today)
        root = self._at(story, arrival)
        then = [it for it in members if _arrival(it) <= arrival and self._at(it.story, arrival) == root]
        return story_of(root, then)

    def _root(self, story: str) -> str:
        if story not in self._today:
            self._today |= _today(self._store, [story])
            self._groups.setdefault(self._today[story], set()).add(story)
        return self._today[story]

    def _at(self, story: str, arrival: int) -> str:
        while (became := self._became.get(story)) and became[0] <= arrival:
            story = became[1]
        return story

    def _decide(self, root: str) -> None:
        if root in self._decided:
            return
        self._decided.add(root)
        members = sorted(self._members(root), key=_arrival)
        first = {it.story: _arrival(it) for it in reversed(members)}
        others = first.keys() - {root}
        drawn: list[tuple[Article, Drawn]] = []
        for article in members:
            if others <= self._became.keys():
                return
            ours = sketch(article, self._store.tokens(article.id) or Analysed((), ()))
            arrival = _arrival(article)
            if article.relation in ("copy", "copy with additions"):
                for other in decide(article, ours, self._met(ours, drawn, arrival)).joins:
                    self._join(article.story, other, first, arrival)
            drawn.append((article, ours))
        # What no text explains (two workers, or a text that is gone) counts from the last one that was filed apart.
        for story in others - self._became.keys():
            self._join(story, root, first, max(_arrival(it) for it in members if it.story == story) + 1)

    def _met(self, ours: Drawn, drawn: Sequence[tuple[Article, Drawn]], arrival: int) -> Met:
        """Whom it met of its own story's texts, as fingerprints tell it: those that share most, the newest first."""
        shared = [(len({*ours.prints}.intersection(it.prints)), number) for number, (_, it) in enumerate(drawn)]
        near = [number for common, number in sorted(shared, reverse=True) if common][:CANDIDATES]
        known = {
            number: msgspec.structs.replace(it.sketch, story=self._at(article.story, arrival))
            for number, (article, it) in enumerate(drawn)
            if number in near or it.sketch.text_hash == ours.sketch.text_hash
        }
        same = next((it for it in known.values() if it.text_hash == ours.sketch.text_hash), None)
        return Met([], same, [known[number] for number in near], [])

    def _join(self, story: str, other: str, first: Mapping[str, int], arrival: int) -> None:
        one, two = self._at(story, arrival), self._at(other, arrival)
        if one != two:
            older, younger = sorted((one, two), key=lambda it: first.get(it, 0))
            self._became[younger] = arrival, older


def _today(store: Store, stories: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The roots of today, asked as publishing asks: many at once."""
    rest = iter(stories)
    with store.publishing() as publishing:
        while some := list(islice(rest, _AT_ONCE)):
            yield from publishing.roots(some).items()


def _arrival(article: Article) -> int:
    return article.arrival or 0
