"""Delivery: notices that wait go out to their channels, and how it went is written down.

At least once: a notice is recorded as delivered after it went out, under an id that stays the same on every attempt.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import cache
from typing import Protocol

import msgspec
import structlog

from tocsin import logs
from tocsin.addresses import masked
from tocsin.clock import Clock
from tocsin.messages import Message, Told, render, render_digest
from tocsin.records import Delivery, Notice, derived_id
from tocsin.stores.port import ReaderStore, RoadStore
from workers.channels import Channels, Later, Refused
from workers.channels.lines import Left

BACK_OFF = (5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0, 24 * 3600.0)
"""Seconds before the second, third … attempt; the last step repeats."""
JITTER = 0.2
"""A step is up to so much of itself longer or shorter."""
GIVE_UP = timedelta(days=5)
"""Age of a notice at which a failing delivery is given up, once every step was tried: the machine may have been off."""
LEASE = 15.0
"""Seconds for which a delivery is taken, again and again while its line moves; of a dead worker it comes back then."""
BEGIN = 5.0
"""Seconds after which a message is begun no more if its lease was not made longer: an attempt ends within the rest."""

log = structlog.get_logger()

Due = tuple[Delivery, Notice]
Parcel = tuple[Due, ...]
"""What goes out as one message: one notice, or those of a digest."""


class Store(RoadStore, ReaderStore, Protocol):
    """What delivery asks of the store."""


def deliver_due(
    store: Store, channels: Channels, clock: Clock, zone: tzinfo, limit: int = 50, wait: float = 0.2
) -> int:
    """Send what is due and record how it went; returns how many deliveries were recorded or are still underway.

    Returns soon: a line that moves slowly is left moving, and its outcomes are recorded by later calls; meanwhile this
    has to be called every few seconds, or its messages are left to others. ``wait``: seconds that are spent waiting for
    outcomes at a time. 0 means: nothing is due now. The store is used by the calling thread alone.
    """
    recorded = _record(store, channels, clock, 0.0)
    taken = _take(store, channels, clock, limit)
    told = dict(zip([delivery.id for delivery, _ in taken], _read(store, taken), strict=True)) if taken else {}
    lines = _by_channel(taken)
    for address, rows in lines.items():
        recorded += _start(store, channels, clock, zone, address, rows, told)
    # A line that has been moving for long is not waited for: articles and quick channels come first.
    recorded += _record(store, channels, clock, wait if lines else wait / 4, lines.keys())
    return recorded + channels.lines.underway


def deliver_all(store: Store, channels: Channels, clock: Clock, zone: tzinfo, seconds: float = 10.0) -> bool:
    """Send what is due until nothing is, for so many seconds and those of an attempt at most; whether there is more."""
    end = clock.monotonic() + seconds
    while deliver_due(store, channels, clock, zone):
        if clock.monotonic() >= end:
            settle(store, channels, clock, 0.8 * LEASE)
            return True
    return bool(store.deliveries_due(clock.now(), 1))


def settle(store: Store, channels: Channels, clock: Clock, seconds: float = 5.0) -> int:
    """Before the end of a run: begin no further message, wait for what is underway and record it.

    Returns how many deliveries are left open.
    """
    channels.lines.end()
    _record(store, channels, clock, seconds)
    return channels.lines.underway


def _record(store: Store, channels: Channels, clock: Clock, seconds: float, only: Collection[str] = ()) -> int:
    """Write down the outcomes that come within so many seconds, or until these lines have ended. Returns how many."""
    lines, end, count = channels.lines, clock.monotonic() + seconds, 0
    while True:
        went = []
        for parcel, answer in lines.take(end - clock.monotonic()):
            if isinstance(answer, Later) and answer.after_seconds is not None:
                lines.resting[parcel[0][0].channel] = clock.monotonic() + answer.after_seconds
            went += [
                it if isinstance(answer, Left) else _went(it, notice, answer, clock.now()) for it, notice in parcel
            ]
        if went:
            store.put_deliveries(went)
            count += len(went)
        if clock.monotonic() >= end or not lines.busy or (only and lines.busy.isdisjoint(only)):
            return count


def back_off(delivery: Delivery) -> timedelta:
    """How long to wait after the attempts made so far; the jitter follows from the id, so it can be told beforehand."""
    step = BACK_OFF[min(max(delivery.attempts, 1), len(BACK_OFF)) - 1]
    fraction = int(derived_id("jitter", delivery.id, str(delivery.attempts))[:8], 16) / 0xFFFF_FFFF
    return timedelta(seconds=step * (1 + JITTER * (2 * fraction - 1)))


def _went(delivery: Delivery, notice: Notice, answer: Later | Refused | None, now: datetime) -> Delivery:
    """A delivery after an attempt."""
    tried = msgspec.structs.replace(delivery, attempts=delivery.attempts + 1)
    told = {"article": notice.article, "notice": notice.id, "channel": masked(delivery.channel)}
    if answer is None:
        logs.follow("delivered", **told)
        return msgspec.structs.replace(tried, state="delivered", delivered=now, next_try=None, error="")
    given_up = now - notice.created >= GIVE_UP and tried.attempts >= len(BACK_OFF)
    if isinstance(answer, Refused) or given_up:
        reason = (
            answer.reason if isinstance(answer, Refused) else f"{answer.reason} Given up after {GIVE_UP.days} days."
        )
        log.warning("a notice could not be delivered", **told, error=reason)
        return msgspec.structs.replace(tried, state="failed", next_try=None, error=reason)
    pause = back_off(tried) if answer.after_seconds is None else timedelta(seconds=answer.after_seconds)
    logs.follow("a notice waits", "info", **told, seconds=round(pause.total_seconds()), error=answer.reason)
    return msgspec.structs.replace(tried, next_try=now + pause, error=answer.reason)


def _take(store: Store, channels: Channels, clock: Clock, limit: int) -> list[Due]:
    """Deliveries that are due on channels that are free. A long line of a slow channel must not hide the others."""
    lines, now = channels.lines, clock.monotonic()
    lines.resting = {address: until for address, until in lines.resting.items() if until > now}
    closed = lines.busy | lines.resting.keys()
    if lines.left < 2 / 3 * BEGIN:
        store.keep_deliveries([it.id for parcel in lines.waiting() for it, _ in parcel], clock.now(), LEASE)
        lines.keep(BEGIN)
    return store.take_deliveries(clock.now(), limit, LEASE, closed)


def _by_channel(rows: Sequence[Due]) -> dict[str, list[Due]]:
    lines: dict[str, list[Due]] = {}
    for row in rows:
        lines.setdefault(row[0].channel, []).append(row)
    return lines


def _start(
    store: Store,
    channels: Channels,
    clock: Clock,
    zone: tzinfo,
    address: str,
    rows: Sequence[Due],
    told: Mapping[str, Told | Refused],
) -> int:
    """Render the messages of one channel and let them go. Returns how many failed before that, and are recorded so."""
    ready, failed = [], []
    for parcel in _parcels(rows):
        whole = []
        for delivery, notice in parcel:
            one = told[delivery.id]
            if len(parcel) > 1 and isinstance(one, Told) and isinstance(alone := _message([one], "", zone), Refused):
                # What cannot be put into words must not take the others of a digest with it.
                one = alone
            if isinstance(one, Told):
                whole.append(((delivery, notice), one))
            else:
                failed.append(_went(delivery, notice, one, clock.now()))
        if not whole:
            continue
        message = _message([one for _, one in whole], parcel[0][0].digest, zone)
        if isinstance(message, Message):
            ready.append((tuple([row for row, _ in whole]), message))
        else:
            failed += [_went(delivery, notice, message, clock.now()) for (delivery, notice), _ in whole]
    if failed:
        store.put_deliveries(failed)
    if ready:
        channels.lines.send(address, ready, BEGIN)
    return len(failed)


def _parcels(rows: Sequence[Due]) -> list[Parcel]:
    """Deliveries of one channel as they go out: those of a digest together, the others alone."""
    parcels: dict[str, list[Due]] = {}
    for row in rows:
        parcels.setdefault(row[0].digest or row[0].id, []).append(row)
    return [tuple(parcel) for parcel in parcels.values()]


def _read(store: Store, rows: Sequence[Due]) -> Iterator[Told | Refused]:
    """What each notice tells of, or why it can tell nothing."""
    articles = store.articles(list({name for _, notice in rows for name in (notice.article, notice.before) if name}))
    alerts = store.alerts_by_id({notice.alert for _, notice in rows})
    subscriptions = store.subscriptions_by_id({alert.subscription for alert in alerts.values()})
    # Of one story many are told at once.
    story = cache(store.story)
    for _, notice in rows:
        alert, article = alerts.get(notice.alert), articles.get(notice.article)
        if alert is None or article is None:
            yield Refused("The article or the alert of this notice is no longer in the store.")
            continue
        yield Told(
            notice=notice,
            alert=alert,
            article=article,
            before=articles.get(notice.before),
            subscription=subscriptions.get(alert.subscription),
            story=story(alert.story),
        )


def _message(told: Sequence[Told], digest: str, zone: tzinfo) -> Message | Refused:
    """The message of one notice or of a digest, or why it cannot be put into words."""
    try:
        return render(told[0], zone) if len(told) == 1 else render_digest(told, digest, zone)
    except Exception as error:  # noqa: BLE001 - one poisoned text must not stop the others
        log.error(  # noqa: TRY400 - a traceback would repeat the article
            "a notice could not be put into words",
            notice=told[0].notice.id,
            error=repr(error),
        )
        return Refused(f"The notice could not be put into words: {error!r}.")
