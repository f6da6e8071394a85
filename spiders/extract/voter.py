"""Trafilatura's reading of a page: its lines, which are a vote on each block and the text where all else fails.

Of its steps only the main one is taken: clean, convert, extract; and the last, its baseline, where that gave little.
What it does besides (other extractors, readers' comments, metadata) takes more than half of its time, and the trees
and the rescues of ``spiders.extract.body`` do the same.
"""

from copy import copy

from lxml import etree

from spiders.extract.tree import Node, squash

_LINES = ("p", "head", "quote", "code", "list", "item", "table", "row", "cell", "lb", "fw", "div")


def lines(root: Node) -> list[str]:
    """Lines of the page's text as trafilatura finds it; none where it finds nothing or fails. The tree stays whole."""
    from trafilatura.baseline import baseline
    from trafilatura.htmlprocessing import convert_tags, tree_cleaning
    from trafilatura.main_extractor import extract_content
    from trafilatura.settings import Extractor

    options = Extractor(output_format="python", fast=True, comments=False, with_metadata=False)
    try:
        found, text = extract_content(convert_tags(tree_cleaning(copy(root), options), options), options)
        if len(text) < options.min_extracted_size:
            other, _, length = baseline(root)
            found = other if length > len(text) else found
    except (etree.LxmlError, ValueError, TypeError, AttributeError, RecursionError):
        return []
    return _lines(found)


def _lines(found: Node) -> list[str]:
    for node in found.iter(*_LINES):
        node.text = f"\n{node.text or ''}"
        node.tail = f"\n{node.tail or ''}"
    return [line for line in map(squash, "".join(found.itertext()).split("\n")) if line]
