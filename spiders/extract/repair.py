"""Repairs of a choice of blocks, by what holds on any page: a heading goes with its section, a table stays whole.

Each repair takes the indices that were chosen and gives those that hold afterwards.
"""

from collections.abc import Callable, Sequence

from spiders.extract.blocks import Block
from spiders.extract.phrases import FOOTER, SENTENCE_END, is_teaser
from spiders.extract.tree import Node

_SUBHEADS = frozenset(("h2", "h3", "h4", "h5"))
_CELLS = frozenset(("td", "th"))
_SUBHEAD_WORDS = 14
_LINKED = 0.7
_TABLE_LINKS = 0.3
_CALL_WORDS = 3


def repaired(blocks: Sequence[Block], chosen: Sequence[int], title: tuple[str, ...]) -> list[int]:
    """All repairs, in their order."""
    kept = set(chosen)
    for repair in (_next_article, _tables, _subheads, _orphans, _calls):
        kept = repair(blocks, kept, title)
    return sorted(kept)


_Repair = Callable[[Sequence[Block], set[int], tuple[str, ...]], set[int]]


def _next_article(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """Another title in an ``h1`` behind the text is where the next article begins."""
    if not kept or not title:
        return kept
    own = [i for i, block in enumerate(blocks) if block.node.tag == "h1" and block.words == title]
    if not own:
        return kept
    first = min(i for i in kept if i > own[0]) if any(i > own[0] for i in kept) else own[0]
    end = next((i for i in range(first + 1, len(blocks)) if _is_other(blocks[i], title)), len(blocks))
    return {i for i in kept if i < end}


def _is_other(block: Block, title: tuple[str, ...]) -> bool:
    return block.node.tag == "h1" and block.words != title and len(block.words) > _CALL_WORDS


def _tables(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
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


def _subheads(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """A short heading between two blocks of the text, in the element of the one behind it, is a subhead."""
    return kept | {
        i
        for i, block in enumerate(blocks[:-1])
        if i not in kept
        and i + 1 in kept
        and _is_subhead(block)
        and block.words != title
        and blocks[i + 1].node.getparent() is block.node.getparent()
        and min(kept) < i
    }


def _is_subhead(block: Block) -> bool:
    return (
        block.node.tag in _SUBHEADS
        and block.count <= _SUBHEAD_WORDS
        and block.link < _LINKED
        and not is_teaser(block.text)
        and not FOOTER.match(block.text)
    )


def _orphans(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """A heading goes when all that stands behind it in its element went."""
    last: dict[Node, int] = {}
    for i in kept:
        if blocks[i].node.tag not in _SUBHEADS:
            for above in blocks[i].node.iterancestors():
                last[above] = max(i, last.get(above, -1))
    return {i for i in kept if not (_is_subhead(blocks[i]) and last.get(blocks[i].node.getparent(), -1) < i)}


def _calls(blocks: Sequence[Block], kept: set[int], title: tuple[str, ...]) -> set[int]:
    """Paragraphs that are nothing but a link to another article go, unless the text is made of them."""
    calls = {i for i in kept if _is_call(blocks[i])}
    words = sum(blocks[i].count for i in kept)
    return kept - calls if sum(blocks[i].count for i in calls) * 3 < words else kept


def _is_call(block: Block) -> bool:
    return (
        block.link >= _LINKED
        and block.count > _CALL_WORDS
        and block.node.tag in ("p", "div", "span", "section", "a")
        and not SENTENCE_END.search(block.text[-8:])
    )
