"""Letters: how a text is cleaned, how a word is folded and transliterated, and what a name drops at its end."""

import re
import unicodedata
from functools import lru_cache

from tocsin.sounds import heard

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_ODD = re.compile("[\u00ad\u0301\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_APOSTROPHES = "’‘ʼ`´ʹ′"
_STRESS = re.compile(r"(?<=[\u0400-\u052f])\u0301")
_FOLDED = str.maketrans({"ё": "е", "ґ": "г", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_PLAIN_CYRILLIC = re.compile(r"[а-яёєіїґ']+")
_LOOKS_CYRILLIC = str.maketrans("aceiopxyABCEHIKMOPTXYk", "асеіорхуАВСЕНІКМОРТХУк")
_LOOKS_LATIN = str.maketrans("асеіорхуАВСЕНІКМОРТХУк", "aceiopxyABCEHIKMOPTXYk")
UKRAINIAN_ENDINGS = re.compile(
    r"(?<=\w{3})(?:ами|ями|ові|еві|єві|ого|ому|ими|ьою|ою|ею|єю|ів|їв|ом|ем|єм|ам|ям|ах|ях|ій|ої|их|им|ий|"
    r"а|я|у|ю|і|ї|и|е|є|о|ь|й)$"
)
"""Case endings of nouns and adjectives."""
_POSSESSIVE = re.compile(r"(?<=\w{3})[оеєії]в$")
_SOFT = re.compile(r"ь(?=[оеє])")
_ZERO_ENDING = re.compile(r"(?<=\w{3})(?:[оеє]к|[еє]ц)$")
_CLOSED = re.compile(r"(?<=\w\w)[оеі](?=[бвгджзклмнпрстфхцчшщ]$)")
_SOFTENED = str.maketrans("цзс", "кгх")
_CASES = re.compile(
    r"(?<=\w{3})(?:ами|ями|ові|еві|єві|ого|его|ому|ему|ими|ыми|ою|ею|єю|ом|ем|єм|ам|ям|ах|ях|ой|ей|ій|ої|их|ых|им|ым|"
    r"ий|ый|[аяуюіїиыеєоьй])$"
)
_FEMININE = re.compile(r"(?:[аяуюіїиыеє]|[оеє]ю|[ое]й)$")


def clean(text: str) -> str:
    """Text as the analyser sees it: NFKC, no invisible characters or stress marks, one kind of apostrophe."""
    if text.isascii():
        return text
    if _ODD.search(text):
        text = _STRESS.sub("", _INVISIBLE.sub("", text))
    # Apostrophes first: NFKC makes a blank and an accent of the acute that stands for one.
    for mark in _APOSTROPHES:
        text = text.replace(mark, "'")
    return unicodedata.normalize("NFKC", text.replace("№", "№ "))


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
    if word.isascii():
        return False
    cyrillic = sum("\u0400" <= ch <= "\u052f" for ch in word)
    return cyrillic * 2 > len(word)


def ukrainian_stem(name: str) -> str:
    """What the case forms of a Ukrainian name share: Авдіївка, Авдіївці and Авдіївок are ``авдіївк``.

    For folded words that no dictionary knows. Made for names alone: it throws common words together.
    """
    stem = _ZERO_ENDING.sub(lambda match: match.group()[-1], UKRAINIAN_ENDINGS.sub("", name))
    stem = _SOFT.sub("", _POSSESSIVE.sub("", stem))
    if stem[-1:] in "цзс" and stem[-2:] not in ("сс", "зз"):
        stem = stem[:-1] + stem[-1].translate(_SOFTENED)
    return _CLOSED.sub("о", stem)


def nominatives(name: str) -> tuple[str, ...]:
    """What a folded Cyrillic name that no dictionary knows may be the case form of, itself first; at most three."""
    base = _CASES.sub("", name)
    found = [name]
    if base != name:
        if base.endswith("ц") and name[-1] in "іе":
            base = base[:-1] + "к"
        found.append(base)
        if _FEMININE.search(name):
            found.append(base + ("о" if base.endswith("енк") else "а"))
    return tuple(dict.fromkeys(found))


def transliterate(word: str) -> str:
    """A Latin skeleton in which the usual spellings of a name meet, read as English does: see ``tocsin/sounds.py``."""
    return heard(word)[0]
