"""Who wrote it: from JSON-LD, marks in the markup, meta, the byline beside the title, the feed."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from spiders.extract import byline, jsonld
from spiders.extract.people import Name, is_by, names_in
from spiders.extract.sites import sites_of
from spiders.extract.structured import Structured
from spiders.extract.tree import Node

_META = (
    "author",
    "article:author",
    "citation_author",
    "citation_authors",
    "dc.creator",
    "dc.creator.name",
    "dcterms.creator",
    "og:article:author",
    "og:author",
    "articleauthor",
    "article_author",
    "authors",
    "author-name",
    "byl",
    "byline",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "shareaholic:article_author_name",
    "trackonomics.author",
    "twitter:data1",
)
_MOST = 30
_HONORIFIC = re.compile(r"^(?:(?:prof|dr)\.?\s+)+")


class Authors(msgspec.Struct, frozen=True):
    """Names of the authors in the order of the page, each once, and where they stand."""

    names: tuple[str, ...] = ()
    origin: str = ""
    """``json-ld``, ``markup``, ``meta``, ``byline``, ``feed`` or ``text``; empty where none are named."""


def find(root: Node, facts: Structured, title: Node | None, listed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the authors, in the order of the page, each once; empty where none are named."""
    return choose(root, facts, title, listed).names


def choose(root: Node, facts: Structured, title: Node | None, listed: tuple[str, ...] = ()) -> Authors:
    """The authors of a page, and where they stand.

    The first place that names a person wins, in the order: JSON-LD, marked elements, meta, the byline beside the title,
    the feed. A byline that has the same names and more is the fuller one. Where no place names a person, a single name,
    an organisation or at last a user name is better than nobody. ``title`` is the element that shows the title,
    ``listed`` are the feed's names.
    """
    sites = sites_of(facts)
    near = byline.near(facts, title)
    places: tuple[tuple[str, Callable[[], list[Name]]], ...] = (
        ("json-ld", lambda: _names(_json_ld(facts.article or facts.work), sites)),
        ("markup", lambda: byline.marked([n for n in near if byline.is_marked(n)], title, sites)),
        ("meta", lambda: _of_meta(facts, sites)),
        ("byline", lambda: byline.marked(near, title, sites) or byline.announced(title, sites)),
        ("feed", lambda: _names(listed, sites)),
        ("text", lambda: byline.signed(root, title, sites)),
    )
    found: list[tuple[str, list[Name]]] = []
    for origin, read in places:
        if origin == "text" and any(o == "byline" and _texts(names, "handle") for o, names in found):
            continue
        names = read()
        if byline.persons_of(names):
            return _fuller(Authors(_texts(names, "person"), origin), lambda: byline.marked(near, title, sites))
        found.append((origin, names))
    return _second_best(facts, title, found, sites)


def _second_best(
    facts: Structured, title: Node | None, found: list[tuple[str, list[Name]]], sites: frozenset[str]
) -> Authors:
    """What is left where no place names a person."""
    for origin, names in found:
        for sort in ("single", "organisation"):
            if texts := _texts(names, sort):
                return Authors(texts, origin)
    far = [n for n in byline.marked(byline.everywhere(facts), title, sites) if n.sort != "organisation"]
    if byline.persons_of(far):
        return Authors(_texts(far, "person"), "text")
    for origin, names in [*found, ("text", far)]:
        for sort in ("handle", "single", "organisation"):
            if texts := _texts(names, sort):
                return Authors(texts, origin)
    return Authors()


def _texts(names: Iterable[Name], sort: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.text for n in names if n.sort == sort))[:_MOST]


def _fuller(found: Authors, other: Callable[[], list[Name]]) -> Authors:
    if found.origin in ("byline", "markup") or len(found.names) > 3:
        return found
    more = _texts(other(), "person")
    mine = {_bare(n) for n in found.names}
    return Authors(more, "byline") if mine < {_bare(n) for n in more} and len(more) <= 6 else found


def _bare(name: str) -> str:
    return _HONORIFIC.sub("", name.casefold())


def _names(lines: Iterable[str], sites: frozenset[str]) -> list[Name]:
    return [n for line in lines for n in names_in(line, sites, declared=True)]


def _json_ld(node: dict[str, Any]) -> Iterator[str]:
    raw = node.get("author") or node.get("creator")
    for one in raw if isinstance(raw, list) else [raw]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            name = one.get("name") or " ".join(
                part for part in (jsonld.plain(one.get("givenName")), jsonld.plain(one.get("familyName"))) if part
            )
            yield from (n for n in (name if isinstance(name, list) else [name]) if isinstance(n, str))


def _of_meta(facts: Structured, sites: frozenset[str]) -> list[Name]:
    """Names of the first meta element that has a person; else of the first that has any."""
    spare: list[Name] = []
    for key in _META:
        if key == "twitter:data1" and not is_by(facts.first("twitter:label1") + " x"):
            continue
        names = _names(facts.meta.get(key, ())[:_MOST], sites)
        if byline.persons_of(names):
            return names
        spare = spare or names
    return spare
