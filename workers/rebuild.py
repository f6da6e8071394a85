"""Filling fingerprints that stand beside the store, when they are lost: every text is drawn anew from its tokens."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tocsin.records import Article
from tocsin.stores.port import SharedFingerprints, Sketch
from tocsin.words import Analysed, Words
from workers.sketch import sketch


class FiledStore(Protocol):
    """What is asked of a store: what it has filed."""

    def arrival_at(self, when: datetime) -> int:
        """The last arrival number given before a moment."""

    def walk(self, *, after: int = 0) -> Iterator[Article]:
        """All ready articles in order of arrival."""

    def on_their_way(self) -> Iterator[Article]:
        """Articles that are accepted or filed and not ready yet, in order of acceptance."""

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing."""

    def joined(self) -> Iterable[tuple[str, str]]:
        """Stories that turned out to be one with an older one, and the id that stands for both."""


def rebuild(store: FiledStore, fingerprints: SharedFingerprints, words: Words, since: datetime) -> bool:
    """Register every text that was filed since, with its story. False where another worker is at it: wait for it."""
    return fingerprints.rebuild(_drawn(store, words, since), store.joined())


def _drawn(store: FiledStore, words: Words, since: datetime) -> Iterator[tuple[Sketch, Sequence[int]]]:
    for article in _filed(store, since):
        analysed = store.tokens(article.id) or words.analyse(article.title, article.text, article.lang)
        drawn = sketch(article, analysed)
        yield msgspec.structs.replace(drawn.sketch, story=article.story), drawn.prints


def _filed(store: FiledStore, since: datetime) -> Iterator[Article]:
    yield from store.walk(after=store.arrival_at(since))
    # What two workers have filed and not published yet: nobody files while fingerprints are missing.
    yield from (article for article in store.on_their_way() if article.state == "filed")
