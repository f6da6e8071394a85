"""Live blogs: one article per entry, with the entry's own title, time and address."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from spiders.extract import localdate
from spiders.extract.datefinds import zone_of
from spiders.extract.lines import sift
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, drop, furniture_of, lines_of, names_of, squash, text_of
from tocsin.records import DateCandidate, Outlet, Page, derived_id

_LIVE = re.compile(r"(?:^|[\s_-])(?:live\w*|liveblog\w*|timeline|updates?|ticker|online)(?:$|[\s_-])")
_LIVE_PATH = re.compile(r"(?i)/(?:live|liveblog|live-blog|online|ticker)(?:/|-|$)|-live(?:-|/|$)")
_SENTENCE = re.compile(r"^.{20,}?[.!?…](?=\s|$)")
_LONGEST_TITLE = 140


class Entry(msgspec.Struct, frozen=True):
    """One entry of a live blog."""

    anchor: str
    title: str
    text: str
    published: datetime | None
    date: DateCandidate | None
    dropped: tuple[str, ...] = ()


def entries(root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None) -> tuple[Entry, ...]:
    """The entries of a live blog, in the order of the page; empty for other pages. They are taken out of the tree."""
    path = urlsplit(page.fetched_url or page.url).path
    live = "liveblogposting" in facts.types or bool(_LIVE_PATH.search(path)) or "live" in facts.first("og:type").lower()
    found = []
    for node in _nodes(root, title, live=live):
        entry = _from_node(node, page, outlet)
        if entry is not None:
            found.append(entry)
            drop(node)
    if not found:
        found = [e for u in _updates(facts) if (e := _from_update(u, page, outlet)) is not None]
    return tuple(found)


def _nodes(root: Node, title: Node | None, *, live: bool) -> list[Node]:
    marked = [
        n
        for n in root.iter("article", "div", "section", "li")
        if (n.get("itemprop") or "").lower() == "liveblogupdate" and _anchor(n)
    ]
    if marked:
        return marked
    for parent in root.iter("div", "section", "main", "article", "ul", "ol"):
        if not live and not _LIVE.search(names_of(parent)):
            continue
        children = [
            n
            for n in parent
            if n.tag in ("article", "div", "section", "li") and _anchor(n) and next(n.iter("time"), None) is not None
        ]
        if (
            len(children) >= 2
            and not furniture_of(parent, title)
            and not any(t in c.iter() for c in children for t in [title] if t is not None)
        ):
            return children
    return []


def _anchor(node: Node) -> str:
    own = node.get("id") or node.get("name") or ""
    if own:
        return str(own)
    link = next((a for a in node.iter("a") if (a.get("href") or "").startswith("#") and len(a.get("href")) > 1), None)
    return (
        str(link.get("href"))[1:]
        if link is not None
        else next((str(a.get("id") or a.get("name")) for a in node.iter("a") if a.get("id") or a.get("name")), "")
    )


def _from_node(node: Node, page: Page, outlet: Outlet) -> Entry | None:
    heading = next((n for n in node.iter("h1", "h2", "h3", "h4", "h5")), None)
    title = text_of(heading) if heading is not None else ""
    time = next((n for n in node.iter("time") if n.get("datetime")), None)
    raw = time.get("datetime") if time is not None else ""
    if time is not None:
        drop(time)
    lines = [line for line in (squash(x) for x in lines_of(node).split("\n")) if line]
    return _entry(_anchor(node), title, lines, raw or "", "time", page, outlet)


def _updates(facts: Structured) -> Iterator[dict[str, Any]]:
    raw = facts.article.get("liveBlogUpdate")
    yield from (u for u in (raw if isinstance(raw, list) else [raw]) if isinstance(u, dict))


def _from_update(update: dict[str, Any], page: Page, outlet: Outlet) -> Entry | None:
    def plain(key: str) -> str:
        value = update.get(key)
        return value if isinstance(value, str) else ""

    title, raw = squash(plain("headline")), plain("datePublished")
    lines = [
        line for line in (squash(re.sub(r"<[^>]{1,200}>", " ", p)) for p in plain("articleBody").split("\n")) if line
    ]
    anchor = (plain("url") or plain("@id")).partition("#")[2] or derived_id("entry", raw, title)[:12]
    return _entry(anchor, title, lines, raw, "json-ld", page, outlet)


def _entry(
    anchor: str, title: str, lines: list[str], raw: str, origin: str, page: Page, outlet: Outlet
) -> Entry | None:
    found = sift(lines, title, whole=False)
    kept = found.kept or tuple(line for line in lines if line == title)
    if sum(len(line.split()) for line in kept) < 3:
        return None
    value = localdate.parse_iso(raw) if raw else None
    zone = zone_of(outlet)
    if value is not None and value.tzinfo is None and zone is not None:
        value = value.replace(tzinfo=zone)
    late = value is not None and (value if value.tzinfo else value.replace(tzinfo=UTC)) > page.fetched + timedelta(
        days=1
    )
    published = None if late else value
    verdict = "in the future" if late else "chosen" if published else "not readable"
    return Entry(
        anchor=anchor,
        title=title or _first_sentence(kept[0]),
        text="\n\n".join(kept),
        published=published,
        date=DateCandidate(raw=raw[:80], origin=origin, value=value, verdict=verdict) if raw else None,
        dropped=found.dropped,
    )


def _first_sentence(line: str) -> str:
    found = _SENTENCE.match(line)
    text = found.group(0).rstrip(".") if found else line
    return text if len(text) <= _LONGEST_TITLE else text[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"
