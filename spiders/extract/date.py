"""The date ledger: every date candidate, its origin, what became of it, and the one that was chosen.

A page-render clock never wins: a date in the page's furniture is written down and refused.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from spiders.extract import localdate
from spiders.extract.phrases import WEATHER, without_date_label
from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.tree import SILENT, Node, following, furniture_of, names_of, squash, text_of
from tocsin.records import DateCandidate, Listing, Outlet, Page

_META = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished", "date", "dc.date", "dc.date.issued", "dcterms.created",
    "dcterms.date", "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "parsely-pub-date", "sailthru.date", "article.published",
    "cxenseparse:recs:publishtime", "date.created", "og:published_time", "og:pubdate", "rnews:datepublished", "mediator_published_time", "published_time", "published", "published-date", "publisheddate",
)  # fmt: skip
_META_MODIFIED = ("article:modified_time", "og:updated_time", "datemodified", "dateupdated", "last-modified", "dcterms.modified", "article:updated_time")
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)(?:/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])|-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])|(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))(?!\d)"
)
_DATED = re.compile(r"date|time|publish|posted|meta|byline|dt(?:$|\s)|(?:^|\s)d(?:$|\s)|timestamp|created|datum|fecha|data")
_LISTED = {"feed": "feed", "sitemap": "sitemap", "front": "front", "section": "front"}
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_CHANGED = re.compile(r"(?i)\W*(?:last )?(?:updated|modified|оновлено|обновлено|aktualisiert|mis à jour|actualizado|aktualizacja)")
_HEADER_NODES = 60
_NEAR_WEATHER = 3
_CHOSEN = "chosen"


class Dates(msgspec.Struct, frozen=True):
    """What the ledger came to."""

    published: datetime | None = None
    origin: str = ""
    note: str = ""
    modified: datetime | None = None
    ledger: tuple[DateCandidate, ...] = ()


def settle(root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None, lines: Sequence[str] = ()) -> Dates:
    """Find when the article of a page was published.

    ``title`` is the element that shows the title: dates are looked for between it and the text. ``lines`` are given
    instead for a page without any structure (its lines up to the title), whose dates are furniture.
    """
    zone = zone_of(outlet)
    found = [*_structured(facts), *_time_elements(root, title), *_listed(page.listing)]
    above = [p for line in lines for p in localdate.find(line)]
    found += [_refused(p, "page furniture") for p in above]
    found += _visible(root, title, outlet, {p.raw for p in above})
    found += _from_url(page)
    judged = [_judge(c, page, zone) for c in found]
    judged = _render_clocks(_against_url(judged), page)
    return _choose(judged, _modified(facts, page, zone), outlet)


def zone_of(outlet: Outlet) -> tzinfo | None:
    """The outlet's time zone; None where it is unknown or misspelt."""
    try:
        return ZoneInfo(outlet.timezone) if outlet.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _structured(facts: Structured) -> Iterator[DateCandidate]:
    for key in ("datePublished", "dateCreated"):
        if raw := facts.text(key):
            yield DateCandidate(raw=raw[:80], origin="json-ld", value=localdate.parse_iso(raw))
            break
    seen = set()
    for name in _META:
        for raw in facts.meta.get(name, ()):
            if raw and raw not in seen:
                seen.add(raw)
                yield DateCandidate(raw=raw[:80], origin="meta", value=localdate.parse_iso(raw))


def _time_elements(root: Node, title: Node | None) -> Iterator[DateCandidate]:
    """``time`` and ``itemprop=datePublished``. Outside the article's header they are furniture, or other articles' dates."""
    near = {node for node, _ in _header_of(title)}
    for node in root.iter("time", "span", "div", "p", "abbr", "li"):
        marked = node.get("itemprop") in ("datePublished", "dateCreated") or node.get("pubdate") is not None
        raw = node.get("datetime") or node.get("content") or (node.get("title") if node.tag == "abbr" else "") or ""
        if not raw or not (node.tag == "time" or marked):
            continue
        value = localdate.parse_iso(raw)
        verdict = ""
        if "modified" in (node.get("itemprop") or "").lower() or re.search(r"updat|modif", names_of(node)):
            verdict = "a date of change"
        elif furniture_of(node, title):
            verdict = "page furniture"
        elif not marked and node not in near:
            verdict = "outside the article's header"
        yield DateCandidate(raw=raw[:80], origin="time", value=value, verdict=verdict)


def _listed(listing: Listing | None) -> Iterator[DateCandidate]:
    if listing is not None and listing.published is not None:
        yield DateCandidate(raw=listing.published.isoformat(), origin=_LISTED[listing.source], value=listing.published)


def _header_of(title: Node | None) -> list[tuple[Node, bool]]:
    """Elements between the title and the text; and, marked True, those above the title that share its parent.

    Where the title is shown a second time, the header begins there.
    """
    if title is None:
        return []
    found: list[tuple[Node, bool]] = []
    above = title.getparent()
    if above is not None and above.tag != "body":
        for sibling in title.itersiblings(preceding=True):
            found += [(n, True) for n in sibling.iter() if isinstance(n.tag, str)][:8]
    shown = words(text_of(title))
    paragraphs = 0
    for node in following(title):
        own = "" if node.tag in SILENT else squash(node.text or "")
        paragraphs += len(own.split()) > 25
        if paragraphs > 1 or len(found) > _HEADER_NODES:
            break
        if own and words(own) == shown:
            found.clear()
        elif node.tag not in SILENT:
            found.append((node, False))
    return found


def _visible(root: Node, title: Node | None, outlet: Outlet, refused: set[str]) -> list[DateCandidate]:
    month_first = outlet.country == "us"
    found: list[DateCandidate] = []
    weather = -9
    for at, (node, above) in enumerate(_header_of(title)):
        text = " ".join(squash(t) for t in (node.text, *(c.tail for c in node)) if t)
        weather = at if WEATHER.match(text) else weather
        if not 6 <= len(text) <= 160 or not any(c.isdigit() for c in text):
            continue
        for printed in localdate.find(text, month_first):
            if printed.raw not in refused:
                verdict = "page furniture" if at - weather <= _NEAR_WEATHER else _placed(node, title, text, above=above)
                found.append(_refused(printed, verdict))
    found += _furniture(root, title, {c.raw for c in found} | refused, month_first)
    return found


def _placed(node: Node, title: Node | None, text: str, *, above: bool) -> str:
    """What the place of a printed date says against it; empty if nothing."""
    named = bool(_DATED.search(names_of(node)))
    if furniture_of(node, title) or (above and not named and node.tag != "time"):
        return "page furniture"
    if _CHANGED.match(text):
        return "a date of change"
    if not named and len(words(text)) > 14 and not localdate.is_date_line(without_date_label(text)):
        return "a date in the text"
    return ""


def _furniture(root: Node, title: Node | None, known: set[str], month_first: bool) -> Iterator[DateCandidate]:
    """Dates that stand before the title: written down, so that a reader sees what was refused."""
    body = root.find("body")
    seen = 0
    for node in body.iter():
        if node is title or seen > 3000:
            return
        seen += 1
        if node.tag in SILENT or not isinstance(node.tag, str):
            continue
        for text in (node.text, *(c.tail for c in node if not len(c))):
            if text and 6 <= len(text) <= 80 and any(c.isdigit() for c in text):
                for printed in localdate.find(squash(text), month_first):
                    if printed.raw not in known:
                        known.add(printed.raw)
                        yield _refused(printed, "page furniture")


def _refused(printed: localdate.Printed, verdict: str) -> DateCandidate:
    return DateCandidate(raw=printed.raw, origin="text", value=printed.value, verdict=verdict)


def _from_url(page: Page) -> Iterator[DateCandidate]:
    found = _URL_DATE.search(page.fetched_url or page.url)
    if found:
        year, month, day = (int(g) for g in found.groups() if g)
        try:
            value = datetime(year, month, day)
        except ValueError:
            return
        yield DateCandidate(raw=found[0].strip("/"), origin="url", value=value)


def aware(value: datetime, zone: tzinfo | None) -> datetime:
    """The moment to compare by: a date without a zone is read in the outlet's, or else in UTC."""
    return value if value.tzinfo else value.replace(tzinfo=zone or UTC)


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
        if c.origin == "text" and not c.verdict and c.value is not None and abs(c.value.replace(tzinfo=None) - day) > timedelta(days=2)
        else c
        for c in found
    ]


def _render_clocks(found: list[DateCandidate], page: Page) -> list[DateCandidate]:
    """Furniture that shows the day of the fetch is a render clock; so is a machine's date of this very minute."""
    out = []
    for c in found:
        if c.verdict == "page furniture" and c.value is not None and abs(c.value.date() - page.fetched.date()) <= timedelta(days=1):
            out.append(msgspec.structs.replace(c, verdict="render date"))
        elif not c.verdict and c.origin in ("json-ld", "meta", "time") and c.value is not None and c.value.tzinfo and _contradicted(c.value, found, page):
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
    free = [i for i, c in enumerate(found) if not c.verdict]
    if not free:
        return Dates(note=_why_none(found), modified=modified, ledger=tuple(found))
    best = _sharper(found, free, zone)
    chosen = found[best]
    value, note = chosen.value, ""
    assert value is not None
    day_only = chosen.origin == "url" or (value.timetz().replace(tzinfo=None).isoformat() == "00:00:00" and not re.search(r"\d:\d", chosen.raw))
    if value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    if value.tzinfo is None:
        note = "no zone on the page and none known for the outlet"
    if day_only:
        note = "day only" if value.tzinfo else "day only; " + note
    ledger = [
        msgspec.structs.replace(c, verdict=_CHOSEN if i == best else c.verdict or _after(c, chosen)) for i, c in enumerate(found)
    ]
    published = value.astimezone(UTC) if value.tzinfo else value
    return Dates(published=published, origin=chosen.origin, note=note, modified=modified, ledger=tuple(ledger))


def _after(candidate: DateCandidate, chosen: DateCandidate) -> str:
    assert candidate.value is not None and chosen.value is not None
    same = _apart(candidate.value, chosen.value) is not None
    return "agrees" if same else "another source comes first"


def _sharper(found: list[DateCandidate], free: list[int], zone: tzinfo | None) -> int:
    """The first free candidate; another one stands in for it that says the same with a zone or with the time of day."""
    first = found[free[0]].value
    assert first is not None
    for i in free[1:]:
        other = found[i].value
        if other is None or found[i].origin == "url":
            continue
        if first.tzinfo is None and other.tzinfo is not None and _apart(first, other) is not None:
            return i
        midnight = (first.hour, first.minute, first.second) == (0, 0, 0)
        if midnight and (other.hour, other.minute) != (0, 0) and abs(aware(other, zone) - aware(first, zone)) < timedelta(days=1.5):
            return i
    return free[0]


def _apart(naive: datetime, other: datetime) -> timedelta | None:
    """The offset between two writings of one moment: a whole number of half hours, at most 14; else None."""
    gap = (naive.replace(tzinfo=None) - other.astimezone(UTC).replace(tzinfo=None)) if other.tzinfo and naive.tzinfo is None else None
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
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=zone).astimezone(UTC) if zone else value
    return None

