"""Bytes of a feed or a sitemap → listings. Pure: no clock, no network, and no bytes that make it fail.

Formats: RSS 0.9x, 1.0 (RDF) and 2.0, Atom 0.3 and 1.0 (RFC 4287), sitemaps and sitemap indexes (sitemaps.org 0.9) with
the news extension, each also gzipped. XML that is broken in the usual ways (bare ampersands, HTML entities, a cut end)
is mended and read as far as it goes. No entity is ever expanded and nothing is ever loaded.
"""

import html
import re
import zlib
from datetime import datetime
from html.entities import html5
from typing import Any

from lxml import etree

from spiders.dates import read_date
from tocsin.addresses import canonical
from tocsin.records import FeedKind, Listing, Record

MAX_UNPACKED = 50 * 1024 * 1024
"""Bytes that a gzipped sitemap may unpack to, as sitemaps.org sets it."""
MAX_LISTINGS = 2000
"""Listings taken from one answer; the rest is counted in ``skipped``."""

_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_DC = "{http://purl.org/dc/elements/1.1/}"
_DCTERMS = "{http://purl.org/dc/terms/}"
_BARE_AMP = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DOCTYPE = re.compile(
    # Bounded: a search without an end over thousands of beginnings takes minutes.
    r"<!DOCTYPE[^>\[]{0,1000}(?:\[.{0,20000}?\]\s{0,100})?>",
    re.DOTALL | re.IGNORECASE,
)
_HEAD = 64 * 1024
"""Characters at the beginning in which a document type is looked for."""
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_DECLARED = re.compile(rb"""\A[\s\xef\xbb\xbf]*<\?xml[^>]{0,200}encoding=["']([A-Za-z0-9._:-]{2,40})["']""")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TAG = re.compile(r"<[^<>]{1,2000}>")


class Nested(Record):
    """A sitemap named by a sitemap index."""

    url: str
    lastmod: datetime | None = None


class FeedReading(Record):
    """What a feed or a sitemap says."""

    kind: str = ""
    """``rss``, ``rdf``, ``atom``, ``news sitemap``, ``sitemap``, ``sitemap index``; empty where it is none of them."""
    listings: tuple[Listing, ...] = ()
    nested: tuple[Nested, ...] = ()
    ttl: float = 0.0
    """Seconds between polls that the feed asks for; 0 where it does not say."""
    skipped: int = 0
    """Listings beyond the cap."""
    error: str = ""
    """In words, where nothing could be read."""


def read_feed(body: bytes, url: str, content_type: str = "") -> FeedReading:
    """Read a feed, a sitemap or a sitemap index; ``url`` makes relative links absolute. Never raises for any bytes."""
    try:
        body = _unpacked(body)
    except ValueError as error:
        return FeedReading(error=str(error))
    root = _root(body, content_type)
    if root is None:
        return FeedReading(error="the answer is not XML")
    name = _local(root)
    if name in ("rss", "channel"):
        return _rss(root, url)
    if name == "RDF":
        return _rdf(root, url)
    if name == "feed":
        return _atom(root, url)
    if name == "urlset":
        return _sitemap(root, url)
    if name == "sitemapindex":
        return _index(root, url)
    return FeedReading(error=f"the answer is neither a feed nor a sitemap (its outermost element is {name[:40]!r})")


def _unpacked(body: bytes) -> bytes:
    for _ in range(2):
        if not body.startswith(b"\x1f\x8b"):
            return body
        decoder = zlib.decompressobj(wbits=31)
        try:
            plain = decoder.decompress(body, MAX_UNPACKED + 1)
        except zlib.error as error:
            raise ValueError("the gzipped answer is damaged") from error
        if len(plain) > MAX_UNPACKED:
            raise ValueError(f"the gzipped answer unpacks to more than {MAX_UNPACKED // 2**20} MB")
        body = plain
    raise ValueError("the answer is gzipped more than twice")


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _root(body: bytes, content_type: str) -> Any:
    """Outermost element; strictly parsed where the bytes allow it, mended first where they do not."""
    if b"<!DOCTYPE" not in body[:4096]:
        try:
            return etree.fromstring(body, _parser(recover=False))
        except (etree.XMLSyntaxError, ValueError):
            mended = _mended(body, content_type)
    else:
        mended = _mended(body, content_type)
    try:
        return etree.fromstring(mended, _parser(recover=True))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _mended(body: bytes, content_type: str) -> bytes:
    declared = _DECLARED.match(body[:400])
    header = re.search(r"charset=[\"']?([A-Za-z0-9._:-]{2,40})", content_type)
    named = declared.group(1).decode("ascii") if declared else header.group(1) if header else "utf-8"
    try:
        text = body.decode(named, "replace")
    except (LookupError, UnicodeError):
        text = body.decode("utf-8", "replace")
    text = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)
    text = _DOCTYPE.sub("", text[:_HEAD], count=1) + text[_HEAD:]
    text = _ENTITY.sub(_plain_entity, text)
    return _CONTROL.sub("", _BARE_AMP.sub("&amp;", text)).encode("utf-8", "replace")


def _plain_entity(found: re.Match[str]) -> str:
    if found.group(1) in _XML_NAMES:
        return found.group(0)
    return html5.get(found.group(1) + ";", found.group(0))


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _children(element: Any, name: str) -> list[Any]:
    """Children by local name: feeds forget, misspell and mix their namespaces."""
    return [child for child in element if _local(child) == name]


def _text(element: Any, *names: str) -> str:
    """Text of the first non-empty child with one of these names (``{namespace}name`` or a local name)."""
    for name in names:
        found = element.findall(name) if name.startswith("{") else _own(element, name)
        for child in found:
            text = "".join(child.itertext()).strip()
            if text:
                return text
    return ""


def _own(element: Any, name: str) -> list[Any]:
    """Children of the element's own vocabulary: ``media:title`` is not the item's title."""
    space = element.tag.rpartition("}")[0] if isinstance(element.tag, str) else ""
    return [c for c in element if isinstance(c.tag, str) and c.tag in (name, f"{space}}}{name}" if space else name)]


def plain(text: str, limit: int) -> str:
    """One line of text out of what may hold HTML, escaped once more than it should be."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    text = html.unescape(text)
    if "<" in text and ">" in text:
        text = _TAG.sub(" ", text)
    return " ".join(_CONTROL.sub("", text).split())[:limit]


def _absolute(url: str, base: str) -> str:
    return canonical(url, base) if url and len(url) <= 2000 else ""


def _listing(url: str, source: FeedKind, **fields: Any) -> Listing | None:
    return Listing(url=url, source=source, **{key: value for key, value in fields.items() if value}) if url else None


def _gathered(kind: str, found: list[Listing | None], *, ttl: float = 0.0) -> FeedReading:
    seen: dict[str, Listing] = {}
    for one in found:
        if one is not None:
            seen.setdefault(one.url, one)
    taken = tuple(seen.values())
    if len(taken) > MAX_LISTINGS:
        # Some list the oldest first: the cap must cut those.
        taken = tuple(sorted(taken, key=lambda one: _stamp(one.published or one.updated), reverse=True))
    return FeedReading(kind=kind, listings=taken[:MAX_LISTINGS], ttl=ttl, skipped=max(0, len(taken) - MAX_LISTINGS))


def _rss(root: Any, url: str) -> FeedReading:
    channels = [root] if _local(root) == "channel" else _children(root, "channel")
    items = [item for channel in channels for item in _children(channel, "item")] + _children(root, "item")
    lang = _text(channels[0], "language", _DC + "language")[:2].lower() if channels else ""
    ttl = 0.0
    if channels and (minutes := _text(channels[0], "ttl")).isdigit():
        ttl = min(float(minutes[:6]), 1440.0) * 60
    return _gathered("rss", [_rss_item(item, url, lang) for item in items], ttl=ttl)


def _rdf(root: Any, url: str) -> FeedReading:
    about = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
    return _gathered("rdf", [_rss_item(item, url, "", about=item.get(about) or "") for item in _children(root, "item")])


def _rss_item(item: Any, base: str, lang: str, *, about: str = "") -> Listing | None:
    link = _text(item, "{http://rssnamespace.org/feedburner/ext/1.0}origLink", "link")
    if not link:
        links = [c.get("href") or "" for c in _children(item, "link") if c.get("rel", "alternate") == "alternate"]
        link = next((href for href in links if href), about)
    if not link:
        for guid in _children(item, "guid"):
            text = (guid.text or "").strip()
            if guid.get("isPermaLink", "true").lower() != "false" and text.startswith(("http://", "https://")):
                link = text
    if not link:
        return None
    authors = [plain("".join(c.itertext()), 120) for name in ("creator", "author") for c in _children(item, name)]
    return _listing(
        _absolute(link, base),
        "feed",
        title=plain(_text(item, "title", _DC + "title"), 500),
        published=read_date(_text(item, "pubDate", _DC + "date", _DCTERMS + "created", "pubdate", "published")),
        updated=read_date(_text(item, _DCTERMS + "modified", "{http://www.w3.org/2005/Atom}updated", "updated")),
        authors=tuple(dict.fromkeys(_name(author) for author in authors if author))[:10],
        summary=plain(_text(item, "description", _DC + "description", _CONTENT)[:20000], 1000),
        lang=_text(item, _DC + "language")[:2].lower() or lang,
        tags=tuple(dict.fromkeys(plain("".join(c.itertext()), 80) for c in _children(item, "category")))[:20],
    )


def _name(author: str) -> str:
    """``desk@example.org (Jane Doe)``, as RSS 2.0 writes authors, is Jane Doe."""
    found = re.match(r"\S+@\S+\s*\((.+)\)\Z", author)
    return found.group(1) if found else author


def _atom(root: Any, url: str) -> FeedReading:
    xml = "{http://www.w3.org/XML/1998/namespace}"
    base = canonical(root.get(xml + "base") or "", url) or url
    lang = (root.get(xml + "lang") or "")[:2].lower()
    return _gathered("atom", [_atom_entry(entry, base, lang) for entry in _children(root, "entry")])


def _atom_entry(entry: Any, base: str, lang: str) -> Listing | None:
    links = _children(entry, "link")
    chosen = [c.get("href") or "" for c in links if c.get("rel", "alternate") == "alternate" and c.get("href")]
    address = chosen[0] if chosen else _text(entry, "id")
    if not chosen and not address.startswith(("http://", "https://")):
        return None
    published = read_date(_text(entry, "published", "issued", "created"))
    updated = read_date(_text(entry, "updated", "modified"))
    names = [_text(author, "name") for author in _children(entry, "author")]
    return _listing(
        _absolute(address, base),
        "feed",
        title=plain(_text(entry, "title"), 500),
        published=published or updated,
        updated=updated if published is not None and updated != published else None,
        authors=tuple(dict.fromkeys(plain(name, 120) for name in names if name))[:10],
        summary=plain(_text(entry, "summary", "content")[:20000], 1000),
        lang=lang,
        tags=tuple(dict.fromkeys(c.get("label") or c.get("term") or "" for c in _children(entry, "category")))[:20],
    )


def _sitemap(root: Any, url: str) -> FeedReading:
    found: list[Listing | None] = []
    news = False
    for entry in _children(root, "url"):
        about = next(iter(_children(entry, "news")), None)
        lastmod = read_date(_text(entry, "lastmod"))
        address = _absolute(_text(entry, "loc"), url)
        if about is None:
            found.append(_listing(address, "sitemap", updated=lastmod))
            continue
        news = True
        publication = next(iter(_children(about, "publication")), about)
        words = _text(about, "keywords")
        found.append(
            _listing(
                address,
                "sitemap",
                title=plain(_text(about, "title"), 500),
                published=read_date(_text(about, "publication_date")),
                updated=lastmod,
                lang=_text(publication, "language")[:2].lower(),
                tags=tuple(dict.fromkeys(word.strip()[:80] for word in words.split(",") if word.strip()))[:20],
            )
        )
    if not news:
        # A plain sitemap may list years; the newest entries come first, so that the cap cuts the oldest.
        found.sort(key=lambda one: _stamp(one.updated if one else None), reverse=True)
    return _gathered("news sitemap" if news else "sitemap", found)


def _index(root: Any, url: str) -> FeedReading:
    nested: dict[str, Nested] = {}
    for entry in _children(root, "sitemap"):
        address = _absolute(_text(entry, "loc"), url)
        if address:
            nested.setdefault(address, Nested(url=address, lastmod=read_date(_text(entry, "lastmod"))))
    return FeedReading(kind="sitemap index", nested=tuple(nested.values()))


def _stamp(moment: datetime | None) -> str:
    """Sort key of dates with and without zone: their digits."""
    return moment.replace(tzinfo=None).isoformat() if moment else ""
