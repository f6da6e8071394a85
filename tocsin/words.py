"""The one analyser: text → tokens with keys. Query, matcher, dedupe and every store read words through it.

A token stands at one position and carries a small set of keys; a query word meets it where their keys meet, and keys
meet only within their kind:

``s:`` surface, folded      ``x:`` as written      ``l:`` dictionary lemma
``n:LANG:`` stem, only where no dictionary knows the word       ``t:`` transliteration of a name
"""

import re
import sys
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import Stemmer
from anyascii import anyascii

from tocsin.dictionaries import Dictionary, prepare

ANALYSER = 1
"""Version of everything here that changes a key: a stored text of another version is analysed anew by ``reindex``."""

KEY_LIMIT = 250
"""Characters of a key that count: stores cut longer tokens."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_APOSTROPHES = re.compile("[’‘ʼ`´ʹ′]")
_STRESS = re.compile(r"(?<=[\u0400-\u052f])\u0301")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_FOLDED = str.maketrans({"ё": "е", "ґ": "г", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_PLAIN_CYRILLIC = re.compile(r"[а-яёєіїґ']+")
_LOOKS_CYRILLIC = str.maketrans("aceiopxyABCEHIKMOPTXYk", "асеіорхуАВСЕНІКМОРТХУк")
_LOOKS_LATIN = str.maketrans("асеіорхуАВСЕНІКМОРТХУк", "aceiopxyABCEHIKMOPTXYk")
_UK_ENDINGS = re.compile(
    r"(?<=\w{3})(?:ами|ями|ові|еві|єві|ого|ому|ими|ою|ею|єю|ів|їв|ом|ем|єм|ам|ям|ах|ях|ій|ої|их|им|а|я|у|ю|і|ї|и|е|о|ь|й)$"
)
_SNOWBALL = {"en": "english", "ru": "russian", "de": "german", "fr": "french", "pl": "polish", "es": "spanish"}
_LATIN_GUESSES = ("de", "fr", "pl", "es")


def clean(text: str) -> str:
    """Text as the analyser sees it: NFKC, no invisible characters or stress marks, one kind of apostrophe."""
    if text.isascii():
        return text
    # Apostrophes first: NFKC makes a blank and an accent of the acute that stands for one.
    return _STRESS.sub("", unicodedata.normalize("NFKC", _APOSTROPHES.sub("'", _INVISIBLE.sub("", text))))


@lru_cache(maxsize=200_000)
def fold(word: str) -> str:
    """The surface form that meets its other spellings: casefolded; é = e, ё = е, ґ = г; й and ї stay."""
    if word.isascii():
        return word.casefold()
    if _PLAIN_CYRILLIC.fullmatch(lower := word.casefold()):
        return lower.translate(_FOLDED)
    word = clean(word)
    latin = sum("a" <= ch.lower() <= "z" for ch in word)
    cyrillic = sum("\u0400" <= ch <= "\u052f" for ch in word)
    if latin and cyrillic:
        word = word.translate(_LOOKS_CYRILLIC if cyrillic >= latin else _LOOKS_LATIN)
    word = word.casefold().translate(_FOLDED)
    if cyrillic and not latin:
        return word
    return "".join(_bare(ch) for ch in word)


def _bare(ch: str) -> str:
    if ch.isascii() or "\u0400" <= ch <= "\u052f":
        return ch
    return "".join(part for part in unicodedata.normalize("NFD", ch) if not unicodedata.combining(part))


def is_cyrillic(word: str) -> bool:
    """Whether most of its letters are Cyrillic."""
    cyrillic = sum("\u0400" <= ch <= "\u052f" for ch in word)
    return cyrillic * 2 > len(word)


def transliterate(word: str) -> str:
    """A Latin skeleton in which the usual spellings of a name meet: Бахмут, Bakhmut and Bachmut are ``bahmut``."""
    skeleton = anyascii(word).casefold()
    for spelling, folded in (("shch", "s"), ("kh", "h"), ("ch", "h"), ("x", "h"), ("zh", "z"), ("w", "v")):
        skeleton = skeleton.replace(spelling, folded)
    skeleton = re.sub(r"[yij]+", "i", skeleton)
    return re.sub(r"([a-z])\1", r"\1", re.sub(r"[^a-z0-9]", "", skeleton))


class Span(NamedTuple):
    """A token in a cleaned text: the word as written and where it stands."""

    written: str
    start: int
    end: int


def spans(text: str) -> list[Span]:
    """Tokens of a cleaned text: runs of letters and digits with apostrophes inside; a hyphen parts, ``'s`` goes."""
    found = []
    for match in _WORD.finditer(text):
        written, end = match.group(), match.end()
        if written[-2:] in ("'s", "'S") and written[:-2].isascii():
            written, end = written[:-2], end - 2
        found.append(Span(written, match.start(), end))
    return found


class Analysed(msgspec.Struct, frozen=True):
    """An analysed article: for each field, the keys of its tokens in order."""

    title: tuple[tuple[str, ...], ...]
    text: tuple[tuple[str, ...], ...]

    def to_bytes(self) -> bytes:
        """Compact form for a store."""
        return zlib.compress(msgspec.msgpack.encode(self), 1)

    @staticmethod
    def from_bytes(data: bytes) -> "Analysed":
        """Read what ``to_bytes`` wrote."""
        return msgspec.msgpack.decode(zlib.decompress(data), type=Analysed)

    def keys_of(self, field: str) -> str:
        r"""The keys of a field as one line for a full-text index: positions by blanks, keys by ``\\x1f``."""
        return " ".join("\x1f".join(keys) for keys in getattr(self, field))


class Words:
    """The analyser with its dictionaries, opened in a main and passed."""

    def __init__(self, dictionaries: dict[str, Path]) -> None:
        self._dictionaries = {lang: Dictionary(path) for lang, path in dictionaries.items()}
        self._stemmers = {lang: Stemmer.Stemmer(name) for lang, name in _SNOWBALL.items()}
        self._memo: dict[tuple[str, str], tuple[str, ...]] = {}

    @staticmethod
    def open(cache_dir: Path, progress: Callable[[str], None] | None = None) -> "Words":
        """Open the dictionaries, compiling them first where that was never done on this machine."""
        return Words(prepare(cache_dir, fold, progress))

    def analyse(self, title: str, text: str, lang: str) -> Analysed:
        """Keys of every token of an article in a language (ISO 639-1; empty where unknown)."""
        return Analysed(title=self._line(title, lang), text=self._line(text, lang))

    def _line(self, text: str, lang: str) -> tuple[tuple[str, ...], ...]:
        return tuple(self.keys(span.written, lang) for span in spans(clean(text)))

    def keys(self, written: str, lang: str = "") -> tuple[str, ...]:
        """Keys of one word of a text in a language. The first is its surface, the second as written."""
        memo = (written, lang)
        keys = self._memo.get(memo)
        if keys is None:
            if len(self._memo) > 400_000:
                self._memo.clear()
            keys = self._memo[memo] = self._keys(written, lang)
        return keys

    def _keys(self, written: str, lang: str) -> tuple[str, ...]:
        surface = fold(written)
        keys = [f"s:{surface}", f"x:{written}"]
        bases: list[str] = []
        for language in self._languages(surface, lang):
            kind, found = self._bases(surface, language)
            keys += [f"{kind}{base}" for base in found]
            bases += found
        if written[0].isupper() and len(surface) >= 4 and not surface[0].isdigit():
            keys += _skeletons(bases or [surface])
        return _cut(keys)

    def query_keys(self, word: str) -> tuple[str, ...]:
        """Keys of a query word, whose language nobody knows: every reading of its alphabet."""
        surface = fold(word)
        keys = [f"s:{surface}"]
        unknown = True
        languages = ("uk", "ru") if is_cyrillic(surface) else ("en", *_LATIN_GUESSES)
        bases: list[str] = []
        for language in languages:
            kind, found = self._bases(surface, language)
            unknown = unknown and kind != "l:"
            keys += [f"{kind}{base}" for base in found]
            bases += found if language in ("en", "uk", "ru") else []
        if unknown and len(surface) >= 4 and not surface[0].isdigit():
            keys += _skeletons([surface, *bases])
        return _cut(keys)

    def lemmas(self, word: str, lang: str) -> tuple[str, ...]:
        """Dictionary lemmas of a word in one language, or the folded word where no dictionary knows it."""
        surface = fold(word)
        dictionary = self._dictionaries.get(lang)
        return (dictionary.lemmas(surface) if dictionary else ()) or (surface,)

    def _languages(self, surface: str, lang: str) -> Sequence[str]:
        if is_cyrillic(surface):
            return (lang,) if lang in ("uk", "ru") else ("uk", "ru")
        if not surface.isalpha() and surface.isdigit():
            return ()
        return (lang,) if lang in _SNOWBALL and lang != "ru" else ("en",)

    def _bases(self, surface: str, lang: str) -> tuple[str, tuple[str, ...]]:
        dictionary = self._dictionaries.get(lang)
        known = dictionary.lemmas(surface) if dictionary else ()
        if known:
            return "l:", known
        if lang == "uk":
            return "n:uk:", (_UK_ENDINGS.sub("", surface),)
        return f"n:{lang}:", (self._stemmers[lang].stemWord(surface),)


def _skeletons(names: Iterable[str]) -> list[str]:
    return [f"t:{skeleton}" for skeleton in map(transliterate, names) if len(skeleton) >= 4]


def _cut(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key[:KEY_LIMIT] for key in keys))


def main() -> None:
    """``python -m tocsin.words``: compile the dictionaries now, so that the first search need not."""
    from tocsin import settings
    from tocsin.errors import UserError

    def tell(lang: str) -> None:
        sys.stdout.write(f"Compiling the dictionary of word forms: {lang}\n")
        sys.stdout.flush()

    try:
        prepare(settings.load().cache_dir, fold, tell)
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
