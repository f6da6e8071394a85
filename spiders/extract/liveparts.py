"""What the two shapes of a live blog share: an entry as it stands in its page, its lines, and what is none."""

import re
from datetime import date
from typing import Any

import msgspec
from lxml import etree

from spiders.extract import livetime
from spiders.extract.tree import BLOCKS, SILENT, Node, count_words, names_of, squash, text_of

APART = re.compile(
    r"(?:^|[\s_-])(?:comments?|comment-\w+|related\w*|recommend\w*|promo\w*|teasers?|popular|most-read|trending"
    r"|more-news"
    r"|key-?(?:events?|moments?|points?)\w*|sidebar|widgets?|toc|summary-list|pagination|breadcrumbs?|menu)(?:$|[\s_-])"
)
"""Names of what stands beside a live blog."""
OUTSIDE = frozenset(("html", "body"))
WORDS_OF_AN_ENTRY = 3


class Block(msgspec.Struct):
    """One entry as it stands in the page."""

    nodes: list[Node]
    stamp: livetime.Stamp
    changed: livetime.Stamp | None = None
    day: date | None = None
    """Day of the heading above it."""
    clock_in_text: bool = False
    """The first line begins with the clock."""


def own_words(node: Node) -> int:
    """Words outside of links."""
    return count_words(text_of(node)) - sum(count_words(text_of(a)) for a in node.iter("a"))


def is_apart(node: Node) -> bool:
    """Whether an element stands in a box beside the live blog."""
    here = node
    while here is not None and here.tag not in OUTSIDE:
        if here.tag in ("nav", "aside", "footer") or APART.search(names_of(here)):
            return True
        here = here.getparent()
    return False


def lines(node: Node) -> list[str]:
    """Visible text of an element, one line a block."""
    found = [""]
    walk: Any = etree.iterwalk(node, events=("start", "end"))
    for event, one in walk:
        if event == "start" and (not isinstance(one.tag, str) or one.tag in SILENT):
            walk.skip_subtree()
            continue
        if one.tag in BLOCKS:
            found.append("")
        piece = one.text if event == "start" else one.tail if one is not node else ""
        found[-1] += piece or ""
    return [line for line in map(squash, found) if line]
