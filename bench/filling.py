"""A store filled fast and honestly: by its own calls, in large batches, with texts that are drawn and not analysed.

Texts are short ones, drawn from the words of real articles as often as these have them. Each row of each table and
index is written by the store itself, as on the road: what is left out is to analyse a text, to look for texts that it
may be a copy of, and to wait for the disk.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, islice
from typing import Any, NamedTuple

import msgspec

from tocsin.addresses import address_id, article_id
from tocsin.records import Alert, Article, Delivery, Notice, PageState, Subscription, derived_id, near_id
from tocsin.stores.port import Hint, Store, alert_id, own_story
from tocsin.words import ANALYSER, Analysed, Token
from workers.sketch import sketch

WORDS = 60
"""Of a text. Real ones have some three hundred."""
BATCH = 500
RUNG = 3
"""Every so-manieth text has made an alert …"""
CHANNEL = "file:alerts.jsonl"
_LEASE = 3_600.0


class Drawn(NamedTuple):
    """A text as it is stored."""

    article: Article
    analysed: Analysed


class Vocabulary:
    """Words of real texts, as often as they stand there, and texts drawn from them: the same ones for the same seed."""

    def __init__(self, analysed: Iterable[Analysed], seed: int) -> None:
        counts: Counter[tuple[str, ...]] = Counter()
        for it in analysed:
            counts.update(token.keys for token in (*it.title, *it.text))
        self._tokens = [Token(keys) for keys in counts]
        self._chances = list(accumulate(counts.values()))
        self._dice = random.Random(seed)
        self._count = 0

    def texts(self, since: datetime, until: datetime, number: int) -> Iterator[Drawn]:
        """So many texts, seen one after the other between two moments."""
        step = (until - since) / max(1, number)
        for place in range(number):
            yield self._text(since + place * step)

    def _text(self, seen: datetime) -> Drawn:
        self._count += 1
        tokens = tuple(self._dice.choices(self._tokens, cum_weights=self._chances, k=WORDS))
        title, body = tokens[:8], tokens[8:]
        text = " ".join(map(_written, body))
        url = f"https://outlet{self._count % 400}.example/news/{self._count}"
        address, digest = address_id(url), derived_id("text", text)
        article = Article(
            id=article_id(address, digest), address_id=address, url=url, outlet=f"outlet{self._count % 400}",
            first_seen=seen, published=seen, title=" ".join(map(_written, title)), text=text, text_hash=digest,
            lang=("en", "uk", "ru")[self._count % 3], analyser=ANALYSER,
        )  # fmt: skip
        return Drawn(article, Analysed(title=title, text=body, sentences=(20, 40)))


def _written(token: Token) -> str:
    """A token as a word: its key as written, without the kind before it."""
    return str(token.keys[0]).partition(":")[2] or "word"


def fill(store: Store, drawn: Iterator[Drawn], subscriptions: Sequence[Subscription]) -> int:
    """Bring texts to the end of the road. Returns how many."""
    database: Any = getattr(store, "db", None)
    if database is not None:
        database.connection.pragma("synchronous", "off")
    count = 0
    while batch := list(islice(drawn, BATCH)):
        _carry(store, batch, subscriptions, count)
        count += len(batch)
    if database is not None:
        database.connection.pragma("wal_checkpoint(truncate)")
        database.connection.pragma("synchronous", "full")
    return count


def _carry(store: Store, batch: Sequence[Drawn], subscriptions: Sequence[Subscription], before: int) -> None:
    analysed = {it.article.id: it.analysed for it in batch}
    now = batch[-1].article.first_seen
    store.accept([it.article for it in batch], [_page(it.article) for it in batch])
    hints = [Hint(it.article.id, it.article.address_id) for it in batch]
    claimed = store.claim_these(hints, _LEASE, now)
    with store.filing() as filing:
        filed = []
        for accepted in claimed:
            article = msgspec.structs.replace(accepted, story=own_story(accepted.id), relation="original")
            words = analysed[article.id]
            it = sketch(article, words)
            filing.meet(it.sketch, it.prints, (), 0)
            ours = msgspec.structs.replace(it.sketch, story=article.story)
            if filing.file(article, ours, it.prints, words):
                filed.append(msgspec.structs.replace(article, state="filed"))
    with store.publishing() as publishing:
        for number, article in enumerate(filed, before):
            publishing.make_ready(article, analysed[article.id], now)
            if number % RUNG == 0:
                alert, notice, delivery = _rung(article, subscriptions[number // RUNG % len(subscriptions)], now)
                publishing.put_alert(alert)
                publishing.put_notice(notice, [delivery])


def _page(article: Article) -> PageState:
    return PageState(
        address_id=article.address_id, url=article.url, outlet=article.outlet, status=200, fetched=article.first_seen
    )


def _rung(article: Article, subscription: Subscription, now: datetime) -> tuple[Alert, Notice, Delivery]:
    """An alert of a text, told a second later."""
    name = alert_id(subscription.id, article.story)
    alert = Alert(id=name, subscription=subscription.id, story=article.story, article=article.id, created=now)
    notice = Notice(
        id=near_id(name, "notice", name, "first", "1"),
        alert=name,
        kind="first",
        ordinal=1,
        article=article.id,
        created=now,
    )
    delivery = Delivery(
        id=near_id(notice.id, "delivery", notice.id, CHANNEL), notice=notice.id, channel=CHANNEL, state="delivered",
        attempts=1, delivered=now + timedelta(seconds=1),
    )  # fmt: skip
    return alert, notice, delivery
