"""Pages with hardly any structure: a text in one ``div`` or ``pre``, or bare in the body.

Here no rule about links or class names helps, so the page is read as lines.
"""

import re
from collections.abc import Sequence
from itertools import islice

from spiders.extract.localdate import is_date_line
from spiders.extract.phrases import WEATHER, is_paragraph
from spiders.extract.title import printed_twice, words
from spiders.extract.tree import FURNITURE_TAGS, Node, lines_of, squash

_BLANK = re.compile(r"\n[ \t\r\f\v\xa0]*(?:\n[ \t\r\f\v\xa0]*)+")
_MOST_LINKS = 3
_WRAP = 90


def is_plain(body: Node) -> bool:
    """Whether a body has next to no links and no machinery."""
    return len(list(islice(body.iter("a", "iframe", "form"), _MOST_LINKS + 1))) <= _MOST_LINKS


def lines(body: Node) -> list[str]:
    """The page's lines, without menus, side columns and footers."""
    text = lines_of(body, FURNITURE_TAGS).replace("\r", "")
    return [line for block in _BLANK.split(text) for line in _unwrapped(block) if line]


def _unwrapped(block: str) -> list[str]:
    """Lines of a block: kept apart when they are lines, joined when a paragraph was wrapped at a column."""
    parts = [p for p in (squash(p) for p in block.split("\n")) if p]
    if len(parts) < 2:
        return parts
    full = parts[:-1]
    wrapped = (
        all(len(p) <= _WRAP for p in full) and sum(len(p) >= 45 and not is_paragraph(p) for p in full) > len(full) / 2
    )
    return [squash(" ".join(parts))] if wrapped else parts


def title_of(found: Sequence[str]) -> str:
    """The title of a page that names none: a line printed twice, else the first line that reads like one."""
    twice = printed_twice(found[:40])
    if twice:
        return twice
    for line in found[:8]:
        count = len(words(line))
        if (
            3 <= count <= 30
            and len(line) <= 220
            and not line.endswith(".")
            and not WEATHER.match(line)
            and not is_date_line(line)
        ):
            return line
        if is_paragraph(line):
            return ""
    return ""
