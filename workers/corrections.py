"""What a reader who was told of a text must hear when its page is edited: pure judgement of two texts.

A changed headline, a correction, and in the sentences that were shown a number, a name or a negation that came or went.
Nothing else: pages are polished all day long.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tocsin.changes import Changes
from tocsin.marks import one_spelling
from tocsin.records import Article, Hit
from tocsin.spelling import fold
from tocsin.words import printed
from workers.sketch import NEGATIONS

LIKE = 0.5
"""Share of the words of a sentence that must stand in another one for it to be the same, edited."""

_ENDS = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+|\n+")
_WORD = re.compile(r"\w+(?:['’.,:\-‐‑]\w+)*")


def correction(before: Article, after: Article, changes: Changes, hits: Sequence[Hit]) -> str:
    """What changed of that which was told, in a few words; empty where nothing did.

    ``before`` is the text that was told, ``hits`` what was shown of it, ``changes`` what the later text has otherwise.
    """
    told = []
    if any(_WORD.search(piece.text) for piece in changes.title if piece.how != "kept"):
        told.append("the headline changed")
    if after.correction and one_spelling(after.correction) != one_spelling(before.correction):
        told.append("the outlet says that it corrected the text")
    if after.advisory and one_spelling(after.advisory) != one_spelling(before.advisory):
        told.append("the agency has a word to its editors")
    if changes.blocks:
        old, new = (list(sentences(printed(article.text).text)) for article in (before, after))
        shown = dict.fromkeys(hit.sentence for hit in hits if hit.field == "text" and hit.sentence)
        told += [what for sentence in shown if (what := _edited(sentence, old, new))]
    return "; ".join(dict.fromkeys(told))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a cleaned text, roughly; an end of line always ends one."""
    return (piece for piece in _ENDS.split(text) if piece.strip())


def _edited(shown: str, old: Sequence[str], new: Sequence[str]) -> str:
    """What became of a sentence of which some part was shown."""
    whole = next((one for one in old if shown in one), shown)
    if whole in new:
        return ""
    before = _words(whole)
    best = max(new, key=lambda one: (_common(before, _words(one)), -len(one)), default="")
    after = _words(best)
    if _common(before, after) < LIKE * before.total():
        # Two sentences may have become one.
        return "" if one_spelling(shown) in one_spelling(" ".join(new)) else "a sentence that was told is gone"
    lost, came = before - after, after - before
    differing = [*lost, *came]
    if any(map(_denies, came)):
        return "a negation came into a sentence that was told"
    if any(map(_denies, lost)):
        return "a negation is gone from a sentence that was told"
    if any(char.isdigit() for word in differing for char in word):
        return "a number changed in a sentence that was told"
    names = _names(whole) ^ _names(best)
    if any(name in names for name in differing):
        return "a name changed in a sentence that was told"
    return ""


def _denies(word: str) -> bool:
    return f"s:{word}" in NEGATIONS or word.endswith("n't")


def _words(sentence: str) -> Counter[str]:
    return Counter(map(fold, _WORD.findall(sentence)))


def _common(one: Counter[str], other: Counter[str]) -> int:
    return (one & other).total()


def _names(sentence: str) -> set[str]:
    """Words with a capital behind the first one, folded."""
    return {fold(word) for word in _WORD.findall(sentence)[1:] if word[0].isupper()}
