"""The way of one page: decode, parse, structured facts, title, dates, authors, entries, text, articles."""

import re
import time
from datetime import datetime
from urllib.parse import urljoin

import msgspec

from spiders.extract import authors, body, date, kind, live, plain, remarks, rules, structured, walls
from spiders.extract import title as titles
from spiders.extract.decode import decode, not_html
from spiders.extract.extraction import Extraction
from spiders.extract.structured import Structured
from spiders.extract.title import Title
from spiders.extract.tree import Node, count_words, parse, squash
from tocsin.addresses import address_id, article_id, canonical, looks_like_article, main_address, same_site
from tocsin.records import Article, DateCandidate, ExtractionFacts, HttpFacts, Outlet, Page, derived_id

_OWN_TEXT_OF_A_LIVE_BLOG = 15
_ALTERNATES = 10
_BAD_IMAGE = re.compile(r"(?i)logo|placeholder|default|favicon|blank\.|pixel|spacer")


class _Read(msgspec.Struct, frozen=True):
    """What the steps know of a page when its articles are made."""

    page: Page
    outlet: Outlet
    facts: Structured
    ruled: rules.Ruled
    url: str
    title: Title
    dates: date.Dates
    by: authors.Authors
    charset: str
    started: float


def extract_page(page: Page, outlet: Outlet) -> Extraction:
    """Read the articles out of one page; without one, the reason."""
    started = time.process_time()
    other = not_html(page)
    if other:
        return Extraction(drop="not HTML", detail=other)
    text, charset = decode(page, outlet)
    root = parse(text)
    if root is None:
        return Extraction(drop="not HTML", detail="there is nothing in the page")
    ruled = rules.apply(root, page, outlet)
    facts = structured.read(root)
    url = canonical_of(facts, page)
    seen = kind.look(root, facts, page, outlet)
    if seen.reason and not (page.asked and seen.reason in kind.READABLE):
        return Extraction(drop=seen.reason, detail=seen.detail, canonical=url)
    return _read(root, facts, ruled, seen, url, page, outlet, (charset, started))


def _read(
    root: Node,
    facts: Structured,
    ruled: rules.Ruled,
    seen: kind.Look,
    url: str,
    page: Page,
    outlet: Outlet,
    opened: tuple[str, float],
) -> Extraction:
    bare = plain.is_plain(root.find("body"))
    headed = next(root.iter("h1"), None) is not None
    shown = plain.lines(root.find("body")) if bare or not headed else []
    name = titles.printed_twice(shown[:60])
    if not (name or headed or facts.title_tag or facts.first("og:title")):
        name = plain.title_of(shown)
    listed = page.listing.title if page.listing else ""
    title = titles.choose(root, facts, listed, (name,) if name else ())
    if ruled.title:
        title = Title(ruled.title, rules.ORIGIN, ruled.title_node)
    header = _lines_above(shown, title.text) if bare else ()
    dates = rules.dated(date.settle(root, facts, page, outlet, title.node, header), ruled, page, outlet)
    by = authors.choose(root, facts, title.node, page.listing.authors if page.listing else ())
    if ruled.authors:
        by = authors.Authors(ruled.authors, rules.ORIGIN)
    read = _Read(page, outlet, facts, ruled, url, title, dates, by, *opened)
    entries = live.entries(root, facts, page, outlet, title.node)
    found = _text(root, read, bare=bare, live_blog=bool(entries))
    verdict = kind.judge(seen, facts, title.text, found.text, found.dropped)
    if entries:
        live_blog = msgspec.structs.replace(verdict, kind="live")
        own = [_article(read, found, live_blog)] if len(found.text.split()) >= _OWN_TEXT_OF_A_LIVE_BLOG else []
        return Extraction(articles=(*own, *(_entry(read, e) for e in entries)), canonical=url)
    if not verdict.reason:
        return Extraction(articles=(_article(read, found, verdict),), canonical=url)
    other = msgspec.structs.replace(verdict, kind="other")
    named = page.asked and verdict.reason in kind.READABLE and (title.text or found.text)
    articles = (_article(read, found, other),) if named else ()
    return Extraction(articles=articles, drop=verdict.reason, detail=verdict.detail, canonical=url)


def _text(root: Node, read: _Read, *, bare: bool, live_blog: bool) -> body.Body:
    """The text by the outlet's rule, or else by the general reading. A rule's body would hold all entries at once."""
    name, names = read.title.text, read.by.names
    ruled = body.Body() if live_blog else rules.text(read.ruled, name, names)
    if ruled.text:
        return ruled
    plainly = bare and not live_blog
    found = body.read_plain(root, name, names) if plainly else body.read(root, read.facts, name, names)
    return msgspec.structs.replace(found, dropped=(*read.ruled.dropped, *found.dropped))


def _lines_above(shown: list[str], title: str) -> tuple[str, ...]:
    own = titles.words(title)
    at = [i for i, line in enumerate(shown[:20]) if titles.words(line) == own or titles.is_glued(line, title)]
    return tuple(shown[: at[-1]]) if at else ()


def canonical_of(facts: Structured, page: Page) -> str:
    """A page's canonical address: what it names itself, if on its own site and no list of pages; or as fetched.

    Some sites name one start page or section on each of their pages: all would be versions of a single article. A copy
    for phones or printers that names nothing stands for the page that its address tells of.
    """
    fetched = page.fetched_url or page.url
    for raw in (facts.canonical, facts.first("og:url")):
        url = canonical(raw, fetched) if raw else ""
        if url and same_site(url, fetched) and not _names_a_list(url, fetched):
            return url
    return canonical(main_address(fetched)) or canonical(fetched) or fetched


def _names_a_list(url: str, fetched: str) -> bool:
    """Whether a page calls itself a start page or a list of pages although its own address is no such thing."""
    if kind.is_root(url):
        return not kind.is_root(fetched)
    return kind.is_list(url) and not looks_like_article(url) and looks_like_article(fetched)


def text_hash(text: str) -> str:
    """Identifier of a text: the same whatever its white space and case."""
    return derived_id("text", " ".join(text.casefold().split()))


def _article(read: _Read, found: body.Body, verdict: kind.Verdict) -> Article:
    facts, page = read.facts, read.page
    said = remarks.read(read.title.text, found.text, found.dropped, read.outlet)
    found = _cleared(found, said, paywalled=verdict.paywalled)
    hashed = text_hash(found.text)
    address = address_id(read.url)
    return Article(
        id=article_id(address, hashed, read.title.text),
        address_id=address,
        url=read.url,
        fetched_url=page.fetched_url or page.url,
        outlet=read.outlet.name,
        outlet_country=read.outlet.country.lower(),
        first_seen=page.fetched,
        title=read.title.text,
        authors=read.by.names,
        lang=facts.language,
        published=read.dates.published,
        published_origin=read.dates.origin,
        published_note=read.dates.note,
        modified=read.dates.modified,
        text=found.text,
        alternates=_alternates(read),
        lead_image=read.ruled.image or _image(facts, page),
        section=_section(read),
        tags=_tags(facts, page),
        kind=verdict.kind,
        paywalled=verdict.paywalled,
        correction=said.correction,
        advisory=said.advisory,
        cited=said.cited,
        http=_http(read),
        extraction=_facts(read, (read.title.origin, found.origin), read.dates.ledger, found.dropped, found.text),
        text_hash=hashed,
    )


def _cleared(found: body.Body, said: remarks.Remarks, *, paywalled: bool) -> body.Body:
    """A text without the lines at its ends that are not the article's: those to editors, and a paywall's invitation."""
    lines = found.text.split("\n\n")
    gone = [line for line in lines[:1] if said.advisory and line.startswith(said.advisory)]
    kept, wall = walls.before_wall(lines[len(gone) :]) if paywalled else (lines[len(gone) :], [])
    if not gone and not wall:
        return found
    return msgspec.structs.replace(found, text="\n\n".join(kept), dropped=(*found.dropped, *gone, *wall))


def _entry(read: _Read, entry: live.Entry) -> Article:
    url = f"{read.url}#{entry.anchor}"
    hashed = text_hash(entry.text)
    address = address_id(url)
    published: datetime | None = entry.published
    said = remarks.read(entry.title, entry.text, entry.dropped, read.outlet)
    ledger = (entry.date,) if entry.date else ()
    return Article(
        id=article_id(address, hashed, entry.title),
        address_id=address,
        url=url,
        fetched_url=read.page.fetched_url or read.page.url,
        outlet=read.outlet.name,
        outlet_country=read.outlet.country.lower(),
        first_seen=read.page.fetched,
        title=entry.title,
        authors=entry.authors or read.by.names,
        lang=read.facts.language,
        published=published,
        published_origin=entry.date.origin if entry.date and published else "",
        published_note=_entry_note(entry),
        modified=entry.modified,
        text=entry.text,
        section=_section(read),
        tags=_tags(read.facts, read.page),
        kind="entry",
        parent=read.url,
        correction=said.correction,
        cited=said.cited,
        http=_http(read),
        extraction=_facts(read, ("entry", "entry"), ledger, entry.dropped, entry.text),
        text_hash=hashed,
    )


def _entry_note(entry: live.Entry) -> str:
    if entry.published is None:
        return "no readable time at the entry"
    return "" if entry.published.tzinfo else "no zone on the page and none known for the outlet"


def _alternates(read: _Read) -> tuple[str, ...]:
    """Where the page says that its other languages stand: on its own site, the start page and itself left out."""
    found = (canonical(href, read.url) for href in read.facts.alternates.values())
    own = dict.fromkeys(u for u in found if u and u != read.url and not kind.is_root(u) and same_site(u, read.url))
    return tuple(own)[:_ALTERNATES]


def _section(read: _Read) -> str:
    facts = read.facts
    named = facts.text("articleSection") or facts.first("article:section", "section")
    return read.ruled.section or named or facts.section


def _http(read: _Read) -> HttpFacts:
    return msgspec.structs.replace(read.page.http, charset=read.charset, size=len(read.page.body))


def _facts(
    read: _Read, origins: tuple[str, str], ledger: tuple[DateCandidate, ...], dropped: tuple[str, ...], text: str
) -> ExtractionFacts:
    title, found = origins
    ms = round((time.process_time() - read.started) * 1000, 2)
    lines = tuple(line[:200] for line in dropped[:50])
    return ExtractionFacts(
        title_origin=title,
        text_origin=found,
        authors_origin=read.by.origin,
        ruled=() if found == "entry" else rules.used(read.ruled, found, read.dates.origin),
        dates=ledger,
        date_confidence=read.dates.confidence if found != "entry" else "medium" if ledger else "",
        date_reason=read.dates.reason if found != "entry" else "The entry's own time." if ledger else "",
        dropped=lines,
        words=count_words(text),
        ms=ms,
    )


def _image(facts: Structured, page: Page) -> str:
    raw = facts.article.get("image")
    while isinstance(raw, list) and raw:
        raw = raw[0]
    if isinstance(raw, dict):
        raw = raw.get("url") or raw.get("contentUrl")
    for one in (
        facts.first("og:image:secure_url", "og:image", "og:image:url"),
        raw if isinstance(raw, str) else "",
        facts.first("twitter:image", "twitter:image:src"),
    ):
        if not one or _BAD_IMAGE.search(one):
            continue
        try:
            url = urljoin(page.fetched_url or page.url, one.strip())
        except ValueError:
            continue
        if url.startswith(("http://", "https://")):
            return url
    return ""


def _tags(facts: Structured, page: Page) -> tuple[str, ...]:
    raw = facts.article.get("keywords")
    many = raw if isinstance(raw, list) else str(raw).split(",") if isinstance(raw, str) else []
    many = many or facts.meta.get("article:tag", []) or facts.first("news_keywords", "keywords").split(",")
    found = dict.fromkeys(
        squash(t) for t in [*many, *(page.listing.tags if page.listing else ())] if isinstance(t, str) and t.strip()
    )
    return tuple(t for t in found if len(t) <= 80)[:30]
