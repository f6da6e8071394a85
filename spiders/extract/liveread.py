"""What one entry of a live blog shows: its lines, time, heading, authors and the name that the page gives it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec

from spiders.extract import liveparts
from spiders.extract.liveparts import Block
from spiders.extract.livetime import Stamp, machine, starting_clock
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, drop, names_of, squash, text_of

_KEYS = re.compile(r"^data-(?:[a-z]+-)*(?:id|key|uid|uuid|guid|anchor|slug)$")
_MADE_UP = re.compile(r"(?i)^(?:radix|react|ember|headlessui|mui|ext-gen|yui|\W|__)|:r\w+:")
_ANCHOR = re.compile(r"^[^\s#<>\"'&]{1,200}$")
_AUTHOR = re.compile(r"(?:^|[\s_-])(?:author|byline|autor|автор)(?:$|[\s_-]|name)")
_BREAKS = re.compile(r"(?i)</?(?:p|div|li|ul|ol|br|h\d|blockquote|section)\b[^>]{0,200}>")
_LONGEST_NAME = 60
_LONGEST_TIME = 40
MOST = 2000
"""Entries that are read of one page."""


class Raw(msgspec.Struct):
    """An entry before its time and its anchor are settled."""

    lines: list[str]
    stamp: Stamp
    title: str = ""
    anchor: str = ""
    """What the page calls it, as far as that lasts."""
    changed: Stamp | None = None
    block: Block | None = None
    authors: tuple[str, ...] = ()
    origin: str = "time"


def from_block(block: Block, url: str) -> Raw:
    """What an element of the page at ``url`` shows."""
    anchor = "" if block.clock_in_text and len(block.nodes) > 1 else _anchor(block.nodes[0], url)
    heading = next((h for n in block.nodes for h in n.iter("h1", "h2", "h3", "h4", "h5", "h6") if _not_quoted(h)), None)
    authors = tuple(dict.fromkeys(_authors(block.nodes)))
    lines = [line for node in block.nodes for line in liveparts.lines(node)]
    title = text_of(heading) if heading is not None else _marked_title(block.nodes[0])
    if lines and len(lines[0]) <= _LONGEST_TIME and block.stamp.value is not None:
        lines = lines[1:] if block.stamp.value.strftime("%H:%M") in lines[0] else lines
    if block.clock_in_text and lines:
        lines[0], whole = _without_clock(lines[0]), lines[0]
        title = lines[0] if title == whole else title
    origin = "text" if block.clock_in_text else "time"
    return Raw([x for x in lines if x], block.stamp, title, anchor, block.changed, block, authors, origin)


def _marked_title(node: Node) -> str:
    metas = (m for m in node.iter("meta") if (m.get("itemprop") or "").lower() == "headline")
    return next((squash(m.get("content") or "") for m in metas), "")


def _without_clock(line: str) -> str:
    clock = starting_clock(line)
    return line[clock.end() :].lstrip(" \t\xa0.:,|)]—–-") if clock else line


def _not_quoted(node: Node) -> bool:
    return all(a.tag not in ("blockquote", "figure") for a in node.iterancestors())


def _authors(nodes: Sequence[Node]) -> Iterator[str]:
    """Names in an entry's byline, which is taken out of it."""
    for node in nodes:
        for one in list(node.iter("span", "a", "div", "p", "address", "cite")):
            marked = one.get("itemprop") == "author" or one.get("rel") == "author" or _AUTHOR.search(names_of(one))
            name = squash(text_of(one)) if marked and _not_quoted(one) else ""
            if 3 <= len(name) <= _LONGEST_NAME and not any(c.isdigit() for c in name):
                yield re.sub(r"(?i)^(?:by|von|par|por|автор)[:\s]+", "", name)
                drop(one)


def _anchor(node: Node, url: str) -> str:
    """What the page calls an entry: its id, a key among its data, or the fragment of its permanent link."""
    keys = [str(node.get(name)) for name in node.attrib if _KEYS.match(name)]
    inner = (str(n.get("id") or n.get("name") or "") for n in node.iter("a", "h2", "h3", "h4", "time", "span"))
    for name in (node.get("id") or node.get("name") or "", *keys, *_links(node, url), *inner):
        text = unquote(name.strip())
        if _ANCHOR.match(text) and not _MADE_UP.search(text):
            return text
    return ""


def _links(node: Node, url: str) -> Iterator[str]:
    """Fragments, or last parts, of links from an entry to itself."""
    here = urlsplit(url)
    for link in node.iter("a"):
        try:
            parts = urlsplit(urljoin(url, link.get("href") or ""))
        except ValueError:
            continue
        path = parts.path.rstrip("/")
        if parts.netloc != here.netloc or not path.startswith(here.path.rstrip("/")) or ":~:" in parts.fragment:
            continue
        if parts.fragment and path == here.path.rstrip("/"):
            yield parts.fragment
        elif len(path) > len(here.path.rstrip("/")) + 1 > 2:
            yield path.rpartition("/")[2]


def updates(facts: Structured) -> Iterator[dict[str, Any]]:
    """The updates that the page tells of in JSON-LD."""
    raw = facts.article.get("liveBlogUpdate")
    many = raw if isinstance(raw, list) else [raw]
    yield from (u for u in many[:MOST] if isinstance(u, dict))


def from_update(update: dict[str, Any], url: str) -> Raw:
    """What an update in JSON-LD of the page at ``url`` says."""

    def plain(key: str) -> str:
        value = update.get(key)
        return value if isinstance(value, str) else ""

    text = re.sub(r"<[^>]{1,300}>", " ", _BREAKS.sub("\n", plain("articleBody") or plain("description")))
    lines = [line for line in map(squash, text.split("\n")) if line]
    title = squash(plain("headline") or plain("name"))
    changed = plain("dateModified")
    raw = plain("datePublished") or plain("dateCreated")
    names = update.get("author")
    many = names if isinstance(names, list) else [names]
    authors = tuple(
        dict.fromkeys(
            squash(n.get("name", "") if isinstance(n, dict) else n) for n in many if isinstance(n, dict | str)
        )
    )
    return Raw(
        lines or ([title] if title else []),
        machine(raw) if raw else Stamp(),
        title,
        _anchor_of_update(plain("url"), plain("@id"), url),
        machine(changed) if changed and changed != raw else None,
        None,
        tuple(n for n in authors if n and len(n) <= _LONGEST_NAME),
        "json-ld",
    )


def _anchor_of_update(address: str, name: str, url: str) -> str:
    here = urlsplit(url).path.rstrip("/")
    for one in (address, name):
        try:
            parts = urlsplit(urljoin(url, one))
        except ValueError:
            continue
        path = parts.path.rstrip("/")
        last = parts.fragment or (path.rpartition("/")[2] if path.startswith(here + "/") else "")
        if one and _ANCHOR.match(last) and not _MADE_UP.search(last):
            return unquote(last)
    return ""
