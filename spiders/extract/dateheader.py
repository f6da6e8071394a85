"""The article's header: what stands between its title and its text, where a page says when it was published.

Several questions are asked of it; it is gathered once, and its lines are read when the first of them is asked.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from lxml import etree

from spiders.extract.phrases import is_paragraph
from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.tree import BLOCKS, SILENT, Node, following, squash, text_of

FIGURE = re.compile(r"\d")
LONGEST_LINE = 160
"""Characters beyond which a line of the header says more than a date."""
_MOST = 60
_LONG = 25
_PARAGRAPHS = 3
_CHILDREN = 8
_HEADINGS = 20
_TELLING = 4
"""Words by which a heading is known again."""


class Header:
    """Elements around the title of an article, none where the page shows no title."""

    def __init__(self, title: Node | None) -> None:
        """Gather them for the element that shows the title."""
        self.title = title
        self.nodes = [] if title is None else _gathered(title)
        """The elements in the order of the page; marked True, those above the title that share its parent."""

    @cached_property
    def lines(self) -> list[tuple[Node, bool, str]]:
        """The elements with the text of each; an empty one for those that hold more than a line."""
        return [(n, above, brief(n, LONGEST_LINE) if len(n) < _CHILDREN else "") for n, above in self.nodes]


def heading_of(facts: Structured) -> Node | None:
    """The heading that most likely is the article's where none was settled as its title: all of it stands in the head.

    Of a title only its place is asked here, so that less is enough than for its words.
    """
    told = [f" {' '.join(words(t))} " for t in (facts.first("og:title"), facts.title_tag) if t]
    for tag in ("h1", "h2", "h3"):
        for node in facts.nodes.tags.get(tag, ())[:_HEADINGS]:
            own = words(text_of(node))
            if len(own) >= _TELLING and any(f" {' '.join(own)} " in t for t in told):
                return node
    return None


def brief(node: Node, most: int) -> str:
    """The visible text of an element on one line, or an empty string where it has more than so many characters."""
    found: list[str] = []
    length = 0
    for piece in _pieces(node):
        found.append(piece)
        length += len(piece.strip())
        # Some of what is counted may go when white space and unseen characters do.
        if length > 2 * most:
            return ""
    text = squash("".join(found))
    return text if len(text) <= most else ""


def _pieces(node: Node) -> Iterator[str]:
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, el in walk:
        if event == "start":
            if el.tag in SILENT:
                walk.skip_subtree()
                continue
            yield f" {el.text or ''}" if el.tag in BLOCKS else el.text or ""
        elif el is not node:
            yield f" {el.tail or ''}" if el.tag in BLOCKS and el.tag != "br" else el.tail or ""


def _gathered(title: Node) -> list[tuple[Node, bool]]:
    """Elements between title and text. Where the title is shown a second time, the header begins there."""
    found: list[tuple[Node, bool]] = []
    above = title.getparent()
    if above is not None and above.tag != "body":
        for sibling in title.itersiblings(preceding=True):
            found += [(n, True) for n in sibling.iter() if isinstance(n.tag, str)][:8]
    shown = words(text_of(title))
    paragraphs = 0
    for node in following(title):
        own = "" if node.tag in SILENT else squash(node.text or "")
        paragraphs += 2 if len(own.split()) > _LONG else is_paragraph(own)
        if paragraphs > _PARAGRAPHS or len(found) > _MOST:
            break
        if own and words(own) == shown:
            found.clear()
        elif node.tag not in SILENT:
            found.append((node, False))
    return found
