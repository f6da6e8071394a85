"""Which keys a word has: the dictionary lemma where a dictionary knows it, a stem only where none does.

Keys meet only within their kind:

``s:`` surface, folded      ``x:`` as written      ``l:`` dictionary lemma
``n:LANG:`` stem, only where no dictionary knows the word       ``t:`` transliteration of a name
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import Stemmer

from tocsin.dictionaries import Dictionary
from tocsin.sounds import heard, readings, swapped
from tocsin.spelling import clean, fold, is_cyrillic, nominatives, ukrainian_stem

KEY_LIMIT = 250
"""Characters of a key that count: stores cut longer tokens."""

MOST = 12
"""Keys of a token; the last of more are left out."""

_TOLD_APART = 4
"""Letters of a word, and of its transliteration, from which on a name is known by its sound."""

_NO_WORD = 60
"""Letters from which on a token is no word, but an address or a wall of letters: it is met as written alone."""

_SNOWBALL = {"en": "english", "ru": "russian", "de": "german", "fr": "french", "pl": "polish", "es": "spanish"}
_LATIN_GUESSES = ("de", "fr", "pl", "es")


class Forms:
    """The dictionaries and stemmers of all languages, opened once and passed."""

    def __init__(self, dictionaries: dict[str, Path]) -> None:
        self._dictionaries = {lang: Dictionary(path) for lang, path in dictionaries.items()}
        # Without its own memory, which costs more than stemming: words are remembered above.
        self._stemmers = {lang: Stemmer.Stemmer(name, 0) for lang, name in _SNOWBALL.items()}

    def keys(self, written: str, lang: str = "") -> tuple[str, ...]:
        """Keys of one word of a text in a language. The first is its surface, the second as written."""
        surface = fold(written)
        keys = [f"s:{surface}", f"x:{written}", f"x:{written.casefold()}"]
        if len(surface) > _NO_WORD:
            return _cut(keys)
        cyrillic = is_cyrillic(surface)
        names: list[str] = []
        ordinary = known = False
        languages = self._languages(surface, lang, cyrillic=cyrillic)
        for language in languages:
            lemmas, name = self._entry(surface, language)
            ordinary, known = ordinary or bool(lemmas and not name), known or name
            keys += [f"l:{lemma}" for lemma in lemmas]
            names += lemmas
            if not lemmas and (language == lang or lang not in languages):
                stem = self._stem(surface, language)
                keys.append(f"n:{language}:{stem}")
                foreign = (written, stem) if language in _LATIN_GUESSES else (written,)
                names += nominatives(surface) if cyrillic else foreign
            if lemmas and language == lang:
                break
        if not ordinary and _may_be_a_name(surface):
            sounds = [skeleton for name in names for skeleton in heard(name, "" if cyrillic else lang)]
            keys += _sounds(sounds, known=known)
        return _cut(keys)

    def query_keys(self, word: str) -> tuple[str, ...]:
        """Keys of a query word, whose language nobody knows: every reading of its alphabet.

        A word that is a base form is read as one alone: *Львов* is no genitive of lions, and *призов*, a call-up in
        Ukrainian, none of Russian prizes.
        """
        surface = fold(word)
        if len(surface) > _NO_WORD:
            return _cut([f"s:{surface}"])
        cyrillic = is_cyrillic(surface)
        entries = {lang: self._entry(surface, lang) for lang in (("uk", "ru") if cyrillic else ("en",))}
        base = any(surface in lemmas for lemmas, _ in entries.values())
        keys = [f"s:{surface}"]
        names: list[str] = []
        for lang, (lemmas, name) in entries.items():
            read = [lemma for lemma in lemmas if not base or lemma == surface]
            keys += [f"l:{lemma}" for lemma in read]
            names += read
            if name or len(lemmas) != 1:
                keys.append(f"n:{lang}:{self._stem(surface, lang)}")
            if not lemmas and cyrillic:
                names += nominatives(surface)
        ordinary = any(lemmas and not name for lemmas, name in entries.values())
        known = any(name for _, name in entries.values())
        if not cyrillic and not ordinary:
            keys += [f"n:{lang}:{self._stem(surface, lang)}" for lang in _LATIN_GUESSES]
        if not ordinary and _may_be_a_name(surface):
            sounds = [skeleton for name in names for skeleton in heard(name)]
            if cyrillic:
                sounds += [other for sound in sounds for other in swapped(sound)]
            elif not names:
                sounds += readings(clean(word))
            keys += _sounds(sounds, known=known)
        return _cut(keys)

    def lemmas(self, word: str, lang: str) -> tuple[str, ...]:
        """Dictionary lemmas of a word in one language, or the folded word where no dictionary knows it."""
        surface = fold(word)
        return self._entry(surface, lang)[0] or (surface,)

    def _entry(self, surface: str, lang: str) -> tuple[tuple[str, ...], bool]:
        dictionary = self._dictionaries.get(lang)
        return dictionary.entry(surface) if dictionary else ((), False)

    def _languages(self, surface: str, lang: str, *, cyrillic: bool) -> Sequence[str]:
        """Languages whose dictionaries may know a word of a text, its own first; quotations are in another."""
        if cyrillic:
            return ("ru", "uk") if lang == "ru" else ("uk", "ru")
        if surface.isdigit():
            return ()
        return (lang, "en") if lang in _LATIN_GUESSES else ("en",)

    def _stem(self, surface: str, lang: str) -> str:
        return ukrainian_stem(surface) if lang == "uk" else self._stemmers[lang].stemWord(surface)


def _may_be_a_name(surface: str) -> bool:
    return len(surface) >= _TOLD_APART and not surface[0].isdigit()


def _sounds(skeletons: Iterable[str], *, known: bool) -> list[str]:
    """Transliterations; of three letters only where a dictionary knows the name: Kyiv."""
    least = _TOLD_APART - known
    return [f"t:{skeleton}" for skeleton in skeletons if len(skeleton) >= least]


def cut(key: str) -> str:
    """A key as it is kept: its first ``KEY_LIMIT`` UTF-16 units, which is how Elasticsearch counts."""
    if 2 * len(key) <= KEY_LIMIT:
        return key
    return key.encode("utf-16-le")[: 2 * KEY_LIMIT].decode("utf-16-le", "ignore")


def _cut(keys: Iterable[str]) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(keys))[:MOST]
    return once if max(map(len, once)) * 2 <= KEY_LIMIT else tuple(dict.fromkeys(map(cut, once)))
