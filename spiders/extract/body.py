"""The text of an article: each block of the page judged by its traits, the sieve of lines on top.

Trafilatura reads the page too, and some pages give their text in JSON-LD: what these kept are votes, the trees decide.
"""

import html as entities
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from spiders.extract import plain, voter
from spiders.extract.blocks import Block, blocks_of
from spiders.extract.comments import cut_comments
from spiders.extract.forest import forest
from spiders.extract.lines import sift
from spiders.extract.phrases import SENTENCE_END, TEASER, TEASER_CAPITALS, is_teaser
from spiders.extract.repair import repaired
from spiders.extract.structured import Structured
from spiders.extract.title import words
from spiders.extract.traits import VOTE, Known, Reading, traits_of
from spiders.extract.tree import BLOCKS, Node, count_words, drop, squash, text_of
from tocsin.addresses import host_of

_LAYOUT_WORDS = 40
_INLINE_TEASER = ("strong", "b", "em", "span", "a")
_RESCUE_WORDS = 150
_LEAST_WORDS = 40
_CHANCE = 0.5
_MOSTLY = 0.5
_WRAPPED = 8
_MOST_DROPPED = 50
_TAG = re.compile(r"<[^>]{1,200}>")


class Body(msgspec.Struct, frozen=True):
    """Text of an article, paragraphs joined by a blank line; what was left out; and who found it."""

    text: str = ""
    dropped: tuple[str, ...] = ()
    origin: str = ""


def read(root: Node, facts: Structured, title: str, authors: tuple[str, ...] = ()) -> Body:
    """The text of a structured page. The tree loses its teasers and is of no use afterwards."""
    blocks, known, gone = look(root, facts, title, authors)
    traits = traits_of(blocks, root.find("body"), known)
    kept = _chosen(traits)
    kept = repaired(blocks, kept, known.title, host_of(facts.canonical or facts.first("og:url")))
    lines, origin = _paragraphs([blocks[i] for i in kept]), "blocks"
    voted = {i for i, own in enumerate(traits) if own is not None and own[VOTE] > _MOSTLY}
    for other, name, least in _rescues(blocks, voted, known):
        if count_words(" ".join(lines)) * 2 < count_words(" ".join(other)) >= least:
            lines, origin = other, name
    found = sift(lines, title, authors)
    return Body("\n\n".join(found.kept), _unique([*gone, *found.dropped, *_beside(blocks, kept, voted)]), origin)


def read_plain(root: Node, title: str, authors: tuple[str, ...] = ()) -> Body:
    """The text of a page without structure, read as lines."""
    gone = _cut_teasers(root.find("body"))
    found = sift(plain.lines(root.find("body")), title, authors)
    return Body("\n\n".join(found.kept), _unique([*gone, *found.dropped]), "lines")


def look(root: Node, facts: Structured, title: str, authors: tuple[str, ...]) -> tuple[list[Block], Known, list[str]]:
    """The page as blocks, what their traits are made of, and what was cut out before: teasers, comments."""
    body = root.find("body")
    gone = [*_cut_teasers(body), *cut_comments(body)]
    _open_layout_tables(body)
    named = " ".join([*facts.meta.get("description", ()), *facts.meta.get("og:description", ())])
    known = Known(
        title=words(title),
        authors=tuple(words(author) for author in authors),
        description=Reading([f"{named} {facts.text('description')}"]),
        base=Reading(voter.lines(root)),
        json=Reading(_from_json(facts)),
    )
    return blocks_of(body), known, gone


def _rescues(blocks: Sequence[Block], voted: set[int], known: Known) -> Iterator[tuple[list[str], str, int]]:
    """Other texts for a page of whose text little was found: lines, origin, least words.

    Trafilatura's counts where it is made of what no visible block holds: the state of a script, a description.
    """
    if sum(blocks[i].count for i in voted) * 2 < known.base.size:
        yield known.base.lines, "trafilatura", _LEAST_WORDS
    yield known.json.lines, "json-ld", _RESCUE_WORDS


def _chosen(traits: Sequence[list[float] | None]) -> list[int]:
    """Indices of the blocks that are the article's."""
    trees = forest()
    return [i for i, own in enumerate(traits) if own is not None and trees.chance(own) > _CHANCE]


def _paragraphs(blocks: Sequence[Block]) -> list[str]:
    """The blocks as paragraphs; lines that a text was wrapped at are joined."""
    found: list[str] = []
    for before, block in pairwise([None, *blocks]):
        wrapped = (
            before is not None
            and block is not None
            and block.breaks == 1
            and block.node is before.node
            and before.count >= _WRAPPED
            and not SENTENCE_END.search(before.text)
        )
        in_row = before is not None and block is not None and _in_one_row(before.node, block.node)
        if block is not None and (wrapped or in_row):
            found[-1] += (" | " if in_row else " ") + block.text
        elif block is not None:
            found.append(block.text)
    return found


def _in_one_row(one: Node, other: Node) -> bool:
    """Whether two blocks are cells of one row of a table of data."""
    return (
        one is not other
        and one.tag in ("td", "th")
        and other.tag in ("td", "th")
        and one.getparent() is other.getparent()
    )


def _beside(blocks: Sequence[Block], kept: Sequence[int], voted: set[int]) -> Iterable[str]:
    """What was left out beside the text: between its first and last block, or kept by the other reading."""
    inside = range(kept[0], kept[-1]) if kept else range(0)
    chosen = set(kept)
    return (
        block.text
        for i, block in enumerate(blocks)
        if i not in chosen and block.count > 1 and (i in inside or i in voted)
    )


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line[:200] for line in lines if line))[:_MOST_DROPPED]


def _open_layout_tables(body: Node) -> None:
    """Tables that only lay the page out become plain boxes: else a text in a cell is read as one line of data."""
    for table in list(body.iter("table")):
        blocks = [n for c in table.iter("td") for n in c if n.tag in ("p", "div", "section", "article")]
        if sum(count_words(text_of(n)) for n in blocks) > _LAYOUT_WORDS:
            for node in table.iter("table", "tbody", "thead", "tr", "td", "th"):
                if node.tag in ("td", "th"):
                    node.set("role", "cell")
                node.tag = "div"


def _cut_teasers(body: Node) -> list[str]:
    """Take teasers out of paragraphs that go on around them: the call and the link behind it. Gives their texts."""
    gone: list[str] = []
    for node in [n for n in body.iter(*_INLINE_TEASER) if _starts_teaser(n)]:
        link = node.getnext()
        around = next((a for a in node.iterancestors() if a.tag in BLOCKS), None)
        if link is None or link.tag != "a" or squash(node.tail or "") or around is None or is_teaser(text_of(around)):
            continue
        gone.append(f"{text_of(node)} {text_of(link)}")
        drop(link)
        drop(node)
    return gone


def _starts_teaser(node: Node) -> bool:
    head = (node.text or "").strip()[:60]
    return len(head) > 3 and bool(TEASER.match(head) or TEASER_CAPITALS.match(head))


def _from_json(facts: Structured) -> list[str]:
    raw = facts.article.get("articleBody")
    if not isinstance(raw, str) or len(raw) < 400:
        return []
    text = entities.unescape(_TAG.sub(" ", raw))
    return [line for line in (squash(p) for p in text.split("\n")) if line]
