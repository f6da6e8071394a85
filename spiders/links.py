"""A front page → links to articles, section fronts and feed addresses. Pure; any bytes may come.

An anchor leads to an article when its path has the shape of one (a date, a long slug, a number of five digits or
more) or when its text is a headline; to a section front when it is short navigation with a shallow path; else it is
furniture.
"""

import re
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser
from w3lib.encoding import html_to_unicode

from spiders.dates import read_date
from tocsin.addresses import canonical, looks_like_article, same_site
from tocsin.records import FeedKind, Listing, Record

MAX_SECTIONS = 24
MAX_ARTICLES = 500
MAX_ADDRESS = 2000
"""Characters of an address; a longer one is no article's."""

_FURNITURE = re.compile(
    r"(?i)/(?:log-?in|log-?out|sign-?in|sign-?up|register|registration|account|profile|user|users|search|poshuk|poisk"
    r"|about|about-us|contact|contacts|kontakty|author|authors|tag|tags|privacy|privacy-policy|terms|legal|imprint"
    r"|impressum|datenschutz|cookies?|subscribe|subscription|subscriptions|newsletter|newsletters|donate|support|shop"
    r"|cart|basket|checkout|advertis\w*|reklama|careers|jobs|vacanc\w*|help|faq|feedback|rss|feed|feeds|atom|sitemap"
    r"|wp-admin|wp-json|wp-login\.php|wp-content|cdn-cgi|print|share|comments?|static|assets|img|images|api|calendar"
    r"|amp-login|pro-nas|o-nas)(?:[/.;]|$)"
)
_FILE = re.compile(
    r"(?i)\.(?:pdf|docx?|xlsx?|pptx?|odt|zip|rar|7z|t?gz|exe|dmg|apk|jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|mp[34]|m4[av]"
    r"|ogg|wav|webm|mov|avi|css|js|json|xml|rss|atom|txt|csv|epub|woff2?|ttf)$"
)
_PLAIN_SEGMENT = re.compile(r"[^\W\d]+(?:[-_][^\W\d]+){0,2}(?:\.(?:html?|php|aspx?))?\Z")
_SECTION_HINT = re.compile(
    r"(?i)/(?:section|sections|category|categories|rubric|rubrics|rubrik|theme|themes|topics?|news)/"
)
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_CLOSE = frozenset({"article", "li", "h1", "h2", "h3", "h4", "figure", "section", "main"})
_APART = frozenset({"nav", "footer", "header"})

Sort = Literal["article", "section", ""]


class FrontReading(Record):
    """What a front page or a section front shows."""

    listings: tuple[Listing, ...] = ()
    sections: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    """Addresses of feeds that the page names in its head."""


def site_of(url: str) -> str:
    """Port of an address as text, empty for the usual ones: hosts are compared by ``same_site``, ports here."""
    try:
        port = urlsplit(url).port
    except ValueError:
        return "?"
    return "" if port in (None, 80, 443) else str(port)


def same_outlet(one: str, other: str) -> bool:
    """Whether two addresses belong to one outlet: one site, and one port."""
    return same_site(one, other) and site_of(one) == site_of(other)


def is_furniture(url: str) -> bool:
    """Whether an address is by its path no article and no section: a log-in, a search, a file, an author's page."""
    path = urlsplit(url).path
    return bool(_FURNITURE.search(path) or _FILE.search(path))


def looks_like_section(url: str) -> bool:
    """Whether the path is shallow and of plain words: ``/politics``, ``/section/war``, ``/en/news``."""
    parts = urlsplit(url)
    segments = [unquote(segment) for segment in parts.path.strip("/").split("/") if segment]
    if parts.query or not 1 <= len(segments) <= 3 or (len(segments) == 3 and len(segments[0]) > 3):
        return False
    return all(len(segment) <= 40 and _PLAIN_SEGMENT.match(segment) for segment in segments)


def read_front(body: bytes, url: str, content_type: str = "", *, source: FeedKind = "front") -> FrontReading:
    """Links of a front page at ``url``. Never raises for any bytes."""
    tree = LexborHTMLParser(html_to_unicode(content_type or None, body, default_encoding="utf-8")[1])
    base = _base(tree, url)
    articles: dict[str, Listing] = {}
    sections: dict[str, int] = {}
    for anchor in tree.css("a[href]"):
        href = anchor.attributes.get("href") or ""
        address = canonical(href, base) if len(href) <= MAX_ADDRESS else ""
        if (
            not address
            or not same_outlet(address, url)
            or is_furniture(address)
            or urlsplit(address).path == "/" == _path(address)
        ):
            continue
        title = " ".join(anchor.text(deep=True, separator=" ", strip=True).split())
        sort = _sort(anchor, address, title)
        if sort == "section":
            sections[address] = sections.get(address, 0) + 1
        elif sort == "article" and len(articles) < MAX_ARTICLES:
            _remember(articles, Listing(url=address, source=source, title=title[:500], published=_time_near(anchor)))
    home = canonical(url)
    found = [address for address in _by_hint(sections) if address not in articles and address != home]
    return FrontReading(
        listings=tuple(articles.values()), sections=tuple(found[:MAX_SECTIONS]), feeds=tuple(_feeds(tree, base, url))
    )


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path if not parts.query else parts.path + "?"


def _base(tree: Any, url: str) -> str:
    node = tree.css_first("base[href]")
    return canonical((node.attributes.get("href") or "") if node else "", url) or url


def _sort(anchor: Any, address: str, title: str) -> Sort:
    words = len(title.split())
    closest, apart = _surroundings(anchor)
    if looks_like_article(address):
        return "article"
    headline = words >= 4 and len(title) >= 20
    if (
        headline
        and (closest or not apart)
        and len(urlsplit(address).path) > 1
        and not _SECTION_HINT.search(address[:-1] + "/")
    ):
        return "article"
    if closest in ("h1", "h2", "h3", "h4") and words >= 4:
        return "article"
    if words <= 3 and 0 < len(title) <= 30 and looks_like_section(address):
        return "section"
    return ""


def _surroundings(anchor: Any) -> tuple[str, bool]:
    """The nearest element that frames an article card (empty: none), and whether the anchor stands in furniture."""
    closest, node = "", anchor.parent
    for _ in range(12):
        if node is None:
            break
        if node.tag in _APART:
            return "", True
        if not closest and node.tag in _CLOSE:
            closest = node.tag
        node = node.parent
    return closest, False


def _time_near(anchor: Any) -> Any:
    """Machine-readable ``<time datetime>`` of the card around the anchor, if the card has just one."""
    node = anchor
    for _ in range(4):
        node = node.parent
        if node is None or node.tag in ("body", "main", "ul", "ol"):
            return None
        times = node.css("time[datetime]")
        if times:
            return read_date(times[0].attributes.get("datetime") or "") if len(times) == 1 else None
    return None


def _remember(articles: dict[str, Listing], listing: Listing) -> None:
    """One listing an address: a picture, a headline and a 'read more' often lead to the same article."""
    known = articles.get(listing.url)
    if known is None:
        articles[listing.url] = listing
        return
    title = max(known.title, listing.title, key=lambda text: (3 <= len(text.split()) <= 30, len(text)))
    articles[listing.url] = Listing(
        url=known.url, source=known.source, title=title, published=known.published or listing.published
    )


def _by_hint(sections: dict[str, int]) -> Iterable[str]:
    """Shallow and hinted paths first, then those that the page links most often; order of the page within."""
    return sorted(
        sections,
        key=lambda one: (not _SECTION_HINT.search(one), urlsplit(one).path.strip("/").count("/"), -sections[one]),
    )


def _feeds(tree: Any, base: str, url: str) -> list[str]:
    found: dict[str, None] = {}
    for node in tree.css("link[rel][href]"):
        attributes = node.attributes
        if "alternate" not in (attributes.get("rel") or "").lower().split():
            continue
        if (attributes.get("type") or "").split(";")[0].strip().lower() not in _FEED_TYPES:
            continue
        address = canonical(attributes.get("href") or "", base)
        if address and same_outlet(address, url) and "/comments/" not in address:
            found[address] = None
    return list(found)[:8]
