"""Match → alert → notice → deliveries: the rows that say who is told of what. Nothing is sent here."""

import gc
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import structlog

from tocsin.errors import UserError
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.hits import Lines, hits
from tocsin.query.match import Matcher
from tocsin.query.plan import Plan
from tocsin.query.terms import guess
from tocsin.records import Alert, Article, Delivery, Notice, Subscription, near_id
from tocsin.stores.port import Publishing, RoadStore, alert_id

RARE = 0.0005
"""Share of articles that a word is taken to stand in which none of the newest has twice."""

log = structlog.get_logger()


class Rules:
    """The subscriptions in force, ready to be matched: what changed since is changed, nothing else is read again."""

    def __init__(self, expander: Expander, frequencies: Mapping[str, float] | None = None) -> None:
        self.generation = -1
        self.subscriptions: dict[str, Subscription] = {}
        self.plans: dict[str, Plan] = {}
        self._seen: dict[str, Subscription] = {}
        self._expander = expander
        known = frequencies or {}
        self._matcher = Matcher(frequency=lambda key: known.get(key, RARE) if known and "=" not in key else guess(key))

    def become(self, generation: int, subscriptions: Iterable[Subscription]) -> None:
        """Take over the subscriptions of a generation."""
        # Millions of small objects that stay: looking for garbage among them would take longer than making them.
        gc.disable()
        try:
            self._change({subscription.id: subscription for subscription in subscriptions})
        finally:
            gc.enable()
            gc.freeze()
        self.generation = generation

    def _change(self, now: dict[str, Subscription]) -> None:
        for name in [name for name, before in self._seen.items() if now.get(name) != before]:
            del self._seen[name]
            if self.subscriptions.pop(name, None):
                del self.plans[name]
                self._matcher.remove(name)
        new = [subscription for name, subscription in now.items() if name not in self._seen]
        self._seen.update({subscription.id: subscription for subscription in new})
        # All are read before the first is hung: the two would drive each other's memory out of the processor.
        plans = [(subscription, self._read(subscription)) for subscription in new if not subscription.paused]
        for subscription, plan in plans:
            if plan is not None:
                self.plans[subscription.id] = plan
                self.subscriptions[subscription.id] = subscription
                self._matcher.add(subscription.id, plan)

    def _read(self, subscription: Subscription) -> Plan | None:
        try:
            return self._expander.read(subscription.query)
        except UserError as error:
            log.warning("a subscription cannot be used", name=subscription.name, error=str(error))
            return None

    def matches(self, document: Document) -> list[Subscription]:
        """The subscriptions that a document meets."""
        return [self.subscriptions[name] for name in sorted(self._matcher.match(document))]


class RuleBook:
    """The rules in force: brought up to date whenever the subscription set has another generation."""

    def __init__(self, store: RoadStore, expander: Expander) -> None:
        self._store = store
        self._rules = Rules(expander, store.frequencies())

    def current(self) -> Rules:
        """The rules of the newest generation."""
        generation = self._store.generation()
        if generation != self._rules.generation:
            self._rules.become(generation, self._store.subscriptions())
        return self._rules


class _Met(NamedTuple):
    """An article that met a subscription."""

    article: Article
    document: Document
    lines: Lines
    subscription: Subscription


def ring(
    arrived: Sequence[tuple[Article, Document]], rules: Rules, publishing: Publishing, now: datetime
) -> list[Alert]:
    """Write the alert rows of articles: a first notice where the story is new to a subscription, else a further match.

    Returns the alerts that are new.
    """
    met = [
        _Met(article, document, lines, subscription)
        for article, document in arrived
        for lines in (Lines(article),)
        for subscription in rules.matches(document)
    ]
    roots = publishing.roots({it.article.story for it in met})
    known = publishing.alerts_of({(it.subscription.id, roots[it.article.story]) for it in met})
    new = []
    for it in met:
        of = it.subscription.id, roots[it.article.story]
        # Its own alert it may have made before, and died before all of it was written.
        if of in known and known[of].article != it.article.id:
            publishing.put_match(known[of], it.article)
        else:
            known[of] = _first(it, rules.plans[it.subscription.id], publishing, now)
            new.append(known[of])
    return new


def _first(met: _Met, plan: Plan, publishing: Publishing, now: datetime) -> Alert:
    article, document, lines, subscription = met
    alert = Alert(
        id=alert_id(subscription.id, article.story),
        subscription=subscription.id,
        story=article.story,
        article=article.id,
        created=now,
    )
    notice = Notice(
        id=near_id(alert.id, "notice", alert.id, "first", "1"),
        alert=alert.id,
        kind="first",
        ordinal=1,
        article=article.id,
        created=now,
        hits=hits(plan, document, lines),
    )
    deliveries = [
        Delivery(id=near_id(notice.id, "delivery", notice.id, channel), notice=notice.id, channel=channel)
        for channel in subscription.channels
    ]
    publishing.put_alert(alert)
    publishing.put_notice(notice, deliveries)
    return alert
