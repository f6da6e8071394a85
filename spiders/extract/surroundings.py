"""Where the blocks of a page stand: the elements above each, what these are called, how many words are below them."""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from spiders.extract.blocks import Block
from spiders.extract.tree import Node, names_of

_MEDIA = re.compile(r"caption|image|photo|picture|figure|gallery|video|media|player|embed|bild|foto")
_RELATED = re.compile(
    r"relat|recommend|more-?(?:news|stories|from|on)|read-?(?:more|also|next|on)|also|teaser|promo|popular|trending"
    r"|most-|latest|similar|suggest|next-|prev|pagination|outbrain|taboola|card|list|feed|carousel|slider|recirc|onward"
    r"|mehr|weiter"
)
_FOOT = re.compile(r"foot|copyright|legal|disclaimer|bottom")
_META = re.compile(
    r"meta|byline|author|date|time|publish|posted|credit|source|tags?(?:[^a-z]|$)|categor|kicker|info|bio\b|profile"
)
_SOCIAL = re.compile(
    r"shar|social|facebook|twitter(?!-tweet)|follow|subscri|newsletter|sign-?up|paywall|donat|support|membership|register|login"
)
_BODY = re.compile(
    r"(?:article|entry|post|story|main|page|content|news|single|text)[_-]*(?:content|body|text|copy|inner|main|detail)"
    r"|articlebody|body-?(?:copy|text|content)|rich-?text|rte\b|wysiwyg|prose|paragraph|textblock"
)
_ARTICLE = re.compile(r"article|post|entry|story|content|main|hentry")
_COMMENTS = re.compile(r"comment|disqus|respond|reply|discuss|kommentar")
_ASIDE = re.compile(
    r"hid|sr-only|visually|modal|popup|overlay|cookie|consent|tooltip|dialog|side|widget|rail|banner|sponsor"
)
_QUOTED = re.compile(r"tweet|quote|telegram-|instagram-media")
_PATTERNS = (_MEDIA, _RELATED, _FOOT, _META, _SOCIAL, _BODY, _ARTICLE, _COMMENTS, _ASIDE, _QUOTED)
TAGS = ("article", "main", "table", "li", "ul", "section", "header", "footer", "aside", "nav", "figure", "blockquote")
"""Elements whose distance above a block is told."""
_TAG_AT = {tag: n for n, tag in enumerate(TAGS)}
_CLASS = 60
"""Characters of a class by which elements are alike; ids of single posts stand behind."""
_KIND = 5
_MAIN = 0.7


class Place(msgspec.Struct, eq=False):
    """An element with blocks below it. Words are those of all blocks below."""

    node: Node
    up: "Place | None" = None
    depth: int = 0
    """Elements up to the body."""
    tags: tuple[int, ...] = (0,) * len(TAGS)
    """The depth at which each of ``TAGS`` is last met; 0: never."""
    named: tuple[int, ...] = (0,) * len(_PATTERNS)
    """The same for what class and id say."""
    body: int = 0
    """The same for ``itemprop=articleBody``."""
    kind: tuple[object, ...] = ()
    """Tags and classes of the element and of those above it: alike in blocks that are of one sort."""
    words: float = 0.0
    linked: float = 0.0
    text: float = 0.0
    """Words of sentences without links."""
    voted: float = 0.0
    count: int = 0
    """Blocks."""
    out: int = 0
    """Steps up to the first element that also holds the middle of the text …"""
    down: int = 0
    """… and steps from there down to the middle."""


class Surroundings:
    """The places of all blocks."""

    def __init__(
        self, blocks: Sequence[Block], body: Node, votes: Sequence[float], sound: Sequence[bool], voted: float
    ) -> None:
        self.top = Place(body)
        self._places = {body: self.top}
        self.of = [self._place(block.node) for block in blocks]
        self._weigh(blocks, votes, sound)
        self.middle = self._middle(voted)
        self._measure()

    def _place(self, node: Node) -> Place:
        """Elements above first: so deep a page needs no deep recursion."""
        missing = []
        here = node
        while here not in self._places:
            missing.append(here)
            here = here.getparent()
            if here is None:
                here = self.top.node
        place = self._places[here]
        for child in reversed(missing):
            depth = place.depth + 1
            at = _TAG_AT.get(child.tag)
            own = _named(names_of(child))
            prop = child.get("itemprop")
            place = Place(
                child,
                place,
                depth,
                place.tags if at is None else _met(place.tags, (at,), depth),
                _met(place.named, own, depth) if own else place.named,
                depth if prop and "articlebody" in prop.lower() else place.body,
                ((child.tag, (child.get("class") or "")[:_CLASS]), *place.kind[: _KIND - 1]),
            )
            self._places[child] = place
        return place

    def _weigh(self, blocks: Sequence[Block], votes: Sequence[float], sound: Sequence[bool]) -> None:
        for block, place, vote, good in zip(blocks, self.of, votes, sound, strict=True):
            count = block.count
            place.words += count
            place.linked += count * block.link
            place.voted += count * vote
            place.count += 1
            if good:
                place.text += count
        for place in reversed(self._places.values()):
            up = place.up
            if up is not None:
                up.words += place.words
                up.linked += place.linked
                up.text += place.text
                up.voted += place.voted
                up.count += place.count

    def _middle(self, voted: float) -> Place | None:
        """The deepest element that holds most of what was voted for."""
        holding = [place for place in self._places.values() if place.voted >= _MAIN * voted]
        return max(holding, key=lambda place: place.depth, default=None)

    def _measure(self) -> None:
        """The steps between each place and the middle."""
        line: dict[int, int] = {}
        place = self.middle
        while place is not None:
            line[id(place)] = len(line)
            place = place.up
        for place in self._places.values():
            if id(place) in line:
                place.down = line[id(place)]
            elif place.up is not None:
                place.out, place.down = place.up.out + 1, place.up.down


def _met(above: tuple[int, ...], own: tuple[int, ...], depth: int) -> tuple[int, ...]:
    found = list(above)
    for n in own:
        found[n] = depth
    return tuple(found)


@lru_cache(4096)
def _named(names: str) -> tuple[int, ...]:
    """Numbers of the patterns that an element's class and id meet; sites use few names, many times."""
    return tuple(n for n, pattern in enumerate(_PATTERNS) if pattern.search(names)) if names else ()
