"""Where dates stand on a page: every candidate, with what its place says against it.

The places: JSON-LD and meta elements, ``time`` elements, what the feed says, print between title and text, the address.
A date in the page's furniture comes out with that verdict, so that a render clock is written down and never chosen.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from lxml import etree

from spiders.extract import localdate, relative
from spiders.extract.dateheader import FIGURE, Header
from spiders.extract.datemarks import CHANGED, is_labelled, lines_of
from spiders.extract.dateplace import elsewhere
from spiders.extract.phrases import WEATHER, without_date_label
from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.tree import SILENT, Node, furniture_of, names_of, squash
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
_MARKS = ("datePublished", "dateCreated")
_MARKED = frozenset(("time", "span", "div", "p", "abbr", "li"))
_LISTED = {"feed": "feed", "sitemap": "sitemap", "front": "front", "section": "front"}
_CHANGED = re.compile(
    r"(?i)\W*(?:last )?(?:updated|modified|оновлено|обновлено|aktualisiert|mis à jour|actualizado|aktualizacja)"
)
_BEHIND_LABEL = 12
_SENTENCE = 14
_STEP = re.compile(r"(?i)\b(?:received|accepted|revised)\b")
"""What else happened to a paper on a day."""
_NOTHING = re.compile(r"\W*$")
_SLASHES = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")
_MONTHS = 12
_NEAR_WEATHER = 3
_ABOVE = 3000
_SHORTEST, _LONGEST = 6, 80
_CLOCK_TOLERANCE = timedelta(minutes=3)


def candidates(
    root: Node, facts: Structured, page: Page, outlet: Outlet, header: Header, lines: Sequence[str]
) -> list[DateCandidate]:
    """All date candidates of a page, the most trustworthy first; an empty verdict means that nothing is against one.

    ``lines`` are those above the title of a page without any structure, whose dates are furniture.
    """
    above = [p for line in lines for p in localdate.find(line)]
    found = [*_structured(facts), *_time_elements(facts, header), *_listed(page.listing)]
    found += [_printed(p, "page furniture") for p in above]
    found += _visible(root, header, page, outlet, {p.raw for p in above}, month_first=reads_month_first(facts, outlet))
    found += _from_url(page)
    return [_read_as_printed(c, root) if _SLASHES.match(c.raw) and c.origin in ("meta", "time") else c for c in found]


def zone_of(outlet: Outlet) -> tzinfo | None:
    """The outlet's time zone; None where it is unknown or misspelt."""
    try:
        return ZoneInfo(outlet.timezone) if outlet.timezone else None
    except (ZoneInfoNotFoundError, ValueError):
        return None


def reads_month_first(facts: Structured, outlet: Outlet) -> bool:
    """Whether ``03/04/2026`` is the fourth of March here."""
    return outlet.country == "us" or (not outlet.country and facts.lang.lower().replace("_", "-") == "en-us")


def leaning(header: Header, page: Page, zone: tzinfo | None, *, changed: bool = False) -> list[DateCandidate]:
    """Dates in the article's header that lean on the fetch; those of a change instead with ``changed``."""
    found = []
    for node, above, text in header.lines:
        if not 3 <= len(text) <= 90 or bool(_CHANGED.match(text)) != changed or elsewhere(node, header.title):
            continue
        if above and node.tag != "time" and not _DATED.search(names_of(node)):
            continue
        if next(localdate.find(text), None) is not None:
            continue
        one = relative.find(text, page.fetched, zone)
        if one is not None and (one.value is not None or not changed):
            verdict = "" if one.value else "tells no day: no zone is known, or it counts months"
            found.append(DateCandidate(raw=one.raw[:80], origin="text", value=one.value, verdict=verdict, leaning=True))
    return found[:1]


def changed_in_print(header: Header, *, month_first: bool) -> datetime | None:
    """The date behind “Updated” in the article's header; naive where no zone stands beside it."""
    for node, _, text in header.lines:
        label = CHANGED.search(text)
        if label is None or elsewhere(node, header.title):
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


def _time_elements(facts: Structured, header: Header) -> Iterator[DateCandidate]:
    """``time`` and ``itemprop=datePublished``. Outside the article's header they are other dates."""
    near = {node for node, _ in header.nodes}
    for node in _timed(facts):
        marked = _is_marked(node)
        raw = node.get("datetime") or node.get("content") or (node.get("title") if node.tag == "abbr" else "") or ""
        if not raw:
            continue
        value = localdate.parse_iso(raw)
        verdict = ""
        names = names_of(node)
        changed = re.search(r"updat|modif", names) and not re.search(r"publi|entry-date|posted", names)
        if "modified" in (node.get("itemprop") or "").lower() or changed:
            verdict = "a date of change"
        elif elsewhere(node, header.title) if marked else furniture_of(node, header.title):
            verdict = "page furniture"
        elif not marked and node not in near:
            verdict = "outside the article's header"
        yield DateCandidate(raw=raw[:80], origin="time", value=value, verdict=verdict)


def _timed(facts: Structured) -> list[Node]:
    """``time`` elements and others that are marked as the date, in the order of the document."""
    nodes = facts.nodes
    marked = [n for prop in _MARKS for n in nodes.props.get(prop.lower(), ()) if n.tag in _MARKED and _is_marked(n)]
    return sorted({*nodes.tags.get("time", ()), *marked}, key=lambda n: nodes.place[n])


def _is_marked(node: Node) -> bool:
    return node.get("itemprop") in _MARKS or node.get("pubdate") is not None


def _listed(listing: Listing | None) -> Iterator[DateCandidate]:
    if listing is not None and listing.published is not None:
        yield DateCandidate(raw=listing.published.isoformat(), origin=_LISTED[listing.source], value=listing.published)


def _visible(
    root: Node, header: Header, page: Page, outlet: Outlet, refused: set[str], *, month_first: bool
) -> list[DateCandidate]:
    zone, title = zone_of(outlet), header.title
    found: list[DateCandidate] = []
    weather = -9
    for at, (node, above) in enumerate(header.nodes):
        text = " ".join(squash(t) for t in (node.text, *(c.tail for c in node)) if t)
        weather = at if WEATHER.match(text) else weather
        if not 6 <= len(text) <= 160 or not FIGURE.search(text):
            continue
        for printed in localdate.find(text, month_first=month_first):
            if not (above and printed.raw in refused):
                clock = above and (not printed.timed or _just_now(printed.value, page, zone))
                lead = text[: printed.start]
                verdict = (
                    "page furniture" if at - weather <= _NEAR_WEATHER else _placed(node, title, text, lead, clock=clock)
                )
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


def _placed(node: Node, title: Node | None, text: str, lead: str, *, clock: bool) -> str:
    """What the place of a printed date says against it, and what stands before it; empty if nothing."""
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
    if _STEP.search(lead):
        return "a date in the text"
    alone = named or localdate.is_date_line(without_date_label(text))
    if not alone and (len(words(text)) > _SENTENCE or not (_NOTHING.match(lead) or is_labelled(text, lead))):
        return "a date in the text"
    return ""


def _furniture(root: Node, title: Node | None, known: set[str], *, month_first: bool) -> Iterator[DateCandidate]:
    """Dates that stand before the title: written down, so that a reader sees what was refused."""
    for count, node in enumerate(root.find("body").iter(etree.Element)):
        if node is title or count > _ABOVE:
            return
        for text in _own_texts(node):
            for printed in localdate.find(squash(text), month_first=month_first):
                if printed.raw not in known:
                    known.add(printed.raw)
                    yield _printed(printed, "page furniture")


def _own_texts(node: Node) -> Iterator[str]:
    """The text that an element begins with, and that behind it if it holds no other, where they may hold a date."""
    text, tail = node.text, node.tail
    if text and _SHORTEST <= len(text) <= _LONGEST and FIGURE.search(text) and node.tag not in SILENT:
        yield text
    if tail and _SHORTEST <= len(tail) <= _LONGEST and FIGURE.search(tail) and not len(node):
        yield from [tail] if node.getparent().tag not in SILENT else ()


def _read_as_printed(candidate: DateCandidate, root: Node) -> DateCandidate:
    """A machine's ``11/01/2026``, which may be either day: the one that the page prints where it prints but one."""
    value = candidate.value
    if value is None or value.day > _MONTHS:
        return candidate
    other = value.replace(month=value.day, day=value.month)
    days = {p.value.date() for text, _ in lines_of(root) if "/" not in text for p in localdate.find(text)}
    if other.date() not in days or value.date() in days:
        return candidate
    return msgspec.structs.replace(candidate, value=other)


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
