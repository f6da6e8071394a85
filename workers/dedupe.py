"""Which story an article belongs to: is its text known, and if so, from where?

A text is drawn as the set of its word 4-shingles, each a 32-bit hash (``workers.sketch``). The smallest of them, its
fingerprints, find candidates (bottom-k sampling, Broder 1997); the decision is then made on the whole sets. Sampling
alone would chain foreign texts together through what they share by habit.

A copy is a text that is made of another one, or that holds it whole. What an independent report shares with it (a
statement that both quote, a pasted background, the sentences of a daily bulletin) is not enough.
"""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

import msgspec

from tocsin.records import Article, Kinship, Relation, derived_id
from tocsin.stores.port import Met, Sketch
from workers.sketch import Drawn, numbers_of, pairs, sixes, unpacked

CANDIDATES = 24
"""Texts that are compared in full."""
MADE_OF = 0.55
"""Least share of the later text that stands in the earlier one, for a copy …"""
HELD = 0.75
"""… or of the earlier one that stands in the later, for a copy with additions."""
FEW = 120
"""Shingles of a text below which chance agreement weighs more …"""
MORE_OF_FEW = 0.1
"""… so that so much more is asked for."""
LITTLE = 20
"""Shingles outside of long quotations below which these count too."""
SAME_TITLE = 0.12
"""Off the share where the titles are equal."""
SURE = 0.9
"""Share asked for where a likeness is expected anyway: after days, and between the parts of a series."""
NUMBERS = 0.5
"""Least agreement in numbers: bulletins of two days differ in little else."""
NAMES = 0.6
"""Least agreement in names."""
SAME_DAY = timedelta(hours=12)
"""What is further apart may be the bulletins of two days: one outlet's texts must then agree almost whole, and what has
paragraphs replaced is no copy."""
WINDOW = timedelta(hours=72)
TRANSLATED = timedelta(hours=6)
"""Time within which another language's text at a linked address is a translation."""
SHORT = 40
"""Tokens below which a text may be any notice or wall: only an equal title makes it a copy."""
PART = 0.3
"""Shares of both texts …"""
LARGER_PART = 0.4
"""… of which the larger is at least this, for a text of which paragraphs were replaced …"""
NEW_TOP = 0.1
"""Share of the first third of a text below which it is new …"""
MOSTLY = 0.8
"""… so that it is a copy only where so much of all of it is old, or it holds the other one."""
TOP = 0.15
"""… with this share of its first third in the other."""
PLACES = 3
"""Places for a number or name in common from which these are compared one by one …"""
FILLED = 0.85
"""… and the least share of them that agree."""
PLATED = 3
"""Stories of one outlet from which on what they share tells nothing."""
NEARLY = 0.8
"""Shares of both texts from which on a contradiction parts them from the whole story."""
SAME_LEAD = 0.7
"""Share of the words of the shorter of two first sentences that they have in common, if they tell the same."""
LONG = 800
"""Words for which one chance contradiction is forgiven."""
ADDED = 60
"""Tokens beyond the shared part from which a copy has additions."""


class Decided(msgspec.Struct, frozen=True):
    """A decision: the article with its story, relation, version and kinship; its sketch with the story."""

    article: Article
    sketch: Sketch
    joins: tuple[str, ...] = ()
    """Other stories that this text shows to be the same."""


def decide(article: Article, drawn: Drawn, met: Met) -> Decided:
    """What an article is to the texts it met.

    In this order: the same address, the same text, a translation, a near-duplicate, or a story of its own.
    """
    ours = drawn.sketch
    if met.address:
        return _version(article, ours, met.address)
    if met.same is not None and _long_enough(ours, met.same):
        kin = Kinship(article=met.same.article, shared=1.0, held=1.0, numbers=1.0, names=1.0)
        return _joined(article, ours, met.same.story, "copy", kin)
    for other in met.alternates:
        if _is_translation(ours, other):
            return _joined(article, ours, other.story, "translation", Kinship(article=other.article))
    plates = _plates(ours, met.near)
    contrary = {
        other.story: max(_shares(ours, other, plates)[:2]) for other in met.near if _is_contrary(ours, other, plates)
    }
    least = max(contrary.values(), default=0.0)
    others = [other for other in met.near if other.story not in contrary]
    alike = [(found, other) for other in others if (found := _kinship(article, drawn, other, plates)) is not None]
    # What says the contrary of a text is no copy of one that it has less in common with.
    near = [(found, other) for found, other in alike if max(found.shared, found.held) >= least]
    if not near:
        return _joined(article, ours, derived_id("story", article.id), "original", None)
    best, other = max(near, key=lambda pair: max(pair[0].shared, pair[0].held))
    decided = _joined(article, ours, other.story, "copy with additions" if best.added >= ADDED else "copy", best)
    joins = dict.fromkeys(known.story for _, known in near if known.story != other.story)
    return msgspec.structs.replace(decided, joins=tuple(joins))


def _version(article: Article, ours: Sketch, before: list[Sketch]) -> Decided:
    last = before[-1]
    shared, held, _ = _shares(ours, last)
    kin = Kinship(
        article=last.article,
        shared=shared,
        held=held,
        numbers=_agreement(set(ours.numbers), set(last.numbers)),
        names=_agreement(unpacked(ours.names), unpacked(last.names)),
    )
    return _joined(article, ours, before[0].story, "version", kin, version=len(before) + 1)


def _is_translation(ours: Sketch, other: Sketch) -> bool:
    """Whether a text at an address that ours names as its other language is the same text."""
    near = abs(ours.first_seen - other.first_seen) <= TRANSLATED
    return near and other.outlet == ours.outlet and ours.lang != other.lang


def _plates(ours: Sketch, near: Sequence[Sketch]) -> frozenset[int]:
    """Shingles that stand in several stories of one outlet: what it prints below everything, or its background."""
    if len(near) < PLATED:
        return frozenset()
    mine = unpacked(ours.shingles)
    stories: dict[str, dict[str, set[int]]] = {}
    for other in near:
        shared = mine & unpacked(other.shingles)
        stories.setdefault(other.outlet, {}).setdefault(other.story, set()).update(shared)
    found: set[int] = set()
    for texts in stories.values():
        if len(texts) >= PLATED:
            times = Counter(one for shared in texts.values() for one in shared)
            found.update(one for one, count in times.items() if count >= PLATED)
    return frozenset(found)


def _kinship(article: Article, drawn: Drawn, other: Sketch, plates: frozenset[int]) -> Kinship | None:
    """What makes two texts one; None where they are not."""
    ours = drawn.sketch
    if other.article == ours.article or not _long_enough(ours, other):
        return None
    shared, held, added = _shares(ours, other, plates)
    apart = abs(ours.first_seen - other.first_seen)
    late, another_day = apart > WINDOW, apart > SAME_DAY
    # One outlet's texts of two days are a series, and entries of one live blog repeat their background.
    series = other.outlet == ours.outlet and (another_day or article.kind == "entry")
    if shared < MOSTLY and held < HELD and not _begins_alike(drawn, other):
        return None
    rewritten = not _is_enough(ours, other, shared, held, sure=late, whole=series)
    if rewritten and (another_day or series or not _is_rewritten(drawn, other, shared, held)):
        return None
    numbers = _agreement(set(ours.numbers), set(other.numbers))
    names = _agreement(unpacked(ours.names), unpacked(other.names))
    if (
        ((late and numbers < SURE) or (rewritten and names < NAMES))
        or not _same_facts(ours, other, numbers, names)
        or _contradict(ours, other)
    ):
        return None
    return Kinship(article=other.article, shared=shared, held=held, numbers=numbers, names=names, added=added)


def _shares(ours: Sketch, other: Sketch, plates: frozenset[int] = frozenset()) -> tuple[float, float, int]:
    """The share of ours that stands in the other text, of the other that stands in ours, and our words beyond it.

    Long quotations that both have stand aside unless there is little else: two reports of one statement quote it alike.
    One that only one of them has is something that the other has not.
    """
    mine, theirs = unpacked(ours.shingles), unpacked(other.shingles)
    quoted, told = unpacked(ours.quoted), unpacked(other.quoted)
    if min(len(mine), len(theirs)) < LITTLE:
        mine, theirs = mine | quoted, theirs | told
    if plates:
        mine, theirs = mine - plates, theirs - plates
    both = len(mine & theirs)
    alone, missing = len(quoted - told - theirs - mine), len(told - quoted - mine - theirs)
    return both / max(1, len(mine) + alone), both / max(1, len(theirs) + missing), len(mine) - both


def _is_enough(ours: Sketch, other: Sketch, shared: float, held: float, *, sure: bool, whole: bool) -> bool:
    if whole:
        return min(shared, held) >= SURE
    if sure:
        return max(shared, held) >= SURE
    # One outlet's texts of the same title are a series.
    off = SAME_TITLE if _same_title(ours, other) and ours.outlet != other.outlet else 0.0
    more = MORE_OF_FEW if min(ours.tokens, other.tokens) < FEW else 0.0
    return shared >= MADE_OF + more - off or held >= HELD - off


def _same_facts(ours: Sketch, other: Sketch, numbers: float, names: float) -> bool:
    """Whether the same numbers and names stand in the same places; with few places in common, in both texts at all."""
    mine = dict(pairs(ours.slots))
    told = [mine[place] == filling for place, filling in pairs(other.slots) if place in mine]
    if len(told) >= PLACES:
        return sum(told) >= FILLED * len(told)
    return numbers >= NUMBERS and names >= NAMES


def _is_rewritten(drawn: Drawn, other: Sketch, shared: float, held: float) -> bool:
    """Whether a text is another one with some paragraphs replaced: much in common from its top on.

    Where a background is pasted, the top is new.
    """
    if min(shared, held) < PART or max(shared, held) < LARGER_PART:
        return False
    return len(drawn.top & unpacked(other.shingles)) >= TOP * max(1, len(drawn.top))


def _begins_alike(drawn: Drawn, other: Sketch) -> bool:
    """Whether any of the top of a text stands in the other one: a follow-up is new there, and pastes its background."""
    said = len(drawn.top & unpacked(other.shingles)) + len(drawn.top & unpacked(other.quoted))
    return said >= NEW_TOP * len(drawn.top)


def _is_contrary(ours: Sketch, other: Sketch, plates: frozenset[int]) -> bool:
    """Whether ours is nearly the other text and says the contrary.

    Then it is no copy of the story's other texts either, however these were cut or rewritten.
    """
    shared, held, _ = _shares(ours, other, plates)
    return (min(shared, held) >= NEARLY and _contradict(ours, other)) or (shared >= PART and _leads_differ(ours, other))


def _leads_differ(ours: Sketch, other: Sketch) -> bool:
    """Whether two first sentences have most words in common, and one of them a negation."""
    if not ours.lead or not other.lead:
        return False
    (mine, *words), (theirs, *others) = numbers_of(ours.lead), numbers_of(other.lead)
    common = len(set(words) & set(others))
    return (mine == 0) != (theirs == 0) and common >= SAME_LEAD * min(len(words), len(others))


def _contradict(ours: Sketch, other: Sketch) -> bool:
    """Whether one text says with a negation what the other says without."""
    mine = unpacked(ours.shingles) | unpacked(ours.quoted)
    theirs = unpacked(other.shingles) | unpacked(other.quoted)
    against = sum(_is_denied(one, theirs) for one in sixes(ours.denied))
    against += sum(_is_denied(one, mine) for one in sixes(other.denied))
    return against > min(ours.tokens, other.tokens) // LONG


def _is_denied(negation: tuple[int, int, int, int, int, int], said: AbstractSet[int]) -> bool:
    """Whether a text has the words on both sides of a negation, but not the negation."""
    before, *behind, within, within_too = negation
    # Where the text ends with a negation there is nothing behind it.
    around = (not before or before in said) and (not all(behind) or not said.isdisjoint(behind))
    return around and within not in said and within_too not in said


def _same_title(ours: Sketch, other: Sketch) -> bool:
    return ours.title_hash == other.title_hash != ""


def _long_enough(ours: Sketch, other: Sketch) -> bool:
    return min(ours.tokens, other.tokens) >= SHORT or _same_title(ours, other)


def _agreement(ours: AbstractSet[Any], theirs: AbstractSet[Any]) -> float:
    """Share of the fewer that stand in both texts, one forgiven; 1 where a text has none."""
    return (len(ours & theirs) + 1) / (min(len(ours), len(theirs)) + 1)


def _joined(
    article: Article, sketch: Sketch, story: str, relation: Relation, kin: Kinship | None, *, version: int = 1
) -> Decided:
    decided = msgspec.structs.replace(article, story=story, relation=relation, version=version, kin=kin)
    return Decided(decided, msgspec.structs.replace(sketch, story=story))
