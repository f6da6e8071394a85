"""What readers wrote below an article goes out of the tree before its text is looked for.

By the names that their boxes have on nearly all sites. On a page whose text stands in such a box (a thread of a forum,
a column filed under “comment”) nothing is cut.
"""

import re

from lxml import etree

from spiders.extract.phrases import is_paragraph
from spiders.extract.tree import SILENT, Node, count_words, drop, names_of, squash, text_of

_MAYBE = etree.XPath(
    ".//*[contains(@class, 'omment') or contains(@id, 'omment') or contains(@class, 'disqus')"
    " or contains(@id, 'disqus') or @id = 'respond']"
)
_COMMENTS = re.compile(
    r"(?<![a-z])(?<!no[-_])(?<!has[-_])(?<!with[-_])(?<!open[-_])"
    r"(?:comments?|kommentare?|commentaires?|comentarios?|disqus)"
    r"(?:[-_]{0,2}(?:list|area|section|wrap(?:per)?|container|content|body|text|threads?|block|box|item|inner|holder"
    r"|module|widget|template|form|respond|reply|region|pane))?(?:$|[\s\d]|[-_]{1,2}\d)"
    r"|(?:^|\s)respond(?:$|\s)"
)
_BOXES = ("div", "section", "ol", "ul", "li", "article", "aside", "dl", "table", "form")
_NEVER_WITHIN = ("h1", "main")
_TEXTS = ("p", "blockquote", "li")
_LEAST = 50
"""Words of paragraphs that have to stand before the first box."""


def cut_comments(body: Node) -> list[str]:
    """Take the boxes of readers' comments out of the tree. Gives their texts."""
    boxes = [node for node in _MAYBE(body) if node.tag in _BOXES and _COMMENTS.search(names_of(node))]
    outer = _outermost([box for box in boxes if next(box.iter(*_NEVER_WITHIN), None) is None])
    if not outer or not _is_left_without(body, outer):
        return []
    gone = [text_of(box) for box in outer]
    for box in outer:
        drop(box)
    return gone


def _outermost(boxes: list[Node]) -> list[Node]:
    known = set(boxes)
    return [box for box in boxes if not any(above in known for above in box.iterancestors())]


def _is_left_without(body: Node, boxes: list[Node]) -> bool:
    """Whether some paragraphs stand before the first of the boxes."""
    found = 0
    for node in body.iter(etree.Element):
        if node is boxes[0]:
            return False
        if node.tag in SILENT:
            continue
        text = text_of(node) if node.tag in _TEXTS else squash((node.tail if node.tag == "br" else node.text) or "")
        found += count_words(text) if is_paragraph(text) else 0
        if found >= _LEAST:
            return True
    return False
