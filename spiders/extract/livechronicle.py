"""A chronicle: one text of which many paragraphs begin with a clock, each an entry with what follows it."""

from datetime import date

from spiders.extract import livetime
from spiders.extract.liveparts import APART, WORDS_OF_AN_ENTRY, Block, is_apart, own_words
from spiders.extract.tree import SILENT, Node, count_words, names_of, squash, text_of

_LEAST_ROUND = 4
"""Paragraphs that begin with a clock from which a text is a chronicle."""
_LEAST_UNNAMED = 8
_SHARE_UNNAMED = 0.8


def chronicle(body: Node, today: date, *, live: bool) -> list[Block]:
    """The entries of a chronicle: paragraphs that begin with a clock, each with what follows it up to the next one."""
    parents: dict[Node, int] = {}
    for node in body.iter("p", "h2", "h3", "h4", *(("div", "li") if live else ())):
        if livetime.starting_clock(_first_text(node)):
            parents[node.getparent()] = parents.get(node.getparent(), 0) + 1
    best = max(parents, key=lambda p: parents[p], default=None)
    if best is None or parents[best] < (_LEAST_ROUND if live else _LEAST_UNNAMED) or is_apart(best):
        return []
    blocks, before = _pieces(best, today)
    words = sum(count_words(text_of(n)) for b in blocks for n in b.nodes)
    own = sum(own_words(n) for b in blocks for n in b.nodes)
    # A column of headlines with the time of each is the newest news, not a chronicle.
    if 2 * own < words or (not live and words < _SHARE_UNNAMED * (words + before)):
        return []
    least = WORDS_OF_AN_ENTRY + 1
    return [b for b in blocks if sum(own_words(n) for n in (b.nodes if live else b.nodes[:1])) >= least]


def _first_text(node: Node) -> str:
    """The first text of an element, looked for two elements deep."""
    here = node
    for _ in range(3):
        text = (here.text or "").strip()
        if text or not len(here):
            return text
        here = here[0]
    return ""


def _pieces(parent: Node, today: date) -> tuple[list[Block], int]:
    """Entries among the children of an element, and the words that stand before the first."""
    blocks: list[Block] = []
    day: date | None = None
    before = 0
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in SILENT:
            continue
        text = squash(text_of(child))
        clock = livetime.starting_clock(text)
        header = None if clock else livetime.day_of(text, today)
        if header:
            day = header
        elif clock:
            stamp = livetime.printed(clock[0])
            blocks.append(Block([child], stamp, day=day, clock_in_text=True))
        elif blocks and child.tag not in ("nav", "aside", "footer", "section") and not APART.search(names_of(child)):
            blocks[-1].nodes.append(child)
        else:
            before += count_words(text)
    return blocks, before
