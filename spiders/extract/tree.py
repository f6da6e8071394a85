"""The page as a tree: parsed once, asked by all the others."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from lxml import etree, html

Node = Any
"""An lxml element; lxml brings no types."""

SILENT = frozenset(
    ("script", "style", "noscript", "template", "svg", "iframe", "button", "select", "textarea", "head", "object")
)
BLOCKS = frozenset(
    "address article aside blockquote body br caption center dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td th thead tr ul".split()
)
FURNITURE_TAGS = frozenset(("nav", "aside", "footer"))
_FURNITURE = re.compile(
    r"weather|pogoda|meteo|(?:^|[\s_-])(?:clock|today|now|time-now|current-?date|header-date|top-?bar"
    r"|top-?line|ticker|sidebar|side"
    r"|widgets?|related\w*|recommend\w*|comments?|footer\w*|menu\w*|nav\w*|promo\w*|popular|most-read|trending"
    r"|newsletter\w*|cookies?"
    r"|cookie-\w+|breadcrumbs?|masthead|toolbar|banner|advert\w*|ads?|share|social|teasers?|more-news"
    r"|read-?more|also)(?:$|[\s_-])"
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_UNSEEN = dict.fromkeys(map(ord, "\xad\u200b\u2060\ufeff"))


def parse(text: str) -> Node | None:
    """The tree of a page, or None where nothing is in it."""
    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, default_doctype=False
    )
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return root if root is not None and root.find("body") is not None else None


def squash(text: str) -> str:
    """White space collapsed, soft hyphens and zero-width characters gone, composed form (NFC)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_UNSEEN))
    return " ".join(text.split())


def count_words(text: str) -> int:
    """Words of a text; in scripts that are written without blanks two characters count as one word."""
    return len(text.split()) + (0 if text.isascii() else len(_UNSPACED.findall(text)) // 2)


def text_of(node: Node) -> str:
    """Visible text of an element on one line: blocks are set apart by a blank, inline elements are not."""
    return squash("".join(_pieces(node, " ")))


def lines_of(node: Node, without: frozenset[str] = frozenset()) -> str:
    """Visible text of an element with line feeds between blocks, and with the line feeds that the source has.

    ``without`` names further tags to pass over.
    """
    return "".join(_pieces(node, "\n", SILENT | without))


def _pieces(node: Node, gap: str, silent: frozenset[str] = SILENT) -> Iterator[str]:
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, el in walk:
        if event == "start":
            if el.tag in silent:
                walk.skip_subtree()
                continue
            if el.tag in BLOCKS:
                yield gap
            yield el.text or ""
            continue
        if el.tag in BLOCKS and el.tag != "br":
            yield gap
        if el is not node:
            yield el.tail or ""


def names_of(node: Node) -> str:
    """Class and id of an element in lower case."""
    return f"{node.get('class') or ''} {node.get('id') or ''}".lower().strip()


def following(node: Node) -> Iterator[Node]:
    """Elements after ``node`` in the order of the document, its descendants left out."""
    here = node
    while here is not None and here.tag != "body":
        for sibling in here.itersiblings():
            yield from sibling.iter(etree.Element)
        here = here.getparent()


def furniture_of(node: Node, title: Node | None) -> str:
    """What makes an element furniture (``nav``, ``weather`` …), up to what it shares with the title; else ''."""
    shared = set() if title is None else {title, *title.iterancestors()}
    here = node
    while here is not None and here not in shared and here.tag != "body":
        if here.tag in FURNITURE_TAGS or here.tag == "header":
            return str(here.tag)
        found = _FURNITURE.search(names_of(here))
        if found:
            return found.group(0).strip(" _-")
        here = here.getparent()
    return ""


def drop(node: Node) -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = node.getparent()
    if parent is None:
        return
    if node.tail:
        before = node.getprevious()
        if before is None:
            parent.text = (parent.text or "") + node.tail
        else:
            before.tail = (before.tail or "") + node.tail
    parent.remove(node)
