"""The date ledger: every date candidate, its origin, what became of it, and the one that was chosen.

A page-render clock never wins: a date in the page's furniture is written down and refused.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from spiders.extract import localdate
from spiders.extract.datefinds import aware, candidates, zone_of
from spiders.extract.structured import Structured
from spiders.extract.tree import Node
from tocsin.records import DateCandidate, Outlet, Page

_META_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dateupdated",
    "last-modified",
    "dcterms.modified",
    "article:updated_time",
)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class Dates(msgspec.Struct, frozen=True):
    """What the ledger came to."""

    published: datetime | None = None
    origin: str = ""
    note: str = ""
    modified: datetime | None = None
    ledger: tuple[DateCandidate, ...] = ()


def settle(
    root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None, lines: Sequence[str] = ()
) -> Dates:
    """Find when the article of a page was published.

    ``title`` is the element that shows the title: dates are looked for between it and the text. ``lines`` are given
    instead for a page without any structure (its lines up to the title), whose dates are furniture.
    """
    zone = zone_of(outlet)
    found = candidates(root, facts, page, outlet, title, lines)
    judged = [_judge(c, page, zone) for c in found]
    judged = _render_clocks(_against_url(judged), page)
    return _choose(judged, _modified(facts, page, zone), outlet)


def _judge(candidate: DateCandidate, page: Page, zone: tzinfo | None) -> DateCandidate:
    if candidate.verdict:
        return candidate
    if candidate.value is None:
        return msgspec.structs.replace(candidate, verdict="not readable")
    try:
        moment = aware(candidate.value, zone).astimezone(UTC)
    except (OverflowError, ValueError):
        return msgspec.structs.replace(candidate, verdict="not readable")
    if moment > page.fetched + timedelta(days=1):
        return msgspec.structs.replace(candidate, verdict="in the future")
    if moment < _EARLIEST:
        return msgspec.structs.replace(candidate, verdict="too long ago")
    return candidate


def _against_url(found: list[DateCandidate]) -> list[DateCandidate]:
    """A printed date more than two days from the day in the address is not this article's."""
    day = next((c.value for c in found if c.origin == "url" and not c.verdict), None)
    if day is None:
        return found
    return [
        msgspec.structs.replace(c, verdict="differs from the day in the address")
        if c.origin == "text"
        and not c.verdict
        and c.value is not None
        and abs(c.value.replace(tzinfo=None) - day) > timedelta(days=2)
        else c
        for c in found
    ]


def _render_clocks(found: list[DateCandidate], page: Page) -> list[DateCandidate]:
    """Furniture that shows the day of the fetch is a render clock; so is a machine's date of this very minute."""
    # Somewhere on earth it is already, or still, this day.
    today = {(page.fetched + timedelta(hours=h)).date() for h in (-12, 14)}
    out = []
    for c in found:
        if (c.verdict == "page furniture" and c.value is not None and c.value.date() in today) or (
            not c.verdict
            and c.origin in ("json-ld", "meta", "time")
            and c.value is not None
            and c.value.tzinfo
            and _contradicted(c.value, found, page)
        ):
            out.append(msgspec.structs.replace(c, verdict="render date"))
        else:
            out.append(c)
    return out


def _contradicted(value: datetime, found: list[DateCandidate], page: Page) -> bool:
    if abs(value - page.fetched) > timedelta(minutes=2):
        return False
    listed = [c.value for c in found if c.origin in ("feed", "sitemap") and not c.verdict and c.value is not None]
    return any(aware(v, None) < value - timedelta(hours=2) for v in listed)


def _choose(found: list[DateCandidate], modified: datetime | None, outlet: Outlet) -> Dates:
    zone = zone_of(outlet)
    free = [(i, c.value) for i, c in enumerate(found) if not c.verdict and c.value is not None]
    if not free:
        return Dates(note=_why_none(found), modified=modified, ledger=tuple(found))
    best, value = _sharper(found, free, zone)
    chosen = found[best]
    verdicts = {i: "agrees" if _apart(v, value) is not None else "another source comes first" for i, v in free}
    verdicts[best] = "chosen"
    ledger = tuple(msgspec.structs.replace(c, verdict=verdicts.get(i, c.verdict)) for i, c in enumerate(found))
    day_only = chosen.origin == "url" or (_at_midnight(value) and not re.search(r"\d:\d", chosen.raw))
    if value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    notes = ["day only"] if day_only else []
    if value.tzinfo is None:
        notes.append("no zone on the page and none known for the outlet")
    return Dates(value, chosen.origin, "; ".join(notes), modified, ledger)


def _at_midnight(value: datetime) -> bool:
    return (value.hour, value.minute, value.second) == (0, 0, 0)


def _sharper(found: list[DateCandidate], free: list[tuple[int, datetime]], zone: tzinfo | None) -> tuple[int, datetime]:
    """The first free candidate; one that says the same with a zone or with the time of day stands in for it."""
    first = free[0][1]
    for i, other in free[1:]:
        if found[i].origin == "url":
            continue
        if first.tzinfo is None and other.tzinfo is not None and _apart(first, other) is not None:
            return i, other
        near = abs(aware(other, zone) - aware(first, zone)) < timedelta(days=1.5)
        if near and _at_midnight(first) and not _at_midnight(other):
            return i, other
    return free[0]


def _apart(naive: datetime, other: datetime) -> timedelta | None:
    """The offset between two writings of one moment: a whole number of half hours, at most 14; else None."""
    gap = (
        (naive.replace(tzinfo=None) - other.astimezone(UTC).replace(tzinfo=None))
        if other.tzinfo and naive.tzinfo is None
        else None
    )
    if gap is None:
        gap = aware(naive, None) - aware(other, None)
        return gap if abs(gap) < timedelta(minutes=1) else None
    rest = gap.total_seconds() % 1800
    return gap if abs(gap) <= timedelta(hours=14) and min(rest, 1800 - rest) < 60 else None


def _why_none(found: list[DateCandidate]) -> str:
    for verdict, words_ in (("render date", "page-render date"), ("page furniture", "page-render date")):
        for c in found:
            if c.verdict == verdict:
                return f"only a {words_} was found ({c.raw})"
    for c in found:
        if c.verdict in ("in the future", "not readable", "too long ago"):
            return f"the only date found is {c.verdict} ({c.raw})"
    if found:
        return f"no date of the article itself was found ({found[0].raw}: {found[0].verdict})"
    return "no date was found on the page or in a feed"


def _modified(facts: Structured, page: Page, zone: tzinfo | None) -> datetime | None:
    raw: list[Any] = [facts.text("dateModified"), *(facts.first(name) for name in _META_MODIFIED)]
    if page.listing is not None and page.listing.updated is not None:
        raw.append(page.listing.updated.isoformat())
    for text in raw:
        value = localdate.parse_iso(text) if text else None
        if value is not None and value.replace(tzinfo=value.tzinfo or zone or UTC) <= page.fetched + timedelta(days=1):
            return value if value.tzinfo else value.replace(tzinfo=zone)
    return None
