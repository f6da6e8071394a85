"""The choice among dates that nothing is against: which of them is taken, and on what clock its moment is told."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from spiders.extract import dateday
from spiders.extract.datefinds import aware
from tocsin.records import DateCandidate

_HALF_HOURS = tuple(timedelta(hours=h) for h in (-3.5, 3.5, 5.5, 9.5, 10.5))
"""Offsets of many people that are no whole hours."""
_FARTHEST = timedelta(hours=12)
_DAYS_BEFORE = 2
_NEAR = timedelta(days=1.5)
_HEARD = ("", *dateday.REFUSED, dateday.BEHIND)
Free = Sequence[tuple[int, datetime]]
"""Candidates that nothing is against: their places in the ledger and their values."""


def choose(found: Sequence[DateCandidate], free: Free, zone: tzinfo | None) -> tuple[int, datetime] | None:
    """The place and the value of the candidate that is taken; None where on another day another would be."""
    before = _printed_before(found, zone)
    if before is None:
        return _sharper(found, free, zone)
    return before if not found[before[0]].verdict else None


def as_there(value: datetime, ledger: Sequence[DateCandidate], zone: tzinfo | None) -> tuple[datetime, str]:
    """A moment written in UTC, on the clock of the place, where the page itself shows that clock beside it.

    Its local day is what readers know it by; without a clock, the day in the address tells it. An outlet whose zone is
    known needs no such hint. Told with it is what there is to note.
    """
    if zone is not None or value.utcoffset() != timedelta():
        return value, ""
    for other in ledger:
        if other.value is None or other.verdict != "agrees" or dateday.is_day_only(other):
            continue
        gap = other.value.utcoffset() if other.value.tzinfo else apart(other.value, value)
        offset = timedelta(minutes=30) * round((gap or timedelta()) / timedelta(minutes=30))
        if offset and (other.value.tzinfo or offset % timedelta(hours=1) == timedelta() or offset in _HALF_HOURS):
            return value.astimezone(timezone(offset)), ""
    there = _on_the_day_of_the_address(value, ledger)
    return there, "on the day of the address, by the nearest clock that shows it" if there is not value else ""


def _on_the_day_of_the_address(value: datetime, ledger: Sequence[DateCandidate]) -> datetime:
    """The same moment on the nearest clock that shows the day of the address, if that is the day before or after."""
    day = next((c.value for c in ledger if c.origin == "url" and c.verdict == "another source comes first"), None)
    gap = (day.date() - value.date()).days if day is not None else 0
    if abs(gap) != 1:
        return value
    offset = timedelta(hours=24 - value.hour if gap > 0 else -1 - value.hour)
    return value.astimezone(timezone(offset)) if abs(offset) <= _FARTHEST else value


def _printed_before(found: Sequence[DateCandidate], zone: tzinfo | None) -> tuple[int, datetime] | None:
    """A day printed beside the title that lies before all that machines tell: they tell of another publication.

    Readers must be shown nothing that agrees with the machines; and where there is a listing or an address, the print
    was held against them before. What is refused for the day of the fetch has its say: on another day it will have.
    """
    heard = [(i, c.value) for i, c in enumerate(found) if c.verdict in _HEARD and c.value is not None]
    told: dict[str, list[date]] = {}
    for i, value in heard:
        told.setdefault(found[i].origin, []).append(aware(value, zone).date())
    silent = [d for origin in ("json-ld", "meta") for d in told.get(origin, ())]
    if not silent or "text" not in told or not told.keys() <= {"json-ld", "meta", "time", "text"}:
        return None
    first = told["text"][0]
    if any((d - first).days < _DAYS_BEFORE for d in silent) or any(d > first for d in told.get("time", ())):
        return None
    return next((i, v) for i, v in heard if found[i].origin == "text")


def _sharper(found: Sequence[DateCandidate], free: Free, zone: tzinfo | None) -> tuple[int, datetime] | None:
    """The first free candidate; one that says the same with a zone or with the time of day stands in for it.

    One that is refused for the day of the fetch leaves the first in its place if it names the same day, and else takes
    it along: on another day it would stand in.
    """
    at, first = free[0]
    for i, one in enumerate(found[at + 1 :], at + 1):
        other = one.value
        if other is None or one.origin == "url" or one.verdict not in ("", *dateday.REFUSED):
            continue
        zoned = first.tzinfo is None and other.tzinfo is not None and apart(first, other) is not None
        near = abs(aware(other, zone) - aware(first, zone)) < _NEAR
        if zoned or (near and dateday.is_day_only(found[at]) and not dateday.is_day_only(one)):
            same = dateday.local_day(other, zone) == dateday.local_day(first, zone)
            return (i, other) if not one.verdict else free[0] if same else None
    return free[0]


def apart(naive: datetime, other: datetime) -> timedelta | None:
    """The offset between two writings of one moment: a whole number of half hours, at most 14; else None."""
    if other.tzinfo is None or naive.tzinfo is not None:
        gap = aware(naive, None) - aware(other, None)
        return gap if abs(gap) < timedelta(minutes=1) else None
    gap = naive - other.astimezone(UTC).replace(tzinfo=None)
    rest = gap.total_seconds() % 1800
    return gap if abs(gap) <= timedelta(hours=14) and min(rest, 1800 - rest) < 60 else None
