"""The date ledger: every date candidate, its origin, what became of it, and the one that was chosen.

A clock of the page never wins. A date in the page's furniture is written down and refused. One that equals the day of
the fetch is refused unless two independent sources agree: the page's data (JSON-LD, meta, time elements: one template
writes them all), print, a listing, the address. A time of day that is not the minute of the fetch stands for a second
source, since a clock shows that minute. What is refused so ends the search: behind it another date would be chosen
today and not tomorrow, and the same page has to give one date or none whenever it was saved. The exception are dates
that lean on the fetch (``вчора``, a day without a year), taken from the article's header where no machine wrote a date.

Where the first look finds nothing, further ones are taken, each only if those before it found nothing either.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Any, Literal

import msgspec

from spiders.extract import dateday, datelate, datemarks, localdate
from spiders.extract.datechoice import apart, as_there, choose
from spiders.extract.datefinds import aware, candidates, changed_in_print, leaning, reads_month_first, zone_of
from spiders.extract.dateheader import Header, heading_of
from spiders.extract.datereason import (
    BESIDE,
    CHANGED,
    FIRST,
    LEANING,
    LONE,
    MARKED,
    SHOWN,
    Confidence,
    Rank,
    judge,
    why_none,
)
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
_MOST = 40
"""Candidates of a further look that are written down."""
_NEAR_URL = timedelta(days=2)
_LATER = "later than the listing of the article"


class Dates(msgspec.Struct, frozen=True):
    """What the ledger came to."""

    published: datetime | None = None
    origin: str = ""
    note: str = ""
    modified: datetime | None = None
    ledger: tuple[DateCandidate, ...] = ()
    confidence: Confidence = ""
    reason: str = ""
    """Why this date was chosen, or why none was: one sentence."""


def settle(
    root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None, lines: Sequence[str] = ()
) -> Dates:
    """Find when the article of a page was published.

    ``title`` is the element that shows the title: dates are looked for between it and the text. ``lines`` are given
    instead for a page without any structure (its lines up to the title), whose dates are furniture.
    """
    zone = zone_of(outlet)
    month_first = reads_month_first(facts, outlet)
    header = Header(title if title is not None else heading_of(facts))
    found = [_possible(c, page, zone) for c in candidates(root, facts, page, outlet, header, lines)]
    found = _clocks(_against_url(found), page, zone)
    rank: Rank = FIRST
    for place, look in _looks(root, facts, page, zone, header, month_first=month_first) if not lines else ():
        if _free(found) or _ends(found):
            break
        rank = place
        found = _search(found, look, page, zone)
        if place == CHANGED:
            found = [c if c.verdict not in dateday.REFUSED else _unproved_change(c) for c in found]
    found = [c if c.value is None else msgspec.structs.replace(c, zone=_zone_named(c, zone)) for c in found]
    return _choose(found, rank, _modified(facts, page, zone, header, month_first=month_first), page, zone)


def _looks(
    root: Node, facts: Structured, page: Page, zone: tzinfo | None, header: Header, *, month_first: bool
) -> Iterator[tuple[Rank, Iterator[DateCandidate]]]:
    """Further places to look in, the most telling first."""
    lines = cache(lambda: list(datemarks.lines_of(root)))
    yield MARKED, datemarks.machine(facts, header.title, month_first=month_first)
    yield LEANING, iter(leaning(header, page, zone))
    yield SHOWN, datemarks.named(facts, header.title, month_first=month_first)
    yield BESIDE, datelate.beside(header, month_first=month_first)
    yield SHOWN, datemarks.shown(root, facts, header.title, lines, month_first=month_first)
    yield SHOWN, datelate.states(root)
    yield SHOWN, datelate.address(page)
    yield SHOWN, datelate.own_card(root, page)
    yield LONE, datelate.alone(lines, header, month_first=month_first)
    yield CHANGED, datemarks.changes(facts, lines, month_first=month_first)


def _search(
    found: list[DateCandidate], look: Iterator[DateCandidate], page: Page, zone: tzinfo | None
) -> list[DateCandidate]:
    """The ledger with what a look brings, up to the first date that can be believed, or that may be a clock."""
    for count, one in enumerate(look):
        judged = _possible(one, page, zone)
        if not judged.verdict and not judged.leaning:
            doubt = dateday.objection(judged, found, page, zone)
            judged = msgspec.structs.replace(judged, verdict=doubt)
        found = [c for c in found if (c.origin, c.raw) != (judged.origin, judged.raw)] + [judged]
        if not judged.verdict or judged.verdict in dateday.REFUSED or count >= _MOST:
            break
    return found


def _unproved_change(candidate: DateCandidate) -> DateCandidate:
    return msgspec.structs.replace(candidate, verdict=f"a date of change that {candidate.verdict}")


def _possible(candidate: DateCandidate, page: Page, zone: tzinfo | None) -> DateCandidate:
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
    """A printed date more than two days from the day in the address is not this article's.

    Nor is a machine's later one, where print and address agree against it: two hands against one.
    """
    day = next((c.value for c in found if c.origin == "url" and not c.verdict), None)
    if day is None:
        return found
    far = [c.value is not None and abs(c.value.replace(tzinfo=None) - day) > _NEAR_URL for c in found]
    printed = any(c.origin == "text" and not c.verdict and not f for c, f in zip(found, far, strict=True))
    later = [f and c.value is not None and c.value.replace(tzinfo=None) > day for c, f in zip(found, far, strict=True)]
    return [
        msgspec.structs.replace(c, verdict="differs from the day in the address")
        if not c.verdict
        and ((c.origin == "text" and f) or (c.origin in ("json-ld", "meta", "time") and behind and printed))
        else c
        for c, f, behind in zip(found, far, later, strict=True)
    ]


def _clocks(found: list[DateCandidate], page: Page, zone: tzinfo | None) -> list[DateCandidate]:
    """Furniture that shows the day of the fetch is a clock; so is a machine's date behind the listing's; others may be.

    All are held against the same ledger: of two that vouch for each other none goes first.
    """
    today = dateday.days_of(page.fetched, None)
    out = []
    for c in found:
        verdict = c.verdict
        if verdict == "page furniture" and c.value is not None and c.value.date() in today:
            verdict = "render date"
        elif not verdict and dateday.later_than_listed(c, found):
            verdict = "render date" if c.value and dateday.is_fetch_minute(c.value, page.fetched, zone) else _LATER
        elif not verdict:
            verdict = dateday.objection(c, found, page, zone)
        out.append(msgspec.structs.replace(c, verdict=verdict))
    return _none_behind(out, zone)


def _none_behind(found: list[DateCandidate], zone: tzinfo | None) -> list[DateCandidate]:
    """What stands behind a date that may be the clock counts only if it names the same day."""
    at = next((i for i, c in enumerate(found) if not c.verdict or c.verdict in dateday.REFUSED), None)
    doubted = found[at] if at is not None else None
    if at is None or doubted is None or doubted.verdict not in dateday.REFUSED or doubted.value is None:
        return found
    day = dateday.local_day(doubted.value, zone)
    return [
        msgspec.structs.replace(c, verdict=dateday.BEHIND)
        if not c.verdict
        and c.value is not None
        and c.origin not in ("feed", "sitemap")
        and dateday.local_day(c.value, zone) != day
        else c
        for c in found
    ]


def _free(found: Iterable[DateCandidate]) -> bool:
    return any(not c.verdict and c.value is not None for c in found)


def _ends(found: Iterable[DateCandidate]) -> bool:
    return any(c.verdict in dateday.REFUSED for c in found)


def _zone_named(candidate: DateCandidate, zone: tzinfo | None) -> Literal["", "page", "outlet"]:
    told = candidate.value.tzinfo if candidate.value is not None else None
    if told is not None and told is not zone:
        return "page"
    return "outlet" if zone is not None else ""


def _choose(
    found: list[DateCandidate], rank: Rank, modified: datetime | None, page: Page, zone: tzinfo | None
) -> Dates:
    free = [(i, c.value) for i, c in enumerate(found) if not c.verdict and c.value is not None]
    taken = choose(found, free, zone) if free else None
    if taken is None:
        why = why_none(found)
        return Dates(note=why, modified=modified, ledger=tuple(found), reason=why)
    best, value = taken
    chosen = found[best]
    verdicts = {i: "agrees" if apart(v, value) is not None else "another source comes first" for i, v in free}
    verdicts[best] = "chosen"
    ledger = tuple(msgspec.structs.replace(c, verdict=verdicts.get(i, c.verdict)) for i, c in enumerate(found))
    if value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    confidence, reason = judge(chosen, ledger, rank, zone, listed=page.listing is not None)
    there, said = as_there(value, ledger, zone)
    note = "; ".join(n for n in (*_notes(chosen, value, rank), said) if n)
    return Dates(there, chosen.origin, note, modified, ledger, confidence, reason)


def _notes(chosen: DateCandidate, value: datetime, rank: Rank) -> Iterator[str]:
    if chosen.origin == "url" or (dateday.is_day_only(chosen) and not re.search(r"\d:\d", chosen.raw)):
        yield "day only"
    if rank == CHANGED:
        yield "only a date of change was found"
    if rank == LEANING:
        yield "told from the moment of the fetch"
    if value.tzinfo is None:
        yield "no zone on the page and none known for the outlet"


def _modified(
    facts: Structured, page: Page, zone: tzinfo | None, header: Header, *, month_first: bool
) -> datetime | None:
    raw: list[Any] = [facts.text("dateModified"), *(facts.first(name) for name in _META_MODIFIED)]
    if page.listing is not None and page.listing.updated is not None:
        raw.append(page.listing.updated.isoformat())
    for text in raw:
        value = localdate.parse_iso(text) if text else None
        if value is not None and value.replace(tzinfo=value.tzinfo or zone or UTC) <= page.fetched + timedelta(days=1):
            return value if value.tzinfo else value.replace(tzinfo=zone)
    printed = changed_in_print(header, month_first=month_first)
    if printed is not None and aware(printed, zone) <= page.fetched + timedelta(days=1):
        return printed if printed.tzinfo else printed.replace(tzinfo=zone)
    return next((c.value for c in leaning(header, page, zone, changed=True)), None)
