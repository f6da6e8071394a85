"""Bytes to text, once: byte order mark, valid UTF-8, header, meta, and at last what the outlet's language suggests."""

import codecs
import re

from spiders.extract import charsets
from spiders.extract.lighten import lightened
from tocsin.records import Outlet, Page

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER = re.compile(r"(?i)charset\s*=\s*[\"']?([\w.:-]+)")
_META = re.compile(rb"(?i)<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,80}?encoding=[\"']([\w.:-]+)")
_LANG = re.compile(rb"(?i)<html[^>]{0,300}?\slang\s*=\s*[\"']?([a-z]{2})")
_HIGH = bytes(range(0x80, 0x100))
_LATIN = {"iso8859-1", "cp1252", "ascii", "latin-1"}
_CYRILLIC = {"ru", "uk", "be", "bg"}
_BINARY = (
    (b"%PDF-", "PDF"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"GIF8", "GIF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"RIFF", "RIFF"),
    (b"ID3", "MP3"),
    (b"\xd0\xcf\x11\xe0", "Office"),
    (b"\x00\x00\x00", "binary"),
)
_OTHER_TYPES = re.compile(
    r"(?i)^\s*(?:application/(?!xhtml)|image/|audio/|video/|font/|text/(?:css|javascript|csv|calendar))"
)
_FEED = re.compile(
    rb"(?is)^\s*(?:<\?xml.{0,400}?>)?\s*(?:<!--.{0,400}?-->\s*)*<(?:rss|feed|rdf:RDF|urlset|sitemapindex|opml)\b"
)
_ARCHIVE = re.compile(rb"(?im)^content-type:\s*multipart/related\b")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Shifts and escapes belong to some charsets of Asia.
_NO_TEXT = bytes({*range(0x20), 0x7F} - {*b"\t\n\r\f\x0e\x0f\x1b"})
_MOST_NO_TEXT = 0.03
"""Share of control characters from which bytes are no text; in random bytes it is 0.1."""
# Control characters that no text needs; tab, line feed and carriage return stay.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def not_html(page: Page) -> str:
    """What the body is, where it is no HTML page; else an empty string. The bytes outweigh the declared type."""
    head = page.body[:2048]
    bare = head.lstrip()
    for magic, name in _BINARY:
        if bare.startswith(magic) and not head.startswith(_UTF16):
            return f"the bytes are {name}"
    if not bare:
        return "the body is empty"
    if _FEED.match(head):
        return "the body is a feed or a sitemap"
    if bare[:1] in b"{[" and b"<" not in bare[:200]:
        return "the body is JSON"
    if b"<" not in head and (other := _OTHER_TYPES.match(page.http.content_type)):
        return f"the declared type is {other.group(0).strip()}…"
    if not bare.startswith(b"<") and _ARCHIVE.search(head):
        return "the body is a web archive, MHTML"
    controls = len(head) - len(head.translate(None, _NO_TEXT))
    if controls > _MOST_NO_TEXT * len(head) and b"<" not in bare[:2] and not head.startswith(_UTF16):
        return "the bytes are no text"
    return ""


def decode(page: Page, outlet: Outlet) -> tuple[str, str]:
    """Text of the body and the name of the charset it was read with.

    Bytes that are valid UTF-8 are UTF-8 whatever is declared: by chance that does not happen to longer text in another
    charset. 7-bit stateful charsets (ISO-2022) look valid too, so a declaration of these is believed first.
    """
    body = page.body
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _clean(body[len(mark) :].decode(name, "replace")), name
    # A meta element that can be read as ASCII does not stand in UTF-16, whatever it says.
    meta = _from_meta(body)
    declared = [c for c in (_from_header(page.http.content_type), "" if meta.startswith("utf-16") else meta) if c]
    stateful = next((c for c in declared if c.startswith(("iso2022", "utf-16", "hz", "utf-7"))), "")
    try:
        if not stateful:
            return _clean(charsets.once(body.decode("utf-8"))), "utf-8"
    except UnicodeDecodeError:
        pass  # the usual case for legacy charsets: go on with what is declared
    name = stateful or _legacy(body, declared, outlet)
    if name == "utf-8":
        return _clean(charsets.mixed(body, _western_or_cyrillic(body, outlet))), name
    return _clean(body.decode(name, "replace")), name


def _western_or_cyrillic(body: bytes, outlet: Outlet) -> str:
    return "cp1251" if (_lang_of(body) or outlet.lang) in _CYRILLIC else "cp1252"


def _legacy(body: bytes, declared: list[str], outlet: Outlet) -> str:
    """The charset of bytes that are not valid UTF-8 throughout: mostly UTF-8, else as declared if that can be."""
    if _mostly_utf8(body):
        return "utf-8"
    other = next((name for name in declared if name not in _LATIN and name != "utf-8"), "")
    other = charsets.ALIKE.get(other, other)
    if other and other not in charsets.CYRILLIC:
        return other
    # latin-1 is what servers say who do not know; and of the Cyrillic charsets many name the wrong one.
    return charsets.cyrillic(body, other) or other or _western_or_cyrillic(body, outlet)


def _mostly_utf8(body: bytes) -> bool:
    """Whether nearly all that is not ASCII is UTF-8."""
    sample = body[:200_000]
    high = len(sample) - len(sample.translate(None, _HIGH))
    broken = sample.decode("utf-8", "replace").count("\ufffd")
    return high > 3 * broken and broken <= max(3, high // 20)


def _lang_of(body: bytes) -> str:
    found = _LANG.search(body[:4096])
    return found.group(1).decode("ascii").lower() if found else ""


def _from_header(content_type: str) -> str:
    found = _HEADER.search(content_type)
    return _known(found.group(1)) if found else ""


def _from_meta(body: bytes) -> str:
    found = _META.search(body[:4096]) or _META.search(body[4096:65536])
    return _known((found.group(1) or found.group(2)).decode("ascii", "ignore")) if found else ""


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name)
        # hex, rot13 and the like are codecs too, but no charsets.
        return found.name if getattr(found, "_is_text_encoding", True) else ""
    except LookupError:
        return ""


def _clean(text: str) -> str:
    return lightened(_CONTROLS.sub("", text))
