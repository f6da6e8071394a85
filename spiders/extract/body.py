"""The text of an article: side boxes out, trafilatura for the body, the line sieve on top."""

import re
from typing import Any

import msgspec
from lxml import etree

from spiders.extract import plain
from spiders.extract.lines import sift
from spiders.extract.phrases import TEASER, TEASER_CAPITALS, is_teaser
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, count_words, drop, lines_of, names_of, squash, text_of

_BOXES = re.compile(
    r"(?:^|[\s_-])(?:read-?more|read-?also|also-?read|see-?also|related(?:-\w+)?|weather|most-(?:popular|read)"
    r"|newsletter(?:-\w+)?|share(?:-\w+)?|social(?:-\w+)?|comments?|comment-list"
    r"|cookie(?:-\w+)?|subscribe(?:-\w+)?|breadcrumbs?|outbrain|taboola|sig|author-box)(?:$|\s)"
)
_TEXT_NAMES = re.compile(
    r"(?:entry|article|post|story|main|page)[_-]*(?:content|body|text)|articlebody|(?:^|\s)(?:content|article"
    r"|post|main)(?:\s|$)"
)
_LARGEST_BOX = 100
_LAYOUT_WORDS = 40
_TEASER_TAGS = ("p", "li", "h2", "h3", "h4", "h5", "h6", "div", "strong", "b", "em", "span", "a", "blockquote")
_BLOCK_TAGS = frozenset(("p", "li", "h2", "h3", "h4", "h5", "h6", "div", "blockquote", "aside", "section"))
_CONTAINERS = frozenset(("html", "body", "main", "article", "form", "table", "tbody", "tr", "td"))
_UNREAD = frozenset(("a", "nav", "footer", "aside", "form"))
_SMALL_PAGE = 300
_LONGEST_TEASER = 60
_RESCUE_WORDS = 150


class Body(msgspec.Struct, frozen=True):
    """Text of an article, paragraphs joined by a blank line; what was left out; and who found it."""

    text: str = ""
    dropped: tuple[str, ...] = ()
    origin: str = ""


def read(root: Node, facts: Structured, title: str, authors: tuple[str, ...] = ()) -> Body:
    """The text of a structured page. The tree loses its side boxes and is of no use afterwards."""
    gone = prune(root)
    lines, origin = _found(root), "trafilatura"
    rescue = _from_json(facts)
    if count_words(" ".join(lines)) * 2 < count_words(" ".join(rescue)) >= _RESCUE_WORDS:
        lines, origin = rescue, "json-ld"
    found = sift(lines, title, authors)
    return Body("\n\n".join(found.kept), _unique([*gone, *found.dropped]), origin)


def read_plain(root: Node, title: str, authors: tuple[str, ...] = ()) -> Body:
    """The text of a page without structure, read as lines. The tree loses its side boxes here too."""
    gone = prune(root)
    found = sift(plain.lines(root.find("body")), title, authors)
    return Body("\n\n".join(found.kept), _unique([*gone, *found.dropped]), "lines")


def _unique(lines: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line[:200] for line in lines if line))[:50]


def prune(root: Node) -> list[str]:
    """Take teasers and side boxes out of a tree; gives their texts."""
    gone: list[str] = []
    body = root.find("body")
    _open_layout_tables(body)
    for node in [n for n in body.iter("aside", "div", "section", "ul", "p", "span", "table") if _is_box(n)]:
        if _inside(node, body):
            gone.append(text_of(node))
            drop(node)
    for node in [n for n in body.iter(*_TEASER_TAGS) if _starts_teaser(n)]:
        if _inside(node, body):
            _drop_teaser(node, gone)
    return [g for g in gone if g]


def _open_layout_tables(body: Node) -> None:
    """Tables that only lay the page out become plain boxes: else a text in a cell is read as one line of data."""
    for table in list(body.iter("table")):
        blocks = [n for c in table.iter("td") for n in c if n.tag in ("p", "div", "section", "article")]
        if sum(count_words(text_of(n)) for n in blocks) > _LAYOUT_WORDS:
            for node in table.iter("table", "tbody", "thead", "tr", "td", "th"):
                node.tag = "div"


def _inside(node: Node, body: Node) -> bool:
    top = node
    while top.getparent() is not None:
        if top is body:
            return True
        top = top.getparent()
    return False


def _is_box(node: Node) -> bool:
    """Whether an element is a side box by its name. A name alone must not cost a text: what holds much of it stays."""
    names = names_of(node)
    if not names or not _BOXES.search(names) or _TEXT_NAMES.search(names):
        return False
    if next(node.iter("h1"), None) is not None:
        return False
    linked = sum(count_words(text_of(a)) for a in node.iter("a"))
    return "comment" in names or count_words(text_of(node)) - linked <= _LARGEST_BOX


def _starts_teaser(node: Node) -> bool:
    head = (node.text or "").strip()[:60]
    return len(head) > 3 and bool(TEASER.match(head) or TEASER_CAPITALS.match(head))


def _drop_teaser(node: Node, gone: list[str]) -> None:
    """Drop the block that a teaser fills; in a paragraph that goes on before it, only the teaser and its link."""
    block = node
    while block.tag not in _BLOCK_TAGS and block.getparent() is not None and block.getparent().tag not in _CONTAINERS:
        block = block.getparent()
    text = text_of(block)
    if is_teaser(text) and len(text.split()) <= _LONGEST_TEASER:
        gone.append(text)
        drop(block)
        return
    if node.tag in ("strong", "b", "em", "span", "a"):
        link = node.getnext()
        if link is not None and link.tag == "a" and not squash(node.tail or ""):
            gone.append(text_of(node) + " " + text_of(link))
            drop(link)
            drop(node)


def _found(root: Node) -> list[str]:
    """Lines of the text. The fast reading does, unless it holds too few of the page's words, or too many."""
    body = root.find("body")
    lines = _trafilatura(root, fast=True)
    count = count_words(" ".join(lines))
    whole = count_words(lines_of(body, _UNREAD))
    if whole > _SMALL_PAGE and count * 4 < whole:
        paragraphs = sum(count_words(text_of(p)) for p in body.iter("p"))
        thorough = _trafilatura(root, fast=False)
        return thorough if count_words(" ".join(thorough)) * 2 >= paragraphs else lines
    return _trafilatura(root, fast=False) or lines if count > 2 * whole else lines


def _trafilatura(root: Node, *, fast: bool) -> list[str]:
    from trafilatura.core import bare_extraction
    from trafilatura.settings import Extractor
    from trafilatura.xml import xmltotxt

    options = Extractor(output_format="python", fast=fast, comments=False, with_metadata=False)
    try:
        found = bare_extraction(root, options=options)
    except (etree.LxmlError, ValueError, TypeError, AttributeError, RecursionError):
        return []
    if found is None or isinstance(found, dict) or found.body is None:
        return []
    text = xmltotxt(found.body, include_formatting=False)
    return [line for line in (_line(part) for part in text.split("\n")) if line]


def _line(raw: str) -> str:
    return squash(raw.removeprefix("- ")).strip("| ")


def _from_json(facts: Structured) -> list[str]:
    raw = facts.article.get("articleBody")
    if not isinstance(raw, str) or len(raw) < 400:
        return []
    text = re.sub(r"<[^>]{1,200}>", " ", raw)
    return [line for line in (squash(p) for p in text.split("\n")) if line]
