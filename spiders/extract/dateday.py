"""The day of the fetch: when a date may be the page's clock, and who can vouch for it.

News is read minutes after it was published, and a clock shows this very day as well. So a date of the fetch day needs
something that a clock does not have: a time of day that is not the minute of the fetch, or a witness from elsewhere.
Sources written by one hand are one witness: JSON-LD, meta and time elements come from one template.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from tocsin.records import DateCandidate, Page

FAMILY = {
    "json-ld": "page",
    "meta": "page",
    "time": "page",
    "script": "page",
    "feed": "listing",
    "sitemap": "listing",
    "front": "front",
    "section": "front",
    "url": "address",
    "text": "print",
    "relative": "print",
    "rule": "rule",
}
"""Who wrote a source: two of one family are no two witnesses."""
TODAY = "equals the day of the fetch, and nothing else says so"
NOW = "equals the minute of the fetch, and nothing else says so"
REFUSED = (TODAY, NOW)
"""Verdicts that end the search: what comes behind would be chosen today and not tomorrow."""
BEHIND = "stands behind a date that may be the page's clock"
_MINUTES = timedelta(minutes=2)
_LISTED_LATER = timedelta(hours=2)
_FARTHEST = timedelta(hours=14)


def is_day_only(candidate: DateCandidate) -> bool:
    """Whether a candidate names no time of day; midnight to the second counts as none."""
    value = candidate.value
    return value is not None and (value.hour, value.minute, value.second) == (0, 0, 0)


def days_of(fetched: datetime, zone: tzinfo | None) -> set[date]:
    """Days that it may be where the page was written: one, if the zone is known."""
    if zone is not None:
        return {fetched.astimezone(zone).date()}
    return {(fetched + timedelta(hours=h)).date() for h in (-12, 0, 14)}


def is_fetch_minute(value: datetime, fetched: datetime, zone: tzinfo | None) -> bool:
    """Whether a time of day is that of the fetch, give or take two minutes, in its zone or else in any whole hour."""
    if value.tzinfo or zone:
        return abs((value if value.tzinfo else value.replace(tzinfo=zone)) - fetched) <= _MINUTES
    gap = value.replace(tzinfo=UTC) - fetched
    hours = timedelta(hours=1) * round(gap / timedelta(hours=1))
    return abs(gap) <= _FARTHEST + _MINUTES and abs(gap - hours) <= _MINUTES


def objection(one: DateCandidate, found: Sequence[DateCandidate], page: Page, zone: tzinfo | None) -> str:
    """Why a date may be the page's clock; empty where it may not, or where somebody vouches for it."""
    value = one.value
    if value is None or FAMILY.get(one.origin) in ("listing", "front", "address", "rule"):
        return ""
    if is_day_only(one):
        today = days_of(page.fetched, zone)
        if local_day(value, zone) not in today and value.date() not in today:
            return ""
        return "" if any(_same_day(one, w, zone) for w in _others(one, found, page, zone)) else TODAY
    if not is_fetch_minute(value, page.fetched, zone):
        return ""
    witnesses = (w for w in _others(one, found, page, zone) if FAMILY.get(w.origin) in ("listing", "address"))
    return "" if any(_same_day(one, w, zone) for w in witnesses) else NOW


def local_day(value: datetime, zone: tzinfo | None) -> date:
    """The day of a date where the outlet is, as far as that is known."""
    return value.astimezone(zone).date() if value.tzinfo and zone else value.date()


def later_than_listed(one: DateCandidate, found: Sequence[DateCandidate]) -> bool:
    """Whether a machine's date lies behind the one that a feed tells: what was listed had been published by then.

    A gap of whole half hours is two zones for one moment, not a later date.
    """
    value = one.value
    if value is None or value.tzinfo is None or FAMILY.get(one.origin) != "page":
        return False
    gaps = [
        value - w.value
        for w in found
        if FAMILY.get(w.origin) == "listing" and not w.verdict and w.value is not None and w.value.tzinfo is not None
    ]
    return any(gap > _LISTED_LATER and not _is_offset(gap) for gap in gaps)


def _is_offset(gap: timedelta) -> bool:
    rest = gap.total_seconds() % 1800
    return gap <= _FARTHEST and min(rest, 1800 - rest) < 60


def _others(one: DateCandidate, found: Sequence[DateCandidate], page: Page, zone: tzinfo | None) -> list[DateCandidate]:
    """Candidates of other families that nothing is against and that are no clocks of the minute themselves."""
    return [
        w
        for w in found
        if not w.verdict
        and w.value is not None
        and FAMILY.get(w.origin) != FAMILY.get(one.origin)
        and (
            FAMILY.get(w.origin) in ("listing", "address")
            or is_day_only(w)
            or not is_fetch_minute(w.value, page.fetched, zone)
        )
    ]


def _same_day(one: DateCandidate, other: DateCandidate, zone: tzinfo | None) -> bool:
    a, b = one.value, other.value
    if a is None or b is None:
        return False
    if a.tzinfo and b.tzinfo and not is_day_only(one) and not is_day_only(other):
        return abs(a - b) <= _LISTED_LATER
    return abs((local_day(a, zone) - local_day(b, zone)).days) <= (0 if zone else 1)
