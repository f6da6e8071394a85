"""Cards: the boxes by which a page leads to others, and what of its text stands outside of them."""

import re
from collections import Counter

from spiders.extract.tree import Node, count_words, lines_of, squash, text_of

FEW = 5
"""Fewer headings and boxes that are links are not looked at."""
_CARD_WORDS = 120
_SENTENCE = 15
_FOLDED = re.compile(r"\W+")
_SEEN = 40
"""Characters by which a line is known again."""
_HEADINGS = ("h1", "h2", "h3", "h4", "h5")


def count(root: Node) -> tuple[int, tuple[str, ...]]:
    """How many cards of other pages a page shows, and the lines in them, folded.

    A card is what surrounds a heading that is a link, as long as it holds no second one and few words; and an
    ``article`` element with a link and few words. What holds the page's own heading is none.
    """
    links = [n for n in root.find("body").iter(*_HEADINGS) if _is_link(n)]
    boxes = [n for n in root.iter("article") if next(n.iter("a"), None) is not None]
    boxes = [n for n in boxes if next(n.iter("h1"), None) is None]
    if len(links) + len(boxes) < FEW:
        return 0, ()
    holds = Counter(a for n in links for a in n.iterancestors())
    cards = {_around(n, holds) for n in links} | {n for n in boxes if count_words(text_of(n)) <= _CARD_WORDS}
    outer = [n for n in cards if not any(a in cards for a in n.iterancestors())]
    return len(outer), tuple(line for n in outer for line in map(_fold, lines_of(n).split("\n")) if line)


def _fold(line: str) -> str:
    return _FOLDED.sub("", squash(line).casefold())


def _is_link(heading: Node) -> bool:
    """Whether a heading of three words or more is a link to another page."""
    link = next(heading.iter("a"), None)
    if link is None:
        link = next((a for a in heading.iterancestors("a")), None)
    return link is not None and not (link.get("href") or "#").startswith("#") and count_words(text_of(heading)) >= 3


def _around(heading: Node, holds: Counter[Node]) -> Node:
    """The widest element around a heading that is still its own card."""
    card = heading
    for _ in range(4):
        outer = card.getparent()
        if outer is None or outer.tag in ("body", "main") or holds[outer] > 1:
            break
        if count_words(text_of(outer)) > _CARD_WORDS:
            break
        card = outer
    return card


def running(text: str, shown: tuple[str, ...]) -> int:
    """Words in the sentences of a text that stand in no card."""
    in_cards = "\n".join(shown)
    words = 0
    for line in text.split("\n"):
        count = count_words(line)
        if count < _SENTENCE or (shown and _fold(line)[:_SEEN] in in_cards):
            continue
        # Where a reader glued a whole front to one line, the cards stand inside of it.
        words += count if count <= _CARD_WORDS or not shown else _outside(_fold(line), count, shown)
    return words


def _outside(line: str, count: int, shown: tuple[str, ...]) -> int:
    """About how many of a line's words are in none of the cards."""
    inside = sum(len(one) for one in shown if len(one) > _SENTENCE and one in line)
    return max(0, round(count * (1 - inside / max(1, len(line)))))
