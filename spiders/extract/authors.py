"""Who wrote it: from JSON-LD, meta, and the page's byline."""

import re
from collections.abc import Iterator
from typing import Any

from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.tree import Node, following, furniture_of, names_of, squash, text_of

_BY = re.compile(
    r"(?i)^\W*(?:(?:written |posted |reported )?by\b|text\b:|von\b|par\b|por\b|di\b|autor(?:en|es|ka|zy)?\b"
    r"|автор(?:и|ы|ка)?\b|текст\b|author\b|журналіст(?:ка)?\b:)\s*:?\s*"
)
_SPLIT = re.compile(r"\s*(?:[;,|/&•·]|\b(?:and|und|et|y|i|and)\b|(?<=\s)(?:і|й|и|та)(?=\s))\s*")
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:byline\w*|by-line|author\w*|writer|reporter|sig|signature|a|c-byline|post-author"
    r"|avtor)(?:$|[\s_-])"
)
_ROLE = re.compile(
    r"(?i)\b(?:correspondent|editor|reporter|staff|writer|journalist|contributor|desk|кореспондент\w*"
    r"|корреспондент\w*|редактор\w*|журналіст\w*|журналист\w*)\b.*$"
)
_ADDRESS = re.compile(r"https?://|@|\bwww\.|\.(?:com|net|org)\b")
_META = (
    "author",
    "article:author",
    "dc.creator",
    "dc.creator.name",
    "byl",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "citation_author",
)


def find(root: Node, facts: Structured, title: Node | None, listed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the authors, in the order of the page, each once; empty where none are named."""
    site = words(facts.first("og:site_name"))
    for source in (_json_ld(facts), _meta(facts), _marked(root, title), iter(listed), _byline(title)):
        names = _clean(source, site)
        if names:
            return names
    return ()


def _json_ld(facts: Structured) -> Iterator[str]:
    raw = facts.article.get("author") or facts.article.get("creator")
    for one in raw if isinstance(raw, list) else [raw]:
        yield from _names(one)


def _names(one: Any) -> Iterator[str]:
    if isinstance(one, str):
        yield one
    elif isinstance(one, dict):
        name = one.get("name")
        yield from (n for n in (name if isinstance(name, list) else [name]) if isinstance(n, str))


def _meta(facts: Structured) -> Iterator[str]:
    for key in _META:
        yield from facts.meta.get(key, ())


def _marked(root: Node, title: Node | None) -> Iterator[str]:
    for node in root.iter("a", "span", "div", "p", "address", "strong"):
        marked = node.get("itemprop") == "author" or "author" in (node.get("rel") or "").lower().split()
        if marked and not furniture_of(node, title):
            inner = next((n for n in node.iter() if n.get("itemprop") == "name"), node)
            yield text_of(inner) or squash(inner.get("content") or "")


def _byline(title: Node | None) -> Iterator[str]:
    if title is None:
        return
    for count, node in enumerate(following(title)):
        if count > 400:
            return
        own = text_of(node) if _BYLINE.search(names_of(node)) else squash(node.text or "")
        if (
            2 <= len(own) <= 100
            and (_BYLINE.search(names_of(node)) or _BY.match(own))
            and not furniture_of(node, title)
        ):
            yield own
            return


def _clean(raw: Iterator[str], site: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in raw:
        if _ADDRESS.search(text):
            continue
        for part in _SPLIT.split(_BY.sub("", squash(text))):
            name = _BY.sub("", part)
            bare = _ROLE.sub("", name)
            if bare != name and len(bare.split()) < 2:
                continue
            name = squash(bare.strip(" -–—:()"))
            if (
                2 <= len(name) <= 60
                and not any(c.isdigit() for c in name)
                and len(name.split()) <= 6
                and words(name) != site
            ):
                found[name] = None
    return tuple(found)[:12]
