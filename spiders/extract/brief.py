"""Text of elements that ought to be short: a large one costs no more than a look."""

from spiders.extract.tree import Node, text_of

_BLANKS = 4
"""Characters in the source for one on the page, white space and scripts included."""


def is_longer(node: Node, limit: int) -> bool:
    """Whether an element's source holds far more than ``limit`` characters of text."""
    left = _BLANKS * limit + 1000
    for text in node.itertext():
        left -= len(text)
        if left < 0:
            return True
    return False


def text_within(node: Node | None, limit: int) -> str:
    """Text of an element on one line; an empty string where there is none, or more than ``limit`` characters."""
    if node is None or is_longer(node, limit):
        return ""
    text = text_of(node)
    return text if len(text) <= limit else ""
