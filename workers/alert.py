"""Match → alert → notice → deliveries: the rows that say who is told of what. Nothing is sent here."""

from collections.abc import Iterable
from datetime import datetime

import msgspec
import structlog

from tocsin.errors import UserError
from tocsin.query.expand import Expander, Plan
from tocsin.query.match import Document, Matcher, hits
from tocsin.records import Alert, Article, Delivery, Notice, Subscription, derived_id
from tocsin.stores.port import Publishing, RoadStore

log = structlog.get_logger()


class Rules:
    """The subscriptions of one generation, ready to be matched."""

    def __init__(self, generation: int, subscriptions: Iterable[Subscription], expander: Expander) -> None:
        self.generation = generation
        self.subscriptions: dict[str, Subscription] = {}
        self.plans: dict[str, Plan] = {}
        for subscription in subscriptions:
            if subscription.paused:
                continue
            try:
                self.plans[subscription.id] = expander.read(subscription.query)
            except UserError as error:
                log.warning("a subscription cannot be used", name=subscription.name, error=str(error))
                continue
            self.subscriptions[subscription.id] = subscription
        self._matcher = Matcher(self.plans)

    def matches(self, document: Document) -> list[Subscription]:
        """The subscriptions that a document meets."""
        return [self.subscriptions[name] for name in self._matcher.match(document)]


class RuleBook:
    """The rules in force: read anew whenever the subscription set has another generation."""

    def __init__(self, store: RoadStore, expander: Expander) -> None:
        self._store = store
        self._expander = expander
        self._rules = Rules(-1, (), expander)

    def current(self) -> Rules:
        """The rules of the newest generation."""
        generation, subscriptions = self._store.subscriptions()
        if generation != self._rules.generation:
            self._rules = Rules(generation, subscriptions, self._expander)
        return self._rules


def ring(article: Article, document: Document, rules: Rules, publishing: Publishing, now: datetime) -> list[Alert]:
    """Write the alert rows of one article: a first notice where the story is new to a subscription, else a count.

    Returns the alerts that are new.
    """
    new = []
    for subscription in rules.matches(document):
        known = publishing.alert_of(subscription.id, article.story)
        if known is None:
            new.append(_first(article, document, subscription, rules.plans[subscription.id], publishing, now))
        elif article.relation != "version":
            publishing.put_alert(msgspec.structs.replace(known, copies=known.copies + 1))
    return new


def _first(
    article: Article, document: Document, subscription: Subscription, plan: Plan, publishing: Publishing, now: datetime
) -> Alert:
    alert = Alert(
        id=derived_id("alert", subscription.id, article.story),
        subscription=subscription.id,
        story=article.story,
        article=article.id,
        created=now,
    )
    notice = Notice(
        id=derived_id("notice", alert.id, "first", "1"),
        alert=alert.id,
        kind="first",
        ordinal=1,
        article=article.id,
        created=now,
        hits=hits(plan, document, article),
    )
    deliveries = [
        Delivery(id=derived_id("delivery", notice.id, channel), notice=notice.id, channel=channel)
        for channel in subscription.channels
    ]
    publishing.put_alert(alert)
    publishing.put_notice(notice, deliveries)
    return alert
