"""``date:`` and ``seen:``: days, months, ranges and "the last 7 days", all in UTC.

A date stands for the whole of what it names: a day from midnight to midnight, a month, a year, a minute. So
``>2026-11-01`` begins on the second, and both ends of ``[2026-11-01 TO 2026-11-03]`` belong to it.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tocsin.query.ast import Span
from tocsin.query.mistakes import ValueRefused

MAX_DAYS = 400
"""The longest time that ``last`` may ask for: articles are not kept for longer."""

YEARS = range(1900, 2200)

_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<part>\d{1,6}))?)?)?"
    r"(?:[Zz]|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_RANGE = re.compile(r"([\[{])\s*(\S.*?)\s+TO\s+(\S.*?)\s*([\]}])", re.IGNORECASE)
_LAST = re.compile(r"last\s*(\d{1,6})\s*(hours?|days?|weeks?|h|d|w)", re.IGNORECASE)
_COMPARED = re.compile(r"(>=|<=|>|<)\s*(.*)")
_SLOPPY = re.compile(r"(?P<year>\d{4})[-/. ](?P<month>\d{1,2})[-/. ](?P<day>\d{1,2})")
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)")
_TURNED = re.compile(r"(?P<day>\d{1,2})[-/. ](?P<month>\d{1,2})[-/. ](?P<year>\d{4})")
_EXPECTED = "a date such as 2026-11-20, 2026-11, >=2026-11-01, [2026-11-01 TO 2026-11-20] or last 7d"


class _Whole(NamedTuple):
    """What a written date names: from ``start`` up to, and without, ``end``."""

    start: datetime
    end: datetime


def span_of(name: str, value: str) -> Span:
    """The span of a time field and its value as written, without quotes.

    Raises ValueRefused.
    """
    value = " ".join(value.split())
    if value == "*":
        return Span(name)
    if value[:4].lower() == "last":
        return Span(name, last=_last(name, value))
    if value[:1] in ("[", "{"):
        return _between(name, value)
    if compared := _COMPARED.fullmatch(value):
        sign, whole = compared.group(1), _whole(compared.group(2), lambda date: f"{name}:{compared.group(1)}{date}")
        if sign[0] == ">":
            return Span(name, low=whole.start if sign == ">=" else whole.end)
        return Span(name, high=whole.end if sign == "<=" else whole.start)
    whole = _whole(value, lambda date: f"{name}:{date}")
    return Span(name, whole.start, whole.end)


def _last(name: str, value: str) -> timedelta:
    match = _LAST.fullmatch(value)
    if not match:
        number = re.search(r"\d{1,3}", value)
        months = int(number.group()) * 30 if number and "month" in value else 0
        instead = f'{name}:"last {months or (number.group() if number else 7)}d"'
        raise ValueRefused(f"{value} is no length of time", "last with hours, days or weeks: 12h, 7d, 2w", instead)
    unit = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[match.group(2)[0].lower()]
    last = int(match.group(1)) * unit
    if last > timedelta(days=MAX_DAYS):
        raise ValueRefused(f"last reaches back {MAX_DAYS} days at the most", "fewer days", f'{name}:"last {MAX_DAYS}d"')
    if not last:
        raise ValueRefused("last asks for at least one hour", "a number of hours, days or weeks", f'{name}:"last 1h"')
    return last


def _between(name: str, value: str) -> Span:
    match = _RANGE.fullmatch(value)
    if not match:
        closed = value.rstrip("]}") + "]"
        raise ValueRefused(
            "this range is not complete", "[2026-11-01 TO 2026-11-20], with * for an open end",
            f"{name}:{closed}" if _RANGE.fullmatch(closed) else "",
        )  # fmt: skip
    opening, first, second, closing = match.groups()
    low = high = None
    if first != "*":
        whole = _whole(first, lambda date: f"{name}:{opening}{date} TO {second}{closing}")
        low = whole.start if opening == "[" else whole.end
    if second != "*":
        whole = _whole(second, lambda date: f"{name}:{opening}{first} TO {date}{closing}")
        high = whole.end if closing == "]" else whole.start
    if low and high and low >= high:
        turned = f"{name}:[{min(first, second)} TO {max(first, second)}]"
        raise ValueRefused("this range ends before it begins", "the earlier date first", turned)
    return Span(name, low, high)


def _whole(written: str, instead: Callable[[str], str]) -> _Whole:
    match = _MOMENT.fullmatch(written)
    if not match:
        raise ValueRefused(f"{written or 'nothing'} is no date", _EXPECTED, _corrected(written, instead))
    given = match.groupdict()
    year, month, day = int(given["year"]), int(given["month"] or 1), int(given["day"] or 1)
    if year not in YEARS:
        raise ValueRefused(f"the year {year} lies too far away", f"a year from {YEARS[0]} to {YEARS[-1]}")
    if not 1 <= month <= 12:
        raise ValueRefused(f"there is no month {month}", "a month from 01 to 12", instead(f"{year}"))
    last_day = (_month_after(year, month) - timedelta(days=1)).day
    if not 1 <= day <= last_day:
        nearest = f"{year}-{month:02}-{min(max(day, 1), last_day):02}"
        raise ValueRefused(f"there is no day {written}", f"a day from 01 to {last_day}", instead(nearest))
    if given["hour"] is None:
        start = datetime(year, month, day, tzinfo=UTC)
        if given["day"]:
            return _Whole(start, start + timedelta(days=1))
        return _Whole(start, _month_after(year, month if given["month"] else 12))
    try:
        moment = datetime.fromisoformat(written.upper().replace(" ", "T"))
    except ValueError:
        raise ValueRefused(f"there is no time {written}", "a time up to 23:59:59", instead(written[:10])) from None
    start = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    finest = "part" if given["part"] else "second" if given["second"] else "minute" if given["minute"] else "hour"
    return _Whole(start, start + _FINEST[finest])


_FINEST = {
    "part": timedelta(microseconds=1), "second": timedelta(seconds=1), "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
}  # fmt: skip


def _month_after(year: int, month: int) -> datetime:
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _corrected(written: str, instead: Callable[[str], str]) -> str:
    """The same date as ISO writes it, where there is only one way to read it."""
    if match := _SLOPPY.fullmatch(written) or _COMPACT.fullmatch(written):
        return instead(f"{match['year']}-{int(match['month']):02}-{int(match['day']):02}")
    if match := _TURNED.fullmatch(written):
        day, month = int(match["day"]), int(match["month"])
        # 11/20 can only be the twentieth of November; 05.11 is read as the fifth, as it is written in Europe.
        day, month = (month, day) if month > 12 else (day, month)
        return instead(f"{match['year']}-{month:02}-{day:02}")
    return ""
