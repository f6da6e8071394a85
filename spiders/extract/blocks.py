"""The page cut into blocks: pieces of text that no block element and no line break divides, in order of the page."""

import re
from itertools import islice

import msgspec
from lxml import etree

from spiders.extract.sites import words
from spiders.extract.tree import BLOCKS, SILENT, Node, count_words, squash

_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_MAYBE_HIDDEN = etree.XPath(".//@hidden/.. | .//@aria-hidden/.. | .//@style/..")
_LENGTH = etree.XPath("string-length()")
_MARK = re.compile(r"\W{0,2}(?:\d{1,3}|\*+|[a-z])\W{0,2}")
_MOST_HIDDEN = 1 / 3
_SMALL_FORM = 60
_MOST_FORMS = 20
_COUNTED = frozenset(("a", "b", "strong", "i", "em"))


class Block(msgspec.Struct, eq=False):
    """One piece of text and the element it stands in. Shares are of its characters, 0 to 1."""

    text: str
    node: Node
    words: tuple[str, ...]
    """Its words in one case: what blocks and readings are compared by."""
    count: int
    """Words as a reader counts them."""
    link: float
    bold: float
    italic: float
    breaks: int
    """Line breaks (``br``) between it and what stands before it in the same element."""


def blocks_of(body: Node) -> list[Block]:
    """The blocks of a page. What is hidden, and small forms that ask for an address, are passed over."""
    unseen = _unseen(body)
    walker = _Walker(body)
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, node in walk:
        passed = node.tag in SILENT or node in unseen
        if event == "start":
            if passed:
                walk.skip_subtree()
            else:
                walker.enter(node)
        elif passed:
            walker.add(node.tail)
        else:
            walker.leave(node)
    walker.flush()
    return walker.found


class _Walker:
    """What is open while the tree is walked."""

    def __init__(self, body: Node) -> None:
        self.found: list[Block] = []
        self._body = body
        self._open = [body]
        self._parts: list[str] = []
        self._within = {"a": 0, "b": 0, "i": 0}
        self._chars = {"a": 0, "b": 0, "i": 0}
        self._breaks = 0
        self._seen = False

    def enter(self, node: Node) -> None:
        tag = node.tag
        if tag == "br":
            self.flush()
            self._breaks += 1
        elif tag in BLOCKS:
            self.flush()
            self._breaks = 0
            self._open.append(node)
        elif tag in _COUNTED:
            self._within[_kind(tag)] += 1
        self.add(node.text)

    def leave(self, node: Node) -> None:
        tag = node.tag
        if tag in _COUNTED:
            self._within[_kind(tag)] -= 1
        elif tag in BLOCKS and tag != "br":
            self.flush()
            self._breaks = 0
            if len(self._open) > 1:
                self._open.pop()
        if node is not self._body:
            self.add(node.tail)

    def add(self, text: str | None) -> None:
        if not text:
            return
        self._parts.append(text)
        size = len(text.strip())
        if size:
            self._seen = True
            for kind, depth in self._within.items():
                if depth:
                    self._chars[kind] += size

    def flush(self) -> None:
        """Close the block that is open, if there is text in it."""
        if not self._seen:
            self._parts.clear()
            return
        text = squash("".join(self._parts))
        self._parts.clear()
        self._seen = False
        if text:
            size = len(text)
            link, bold, italic = (chars and min(1.0, chars / size) for chars in self._chars.values())
            own = words(text)
            count = max(len(own), count_words(text))
            self.found.append(Block(text, self._open[-1], own, count, link, bold, italic, self._breaks))
            self._breaks = 0
            self._chars = {"a": 0, "b": 0, "i": 0}


def _kind(tag: str) -> str:
    return {"strong": "b", "em": "i"}.get(tag, tag)


def _unseen(body: Node) -> set[Node]:
    """Elements that a reader does not see, and those that are no text: forms for an address, marks of footnotes.

    Some pages hide the text itself until a script shows it: what holds a third of the page is never passed over.
    """
    hidden = [
        n
        for n in _MAYBE_HIDDEN(body)
        if n.get("hidden") is not None or n.get("aria-hidden") == "true" or _HIDDEN.search(n.get("style") or "")
    ]
    most = _LENGTH(body) * _MOST_HIDDEN if hidden else 0
    found: set[Node] = set()
    for node in hidden:
        # What stands in a hidden element need not be measured: thousands may be nested.
        if node.getparent() in found or _LENGTH(node) < most:
            found.add(node)
    for mark in body.iter("sup"):
        if next(mark.iter("a"), None) is not None and _MARK.fullmatch("".join(mark.itertext()).strip()):
            found.add(mark)
    for field in islice((n for n in body.iter("input") if n.get("type") == "email"), _MOST_FORMS):
        form = _form_of(field)
        if form is not None:
            found.add(form)
    return found


def _form_of(field: Node) -> Node | None:
    """The small box that invites to a form, unless the form is the page's own."""
    box = None
    for above in field.iterancestors():
        if above.tag in ("body", "main", "article") or count_words(" ".join(above.itertext())) > _SMALL_FORM:
            break
        box = above
    return box
