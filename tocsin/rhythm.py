"""When a notice may go out: rhythm, quiet hours in the subscription's own zone, and throttle. Pure.

Of a local time that a clock change leaves out, the moment of the change stands for it; of one that comes twice, the
first. So a day has exactly one digest, however its clocks run.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo

from tocsin.errors import UserError
from tocsin.records import Subscription, Weekday, derived_id

HOUR = timedelta(hours=1)
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Quiet(NamedTuple):
    """Local hours in which nothing is sent, over midnight where they end before they begin."""

    start: time
    end: time

    def has(self, moment: time) -> bool:
        """Whether a local time lies in them; their end does not."""
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end


def due(subscription: Subscription, created: datetime, rung: int = 0) -> datetime:
    """When a notice that was made at ``created`` is to go out, in UTC, never earlier than it was made.

    Without a rhythm that is at once, but for quiet hours; with one it is the end of the period that it falls in, which
    is later than ``created``: what is made at the very end of a period belongs to the next one. All that is due at one
    moment is one digest. Where it has ``rung`` in this hour as often as its throttle lets it, the hour is a period too.
    """
    zone = zone_of(subscription.zone)
    moment = period_end(subscription, created, zone)
    if moment == created and 0 < subscription.throttle <= rung:
        moment = hour_of(created) + HOUR
    if subscription.quiet and subscription.priority != "urgent":
        moment = after_quiet(moment, quiet_hours(subscription.quiet), zone)
    return moment.astimezone(UTC)


def digest_id(channel: str, due: datetime) -> str:
    """The id of what goes to a channel at one moment, the same however often it is made."""
    return derived_id("digest", channel, due.astimezone(UTC).isoformat())


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour of UTC in which a moment lies: what a throttle counts in."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def period_end(subscription: Subscription, created: datetime, zone: tzinfo) -> datetime:
    """The end of the period in which a moment lies; the moment itself where there is no rhythm. Hours are UTC's."""
    if subscription.every == "immediate":
        return created
    if subscription.every == "hourly":
        return hour_of(created) + HOUR
    at = clock_time(subscription.at)
    today = created.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(-1, 10))
    wanted = (
        day for day in days if subscription.every == "daily" or day.weekday() == WEEKDAYS.index(subscription.weekday)
    )
    return next(end for day in wanted if (end := moment_of(day, at, zone)) > created)


def after_quiet(moment: datetime, quiet: Quiet, zone: tzinfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in; an end that the clocks skip may be none."""
    local = moment.astimezone(zone)
    if not quiet.has(local.time()):
        return moment
    days = (local.date() + timedelta(days=ahead) for ahead in range(3))
    ends = (moment_of(day, quiet.end, zone, fold) for day in days for fold in (0, 1))
    return min(end for end in ends if end > moment and not quiet.has(end.astimezone(zone).time()))


def moment_of(day: date, at: time, zone: tzinfo, fold: int = 0) -> datetime:
    """A local time of a day in UTC. Of one that there is twice, ``fold`` chooses; for one that there is not stands the
    moment at which the clocks skip it.
    """
    first, second = (datetime.combine(day, at, zone).replace(fold=which).astimezone(UTC) for which in (0, 1))
    if second >= first:
        return second if fold else first
    # It is skipped: the change lies between what the clock before it and the one after it make of the local time.
    after = first.astimezone(zone).utcoffset()
    low, high = int(second.timestamp()), int(first.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == after:
            high = middle
        else:
            low = middle
    return datetime.fromtimestamp(high, UTC)


def zone_of(name: str) -> ZoneInfo:
    """An IANA zone. Raises UserError where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # what is no name of a file, a folder, a file that there is not
        raise UserError(f"The zone {name!r} is not known: write an IANA name such as Europe/Kyiv or UTC.") from None


def clock_time(text: str) -> time:
    """A local time as ``8:00`` or ``22:30``. Raises UserError otherwise."""
    found = _TIME.fullmatch(text)
    if not found:
        raise UserError(f"{text!r} is no time of the day: write it as 08:00 or 22:30.")
    return time(int(found[1]), int(found[2]))


def quiet_hours(text: str) -> Quiet:
    """Local hours as ``22:00-07:00``. Raises UserError where they are not understood or have no length."""
    start, dash, end = text.partition("-")
    if not dash or not _TIME.fullmatch(start.strip()) or not _TIME.fullmatch(end.strip()):
        raise UserError(f"The quiet hours {text!r} are not understood: write them as 22:00-07:00.")
    quiet = Quiet(clock_time(start.strip()), clock_time(end.strip()))
    if quiet.start == quiet.end:
        raise UserError(f"The quiet hours {text!r} begin as they end: leave them out, or pause the subscription.")
    return quiet
