"""Times of entries in a live blog: clocks without a day, day headings, and the days that follow from their order."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from spiders.extract import localdate, relative

_PLACES = {"et": "America/New_York", "pt": "America/Los_Angeles", "києвом": "Europe/Kyiv", "киеву": "Europe/Kyiv"}
_CLOCK = re.compile(
    r"(?i)(?:\b(?:at|о|об|в|um|à|a las|o)\s{1,3})?(?<![\d.:/-])(?P<h>[01]?\d|2[0-3])"
    r"(?:(?:\s?[:h]\s?|\.(?=[0-5]\d\s?(?:uhr|gmt|utc|bst|[ap]\.?m|[—–|-]|$)))(?P<m>[0-5]\d)(?::[0-5]\d)?(?![\d:]|\.\d)"
    r"|(?=\s?(?:uhr\b|[ap]\.?m\b)))"
    r"(?:\s?(?P<half>[ap]\.?m\b\.?))?(?:\s?uhr\b)?"
    r"(?:\s?\(?(?:за|по)?\s?(?P<zone>utc|gmt|z|bst|cet|cest|eet|eest|msk|мск|est|edt|pst|pdt|et|pt|києвом|киеву)\b\)?)?"
)
_DAYS = (
    re.compile(r"(?i)(?<![\w.])(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?\s{1,3}(?:de\s)?(?P<m>[^\W\d_]{3,12})\.?(?![\w:])"),
    re.compile(r"(?i)(?<![\w.])(?P<m>[^\W\d_]{3,12})\.?\s{1,3}(?P<d>\d{1,2})(?:st|nd|rd|th)?(?![\w:])"),
    re.compile(r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.?(?![\d:])"),
)
"""A day and its month: the day first, the month first, in numbers."""
_TODAY = re.compile(rf"(?i)^\W*(?:{relative.TODAY})\b")
_YESTERDAY = re.compile(rf"(?i)^\W*(?:{relative.YESTERDAY})\b")
_LONGEST_DAY = 60
_OTHER_WORDS = 5
_DAY_WITHIN = 20
_TURMOIL = timedelta(minutes=10)
"""How far an entry may be out of order on its own day."""
_PINNED = timedelta(hours=6)
_OLD = timedelta(hours=20)
"""A page that was changed or published this long before the fetch is no longer alive."""
_SOMEWHERE = timedelta(hours=3)
_EPOCH_MS = 10**11
MIDNIGHT = time()


class Stamp(msgspec.Struct, frozen=True):
    """What an entry shows of its time: a moment, or a clock whose day is to be found."""

    raw: str = ""
    value: datetime | None = None
    """With its day; naive where no zone is named."""
    clock: time | None = None
    zone: tzinfo | None = None
    """Named beside the clock."""


class Bounds(msgspec.Struct, frozen=True):
    """What is known of the page: nothing in it happened after ``fetched``."""

    fetched: datetime
    published: datetime | None = None
    modified: datetime | None = None
    zone: tzinfo | None = None
    """Of clocks that name none."""


def machine(raw: str) -> Stamp:
    """A time from an attribute: ISO 8601, seconds or milliseconds since 1970, or a bare clock."""
    text = raw.strip()
    if text.isdigit() and len(text) in (10, 13):
        number = int(text)
        return Stamp(text, datetime.fromtimestamp(number / 1000 if number > _EPOCH_MS else number, UTC))
    if re.match(r"\d{4}-?\d\d-?\d\d[T ]?\d", text):
        value = localdate.parse_iso(text)
        return Stamp(text, value) if value else Stamp(text)
    return printed(text)


def printed(text: str, today: date | None = None) -> Stamp:
    """A time as shown: a day and a clock, or a clock alone. ``today`` gives a day without a year its year."""
    found = next(localdate.find(text), None)
    if found is not None and found.timed:
        return Stamp(found.raw, found.value)
    clock = _CLOCK.search(text)
    if clock is None:
        return Stamp(text[:80])
    at, zone = _clock_of(clock), _zone_of(clock["zone"])
    rest = text[: clock.start()] + " " + text[clock.end() :]
    day = day_of(rest, today) if today and re.search(r"\w", rest) else None
    if at is None or day is None:
        return Stamp(clock[0].strip(), None, at, zone)
    return Stamp(text.strip()[:80], datetime.combine(day, at, zone))


def starting_clock(text: str) -> re.Match[str] | None:
    """The clock with which a line begins."""
    lead = len(text) - len(text.lstrip(" \t\xa0[(•●▪—–-"))
    return _CLOCK.match(text, lead) if lead < 6 else None


def is_clock(text: str) -> bool:
    """Whether a short text is a clock, with at most a day beside it."""
    if not 3 <= len(text) <= 40 or not any(c.isdigit() for c in text):
        return False
    found = _CLOCK.search(text)
    if found is None or found["h"] is None:
        return False
    rest = text[: found.start()] + " " + text[found.end() :]
    return len(re.findall(r"\w+", rest)) <= 4 and (
        not re.search(r"\w", rest) or day_of(rest, date(2024, 1, 1)) is not None
    )


def _clock_of(found: re.Match[str]) -> time | None:
    hour, half = int(found["h"]), (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return time(hour, int(found["m"] or 0)) if hour < 24 else None


def _zone_of(name: str | None) -> tzinfo | None:
    low = (name or "").lower()
    return ZoneInfo(_PLACES[low]) if low in _PLACES else localdate.zone_named(low)


def day_of(text: str, today: date | None) -> date | None:
    """The day that a heading names, and hardly more; without a year the latest one that is not after ``today``."""
    line = " ".join(text.split())
    if not line or len(line) > _LONGEST_DAY:
        return None
    if today and _TODAY.match(line):
        return today
    if today and _YESTERDAY.match(line):
        return today - timedelta(days=1)
    if not any(c.isdigit() for c in line):
        return None
    full = next(localdate.find(line), None)
    if full is not None:
        return full.value.date() if _few(line[: full.start] + line[full.end :]) else None
    return _without_year(line, today) if today else None


def _few(rest: str) -> bool:
    return len(re.findall(r"[^\W\d_]{2,}", rest)) <= _OTHER_WORDS


def _without_year(line: str, today: date) -> date | None:
    for pattern in _DAYS:
        found = pattern.search(line)
        if found is None or found.start() > _DAY_WITHIN or not _few(line[: found.start()] + line[found.end() :]):
            continue
        for year in (today.year, today.year - 1):
            gap = "." if found["m"].isdigit() else " "
            full = next(localdate.find(f"{found['d']}{gap}{found['m']}{gap}{year}"), None)
            if full is not None and full.value.date() <= today + timedelta(days=1):
                return full.value.date()
    return None


def settle(stamps: Sequence[tuple[Stamp, date | None]], bounds: Bounds) -> list[datetime | None]:
    """The moments of entries in the order of the page; each stamp comes with the day of the heading above it.

    A clock alone gets its day from its neighbours: entries follow one another, newest or oldest first, and the newest
    is not later than the fetch (or, on a page that rests, its last change).
    """
    known = [_known(stamp, day, bounds.zone) for stamp, day in stamps]
    newest_first = _newest_first(stamps, known)
    order = list(range(len(stamps)))
    back = order if newest_first else order[::-1]
    if bounds.modified is None and _is_old(bounds.published, bounds):
        _follow(back[::-1], stamps, known, bounds, forward=True)
    else:
        _follow(back, stamps, known, bounds, forward=False)
    return known


def _known(stamp: Stamp, day: date | None, zone: tzinfo | None) -> datetime | None:
    value = stamp.value
    if value is None and day is not None and stamp.clock is not None:
        value = datetime.combine(day, stamp.clock, stamp.zone)
    return value.replace(tzinfo=zone) if value is not None and value.tzinfo is None else value


def _newest_first(stamps: Sequence[tuple[Stamp, date | None]], known: Sequence[datetime | None]) -> bool:
    """Whether the entries stand newest first: by their moments, else by their clocks, midnight aside."""
    moments = [_plain(m) for m in known if m is not None]
    falls = sum(b < a for a, b in pairwise(moments))
    rises = sum(b > a for a, b in pairwise(moments))
    if falls == rises:
        clocks = [60 * s.clock.hour + s.clock.minute for s, _ in stamps if s.clock is not None]
        steps = [b - a for a, b in pairwise(clocks) if abs(b - a) < 720]
        falls, rises = sum(s < 0 for s in steps), sum(s > 0 for s in steps)
    return falls >= rises


def _plain(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_old(moment: datetime | None, bounds: Bounds) -> bool:
    return moment is not None and bounds.fetched - _plain(moment) > _OLD


def _follow(
    order: Sequence[int],
    stamps: Sequence[tuple[Stamp, date | None]],
    known: list[datetime | None],
    bounds: Bounds,
    *,
    forward: bool,
) -> None:
    """Give each clock without a day its day, walking away from what is sure; fills ``known``."""
    before: datetime | None = None
    for place, at in enumerate(order):
        stamp = stamps[at][0]
        if known[at] is None and stamp.clock is not None:
            start = before or _start(bounds, stamp.zone or bounds.zone, forward=forward)
            found = _next_to(stamp, start, bounds.zone, forward=forward, first=before is None)
            following = stamps[order[place + 1]][0].clock if place + 1 < len(order) else None
            known[at] = found
            if before is None and _is_pinned(stamp.clock, following, forward=forward):
                continue
        before = known[at] or before


def _start(bounds: Bounds, zone: tzinfo | None, *, forward: bool) -> datetime:
    """From where the days are counted: the page's beginning, or its end."""
    if forward and bounds.published is not None:
        moment = _plain(bounds.published) - timedelta(hours=3)
    elif bounds.modified is not None and _is_old(bounds.modified, bounds):
        moment = _plain(bounds.modified) + timedelta(minutes=15)
    else:
        moment = bounds.fetched + timedelta(minutes=5)
    return moment.astimezone(zone) if zone else (moment.astimezone(UTC) + _SOMEWHERE).replace(tzinfo=None)


def _next_to(stamp: Stamp, near: datetime, zone: tzinfo | None, *, forward: bool, first: bool) -> datetime:
    """The moment of a clock next to another moment: at or before it (after it when going forward), but for turmoil."""
    own = stamp.zone or zone
    local = near.astimezone(own) if own and near.tzinfo else near
    slack = timedelta() if first else _TURMOIL
    found = datetime.combine(local.date(), stamp.clock or time(), own)
    day = timedelta(days=1)
    for candidate in (found - day, found, found + day) if forward else (found + day, found, found - day):
        gap = _plain(candidate) - _plain(local)
        if (gap >= -slack) if forward else (gap <= slack):
            return candidate
    return found


def _is_pinned(first: time, following: time | None, *, forward: bool) -> bool:
    """Whether the first entry is out of the order of the others: it stays on top although it is old."""
    if following is None or forward:
        return False
    gap = timedelta(hours=first.hour - following.hour, minutes=first.minute - following.minute)
    return gap < timedelta() and gap % timedelta(days=1) > _PINNED
