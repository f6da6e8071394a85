"""What a subscription would have sent: the articles of some days once more through the very steps that ring.

They come in the order and in the batches in which they arrived, with the words, the story and the relation that they
were filed with, and at the moments at which they became ready. What is written is kept in memory.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import cast

import msgspec

from tocsin.backtest import Heard, Met, Rehearsed
from tocsin.query.document import Document
from tocsin.query.expand import Expander, fixed
from tocsin.query.hits import Lines, hits
from tocsin.query.meaning import since
from tocsin.query.plan import All, AnyOf, Between, No, Plan
from tocsin.records import Alert, Article, Delivery, Hit, Notice, Story, Subscription
from tocsin.stores.copying import CopyingStore, Text, batches
from tocsin.stores.port import Store, alert_id
from tocsin.subscriptions import asked
from tocsin.words import ANALYSER, Analysed
from workers.alert import ring
from workers.rules import Rules
from workers.unions import Unions

PAGE = 500
"""Articles that are asked for at a time."""


def rehearse(
    store: Store, expander: Expander, wanted: Subscription, start: datetime, end: datetime, most: int = 0
) -> Rehearsed:
    """What a subscription would have sent of what arrived from one moment to another, had it been there at the first.

    ``most``: where more articles than so many may ring, only about the newest so many are taken, and the start that is
    told is theirs; 0 for all. Raises UserError where its query cannot be read.
    """
    plan = expander.read(asked(wanted))
    rules = Rules(expander)
    rules.become(0, [msgspec.structs.replace(wanted, paused=False)])
    after = store.arrival_at(start)
    stories = dict.fromkeys(muted.key for muted in wanted.muted if muted.what == "story")
    found, reached = _candidates(store, wider(plan, start), after, store.arrival_at(end), most)
    unions = Unions(store, [*stories, *(story for _, story in found.values())])
    past = Past(store, unions)
    met: list[Met] = []
    if not after:
        start = max(start, _first(store) or start)
    for now, several in groupby(_texts(store, found), key=_moment):
        texts = list(several)
        if reached:
            start, reached = now, 0
        past.arrival = max(text.article.arrival or 0 for text in texts)
        arrived = [(text.article, Document.of(text.article, _words(text), now)) for text in texts]
        ring(arrived, rules, past, past, now)
        met += _met(arrived, past, plan, now)
        past.write()
    return Rehearsed(
        subscription=wanted,
        start=start,
        end=end,
        met=tuple(met),
        alerts=tuple(sorted(past.alerts.values(), key=lambda it: (it.created, it.id))),
        heard=tuple(past.heard()),
        texts=past.texts,
        # What came at that very moment is told too; no store has finer times for all.
        story_at=lambda story, moment: unions.story(story, store.arrival_at(moment + timedelta(milliseconds=1))),
    )


class Past:
    """The store as it was at an arrival, and a ``Publishing`` that keeps in memory what is written."""

    def __init__(self, store: Store, unions: Unions) -> None:
        self.arrival = 0
        self.alerts: dict[tuple[str, str], Alert] = {}
        """By subscription, and story as it was frozen."""
        self.texts: dict[str, Article] = {}
        """What notices tell of, by article."""
        self.fresh: dict[str, tuple[Hit, ...]] = {}
        """Articles of this batch that met, with the hits that are known already."""
        self._store = store
        self._unions = unions
        self._alerts: list[Alert] = []
        self._matches: list[tuple[Alert, Article]] = []
        self._gathered: list[tuple[Notice, Sequence[Delivery]]] = []
        self._notices: dict[str, list[tuple[Notice, Sequence[Delivery]]]] = {}
        """By alert, oldest first."""
        self._telling: dict[str, dict[str, None]] = {}
        """The alerts that told of an article."""
        self._by_id: dict[str, Alert] = {}

    # ---- what there was

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""
        return self._store.articles(ids)

    def versions(self, address: str) -> list[Article]:
        """The texts of one address id."""
        return self._store.versions(address)

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets, as it stood."""
        return self._unions.story(story_id, self.arrival)

    def roots(self, stories: Collection[str]) -> dict[str, str]:
        """The id that stood for each of these stories."""
        return {story: self._unions.root(story, self.arrival) for story in stories}

    # ---- what was told: of this batch nothing is known before it is written, as on the road

    def alerts_of(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
        """The alerts that there are of these subscriptions and stories; of several the oldest."""
        found = {}
        for subscription, root in wanted:
            known = [
                self.alerts[subscription, story]
                for story in self._unions.kin(root)
                if (subscription, story) in self.alerts and self._unions.root(story, self.arrival) == root
            ]
            if known:
                found[subscription, root] = min(known, key=lambda it: (it.created, it.id))
        return found

    def told_of(self, articles: Collection[str]) -> list[tuple[Alert, list[Notice]]]:
        """The alerts of which a notice tells one of these articles, each with all its notices, oldest first."""
        names = {name for article in articles for name in self._telling.get(article, ())}
        alerts = sorted((self._by_id[name] for name in names), key=lambda it: (it.created, it.id))
        notices = self.notices_of(names)
        return [(alert, notices[alert.id]) for alert in alerts]

    def notices_of(self, alerts: Collection[str]) -> dict[str, list[Notice]]:
        """The notices of each of these alerts that has any, oldest first."""
        return {name: [it for it, _ in self._notices[name]] for name in alerts if name in self._notices}

    def rung_since(self, subscription: str, since: datetime) -> int:
        """How many alerts of a subscription were made from a moment on, those gathered here among them."""
        known = [*self.alerts.values(), *self._alerts]
        return sum(it.subscription == subscription and it.created >= since for it in known)

    # ---- what is written

    def make_ready(self, article: Article, analysed: Analysed, now: datetime) -> bool:
        """It was ready long ago."""
        return False

    def put_alert(self, alert: Alert) -> None:
        """Create."""
        self._alerts.append(alert)
        self.fresh.setdefault(alert.article, ())

    def put_match(self, alert: Alert, article: Article) -> None:
        """Record that another article of the alert's story met its subscription."""
        self._matches.append((alert, article))
        self.fresh.setdefault(article.id, ())

    def put_notice(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Create a notice and its deliveries."""
        self._gathered.append((notice, deliveries))
        if notice.article in self.fresh:
            self.fresh[notice.article] = notice.hits

    def write(self) -> None:
        """Let what was gathered be known."""
        for alert in self._alerts:
            self.alerts[alert.subscription, alert.story] = self._by_id[alert.id] = alert
        for alert, article in self._matches:
            if article.relation != "version":
                self._count(alert, article)
        for notice, deliveries in self._gathered:
            several = self._notices.setdefault(notice.alert, [])
            if all(it.id != notice.id for it, _ in several):
                several.append((notice, deliveries))
                several.sort(key=lambda row: (row[0].created, row[0].id))
                self._telling.setdefault(notice.article, {})[notice.alert] = None
        wanted = {name for notice, _ in self._gathered for name in (notice.article, notice.before) if name}
        self.texts |= self._store.articles(sorted(wanted - self.texts.keys()))
        self._alerts, self._matches, self._gathered, self.fresh = [], [], [], {}

    def _count(self, alert: Alert, article: Article) -> None:
        """Count a copy: with the alert of the very story it was filed in, where that one was joined after it was told.

        As the stores do.
        """
        own = self._by_id.get(alert_id(alert.subscription, article.story), self._by_id[alert.id])
        counted = msgspec.structs.replace(own, copies=own.copies + 1)
        self.alerts[own.subscription, own.story] = self._by_id[own.id] = counted

    def heard(self) -> list[Heard]:
        """All notices that were made, oldest first, with their alerts as they were made."""
        found = [
            Heard(notice, msgspec.structs.replace(self._by_id[name], copies=0), tuple(deliveries))
            for name, several in self._notices.items()
            for notice, deliveries in several
        ]
        return sorted(found, key=lambda it: (it.notice.created, it.notice.id))


def wider(plan: Plan, start: datetime) -> Plan | None:
    """What a store can search for that is met by all that meets the plan at any moment from ``start`` on; None: all.

    ``last 7d`` means something else for each article.
    """
    match plan:
        case Between(name, last=last) if last is not None:
            return Between(name, since(last, start))
        case All(parts):
            kept = [found for part in parts if (found := wider(part, start)) is not None]
            return All(tuple(kept)) if kept else None
        case AnyOf(parts):
            ways = [found for part in parts if (found := wider(part, start)) is not None]
            return AnyOf(tuple(ways)) if len(ways) == len(parts) else None
        case No(part):
            return plan if fixed(part, start) == part else None
        case _:
            return plan


def _candidates(
    store: Store, plan: Plan | None, after: int, last: int, most: int
) -> tuple[dict[str, tuple[int, str]], int]:
    """What may ring, by id its arrival and story: what meets a plan, and later texts of the same addresses.

    With them the arrival behind which nothing was looked at, where ``most`` were found before all were; else 0.
    """
    found: dict[str, tuple[int, str]] = {}
    before = last + 1
    while page := store.search(plan, limit=PAGE, before=before, after=after):
        found |= {it.id: (it.arrival or 0, it.story) for it in page}
        before = page[-1].arrival or 0
        newer = store.newer([it.id for it in page])
        for address in {it.address_id for it in page if it.id in newer}:
            several = [it for it in store.versions(address) if it.arrival and after < it.arrival <= last]
            found |= {it.id: (it.arrival or 0, it.story) for it in several}
        if most and len(found) >= most and len(page) == PAGE:
            return {name: it for name, it in found.items() if it[0] >= before}, before
    return found, 0


def _texts(store: Store, found: Mapping[str, tuple[int, str]]) -> Iterator[Text]:
    """Articles with their words and moments, in order of arrival."""
    keeping = cast("CopyingStore", store)
    for some in batches(sorted(found, key=found.__getitem__), PAGE):
        texts = [row.record for row in keeping.moved("articles", some) if isinstance(row.record, Text)]
        yield from sorted(texts, key=lambda text: text.article.arrival or 0)


def _moment(text: Text) -> datetime:
    return text.ready_at or text.article.first_seen


def _words(text: Text) -> Analysed:
    known = text.analysed if text.article.analyser == ANALYSER else None
    return known or Analysed((), ())


def _met(arrived: Sequence[tuple[Article, Document]], past: Past, plan: Plan, now: datetime) -> Iterator[Met]:
    for article, document in arrived:
        if article.id in past.fresh:
            found = past.fresh[article.id] or hits(plan, document, Lines(article))
            yield Met(article.id, now, article.outlet, article.lang, article.relation, found)


def _first(store: Store) -> datetime | None:
    """When the first article of a store became ready."""
    first = next(store.walk(), None)
    return _moment(next(_texts(store, {first.id: (first.arrival or 0, "")}))) if first else None
