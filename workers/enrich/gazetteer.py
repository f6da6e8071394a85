"""Which listed places, people and organisations a text names.

A name is met through its surface and, in Ukrainian and Russian, through the dictionary lemma or stem of its case
forms; never through a transliteration, which is too wide for one word. It counts where it is written as a name:

- with a capital, where the list has one; in capitals throughout, where the list has an abbreviation;
- with a capital inside a sentence, where it is an ordinary word too (*Счастье*, *Reading*);
- in the number the name has: *Орлов* is a surname or many eagles, never the town of Oryol.

Shorter names inside longer ones count as well: "the Luhansk region" names Luhansk.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from tocsin.lists import Lists, Organisation, Person, Place, is_ambiguous, names
from tocsin.spelling import clean, fold, is_cyrillic
from tocsin.words import Analysed, Words, printed, spans

Tokens = Sequence[tuple[str, ...]]
_Entry = Place | Person | Organisation


class Named(NamedTuple):
    """Canonical names in order of first mention, each once."""

    places: tuple[str, ...]
    people: tuple[str, ...]
    organisations: tuple[str, ...]


class _Pattern(msgspec.Struct, frozen=True):
    """One name of an entry, ready to be met."""

    group: int
    """Index of its field in ``Named``."""
    canonical: str
    lang: str
    """Language of the texts in which it is met by case forms; empty for Latin letters, which are met in any."""
    steps: tuple[frozenset[str], ...]
    capital: int
    """Index of its first word with a capital; -1 where the list has none."""
    shouted: tuple[bool, ...]
    """Which of its words are abbreviations, met in capitals only."""
    ambiguous: bool
    number: re.Pattern[str] | None
    """Endings that belong to the other number or gender."""
    others: frozenset[str]
    """Surfaces that are other words, of which the dictionary takes the name for a case form: *Газ* is not Газа."""


# Endings of the number or gender that a one-word name does not have, by the letter on which its nominative ends.
_NOT_OF_CONSONANT = {
    "ru": re.compile(r".+(?:[ое]в|[ая][мх]|[ая]ми|ы)"),
    "uk": re.compile(r".+(?:[іїєое]в|[ая][мх]|[ая]ми|и)"),
}
_NOT_OF_NEUTER = re.compile(r".+(?:[ая][мх]|[ая]ми)")
_NOT_OF_FEMININE = re.compile(r".+(?:[ая][мх]|[ая]ми|[оеє]м)")
_NOT_OF_PLURAL = re.compile(r".+(?:[аяуюоеє]|[оеє]м|[ое]й)")
_VOWELS = "еоуэюіїєё"

_BREAK = re.compile(r"[.!?…:;\n\"“„«‹(\[]")
_SHORTENED = frozenset("г м с п обл пос пгт смт ст им ім ген mt st gen col".split())
"""Words whose full stop ends no sentence: *г. Счастье* is the town."""


class Gazetteer:
    """All names of the lists, hung on the keys of their first word."""

    def __init__(self, words: Words, lists: Lists) -> None:
        self._words = words
        self._hung: dict[str, list[_Pattern]] = defaultdict(list)
        groups: tuple[tuple[_Entry, ...], ...] = (lists.places, lists.people, lists.organisations)
        for group, entries in enumerate(groups):
            for entry in entries:
                for pattern in self._patterns(group, entry):
                    for key in pattern.steps[0]:
                        self._hung[key].append(pattern)

    def find(self, title: str, text: str, analysed: Analysed, lang: str) -> Named:
        """The listed names in an article of a language, analysed in that language."""
        found: tuple[dict[str, None], ...] = ({}, {}, {})
        for line, tokens in ((title, analysed.keys("title")), (text, analysed.keys("text"))):
            for pattern in self._mentions(_Line(line, tokens), lang):
                found[pattern.group][pattern.canonical] = None
        return Named(*(tuple(names) for names in found))

    def _mentions(self, line: "_Line", lang: str) -> Iterator[_Pattern]:
        hung = self._hung.keys()
        for position, keys in enumerate(line.tokens):
            if hung.isdisjoint(keys):
                continue
            for pattern in self._candidates(keys):
                spoken = not pattern.lang or pattern.lang == lang or lang not in ("uk", "ru")
                if spoken and _meets(pattern, line.tokens, position) and _written(pattern, line, position):
                    yield pattern

    def _candidates(self, keys: tuple[str, ...]) -> Iterator[_Pattern]:
        for key in keys:
            yield from self._hung.get(key, ())

    def _patterns(self, group: int, entry: _Entry) -> Iterator[_Pattern]:
        for name, lang, how in names(entry):
            written = [span.written for span in spans(clean(name))]
            if not written:
                continue
            cyrillic = lang in ("uk", "ru") and is_cyrillic(fold(name))
            inflected = cyrillic and how != "form"
            steps = tuple(self._keys(word, lang if inflected else "") for word in written)
            first = steps[0] if len(written) == 1 else ()
            capitals = [at for at, word in enumerate(written) if word[0].isupper()]
            yield _Pattern(
                group=group,
                canonical=entry.name,
                lang=lang if cyrillic else "",
                steps=steps,
                capital=capitals[0] if capitals else -1,
                shouted=tuple(len(word) > 1 and word.isupper() for word in written),
                ambiguous=is_ambiguous(entry, name, lang),
                number=_other_number(fold(name), lang) if inflected and len(written) == 1 else None,
                others=frozenset(f"s:{key[2:]}" for key in first if key[:2] == "l:") - {f"s:{fold(written[0])}"},
            )

    def _keys(self, word: str, lang: str) -> frozenset[str]:
        """Surface of a name's word, and its lemma or stem; of several lemmas only itself, if it is one of them."""
        surface = f"s:{fold(word)}"
        if not lang or (len(word) > 1 and word.isupper()):
            return frozenset({surface})
        bases = [key for key in self._words.keys(word, lang) if key[:2] in ("l:", "n:")]
        itself = f"l:{fold(word)}"
        return frozenset({surface, itself} if itself in bases else {surface, *bases})


class _Line:
    """A title or text with its tokens; where they stand is worked out only if somebody asks."""

    def __init__(self, line: str, tokens: Tokens) -> None:
        self.tokens = tokens
        self._line = line
        self._gaps: list[str] = []
        self._words: list[str] = []

    def inside_sentence(self, position: int) -> bool:
        """Whether a capital at this token is the word's own: no sentence, quotation or heading begins with it."""
        if not self._gaps:
            line, found = printed(self._line)
            self._words = [span.written for span in found]
            ends = [0, *(span.end for span in found)]
            self._gaps = [line[end : span.start] for end, span in zip(ends, found, strict=False)]
        gap = self._gaps[position]
        if position == 0 or self._titled(position):
            return False
        return not _BREAK.search(gap) or (gap.strip() == "." and self._words[position - 1].lower() in _SHORTENED)

    def _titled(self, position: int) -> bool:
        """Whether the words around have capitals too, as in English headings where each word has one."""
        long = [word for word in self._beside(position) if len(word) > 3]
        return bool(long) and self._words[position].isascii() and all(word[0].isupper() for word in long)

    def _beside(self, position: int) -> Iterator[str]:
        """Two words on each side, as far as the sentence goes."""
        for at in range(position, max(0, position - 2), -1):
            if _BREAK.search(self._gaps[at]):
                break
            yield self._words[at - 1]
        for at in range(position + 1, min(len(self._words), position + 3)):
            if _BREAK.search(self._gaps[at]):
                break
            yield self._words[at]

    def in_capitals(self, position: int) -> bool:
        """Whether the words around are in capitals too."""
        beside = (*self.tokens[max(0, position - 1) : position], *self.tokens[position + 1 : position + 2])
        around = [keys[1][2:] for keys in beside]
        return bool(around) and all(word.isupper() and len(word) > 1 for word in around)


def _meets(pattern: _Pattern, tokens: Tokens, position: int) -> bool:
    rest = tokens[position + 1 : position + len(pattern.steps)]
    return len(rest) == len(pattern.steps) - 1 and all(
        not keys.isdisjoint(token) for keys, token in zip(pattern.steps[1:], rest, strict=True)
    )


def _written(pattern: _Pattern, line: _Line, position: int) -> bool:
    """Whether the words that met a name are written as a name is."""
    tokens = line.tokens[position : position + len(pattern.steps)]
    if pattern.capital >= 0 and not tokens[pattern.capital][1][2].isupper():
        return False
    if any(shouted and not keys[1][2:].isupper() for shouted, keys in zip(pattern.shouted, tokens, strict=True)):
        return False
    surface = tokens[0][0]
    if surface in pattern.others:
        return False
    if pattern.number and surface not in pattern.steps[0] and pattern.number.fullmatch(surface, 2):
        return False
    if not pattern.ambiguous:
        return True
    return not line.in_capitals(position) and (pattern.shouted[0] or line.inside_sentence(position))


def _other_number(surface: str, lang: str) -> re.Pattern[str] | None:
    last = surface[-1]
    if last in "иыі":
        return _NOT_OF_PLURAL
    if last in "ая":
        return _NOT_OF_FEMININE
    if last in _VOWELS:
        return _NOT_OF_NEUTER
    return _NOT_OF_CONSONANT[lang]
