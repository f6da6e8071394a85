"""What a reader who was told of a text must hear when its page is edited: pure judgement of two texts.

A changed headline, a correction, and in the sentences that were shown a number, a name or a negation that came or went.
Nothing else: pages are polished all day long.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from tocsin.edits import between
from tocsin.marks import one_spelling
from tocsin.records import Article, Hit
from tocsin.spelling import fold
from tocsin.words import printed
from workers.sketch import NEGATIONS

LIKE = 0.5
"""Share of the words of a sentence that must stand in another one for it to be the same, edited."""

_NOTES = {
    "correction": "the outlet says that it corrected the text",
    "advisory": "the agency has a word to its editors",
}
_ENDS = re.compile(r"(?<=[.!?…])[\"'»”’)\]]*\s+|\n+")
_WORD = re.compile(r"\w+(?:['’.,:\-‐‑]\w+)*")


class Edited:
    """A text that was told and a later one of its address; what is asked of it for one reader is kept for the next."""

    def __init__(self, before: Article, after: Article) -> None:
        self._before, self._after = before, after
        self.changes = between(before, after)
        """What the later text has otherwise."""
        self._sentences: dict[str, str] = {}

    def correction(self, hits: Sequence[Hit]) -> str:
        """What changed of that which was told, in a few words; empty where nothing did. ``hits`` were shown of it."""
        told = [*self._page]
        if self.changes.blocks:
            for sentence in dict.fromkeys(hit.sentence for hit in hits if hit.field == "text" and hit.sentence):
                if sentence not in self._sentences:
                    self._sentences[sentence] = _edited(sentence, self._old, self._new)
                told.append(self._sentences[sentence])
        return "; ".join(dict.fromkeys(filter(None, told)))

    @cached_property
    def _page(self) -> tuple[str, ...]:
        """What concerns all who were told of the page."""
        told = []
        if any(_WORD.search(piece.text) for piece in self.changes.title if piece.how != "kept"):
            told.append("the headline changed")
        for name, said in _NOTES.items():
            note = getattr(self._after, name)
            if note and one_spelling(note) != one_spelling(getattr(self._before, name)):
                told.append(said)
        return tuple(told)

    @cached_property
    def _old(self) -> list[str]:
        return list(sentences(printed(self._before.text).text))

    @cached_property
    def _new(self) -> dict[str, Counter[str]]:
        return {sentence: _words(sentence) for sentence in sentences(printed(self._after.text).text)}


def sentences(text: str) -> Iterator[str]:
    """The sentences of a cleaned text, roughly; an end of line always ends one."""
    return (piece for piece in _ENDS.split(text) if piece.strip())


def _edited(shown: str, old: Sequence[str], new: Mapping[str, Counter[str]]) -> str:
    """What became of a sentence of which some part was shown."""
    whole = next((one for one in old if shown in one), shown)
    if whole in new:
        return ""
    before = _words(whole)
    best = max(new, key=lambda one: (_common(before, new[one]), -len(one)), default="")
    after = new.get(best, Counter())
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
