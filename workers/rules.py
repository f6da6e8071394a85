"""The subscriptions in force, ready to be matched, and kept up to date."""

import gc
from collections.abc import Iterable, Mapping

import structlog

from tocsin.errors import UserError
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.match import Matcher
from tocsin.query.plan import Plan
from tocsin.query.terms import guess
from tocsin.records import Subscription
from tocsin.rhythm import due
from tocsin.stores.port import RoadStore
from tocsin.subscriptions import asked

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
        self.words = expander.words
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
            due(subscription, subscription.created)
            return self._expander.read(asked(subscription))
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
