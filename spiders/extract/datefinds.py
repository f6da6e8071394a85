"""Where dates stand on a page: every candidate, with what its place says against it.

The places: JSON-LD and meta elements, ``time`` elements, what the feed says, print between title and text, the address.
A date in the page's furniture comes out with that verdict, so that a render clock is written down and never chosen.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from spiders.extract import localdate, relative
from spiders.extract.datemarks import CHANGED, elsewhere
from spiders.extract.phrases import WEATHER, is_paragraph, without_date_label
from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.tree import SILENT, Node, following, furniture_of, names_of, squash, text_of
from tocsin.records import DateCandidate, Listing, Outlet, Page

_META = (
    "article:published_time",
    "og:article:published_time",
    "article:published",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.date",
    "pubdate",
    "publishdate",
    "publish-date",
    "publish_date",
    "publication_date",
    "parsely-pub-date",
    "sailthru.date",
    "article.published",
    "cxenseparse:recs:publishtime",
    "date.created",
    "og:published_time",
    "og:pubdate",
    "rnews:datepublished",
    "mediator_published_time",
    "published_time",
    "published",
    "published-date",
    "publisheddate",
)
_URL_DATE = re.compile(
    r"/((?:19|20)\d\d)(?:/(0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])|-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
    r"|(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))(?!\d)"
)
_DATED = re.compile(
    r"date|time|publish|posted|meta|byline|dt(?:$|\s)|(?:^|\s)d(?:$|\s)|timestamp|created|datum|fecha|data"
)
_LISTED = {"feed": "feed", "sitemap": "sitemap", "front": "front", "section": "front"}
_CHANGED = re.compile(
    r"(?i)\W*(?:last )?(?:updated|modified|оновлено|обновлено|aktualisiert|mis à jour|actualizado|aktualizacja)"
)
_HEADER_NODES = 60
_BEHIND_LABEL = 12
_LONG = 25
_PARAGRAPHS = 3
_NEAR_WEATHER = 3
_CLOCK_TOLERANCE = timedelta(minutes=3)


def candidates(
    root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None, lines: Sequence[str]
) -> list[DateCandidate]:
    """All date candidates of a page, the most trustworthy first; an empty verdict means that nothing is against one.

    ``title`` is the element that shows the title; ``lines`` those above the title of a page without any structure,
    whose dates are furniture.
    """
    above = [p for line in lines for p in localdate.find(line)]
    found = [*_structured(facts), *_time_elements(root, title), *_listed(page.listing)]
    found += [_printed(p, "page furniture") for p in above]
    found += _visible(root, title, page, outlet, {p.raw for p in above}, month_first=reads_month_first(facts, outlet))
    found += _from_url(page)
    return found


def zone_of(outlet: Outlet) -> tzinfo | None:
    """The outlet's time zone; None where it is unknown or misspelt."""
    try:
        return ZoneInfo(outlet.timezone) if outlet.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def reads_month_first(facts: Structured, outlet: Outlet) -> bool:
    """Whether ``03/04/2026`` is the fourth of March here."""
    return outlet.country == "us" or (not outlet.country and facts.lang.lower().replace("_", "-") == "en-us")


def leaning(title: Node | None, page: Page, zone: tzinfo | None, *, changed: bool = False) -> list[DateCandidate]:
    """Dates in the article's header that lean on the fetch; those of a change instead with ``changed``."""
    found = []
    for node, above in _header_of(title):
        text = squash(text_of(node)) if len(node) < 8 else ""
        if not 3 <= len(text) <= 90 or bool(_CHANGED.match(text)) != changed or elsewhere(node, title):
            continue
        if above and node.tag != "time" and not _DATED.search(names_of(node)):
            continue
        one = relative.find(text, page.fetched, zone)
        if one is not None and (one.value is not None or not changed):
            verdict = "" if one.value else "tells no day: no zone is known, or it counts months"
            found.append(DateCandidate(raw=one.raw[:80], origin="text", value=one.value, verdict=verdict, leaning=True))
    return found[:1]


def changed_in_print(title: Node | None, *, month_first: bool) -> datetime | None:
    """The date behind “Updated” in the article's header; naive where no zone stands beside it."""
    for node, _ in _header_of(title):
        text = squash(text_of(node)) if len(node) < 8 else ""
        label = CHANGED.search(text) if len(text) <= 160 else None
        if label is None or elsewhere(node, title):
            continue
        found = next(localdate.find(text[label.end() :], month_first=month_first), None)
        if found is not None and found.start <= _BEHIND_LABEL:
            return found.value
    return None


def aware(value: datetime, zone: tzinfo | None) -> datetime:
    """The moment to compare by: a date without a zone is read in the outlet's, or else in UTC."""
    return value if value.tzinfo else value.replace(tzinfo=zone or UTC)


def _structured(facts: Structured) -> Iterator[DateCandidate]:
    for key in ("datePublished", "dateCreated"):
        if raw := facts.text(key):
            if not localdate.is_for_people(raw):
                yield DateCandidate(raw=raw[:80], origin="json-ld", value=localdate.parse_iso(raw))
            break
    seen = set()
    for name in _META:
        for raw in facts.meta.get(name, ()):
            if raw and raw not in seen:
                seen.add(raw)
                yield DateCandidate(raw=raw[:80], origin="meta", value=localdate.parse_iso(raw))


def _time_elements(root: Node, title: Node | None) -> Iterator[DateCandidate]:
    """``time`` and ``itemprop=datePublished``. Outside the article's header they are other dates."""
    near = {node for node, _ in _header_of(title)}
    for node in root.iter("time", "span", "div", "p", "abbr", "li"):
        marked = node.get("itemprop") in ("datePublished", "dateCreated") or node.get("pubdate") is not None
        raw = node.get("datetime") or node.get("content") or (node.get("title") if node.tag == "abbr" else "") or ""
        if not raw or not (node.tag == "time" or marked):
            continue
        value = localdate.parse_iso(raw)
        verdict = ""
        names = names_of(node)
        changed = re.search(r"updat|modif", names) and not re.search(r"publi|entry-date|posted", names)
        if "modified" in (node.get("itemprop") or "").lower() or changed:
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
        paragraphs += 2 if len(own.split()) > _LONG else is_paragraph(own)
        if paragraphs > _PARAGRAPHS or len(found) > _HEADER_NODES:
            break
        if own and words(own) == shown:
            found.clear()
        elif node.tag not in SILENT:
            found.append((node, False))
    return found


def _visible(
    root: Node, title: Node | None, page: Page, outlet: Outlet, refused: set[str], *, month_first: bool
) -> list[DateCandidate]:
    zone = zone_of(outlet)
    found: list[DateCandidate] = []
    weather = -9
    for at, (node, above) in enumerate(_header_of(title)):
        text = " ".join(squash(t) for t in (node.text, *(c.tail for c in node)) if t)
        weather = at if WEATHER.match(text) else weather
        if not 6 <= len(text) <= 160 or not any(c.isdigit() for c in text):
            continue
        for printed in localdate.find(text, month_first=month_first):
            if not (above and printed.raw in refused):
                clock = above and (not printed.timed or _just_now(printed.value, page, zone))
                verdict = "page furniture" if at - weather <= _NEAR_WEATHER else _placed(node, title, text, clock=clock)
                found.append(_printed(printed, verdict))
    found += _furniture(root, title, {c.raw for c in found} | refused, month_first=month_first)
    return found


def _just_now(value: datetime, page: Page, zone: tzinfo | None) -> bool:
    """Whether a time of day is that of the fetch, give or take minutes, in the given zone or else in any."""
    if value.tzinfo or zone:
        return abs(aware(value, zone) - page.fetched) < _CLOCK_TOLERANCE
    rest = (value.replace(tzinfo=UTC) - page.fetched) % timedelta(minutes=30)
    return (
        abs(value.replace(tzinfo=UTC) - page.fetched) < timedelta(hours=15)
        and min(rest, timedelta(minutes=30) - rest) < _CLOCK_TOLERANCE
    )


def _placed(node: Node, title: Node | None, text: str, *, clock: bool) -> str:
    """What the place of a printed date says against it; empty if nothing."""
    above = node.getparent()
    named = bool(_DATED.search(names_of(node)) or (len(above) < 4 and _DATED.search(names_of(above))))
    if (
        elsewhere(node, title)
        or furniture_of(node, title) not in ("", "footer")
        or (clock and not named and node.tag != "time")
    ):
        return "page furniture"
    if _CHANGED.match(text):
        return "a date of change"
    if not named and len(words(text)) > 14 and not localdate.is_date_line(without_date_label(text)):
        return "a date in the text"
    return ""


def _furniture(root: Node, title: Node | None, known: set[str], *, month_first: bool) -> Iterator[DateCandidate]:
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
                for printed in localdate.find(squash(text), month_first=month_first):
                    if printed.raw not in known:
                        known.add(printed.raw)
                        yield _printed(printed, "page furniture")


def _printed(printed: localdate.Printed, verdict: str) -> DateCandidate:
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
