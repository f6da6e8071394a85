"""Repairs of a choice of blocks, by what holds on any page: a heading goes with its section, a table stays whole.

Each repair takes the indices that were chosen and gives those that hold afterwards.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from spiders.extract.blocks import Block
from spiders.extract.phrases import FOOTER, SENTENCE_END, is_teaser
from spiders.extract.traits import is_comments_heading, make_of
from spiders.extract.tree import Node

_SUBHEADS = frozenset(("h2", "h3", "h4", "h5"))
_PARAGRAPHS = frozenset(("p", "div", "span", "section", "a"))
_CELLS = frozenset(("td", "th"))
_SUBHEAD_WORDS = 14
_PARAGRAPH_WORDS = 15
_COLUMN = 3
"""Blocks of a cell that make it a column."""
_LINKED = 0.7
_TABLE_LINKS = 0.3
_CALL_WORDS = 3


def repaired(blocks: Sequence[Block], chosen: Sequence[int], title: tuple[str, ...], host: str = "") -> list[int]:
    """All repairs, in their order. ``host`` is the page's own, where it is known."""
    kept = _before_next_article(blocks, set(chosen), title)
    kept = _one_column(blocks, kept)
    kept = _without_asides(blocks, kept)
    kept = _with_tables(blocks, kept)
    kept = _with_subheads(blocks, kept, title)
    kept = _before_comments(blocks, kept)
    kept = _without_orphans(blocks, kept)
    return sorted(_without_calls(blocks, kept, host))


def _before_next_article(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """Another ``h1`` of the same make as the title's, behind the text, is where the next article begins."""
    own = next((i for i, block in enumerate(blocks) if block.node.tag == "h1" and block.words == title), None)
    if own is None or not any(i > own for i in kept):
        return kept
    first = min(i for i in kept if i > own)
    later = range(first + 1, len(blocks))
    end = next((i for i in later if _is_other(blocks[i], blocks[own])), len(blocks))
    return {i for i in kept if i < end}


def _is_other(block: Block, title: Block) -> bool:
    return (
        block.node.tag == "h1"
        and block.words != title.words
        and len(block.words) > _CALL_WORDS
        and block.node.getparent() is not title.node.getparent()
        and make_of(block.node) == make_of(title.node)
    )


def _before_comments(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """What readers wrote goes: all behind its heading, unless most of the text stands there."""
    start = next((i for i, block in enumerate(blocks) if i in kept and block.count >= _PARAGRAPH_WORDS), len(blocks))
    end = next((i for i in range(start, len(blocks)) if is_comments_heading(blocks[i])), len(blocks))
    return _most(blocks, kept, {i for i in kept if i < end})


def _one_column(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """Where a table lays the page out in columns, the text stands in one of them."""
    rows: dict[Node, dict[Node, list[int]]] = {}
    for i in kept:
        for cell in (n for n in (blocks[i].node, *blocks[i].node.iterancestors("td", "div")) if _is_cell(n)):
            rows.setdefault(cell.getparent(), {}).setdefault(cell, []).append(i)
    gone: set[int] = set()
    for cells in rows.values():
        largest = max(cells.values(), key=lambda found: sum(blocks[i].count for i in found))
        if len(cells) > 1 and len(largest) >= _COLUMN:
            gone.update(i for found in cells.values() if found is not largest for i in found)
    return _most(blocks, kept, kept - gone)


def _is_cell(node: Node) -> bool:
    return bool(node.tag == "td" or node.get("role") == "cell")


def _without_asides(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """What the page itself calls an aside goes."""
    inside = {
        i for i in kept if blocks[i].node.tag == "aside" or any(True for _ in blocks[i].node.iterancestors("aside"))
    }
    return _most(blocks, kept, kept - inside)


def _most(blocks: Sequence[Block], before: set[int], after: set[int]) -> set[int]:
    """The repaired choice, unless it would cost more than a third of the text."""
    words = sum(blocks[i].count for i in before)
    return after if sum(blocks[i].count for i in after) * 3 >= words * 2 else before


def _with_tables(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """A table of data that stands beside paragraphs of the text is part of it, with all its cells."""
    found = set(kept)
    for table, cells in _cells(blocks).items():
        words = sum(blocks[i].count for i in cells) or 1
        linked = sum(blocks[i].count * blocks[i].link for i in cells) / words
        around = [i for i in (cells[0] - 1, cells[-1] + 1) if i in kept]
        beside = any(blocks[i].node.getparent() is table.getparent() for i in around)
        if beside and linked < _TABLE_LINKS:
            found.update(cells)
    return found


def _cells(blocks: Sequence[Block]) -> dict[Node, list[int]]:
    found: dict[Node, list[int]] = {}
    for i, block in enumerate(blocks):
        if block.node.tag in _CELLS:
            table = next(block.node.iterancestors("table"), None)
            if table is not None:
                found.setdefault(table, []).append(i)
    return {table: cells for table, cells in found.items() if len(cells) > 1}


def _with_subheads(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """A short heading between two blocks of the text, in the element of the one behind it, is a subhead."""
    return kept | {
        i
        for i, block in enumerate(blocks[:-1])
        if i not in kept
        and i + 1 in kept
        and _is_subhead(block)
        and block.words != title
        and blocks[i + 1].node.getparent() is block.node.getparent()
    }


def _is_subhead(block: Block) -> bool:
    return (
        block.node.tag in _SUBHEADS
        and block.count <= _SUBHEAD_WORDS
        and block.link < _LINKED
        and not is_teaser(block.text)
        and not FOOTER.match(block.text)
    )


def _without_orphans(blocks: Sequence[Block], kept: set[int]) -> set[int]:
    """A heading goes when all else in its element went: it was the heading of a box."""
    boxes = {blocks[i].node.getparent() for i in kept if _is_subhead(blocks[i])}
    lives: set[Node] = set()
    went: set[Node] = set()
    for i, block in enumerate(blocks):
        if _is_subhead(block):
            continue
        for above in block.node.iterancestors():
            if above in boxes:
                (lives if i in kept else went).add(above)
    gone = went - lives
    return {i for i in kept if not (_is_subhead(blocks[i]) and blocks[i].node.getparent() in gone)}


def _without_calls(blocks: Sequence[Block], kept: set[int], host: str) -> set[int]:
    """Paragraphs that are nothing but a link to another page of the site go, unless the text is made of them."""
    calls = {i for i in kept if _is_call(blocks[i], host)}
    return _most(blocks, kept, kept - calls)


def _is_call(block: Block, host: str) -> bool:
    if block.link < _LINKED or block.count <= _CALL_WORDS or block.node.tag not in _PARAGRAPHS:
        return False
    links = [a.get("href") or "" for a in block.node.iter("a")]
    return not SENTENCE_END.search(block.text[-8:]) and all(_is_own(link, host) for link in links)


def _is_own(link: str, host: str) -> bool:
    """Whether a link stays on the site."""
    try:
        there = urlsplit(link).hostname or host
    except ValueError:
        return False
    return there.removeprefix("www.") == host.removeprefix("www.")
