"""Filling fingerprints that stand beside the store, when they are lost: every text is drawn anew from its tokens."""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from tocsin.records import Article
from tocsin.stores.port import SharedFingerprints, Sketch, Store
from tocsin.words import Words
from workers.sketch import sketch


def rebuild(store: Store, fingerprints: SharedFingerprints, words: Words, since: datetime) -> bool:
    """Register every text that was filed since, with its story. False where another worker is at it: wait for it."""
    return fingerprints.rebuild(_drawn(store, words, since), store.joined())


def _drawn(store: Store, words: Words, since: datetime) -> Iterator[tuple[Sketch, Sequence[int]]]:
    for article in _filed(store, since):
        analysed = store.tokens(article.id) or words.analyse(article.title, article.text, article.lang)
        drawn = sketch(article, analysed)
        yield msgspec.structs.replace(drawn.sketch, story=article.story), drawn.prints


def _filed(store: Store, since: datetime) -> Iterator[Article]:
    yield from store.walk(after=store.arrival_at(since))
    # What two workers have filed and not published yet: nobody files while fingerprints are missing.
    yield from (article for article in store.on_their_way() if article.state == "filed")
