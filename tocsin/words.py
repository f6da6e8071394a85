"""The one analyser: text → tokens with keys. Query, matcher, dedupe and every store read words through it.

A token stands at one position and carries a small set of keys (``tocsin.forms``); a query word meets it where their
keys meet. Equal tokens of a process are one object, so that whoever asks the same of a word twice can remember the
answer.

What is written as one without a blank, ``long-range``, ``U.S.``, ``t.me/rybar``, is a compound: its parts stand at
positions one after the other, and the first part carries the keys of the joined form beside its own.
"""

import re
import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from tocsin.dictionaries import prepare
from tocsin.forms import Forms, cut
from tocsin.spelling import clean, fold

ANALYSER = 2
"""Version of everything here that changes a key: a stored text of another version is analysed anew by ``reindex``."""

KEYS_PER_TOKEN = 12
"""Keys a token has at the most …"""
KEYS_PER_KIND = {"s": 2, "x": 5, "l": 4, "n": 4, "t": 6}
"""… and of each kind, lemmas and stems together: stores lay out fields for so many."""

_NEVER_TOO_MANY = 4
MEMO = 300_000
"""Written words of a language that are remembered; past that the memory starts anew."""

# Possessive throughout: what was taken is never given back, which is a quarter of the time.
_JOINED = r"\w++(?:[-.,'’`@/:&+‐‑]\w++)*+"
_TOKEN = re.compile(rf"{_JOINED}|[@#]{_JOINED}")
_APOSTROPHES = re.compile("[’ʼ‘`´′ʹ]")
_PART = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,']\d{3})+")
_DECIMAL = re.compile(r"\d+[.,]\d+")
_INITIALS = re.compile(r"[^\W\d_](?:\.[^\W\d_])+")
_DIGIT = re.compile(r"\d")
_HYPHENS = re.compile("[-‐‑]")
_ELISION = re.compile(r"(?i)(?:l|d|j|n|s|c|m|t|qu|un|dell|all|nell|sull|dall)'(?=[^\W\d_]{3})")
_TOKEN_OR_END = re.compile(_TOKEN.pattern + r"|[.!?…]+[\"'”’»)\]]*\s+(?=[\"'“„«(\[—–-]*[^\Wa-z])|\n\s*")
_SHORTENED = frozenset(
    "s:" + word
    for word in (
        "mr mrs ms dr prof gen col maj capt lt sgt st no vs gov sen rep rev jr sr inc ltd co corp jan feb mar apr jun"
        " jul aug sep sept oct nov dec ст вул ул пр обл им ім тис тыс млн млрд гл грн руб напр др св ген полк"
    ).split()
)
"""Abbreviations after which a full stop ends no sentence."""
_HEAD = struct.Struct("<III")


class Token:
    """A word as it stands in texts: its keys, the first its surface, the second as written. Compared by identity.

    Asked of each word of each text, and so found out once: ``is_capital`` is a word of more than two letters that is
    written with a capital, ``is_number`` one that begins with a digit.
    """

    __slots__ = ("is_capital", "is_number", "keys")

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.keys = keys
        self.is_capital = len(keys) > 1 and len(keys[0]) > 4 and keys[1][2:3].isupper()
        self.is_number = keys[0][2:3].isdigit()

    def __repr__(self) -> str:
        return f"Token{self.keys!r}"


class Span(NamedTuple):
    """A token in a cleaned text: the word as written and where it stands."""

    written: str
    start: int
    end: int


class Part(NamedTuple):
    """A part of a compound: the word that is read, and where it stands in the compound."""

    word: str
    start: int
    end: int


class Analysed(msgspec.Struct, frozen=True):
    """An analysed article: the tokens of its title and text, and where the sentences of its text begin."""

    title: tuple[Token, ...]
    text: tuple[Token, ...]
    sentences: tuple[int, ...] = ()
    """Positions in ``text`` at which a sentence begins, in order; the first begins at 0 and is not named."""

    def keys(self, field: str) -> list[tuple[str, ...]]:
        """The keys of each token of ``title`` or ``text``, in order."""
        tokens: tuple[Token, ...] = getattr(self, field)
        return [token.keys for token in tokens]


def names_at(analysed: Analysed) -> set[int]:
    """Places in the text of the words that have a capital and begin no sentence: names, in most languages."""
    return {at for at, token in enumerate(analysed.text) if token.is_capital} - {0, *analysed.sentences}


def is_capital(token: Token) -> bool:
    """Whether a word of more than two letters is written with a capital."""
    return token.is_capital


class Stored(NamedTuple):
    """An analysed article with a store's own number for each token: what search and re-matching read."""

    title: "array[int]"
    text: "array[int]"
    sentences: "array[int]"

    def to_bytes(self) -> bytes:
        """Three lengths, then title, text and sentences as little-endian 32-bit numbers."""
        body = self.title + self.text + self.sentences
        if sys.byteorder == "big":
            body.byteswap()
        return _HEAD.pack(len(self.title), len(self.text), len(self.sentences)) + body.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Stored":
        """Read what ``to_bytes`` wrote."""
        title, text, _ = _HEAD.unpack_from(data)
        body = array("I", data[_HEAD.size :])
        if sys.byteorder == "big":
            body.byteswap()
        return cls(body[:title], body[title : title + text], body[title + text :])

    @staticmethod
    def sentences_of(data: bytes) -> "array[int]":
        """The last part alone of what ``to_bytes`` wrote."""
        title, text, _ = _HEAD.unpack_from(data)
        body = array("I", data[_HEAD.size + 4 * (title + text) :])
        if sys.byteorder == "big":
            body.byteswap()
        return body


def compounds(text: str) -> list[str]:
    """What stands without blanks in a cleaned text, as written: words, and words joined by hyphens, dots, ``@`` …"""
    return _TOKEN.findall(text)


def parts(compound: str) -> tuple[list[Part], str]:
    """The words of a compound that each take a position, and the joined form; empty where there is none.

    ``long-range`` is long, range and longrange; ``1,000`` is 1000; ``3,5`` is 3.5; ``U.S`` is u, s and us; an address
    keeps its signs. An apostrophe parts only what French and Italian run together, and the ``'s`` of English falls
    away.
    """
    if compound.isalnum():
        return [Part(compound, 0, len(compound))], ""
    written = _APOSTROPHES.sub("'", compound)
    if _THOUSANDS.fullmatch(written):
        return [Part(re.sub("[.,']", "", written), 0, len(written))], ""
    if _DECIMAL.fullmatch(written):
        return [Part(written.replace(",", "."), 0, len(written))], ""
    found = [part for match in _PART.finditer(written) for part in _without_apostrophes(match.group(), match.start())]
    if len(found) < 2:
        return found, written if found and written[0] in "@#" else ""
    if _INITIALS.fullmatch(written):
        return found, written.replace(".", "")
    if "'" in written and not _HYPHENS.search(written):
        return found, "" if _ELISION.match(written) else written
    joined = "".join(part.word for part in found)
    return found, joined if _only_hyphens(written) else written


def _only_hyphens(written: str) -> bool:
    return all(ch.isalnum() or ch in "-‐‑'" for ch in written)


def _without_apostrophes(word: str, at: int) -> list[Part]:
    if word[-2:] in ("'s", "'S") and word[:-2].isascii():
        word = word[:-2]
    if elided := _ELISION.match(word):
        end = elided.end()
        return [Part(word[: end - 1], at, at + end - 1), Part(word[end:], at + end, at + len(word))]
    return [Part(word, at, at + len(word))]


def spans(text: str) -> list[Span]:
    """Tokens of a cleaned text and where they stand; the positions are those of the analyser."""
    found = []
    for match in _TOKEN.finditer(text):
        written, (at, end) = match.group(), match.span()
        if written.isalnum():
            found.append(Span(written, at, end))
            continue
        found += [
            Span(text[at + part.start : at + part.end], at + part.start, at + part.end) for part in parts(written)[0]
        ]
    return found


class Printed(NamedTuple):
    """A text as the analyser sees it, and where its tokens stand."""

    text: str
    spans: Sequence[Span]


@lru_cache(128)
def printed(text: str) -> Printed:
    """Clean a text and find where its tokens stand: once, whoever on its way asks."""
    cleaned = clean(text)
    return Printed(cleaned, spans(cleaned))


_LINE, _STOP, _MARK = Token(("\n",)), Token((".",)), Token(("!",))
"""What stands in the stream where a sentence may end: an end of line, a single full stop, another mark."""
_END_MARKS = frozenset(".!?…\n")
_ENDS = frozenset({_LINE, _STOP, _MARK})


def _end(written: str) -> Token:
    """The mark for the end of a sentence as it is written, with the blanks behind it."""
    if "\n" in written:
        return _LINE
    return _STOP if written[0] == "." and written[1] != "." else _MARK


def _sentences(stream: list[Token]) -> tuple[tuple[Token, ...], tuple[int, ...]]:
    """A text without the marks, and where its second and later sentences begin.

    A full stop, question or exclamation mark before a blank ends a sentence, but not after an initial or a usual
    abbreviation, and not before a small letter; the end of a line always does.
    """
    starts: list[int] = []
    tokens: list[Token] = []
    begin, number = 0, len(stream)
    for at in [at for at, token in enumerate(stream) if token in _ENDS]:
        tokens += stream[begin:at]
        begin = at + 1
        after = stream[begin].keys if begin < number else ()
        if stream[at] is not _LINE and len(after) > 1 and after[1][2].islower():
            continue
        if stream[at] is _STOP and at:
            before = stream[at - 1].keys[0]
            if before in _SHORTENED or (len(before) == 3 and before[2].isalpha()):
                continue
        starts.append(len(tokens))
    tokens += stream[begin:]
    return tuple(tokens), tuple(dict.fromkeys([start for start in starts if 0 < start < len(tokens)]))


class _Memo(dict[str, tuple[Token, ...]]):
    """Written word → its tokens, in one language; what is asked for the first time is made."""

    def __init__(self, make: Callable[[str], tuple[Token, ...]]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, written: str) -> tuple[Token, ...]:
        if len(self) >= MEMO:
            self.clear()
        tokens = self[written] = self._make(written)
        return tokens


class Words:
    """The analyser with its dictionaries, opened in a main and passed."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self._memos: dict[str, _Memo] = {}
        self._tokens: dict[tuple[str, ...], Token] = {}

    @staticmethod
    def open(cache_dir: Path, progress: Callable[[str], None] | None = None) -> "Words":
        """Open the dictionaries, compiling them first where that was never done on this machine."""
        return Words(Forms(prepare(cache_dir, fold, progress)))

    def analyse(self, title: str, text: str, lang: str) -> Analysed:
        """Tokens of an article in a language (ISO 639-1; empty where unknown)."""
        memo = self._memos.get(lang) or self._memos.setdefault(lang, _Memo(lambda written: self._made(written, lang)))
        stream = list(chain.from_iterable(map(memo.__getitem__, _TOKEN_OR_END.findall(clean(text)))))
        tokens, starts = _sentences(stream)
        headline = tuple(chain.from_iterable(map(memo.__getitem__, _TOKEN.findall(clean(title)))))
        return Analysed(headline, tokens, starts)

    def tokens(self, written: str, lang: str = "") -> tuple[Token, ...]:
        """Tokens of one compound of a text in a language: one for each of its positions."""
        memo = self._memos.get(lang) or self._memos.setdefault(lang, _Memo(lambda word: self._made(word, lang)))
        return memo[written]

    def token(self, keys: tuple[str, ...]) -> Token:
        """The token with these keys: one object, whoever asks."""
        known = self._tokens.get(keys)
        if known is None:
            if len(self._tokens) >= 2 * MEMO:
                self._tokens.clear()
            known = self._tokens[keys] = Token(keys)
        return known

    def keys(self, written: str, lang: str = "") -> tuple[str, ...]:
        """Keys of the first token of a word of a text. The first is its surface, the second as written."""
        return self.tokens(written, lang)[0].keys

    def query_keys(self, word: str) -> tuple[str, ...]:
        """Keys of a query word, whose language nobody knows."""
        return self.forms.query_keys(word)

    def joined_query_keys(self, written: str, joined: str) -> tuple[str, ...]:
        """Keys by which a query's compound meets its joined form: initials only an abbreviation in capitals."""
        if _INITIALS.fullmatch(_APOSTROPHES.sub("'", written)):
            return (f"x:{joined.upper()}",)
        return self.forms.query_keys(joined) if joined.isalnum() else (cut(f"s:{fold(joined)}"),)

    def lemmas(self, word: str, lang: str) -> tuple[str, ...]:
        """Dictionary lemmas of a word in one language, or the folded word where no dictionary knows it."""
        return self.forms.lemmas(word, lang)

    def _made(self, written: str, lang: str) -> tuple[Token, ...]:
        if written[0] in _END_MARKS:
            return (_end(written),)
        found, joined = parts(written)
        if not found:
            return ()
        keys = [_one_word(self.forms.keys(part.word, lang), written, part) for part in found]
        if joined:
            keys[0] = tuple(dict.fromkeys((*keys[0], *as_written(written), *self._joined_keys(written, joined, lang))))
        return tuple(self.token(_capped(each)) for each in keys)

    def _joined_keys(self, written: str, joined: str, lang: str) -> tuple[str, ...]:
        """Keys of a joined form: initials read as an abbreviation, an address only as it is, all else as a word."""
        if _INITIALS.fullmatch(written):
            return (f"s:{fold(joined)}", f"x:{joined.upper()}")
        if not joined.isalnum():
            return (cut(f"s:{fold(joined)}"),)
        return tuple(key for key in self.forms.keys(joined, lang) if not key.startswith("x:"))


def _capped(keys: tuple[str, ...]) -> tuple[str, ...]:
    if len(keys) <= _NEVER_TOO_MANY:
        return keys
    left = {kind: number for kind, number in KEYS_PER_KIND.items() if kind != "n"}
    kept: list[str] = []
    for key in keys[:KEYS_PER_TOKEN]:
        kind = "l" if key[0] == "n" else key[0]
        if left[kind]:
            left[kind] -= 1
            kept.append(key)
    return tuple(kept)


def _one_word(keys: tuple[str, ...], written: str, part: Part) -> tuple[str, ...]:
    """What has digits has no stem; and a number is read without its separators, but still written with them."""
    if not _DIGIT.search(part.word):
        return keys
    keys = tuple(key for key in keys if not key.startswith("n:"))
    number = written[part.start : part.end]
    return keys if number == part.word else (keys[0], *as_written(number))


def as_written(word: str) -> tuple[str, ...]:
    """Keys of a word as written, and with small letters where that is another."""
    plain = _APOSTROPHES.sub("'", word)
    return tuple(dict.fromkeys((cut(f"x:{plain}"), cut(f"x:{plain.casefold()}"))))


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
