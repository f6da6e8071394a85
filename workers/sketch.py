"""What is kept of a text for comparison: shingles, numbers, names, and what it denies."""

import re
import struct
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from tocsin.records import Article, derived_id
from tocsin.stores.port import Sketch
from tocsin.words import Analysed, names_at, printed

SHINGLE = 4
"""Words of a shingle."""
_QUOTED = 25
"""Words from which a quotation is long: a statement that others quote too."""
_NUMBER = re.compile(r"\d++(?:[.,:]\d++)*+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_NUMBERS_KEPT = 400
_NAMES_KEPT = 200
_SLOTS_KEPT = 64
_DENIED_KEPT = 16
_FULL = 8
"""Words of a full sentence."""
_LEADS = 4
"""Sentences among which the lead is looked for."""
_LEAD_KEPT = 50
# Each alternative begins with its mark, so that the search need not stop at every letter.
_QUOTATION = re.compile(r"«[^«»]{80,}»|“[^“”]{80,}”|„[^„“”]{80,}[“”]|\"(?<!\w\")[^\"]{80,}\"(?!\w)")
NEGATIONS = frozenset(
    "s:not s:no s:never s:cannot s:nobody s:nothing s:не s:ні s:ані s:ніхто s:нічого s:ніколи s:немає s:нет s:ни"
    " s:никто s:ничего s:никогда s:nicht s:kein s:keine s:keinen s:nie s:pas s:jamais s:nunca".split()
)
_SLAVIC = frozenset(word for word in NEGATIONS if "а" <= word[2] <= "я")
"""Negations behind which an object may have another case, and its adjective too."""
_AUXILIARIES = frozenset(("s:did", "s:does", "s:do"))


class Drawn(NamedTuple):
    """What is drawn of a text: what is kept of it, its story still open, and what is used at once."""

    sketch: Sketch
    prints: tuple[int, ...]
    """The fingerprints by which it is found."""
    top: frozenset[int] = frozenset()
    """Shingles of its first third, without long quotations."""


def sketch(article: Article, analysed: Analysed) -> Drawn:
    """Draw a text.

    A live page as a whole gets no fingerprints: it holds one text after another, and would swallow them all. What was
    withdrawn has no text.
    """
    words = [token.keys[0] for token in analysed.text]
    names = names_at(analysed)
    hashes = _shingles(words)
    within = _quoted(article.text, len(words))
    quoted = {hashes[at] for at in within if at < len(hashes)}
    every = sorted({*hashes})
    shingles = [one for one in every if one not in quoted] if quoted else every
    count = min(64, max(24, len(every) // 12))
    drawn = Sketch(
        article=article.id,
        story="",
        outlet=article.outlet,
        lang=article.lang,
        address_id=article.address_id,
        text_hash=article.text_hash,
        title_hash=derived_id("title", *(token.keys[0] for token in analysed.title)) if analysed.title else "",
        tokens=len(words),
        shingles=packed(shingles),
        quoted=packed(sorted(quoted)),
        denied=_denied(words, hashes),
        lead=_lead(words, analysed.sentences),
        slots=_slots(analysed, words, names),
        numbers=_numbers(article.text),
        names=packed(_names(words, names)),
        first_seen=article.first_seen,
    )
    top = frozenset(hashes[: max(1, len(hashes) // 3)]) - quoted
    return Drawn(drawn, () if article.kind in ("live", "withdrawn") else tuple(every[:count]), top)


def packed(numbers: Sequence[int]) -> bytes:
    """Unsigned 32-bit numbers, little-endian."""
    return struct.pack(f"<{len(numbers)}I", *numbers)


def numbers_of(data: bytes) -> tuple[int, ...]:
    """The numbers of ``packed``, in their order."""
    return struct.unpack(f"<{len(data) // 4}I", data)


@lru_cache(512)
def pairs(data: bytes) -> tuple[tuple[int, int], ...]:
    """The numbers of ``packed``, in pairs."""
    return tuple(struct.iter_unpack("<II", data))


@lru_cache(512)
def sixes(data: bytes) -> tuple[tuple[int, int, int, int, int, int], ...]:
    """The numbers of ``packed``, in sixes."""
    return tuple(struct.iter_unpack("<6I", data))


@lru_cache(512)
def unpacked(data: bytes) -> frozenset[int]:
    """The numbers of ``packed``, as a set."""
    return frozenset(struct.unpack(f"<{len(data) // 4}I", data))


def _shingles(words: Sequence[str]) -> list[int]:
    """Hashes of all runs of four words in their order; of all words together where there are fewer."""
    if len(words) < SHINGLE:
        return [crc32(" ".join(words).encode())] if words else []
    runs = zip(*(words[at:] for at in range(SHINGLE)), strict=False)
    return [crc32(run.encode()) for run in map(" ".join, runs)]


def _quoted(text: str, words: int) -> set[int]:
    """Places of the shingles that touch a long quotation. Nothing where all is quoted."""
    if not _QUOTATION.search(text):
        return set()
    cleaned, places = printed(text)
    quotations = [match.span() for match in _QUOTATION.finditer(cleaned)]
    at = 0
    found: set[int] = set()
    for start, end in quotations:
        while at < len(places) and places[at].start < start:
            at += 1
        first = at
        while at < len(places) and places[at].start < end:
            at += 1
        if at - first >= _QUOTED:
            found.update(range(max(0, first - SHINGLE + 1), at))
    return found if len(found) < words - SHINGLE else set()


def _denied(words: Sequence[str], hashes: Sequence[int]) -> bytes:
    """Of each negation six hashes: the words before it, three runs of words from the second one behind it on, and two
    shingles that hold it.

    A text that has the first and one of the next three, but none of the last, says the contrary in the same place. The
    first is 0 at the beginning of the text, and those behind are 0 where it ends before. ``did not cross`` stands where
    the other text has ``crossed``, and what follows a Slavic verb may have another case behind a negation: an object,
    or an adjective and an object.
    """
    found: list[int] = []
    for at in [at for at, word in enumerate(words) if word in NEGATIONS]:
        start = at - 1 if at and words[at - 1] in _AUXILIARIES else at
        before = hashes[start - SHINGLE] if start >= SHINGLE else 0
        within_too = hashes[at - SHINGLE + 1] if at >= SHINGLE - 1 else 0
        within = hashes[max(0, at - 1)] if max(0, at - 1) < len(hashes) else within_too
        places = at + 2, at + 3, at + (4 if words[at] in _SLAVIC else 3)
        behind = [hashes[place] if place < len(hashes) else 0 for place in places]
        if before or behind[0]:
            found += (before, *behind, within, within_too or within)
    return packed(found[: 6 * _DENIED_KEPT])


def _lead(words: Sequence[str], sentences: Sequence[int]) -> bytes:
    """The first sentence that is no dateline or line of a menu, as hashes of its words; its negations are counted."""
    bounds = pairwise((0, *sentences[:_LEADS], len(words)))
    first = next((words[start:end] for start, end in bounds if end - start >= _FULL), words[:0])[:_LEAD_KEPT]
    negations = sum(word in NEGATIONS for word in first)
    rest = {crc32(word.encode()) for word in {*first} - NEGATIONS - _AUXILIARIES}
    return packed([negations, *sorted(rest)]) if rest else b""


def _slots(analysed: Analysed, words: Sequence[str], names: set[int]) -> bytes:
    """What stands in a place where a bulletin of the next day has another number or name: place and filling, in pairs.

    The place is told by two words on either side, in which numbers and names are left open. Of many places those with
    the smallest hashes are kept, so that two texts keep the same ones. One that comes twice with other fillings tells
    nothing.
    """
    numbers = {at for at, token in enumerate(analysed.text) if token.is_number}
    shape = [*words]
    for at in names:
        shape[at] = "@"
    for at in numbers:
        shape[at] = "#"
    found: dict[int, int | None] = {}
    for at in numbers | names:
        if not 2 <= at < len(shape) - 2:
            continue
        one, two, itself, three, four = around = shape[at - 2 : at + 3]
        if around.count("#") + around.count("@") > 3:
            continue
        place, filling = crc32(f"{itself} {one} {two} {three} {four}".encode()), crc32(words[at].encode())
        if found.setdefault(place, filling) != filling:
            found[place] = None
    sure = sorted(place for place, filling in found.items() if filling is not None)
    return packed([one for place in sure[:_SLOTS_KEPT] for one in (place, found[place] or 0)])


def _numbers(text: str) -> tuple[str, ...]:
    """Numbers of two digits or more that are no years: single digits and years agree by chance."""
    found = {one for one in _NUMBER.findall(text) if len(one) > 1 and not _YEAR.fullmatch(one)}
    return tuple(sorted(found)[:_NUMBERS_KEPT])


def _names(words: Sequence[str], names: set[int]) -> list[int]:
    """Hashes of the names."""
    found = {words[at] for at in names}
    return sorted(crc32(one.encode()) for one in found)[:_NAMES_KEPT]
