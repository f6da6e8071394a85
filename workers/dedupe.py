"""Which story an article belongs to: is its text known, and if so, from where?

A text is drawn as the set of its word 4-shingles, each a 32-bit hash. The k smallest of them, its fingerprints, find
candidates (bottom-k sampling, Broder 1997); the decision is then made on the whole sets, by how much of the smaller
text stands in the larger one. Sampling alone would chain foreign texts together through what they share by habit.
"""

import re
import struct
from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile
from zlib import crc32

import msgspec

from tocsin.records import Article, Relation, derived_id
from tocsin.stores.port import Filing, Sketch
from tocsin.words import Analysed

SHINGLE = 4
"""Words of a shingle."""
CANDIDATES = 24
"""Texts that are compared in full."""
CONTAINED = 0.5
"""Least share of the smaller text that a near-duplicate has in common with the larger one."""
FEW = 60
"""Shingles of a text below which chance agreement weighs more …"""
CONTAINED_FEW = 0.6
"""… so that this share is asked for."""
SAME_TITLE = 0.12
"""Off the share where the titles are equal."""
SURE = 0.9
"""Share asked for where a likeness is expected anyway: after days, and between the entries of one live blog."""
NUMBERS = 0.5
"""Least agreement in numbers: bulletins of two days differ in little else."""
WINDOW = timedelta(hours=72)
SHORT = 40
"""Tokens below which a text may be any notice or wall: only an equal title makes it a copy."""
ADDITIONS = 0.2
"""Share of our shingles that the other text lacks, above which a copy has additions."""

# Two digits or more, and no years: single digits and years agree by chance.
_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d\d(?!\d|[.,:]\d))\d+(?:[.,:]?\d+)+")
_NUMBERS_KEPT = 400

Decided = tuple[Article, Sketch]


def sketch(article: Article, analysed: Analysed) -> tuple[Sketch, tuple[int, ...]]:
    """What is kept of a text for comparison, its story still open, and the fingerprints by which it is found.

    A live page as a whole gets no fingerprints: it holds one text after another, and would swallow them all.
    """
    words = [token.keys[0] for token in analysed.text]
    shingles = _shingles(words)
    count = min(96, max(24, len(shingles) // 8))
    drawn = Sketch(
        article=article.id,
        story="",
        outlet=article.outlet,
        address_id=article.address_id,
        text_hash=article.text_hash,
        title_hash=derived_id("title", *(token.keys[0] for token in analysed.title)) if analysed.title else "",
        tokens=len(words),
        shingles=struct.pack(f"<{len(shingles)}I", *shingles),
        numbers=tuple(sorted(set(_NUMBER.findall(article.text)))[:_NUMBERS_KEPT]),
        first_seen=article.first_seen,
    )
    return drawn, () if article.kind == "live" else tuple(shingles[:count])


def decide(article: Article, sketch: Sketch, prints: Sequence[int], filing: Filing) -> Decided:
    """The article with its story, relation and version, and its sketch with the story.

    In this order: the same address, the same text, a near-duplicate, or a story of its own.
    """
    before = list(takewhile(lambda known: known.article != article.id, filing.by_address(sketch.address_id)))
    if before:
        return _joined(article, sketch, before[0].story, "version", version=len(before) + 1)
    same = filing.by_text(sketch.text_hash) if sketch.text_hash else None
    if same is not None and same.article != article.id and _long_enough(sketch, same):
        return _joined(article, sketch, same.story, "copy")
    near = _nearest(article, sketch, filing.by_shingles(prints, CANDIDATES)) if prints else None
    if near is None:
        return _joined(article, sketch, derived_id("story", article.id), "original")
    ours = _unpacked(sketch)
    added = len(ours - _unpacked(near)) > ADDITIONS * len(ours)
    return _joined(article, sketch, near.story, "copy with additions" if added else "copy")


def _shingles(words: Sequence[str]) -> list[int]:
    """Hashes of all runs of four words, each once, in order of size; of all words together where there are fewer."""
    runs = range(max(1, len(words) - SHINGLE + 1)) if words else ()
    return sorted({crc32(" ".join(words[at : at + SHINGLE]).encode()) for at in runs})


def _nearest(article: Article, ours: Sketch, candidates: Sequence[Sketch]) -> Sketch | None:
    """The candidate that shares most, of those that count as a near-duplicate; the first filed of equal ones."""
    mine = _unpacked(ours)
    best, found = 0.0, None
    for candidate in candidates:
        if candidate.article == ours.article:
            continue
        theirs = _unpacked(candidate)
        smaller, larger = sorted((len(mine), len(theirs)))
        # Entries of one live blog repeat their background: there, all of both texts must agree.
        blog = article.kind == "entry" and candidate.outlet == ours.outlet
        share = len(mine & theirs) / max(1, larger if blog else smaller)
        asked = SURE if blog else _asked(ours, candidate, smaller)
        if share > best and share >= asked and _alike(ours, candidate):
            best, found = share, candidate
    return found


def _asked(ours: Sketch, other: Sketch, shingles: int) -> float:
    """The share of the smaller text, of so many shingles, that makes two texts near-duplicates."""
    if abs(ours.first_seen - other.first_seen) > WINDOW:
        return SURE
    return (CONTAINED_FEW if shingles < FEW else CONTAINED) - (SAME_TITLE if _same_title(ours, other) else 0)


def _alike(ours: Sketch, other: Sketch) -> bool:
    """Whether nothing but the words speaks against two texts being one."""
    late = abs(ours.first_seen - other.first_seen) > WINDOW
    return _long_enough(ours, other) and _agreement(ours.numbers, other.numbers) >= (SURE if late else NUMBERS)


def _same_title(ours: Sketch, other: Sketch) -> bool:
    return ours.title_hash == other.title_hash != ""


def _long_enough(ours: Sketch, other: Sketch) -> bool:
    return min(ours.tokens, other.tokens) >= SHORT or _same_title(ours, other)


def _agreement(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Share of the fewer numbers that stand in both texts, one forgiven; 1 where a text has none."""
    return (len(set(ours) & set(theirs)) + 1) / (min(len(ours), len(theirs)) + 1)


def _unpacked(sketch: Sketch) -> set[int]:
    return set(struct.unpack(f"<{len(sketch.shingles) // 4}I", sketch.shingles))


def _joined(article: Article, sketch: Sketch, story: str, relation: Relation, *, version: int = 1) -> Decided:
    decided = msgspec.structs.replace(article, story=story, relation=relation, version=version)
    return decided, msgspec.structs.replace(sketch, story=story)
