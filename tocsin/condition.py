"""How the whole of it is at this moment: from the store, the heartbeats and the broker, and from one place.

``tocsin status`` shows it, ``/metrics`` gives it to Prometheus, ``/ready`` and ``tocsin health`` judge it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from tocsin.addresses import masked
from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.records import Feed, Outlet
from tocsin.settings import Settings
from tocsin.stores.heartbeats import SILENT, Room, rooms
from tocsin.stores.leases import Leases, open_leases
from tocsin.stores.port import Store
from tocsin.stores.upkeep import lags_of

if TYPE_CHECKING:
    from tocsin.queue import Hints

LAGS = timedelta(hours=1)
"""Time over which lags are told."""
STILL = timedelta(seconds=60)
"""An article that nobody carries for so long, while none becomes ready, stands still."""


class Condition(NamedTuple):
    """What there is to tell, and the single times behind the lags."""

    told: dict[str, Any]
    """Plain values, as ``tocsin status --json`` prints them."""
    spans: dict[str, list[float]]
    """Seconds of the newest texts and deliveries of the last hour, by stretch of the road."""
    crawled: dict[str, "Crawled"]
    """By active outlet."""
    finished: datetime | None
    """When an article became ready last."""


class Crawled(NamedTuple):
    """How an outlet's crawl goes."""

    polled: datetime | None
    """When a feed of it was read last."""
    seen: datetime | None
    """When it brought a text last."""
    failures: int
    """Polls in a row that failed, of its worst feed."""


class Wrong(NamedTuple):
    """Something that keeps articles from their readers."""

    what: str
    """``store``, ``workers``, ``spiders``, ``road``, ``broker``."""
    why: str
    """One sentence."""


class Watcher:
    """Looks at a store and at who works on it. Nothing is written. The store is not closed.

    Not for use by two threads at the same moment. Its methods raise UserError where the store cannot be asked.
    """

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store, self._settings, self._clock = store, settings, clock
        self._leases: Leases | None = None
        self._no_leases = ""
        self._hints: Hints | None = None
        try:
            self._leases = open_leases(settings.store_url, settings.redis)
        except UserError as error:
            self._no_leases = str(error)

    def look(self) -> Condition:
        """All of it."""
        store, now = self._store, self._clock.now()
        today = now.astimezone(self._settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        counts, traffic, spans = store.overview(), store.traffic(now, today), store.spans(now - LAGS)
        outlets, feeds = store.outlets(active=True), store.feeds()
        oldest = {state: _ago(at, now) for state, at in traffic["oldest"].items()}
        sent: dict[str, Counter[str]] = {}
        for channel, numbers in traffic["deliveries"].items():
            # Without their secrets several may look alike.
            sent.setdefault(masked(channel), Counter()).update(numbers)
        of = _by_outlet(outlets, feeds)
        told = {
            "at": now.isoformat(timespec="seconds"),
            "outlets": {**_health(of), "silent for a day": len(of.keys() - set(traffic["heard"]))},
            "articles": {
                state: {"number": counts[state], "oldest_seconds": oldest.get(state)}
                for state in ("accepted", "filed", "ready", "parked")
            },
            "texts": {name: counts[name] for name in ("texts", "copies", "versions")},
            "leased": traffic["leased"],
            "refused": traffic["refused"],
            "per_minute": traffic["per_minute"],
            "lags": lags_of(spans),
            "drops": counts["drops"],
            "drops_today": traffic["drops_today"],
            "alerts": counts["alerts"],
            "notices": counts["notices"],
            "deliveries": {
                **{state: counts[state] for state in ("delivered", "waiting", "failed")},
                "oldest_due_seconds": self._oldest_due(now),
                "by_channel": sent,
            },
            "messages": self._messages(),
            "rooms": [{**room._asdict(), "silent": room.silent} for room in self.rooms() or ()],
            "size_bytes": store.size(),
            "wrong": [wrong._asdict() for wrong in self.wrong()],
        }
        return Condition(told, spans, _crawled(of, store.last_seen()), counts["last_arrival"])

    def rooms(self) -> list[Room] | None:
        """Who was heard of; None where nobody can be."""
        if self._leases is None:
            return None
        try:
            return rooms(self._leases)
        except UserError as error:
            # Their Redis is away: of the store there is still all to tell.
            self._no_leases = str(error)
            return None

    def wrong(self) -> list[Wrong]:
        """What keeps articles from their readers at this moment; cheap enough to be asked every second."""
        found = []
        if self._store.copied_from() is not None:
            found.append(Wrong("store", "A copy into this store is not finished."))
        known = self.rooms()
        if known is None:
            found.append(Wrong("workers", f"Nobody can be heard of. {self._no_leases}"))
        else:
            found += [wrong for wrong in (_unheard(known, "workers"), _unheard(known, "spiders")) if wrong]
        if self._stands_still():
            why = f"Articles wait that nobody carries, and none became ready for {STILL.total_seconds():.0f} s."
            found.append(Wrong("road", why))
        if self._settings.broker and self._messages() is None:
            found.append(
                Wrong("broker", "The broker does not answer; all is kept in the store, and nothing is carried.")
            )
        return found

    def _stands_still(self) -> bool:
        then = self._clock.now() - STILL
        last = self._store.finished()
        return (last is None or last < then) and bool(self._store.overdue(then, 0.0, 1))

    def _oldest_due(self, now: datetime) -> float | None:
        for delivery, notice in self._store.deliveries_due(now, 1):
            return _ago(max(notice.created, delivery.next_try or notice.created), now)
        return None

    def _messages(self) -> dict[str, int] | None:
        """Messages that wait in each queue; None without a broker, or where it does not answer."""
        if not self._settings.broker:
            return None
        if self._hints is None:
            try:
                from tocsin.queue import Hints
            except ModuleNotFoundError:
                return None
            self._hints = Hints(self._settings, self._clock)
        return self._hints.waiting()

    def close(self) -> None:
        """End what was opened here."""
        if self._leases is not None:
            self._leases.close()


def _unheard(known: Sequence[Room], room: str) -> Wrong | None:
    """What is wrong with a room: workers have to be there, crawlers only where they were and did not end in order."""
    its = [one for one in known if one.room == room]
    if any(not one.silent for one in its) or (not its and room != "workers"):
        return None
    why = f"None of the {room} was heard of within {SILENT:.0f} s."
    if its:
        last = min(its, key=lambda one: one.seconds)
        why = f"{why} The last one was process {last.process} on {last.host}, {last.seconds:.0f} s ago."
    return Wrong(room, why)


def _ago(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else (now - at).total_seconds()


def _by_outlet(outlets: Iterable[Outlet], feeds: Iterable[Feed]) -> dict[str, list[Feed]]:
    of: dict[str, list[Feed]] = {outlet.name: [] for outlet in outlets}
    for feed in feeds:
        if feed.outlet in of:
            of[feed.outlet].append(feed)
    return of


def _health(of: Mapping[str, Sequence[Feed]]) -> dict[str, int]:
    """How many outlets do well, fail in part or wholly, and were never asked."""
    states = [_state(its) for its in of.values()]
    return {name: states.count(name) for name in ("well", "in part", "failing", "not asked yet")}


def _state(feeds: Sequence[Feed]) -> str:
    asked = [feed for feed in feeds if feed.checked or feed.error]
    failing = sum(bool(feed.error) for feed in asked)
    if not asked:
        return "not asked yet"
    return "well" if not failing else "failing" if failing == len(asked) else "in part"


def _crawled(of: Mapping[str, Sequence[Feed]], seen: Mapping[str, datetime]) -> dict[str, Crawled]:
    return {
        name: Crawled(
            max(filter(None, (feed.changed if feed.error else feed.checked for feed in its)), default=None),
            seen.get(name),
            max((feed.failures for feed in its), default=0),
        )
        for name, its in of.items()
    }
