"""The way of one page: decode, parse, structured facts, title, dates, authors, entries, text, articles."""

import re
import time
from datetime import datetime
from urllib.parse import urljoin

import msgspec

from spiders.extract import authors, body, date, kind, live, plain, structured
from spiders.extract import title as titles
from spiders.extract.decode import decode, not_html
from spiders.extract.extraction import Extraction
from spiders.extract.structured import Structured
from spiders.extract.title import Title
from spiders.extract.tree import Node, lines_of, parse, squash
from spiders.links import looks_like_article
from tocsin.addresses import address_id, article_id, canonical, same_site
from tocsin.records import Article, DateCandidate, ExtractionFacts, HttpFacts, Kind, Outlet, Page, derived_id

_OWN_TEXT_OF_A_LIVE_BLOG = 15
_BAD_IMAGE = re.compile(r"(?i)logo|placeholder|default|favicon|blank\.|pixel|spacer")


class _Read(msgspec.Struct, frozen=True):
    """What the steps know of a page when its articles are made."""

    page: Page
    outlet: Outlet
    facts: Structured
    url: str
    title: Title
    dates: date.Dates
    names: tuple[str, ...]
    kind: Kind
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
    facts = structured.read(root)
    url = canonical_of(facts, page)
    reason, detail = kind.before_text(root, facts, page, outlet)
    if reason:
        return Extraction(drop=reason, detail=detail, canonical=url)
    return _read(root, facts, url, charset, page, outlet, started)


def _read(
    root: Node, facts: Structured, url: str, charset: str, page: Page, outlet: Outlet, started: float
) -> Extraction:
    bare = plain.is_plain(root.find("body"))
    headed = next(root.iter("h1"), None) is not None
    shown = plain.lines(root.find("body")) if bare or not headed else []
    name = titles.printed_twice(shown[:60])
    if not (name or headed or facts.title_tag or facts.first("og:title")):
        name = plain.title_of(shown)
    listed = page.listing.title if page.listing else ""
    title = titles.choose(root, facts, listed, (name,) if name else ())
    header = _lines_above(shown, title.text) if bare else ()
    dates = date.settle(root, facts, page, outlet, title.node, header)
    names = authors.find(root, facts, title.node, page.listing.authors if page.listing else ())
    sort = kind.kind_of(facts, page)
    read = _Read(page, outlet, facts, url, title, dates, names, sort, charset, started)
    entries = live.entries(root, facts, page, outlet, title.node)
    pictures = kind.has_pictures(root, facts, page)
    beginning = lines_of(root.find("body"))[:20_000]
    if bare and not entries:
        found = body.read_plain(root, title.text, names)
    else:
        found = body.read(root, facts, title.text, names)
    if entries:
        own = [_article(read, found, "live")] if len(found.text.split()) >= _OWN_TEXT_OF_A_LIVE_BLOG else []
        return Extraction(articles=(*own, *(_entry(read, e) for e in entries)), canonical=url)
    reason, detail = kind.after_text(beginning, found.text, facts, pictures=pictures, listed=_is_listed(page))
    if reason:
        return Extraction(drop=reason, detail=detail, canonical=url)
    return Extraction(articles=(_article(read, found, sort),), canonical=url)


def _is_listed(page: Page) -> bool:
    return page.listing is not None and page.listing.source in ("feed", "sitemap")


def _lines_above(shown: list[str], title: str) -> tuple[str, ...]:
    own = titles.words(title)
    at = [i for i, line in enumerate(shown[:20]) if titles.words(line) == own or titles.is_glued(line, title)]
    return tuple(shown[: at[-1]]) if at else ()


def canonical_of(facts: Structured, page: Page) -> str:
    """A page's canonical address: what it names itself, if on its own site and no list of pages; or as fetched.

    Some sites name one start page or section on each of their pages: all would be versions of a single article.
    """
    fetched = page.fetched_url or page.url
    for raw in (facts.canonical, facts.first("og:url")):
        url = canonical(raw, fetched) if raw else ""
        if url and same_site(url, fetched) and not _names_a_list(url, fetched):
            return url
    return canonical(fetched) or fetched


def _names_a_list(url: str, fetched: str) -> bool:
    """Whether a page calls itself a start page or a list of pages although its own address is no such thing."""
    if kind.is_root(url):
        return not kind.is_root(fetched)
    return kind.is_list(url) and not looks_like_article(url) and looks_like_article(fetched)


def text_hash(text: str) -> str:
    """Identifier of a text: the same whatever its white space and case."""
    return derived_id("text", " ".join(text.casefold().split()))


def _article(read: _Read, found: body.Body, sort: Kind) -> Article:
    facts, page = read.facts, read.page
    hashed = text_hash(found.text)
    address = address_id(read.url)
    return Article(
        id=article_id(address, hashed),
        address_id=address,
        url=read.url,
        fetched_url=page.fetched_url or page.url,
        outlet=read.outlet.name,
        outlet_country=read.outlet.country.lower(),
        first_seen=page.fetched,
        title=read.title.text,
        authors=read.names,
        lang=lang_of(facts),
        published=read.dates.published,
        published_origin=read.dates.origin,
        published_note=read.dates.note,
        modified=read.dates.modified,
        text=found.text,
        lead_image=_image(facts, page),
        section=facts.text("articleSection") or facts.first("article:section", "section"),
        tags=_tags(facts, page),
        kind=sort,
        http=_http(read),
        extraction=_facts(read, read.title.origin, found.origin, read.dates.ledger, found.dropped),
        text_hash=hashed,
    )


def _entry(read: _Read, entry: live.Entry) -> Article:
    url = f"{read.url}#{entry.anchor}"
    hashed = text_hash(entry.text)
    address = address_id(url)
    published: datetime | None = entry.published
    ledger = (entry.date,) if entry.date else ()
    return Article(
        id=article_id(address, hashed),
        address_id=address,
        url=url,
        fetched_url=read.page.fetched_url or read.page.url,
        outlet=read.outlet.name,
        outlet_country=read.outlet.country.lower(),
        first_seen=read.page.fetched,
        title=entry.title,
        authors=read.names,
        lang=lang_of(read.facts),
        published=published,
        published_origin=entry.date.origin if entry.date and published else "",
        published_note=_entry_note(entry),
        text=entry.text,
        section=read.facts.text("articleSection") or read.facts.first("article:section", "section"),
        tags=_tags(read.facts, read.page),
        kind="entry",
        http=_http(read),
        extraction=_facts(read, "entry", "entry", ledger, entry.dropped),
        text_hash=hashed,
    )


def _entry_note(entry: live.Entry) -> str:
    if entry.published is None:
        return "no readable time at the entry"
    return "" if entry.published.tzinfo else "no zone on the page and none known for the outlet"


def _http(read: _Read) -> HttpFacts:
    return msgspec.structs.replace(read.page.http, charset=read.charset, size=len(read.page.body))


def _facts(
    read: _Read, title: str, text: str, ledger: tuple[DateCandidate, ...], dropped: tuple[str, ...]
) -> ExtractionFacts:
    ms = round((time.process_time() - read.started) * 1000, 2)
    lines = tuple(line[:200] for line in dropped[:50])
    return ExtractionFacts(title_origin=title, text_origin=text, dates=ledger, dropped=lines, ms=ms)


def lang_of(facts: Structured) -> str:
    """The language the page claims, ISO 639-1; empty where it claims none."""
    for raw in (facts.lang, facts.text("inLanguage"), facts.first("og:locale", "content-language", "language")):
        code = re.match(r"[a-zA-Z]{2}(?=[-_]|$)", raw.strip())
        if code:
            return {"ua": "uk"}.get(code.group(0).lower(), code.group(0).lower())
    return ""


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
