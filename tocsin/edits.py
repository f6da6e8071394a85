"""What changed from one version of a page to the next, told to a reader: in one sentence, and word by word.

Nothing of this is stored. Both texts are kept, and comparing two takes a millisecond where little was edited.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from tocsin.changes import Block, Changes, How, Piece, Text, compare
from tocsin.marks import one_spelling
from tocsin.records import Article, Record

CHARACTERS = 1_000_000
"""Characters that are compared for one history, of the newest versions: less than a second, whatever they hold."""
KEPT = 40
"""Words of a run that is the same in both versions, of which more is left out in its middle …"""
CHANGED = 400
"""… and of a run that was added or removed."""
_CLOSING = tuple(".,;:!?…)]}%»”’")
_OPENING = tuple("([{«„“‘")


class Shown(Record):
    """A run of words with one fate, as it is printed."""

    how: How
    text: str
    spaced: bool
    """Whether a space parts it from what stands before it."""


class Edit(Record):
    """A headline or a block that is not as it was, as it is printed."""

    what: Literal["headline", "edited", "added", "removed"]
    """The headline, or what became of a paragraph."""
    runs: tuple[Shown, ...]


def between(old: Article, new: Article) -> Changes:
    """What changed from one text of an address to a later one."""
    return compare(Text(old.title, old.text), Text(new.title, new.text))


def histories(versions: Sequence[Article]) -> list[str]:
    """Of each of the texts of one address, in their order, what changed since the one before, in one sentence.

    Empty for the first, and for old ones where all together are too long to be compared.
    """
    told = [""] * len(versions)
    left = CHARACTERS
    for number in range(len(versions) - 1, 0, -1):
        old, new = versions[number - 1 : number + 1]
        left -= len(old.text) + len(new.text)
        if left < 0:
            break
        again = next((one for one in versions[: number - 1] if is_same(one, new)), None)
        back = f"back to the text of version {again.version}; " if again is not None else ""
        told[number] = back + sentence(between(old, new))
    return told


def is_same(one: Article, other: Article) -> bool:
    """Whether text and headline are the very same. Ids do not tell: those of old rows and of returns are others."""
    return one.text_hash == other.text_hash and one_spelling(one.title) == one_spelling(other.title)


def sentence(changes: Changes) -> str:
    """Changes in a few words: ``headline changed; 2 paragraphs edited, 1 added (34 words), 1 removed (8 words)``."""
    parts = ["headline changed"] if changes.title else []
    if changes.blocks:
        parts.append(_counted(changes.blocks))
    return "; ".join(parts) or "nothing that counts"


def _counted(blocks: Sequence[Block]) -> str:
    number = Counter(block.how for block in blocks)
    words = Counter[str]()
    for block in blocks:
        words[block.how] += sum(len(piece.text.split()) for piece in block.pieces)
    told: list[str] = []
    for what in ("edited", "added", "removed"):
        if count := number[what]:
            noun = "" if told else f" paragraph{'s' if count > 1 else ''}"
            size = "" if what == "edited" else f" ({words[what]:,} word{'s' if words[what] != 1 else ''})"
            told.append(f"{count:,}{noun} {what}{size}")
    return ", ".join(told)


def printed(changes: Changes, most: int) -> tuple[list[Edit], int]:
    """The headline and at most ``most`` blocks as they are printed, and how many further blocks there are.

    Added and edited ones in the order of the new text, then removed ones.
    """
    edits = [Edit("headline", _runs(changes.title))] if changes.title else []
    edits += [Edit(block.how, _runs(block.pieces)) for block in changes.blocks[:most]]
    return edits, max(0, len(changes.blocks) - most)


def _runs(pieces: Sequence[Piece]) -> tuple[Shown, ...]:
    runs: list[Shown] = []
    for piece in pieces:
        glued = not runs or piece.text.startswith(_CLOSING) or runs[-1].text.endswith(_OPENING)
        runs.append(Shown(piece.how, _cut(piece.text, KEPT if piece.how == "kept" else CHANGED), not glued))
    return tuple(runs)


def _cut(text: str, most: int) -> str:
    """A run of words without its middle where it is long."""
    words = text.split()
    if len(words) <= most:
        return text
    half = most // 2
    return f"{' '.join(words[:half])} [… {len(words) - 2 * half:,} words …] {' '.join(words[-half:])}"
