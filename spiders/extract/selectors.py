"""CSS selectors of outlets' rules, compiled once: what they find, and what a found element says."""

import re
from functools import lru_cache

import msgspec
from cssselect import ExpressionError, HTMLTranslator, SelectorSyntaxError
from lxml import etree

from spiders.extract.tree import Node, squash, text_of

_ATTRIBUTE = re.compile(r"\s*@([A-Za-z_][\w:.-]*)\s*\Z")
_SAYS_BY = {"meta": "content", "img": "src", "link": "href"}
"""Elements without a text of their own, and the attribute that stands for it."""
LONGEST = 500


class Selector(msgspec.Struct, frozen=True, eq=False):
    """A compiled selector, and the attribute behind its ``@``; an empty one means the text."""

    path: etree.XPath
    attribute: str = ""

    def find(self, root: Node) -> list[Node]:
        """The elements it finds, in the order of the document; those inside another that is found are left out."""
        found = list(self.path(root))
        if len(found) < 2:
            return found
        whole = set(found)
        return [node for node in found if whole.isdisjoint(node.iterancestors())]

    def says(self, node: Node) -> str:
        """What an element says, on one line: the attribute asked for, or its text."""
        name = self.attribute or _SAYS_BY.get(node.tag, "")
        return squash(node.get(name.lower()) or "") if name else text_of(node)


@lru_cache(2048)
def compiled(written: str) -> Selector:
    """The selector of ``CSS`` or ``CSS@attribute``. Raises ValueError that says what is wrong with it."""
    if len(written) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    behind = _ATTRIBUTE.search(written)
    css = written[: behind.start()] if behind else written
    if not css.strip():
        raise ValueError("there is no selector before the @" if behind else "it is empty")
    try:
        path = etree.XPath(HTMLTranslator().css_to_xpath(css))
    except (SelectorSyntaxError, ExpressionError, etree.XPathSyntaxError) as error:
        raise ValueError(str(error).rstrip(".")) from error
    return Selector(path, behind.group(1) if behind else "")
