"""Elements that may show a page's title, each with its own text: without kicker, subtitle and the site's name."""

import html as entities
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from spiders.extract.brief import text_within
from spiders.extract.sites import EDGES, key_of, leads_home, without_site, words
from spiders.extract.structured import Structured
from spiders.extract.tree import SILENT, Node, furniture_of, names_of, squash, text_of

_HEADLINE = re.compile(
    r"(?:^|[\s_-])(?:hdr|headline|title|entry-title|article-title|post-title|posttitle|story-title|t|heading|zagolovok"
    r"|nazva|titulo|titel|titre)(?:$|[\s_-])"
)
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:cat|category|kicker|label|rubric\w*|section|tag|badge|overline|\w*overline|eyebrow|topic|flag"
    r"|pretitle|roofline|dachzeile|spitzmarke|antetitulo|volanta|supertitle|suptitle|topline|surtitre|vignette"
    r"|head__?pre|prefix)(?:$|[\s_-])"
)
_SUBTITLE = re.compile(
    r"(?:^|[\s_-])(?:sub-?\w*|dek|standfirst|lead|date|meta|byline|author|time|teaser|info)(?:$|[\s_-])"
)
_HIDDEN = re.compile(
    r"(?:^|[\s_-])(?:sr-only|visually-?hidden|screen-reader(?:-text)?|aural|assistive|hidden-text|visuallyhidden|u-hidden"
    r"|offscreen|a11y)(?:$|[\s_-])"
)
_SITE_HEADING = re.compile(
    r"(?:^|[\s_-])(?:logo\w*|site-?(?:title|name|branding|header)|blog-?(?:title|name|header)|brand\w*|masthead)"
    r"(?:$|[\s_-])"
)
_SPREAD = 6
"""Pieces of a heading whose runs are compared with what the page calls itself."""
_SHOWING = frozenset(("h2", "h3", "div", "span", "p", "td"))
LONGEST = 400
"""Characters of the longest line that is taken for a title."""


class Heading(msgspec.Struct):
    """An element that may show the title."""

    node: Node
    text: str
    own: bool = True
    """False for the page's furniture: a breadcrumb, the site's name, a heading for screen readers."""


def ones_of(facts: Structured, voices: Sequence[str], sites: frozenset[str]) -> list[Heading]:
    """The h1 elements of a page. ``voices`` are what the page calls itself, ``sites`` what its site is called."""
    found = [_heading(n, voices, sites) for n in facts.nodes.tags.get("h1", ())[:30]]
    return [h for h in found if words(h.text) and len(h.text) <= LONGEST]


def others_of(
    facts: Structured, ones: Sequence[Heading], voices: Sequence[str], sites: frozenset[str]
) -> list[Heading]:
    """Further elements that may show the title, best first: marked as the headline, named so, lower headings."""
    tags = facts.nodes.tags
    marked = [n for n in facts.nodes.props.get("headline", ()) if n.tag != "h1"]
    named = [n for n, names in facts.nodes.named if n.tag in _SHOWING and is_headline(names) and n.get("class")]
    plain = [n for tag in ("h2", "h3") for n in tags.get(tag, ())[:10]]
    if any(h.own for h in ones):
        plain = [n for n in plain if n.tag == "h2"][:4]
    found, seen = [], {h.node for h in ones}
    for node in [*marked[:10], *named[:40], *plain]:
        if node in seen or len(node) > 6 or next(node.iter("h1"), None) is not None:
            continue
        seen.add(node)
        if not _is_furniture(node):
            found.append(_heading(node, voices, sites))
    return [h for h in found if h.own and words(h.text) and len(h.text) <= LONGEST]


@lru_cache(8192)
def is_headline(names: str) -> bool:
    """Whether classes and id, in lower case, call an element a headline."""
    # The same names come again and again, on one page and on the next of the same outlet.
    return _HEADLINE.search(names) is not None and _SUBTITLE.search(names) is None


def _heading(node: Node, voices: Sequence[str], sites: frozenset[str]) -> Heading:
    text = without_site(_own_text(node, voices), sites)
    names = names_of(node) if node.tag == "h1" else ""
    own = not (
        key_of(text) in sites
        or _SITE_HEADING.search(names)
        or _HIDDEN.search(names)
        or (node.tag == "h1" and (_in_crumbs(node) or leads_home(node)))
    )
    return Heading(node, text, own)


def _is_furniture(node: Node) -> bool:
    found = furniture_of(node, None)
    # The header of an article holds its headline.
    return bool(found) and not (found == "header" and any(a.tag in ("article", "main") for a in node.iterancestors()))


def _in_crumbs(node: Node) -> bool:
    """Whether a heading is the last crumb of a breadcrumb: some sites put a line for search engines there."""
    here = node
    for _ in range(6):
        if here is None or here.tag in ("body", "main"):
            return False
        if here.tag == "nav" or "crumb" in names_of(here):
            return bool(text_within(here, 2 * len(text_of(node)) + 100))
        here = here.getparent()
    return False


def _own_text(node: Node, voices: Sequence[str]) -> str:
    """Text of a heading without its kicker and subtitle: pieces that are named so, or that the page's voices lack."""
    full = text_of(node)
    if "&" in full:
        full = squash(entities.unescape(full))
    pieces = [p for p in _pieces(node) if p[0]]
    kept = _core(pieces)
    if len(pieces) < 2:
        return full
    told = {words(v): v for v in reversed(voices)}
    if len(kept) < len(pieces):
        core, spread = _joined(kept), _joined(pieces)
        return core if words(core) in told else told.get(words(full)) or told.get(words(spread), core)
    if words(full) in told:
        return full
    for size in range(min(len(kept), _SPREAD), 0, -1):
        for at in range(min(len(kept), _SPREAD) - size + 1):
            run = _joined(kept[at : at + size])
            if len(words(run)) >= 3 and words(run) in told:
                return run
    return full


def _core(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pieces of a heading without what its names call a kicker, a subtitle or hidden."""
    named = [p for p in pieces if _HEADLINE.search(p[1])]
    if len(named) == 1 and len(words(named[0][0])) >= 3 and all(p[1] for p in pieces):
        return named
    kept = [p for p in pieces if not _HIDDEN.search(p[1])] or pieces
    while len(kept) > 1 and not words(kept[0][0]):
        kept = kept[1:]
    while len(kept) > 1 and (kept[0][1] == "small" or _KICKER.search(kept[0][1])):
        kept = kept[1:]
    while len(kept) > 1 and (not words(kept[-1][0]) or kept[-1][1] == "small" or _SUBTITLE.search(kept[-1][1])):
        kept = kept[:-1]
    return kept


def _joined(pieces: Sequence[tuple[str, str]]) -> str:
    return squash(" ".join(text for text, _ in pieces)).lstrip(EDGES).rstrip(" |•·/\\")


def _pieces(node: Node) -> Iterator[tuple[str, str]]:
    """Text and names of a heading's parts: its own text and its children, through a single wrapper."""
    here = node
    while len(here) == 1 and not (here.text or "").strip() and not (here[0].tail or "").strip():
        here = here[0]
    yield squash(here.text or ""), ""
    for child in here:
        if child.tag not in SILENT:
            yield text_of(child), names_of(child) or ("small" if child.tag == "small" else "")
        yield squash(child.tail or ""), ""
