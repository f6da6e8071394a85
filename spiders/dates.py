"""Dates as feeds, sitemaps and HTTP headers write them. Pure."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T\s]+(\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?)?\Z"
)
_NAMED_ZONE = re.compile(r"\s+(?:UTC|GMT|Z|UT)\Z")
_SUFFIX_ZONES = {"EET": 2, "EEST": 3, "MSK": 3, "CET": 1, "CEST": 2, "BST": 1, "WET": 0, "WEST": 1, "TRT": 3}


def read_date(text: str) -> datetime | None:
    """A moment out of RFC 822, RFC 2822 or ISO 8601 / W3C text: aware where it gives a zone, naive where it does not.

    A day without a time of day is midnight without a zone. None where nothing can be read.
    """
    text = text.strip()
    if not 8 <= len(text) <= 80:
        return None
    try:
        return _iso(text) if text[:4].isdigit() else _rfc(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _iso(text: str) -> datetime | None:
    found = _ISO.match(text)
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), min(int(second or 0), 59))  # noqa: DTZ001
    if not zone:
        return moment
    if zone in ("Z", "z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return moment.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset)).astimezone(UTC)


def _rfc(text: str) -> datetime | None:
    name = text.rpartition(" ")[2].upper()
    if name in _SUFFIX_ZONES:
        text = text.rpartition(" ")[0] + f" +{_SUFFIX_ZONES[name]:02d}00"
    moment = parsedate_to_datetime(text)
    if not 1990 <= moment.year <= 2200:
        return None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    return moment.replace(tzinfo=UTC) if _NAMED_ZONE.search(text) else moment


def retry_after(text: str, now: datetime) -> float:
    """Seconds that a Retry-After header asks for (RFC 9110: seconds or a date); 0 where it cannot be read.

    A date has whole seconds only: one more is waited, so that its second is over.
    """
    text = text.strip()
    if text.isdigit():
        return float(text[:9])
    moment = read_date(text)
    if moment is None or moment.tzinfo is None:
        return 0.0
    left = (moment - now).total_seconds()
    return left + 1.0 if left > 0 else 0.0
