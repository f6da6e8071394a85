"""Days that are lived through by a hand clock: articles come at their times, are carried, rung and sent.

And whether a rehearsal of the same days heard the same.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from tocsin.backtest import Rehearsed, message, parcels
from tocsin.records import Alert, Article, Delivery, Notice
from tocsin.stores.port import Store
from workers.channels import Channels
from workers.deliver import deliver_all
from workers.flow import Hall, turn

STEP = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
_MOST = 1_000_000

Rung = tuple[Alert, list[Notice]]


class HandClock:
    """A clock that is set by hand."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment that it was set to."""
        return self.at

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at.timestamp()


def live(hall: Hall, clock: HandClock, articles: Sequence[Article], channels: Channels | None = None) -> list[datetime]:
    """Carry articles at the end of the ten minutes in which they were first seen, each batch a second after the other.

    Returns the moments at which what was due was sent: at the full ten minutes and after each batch.
    """
    sent: list[datetime] = []

    def send() -> None:
        if channels is not None:
            sent.append(clock.at)
            deliver_all(hall.store, channels, clock, UTC)

    for step, several in groupby(sorted(articles, key=lambda it: it.first_seen), key=lambda it: _step(it.first_seen)):
        while channels is not None and clock.at + STEP < step:
            clock.at = _step(clock.at)
            send()
        clock.at = step
        send()
        hall.store.accept(list(several))
        clock.at += SECOND
        # A turn may carry nothing and not be the last: searches of Elasticsearch do not see all yet.
        while turn(hall) or any(hall.store.on_their_way()):
            send()
            clock.at += SECOND
    return sent


def _step(moment: datetime) -> datetime:
    """The next full ten minutes behind a moment."""
    return datetime.fromtimestamp((moment.timestamp() // 600 + 1) * 600, UTC)


def rung(store: Store) -> dict[str, list[Rung]]:
    """All alerts with their notices, oldest first, by subscription."""
    found: dict[str, list[Rung]] = defaultdict(list)
    for alert, notices in store.alerts(limit=_MOST):
        found[alert.subscription].append((alert, notices))
    return {name: sorted(several, key=lambda it: (it[0].created, it[0].id)) for name, several in found.items()}


def unlike(store: Store, lived: Sequence[Rung], heard: Rehearsed, sent: Sequence[datetime] = ()) -> Iterator[str]:
    """What a rehearsal heard otherwise than it was: alerts, copies, notices, deliveries; ``sent`` as ``live`` tells."""
    yield from _each("alert", {it.id: it for it, _ in lived}, {it.id: it for it in heard.alerts})
    ours = {it.notice.id: it.notice for it in heard.heard}
    yield from _each("notice", {it.id: it for _, several in lived for it in several}, ours)
    for it in heard.heard:
        was = {one.id: _outcome(one, sent) for one in store.deliveries(it.notice.id)}
        yield from _each("delivery", was, {one.id: _expected(one, it.notice, sent) for one in it.deliveries})


def unlike_lines(path: Path, heard: Rehearsed, end: datetime) -> Iterator[str]:
    """Messages that a file was sent, and those that the rehearsal has word for word until the end."""
    lines = path.read_bytes().splitlines() if path.is_file() else []
    due = [parcel for parcel in parcels(heard) if parcel.due <= end]
    made = [message(heard, parcel, UTC).body() for parcel in due]
    yield from _each("message", dict(map(_message, lines)), dict(map(_message, made)))


def _message(line: bytes) -> tuple[str, Any]:
    """A message by id. No store says in which order the notices of one moment go into a digest."""
    found = json.loads(line)
    if "notices" in found:
        found["notices"].sort(key=lambda it: it["id"])
    return found["id"], found


def _each(what: str, was: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    for name in was.keys() | ours.keys():
        if was.get(name) != ours.get(name):
            yield f"{what} {name}: lived {_short(was.get(name))}, rehearsed {_short(ours.get(name))}"


def _short(it: Any) -> str:
    return f"{it!s:.1500}"


def _outcome(it: Delivery, sent: Sequence[datetime]) -> tuple[Any, ...]:
    when = it.delivered if it.state == "delivered" else it.next_try
    return it.channel, "waiting" if sent and it.state == "delivered" else it.state, it.digest, it.error, when


def _expected(it: Delivery, notice: Notice, sent: Sequence[datetime]) -> tuple[Any, ...]:
    """Of one that waits the moment at which it was sent, where there was one."""
    when = it.next_try
    if it.state == "waiting" and (at := bisect_left(sent, when or notice.created)) < len(sent):
        when = sent[at]
    return it.channel, it.state, it.digest, it.error, when
