"""Words as written → Word, Prefix, Phrase, Exact, and the quotation with a distance.

All functions raise ValueRefused, with the term to write instead where there is one.
"""

import re

from tocsin.query.ast import Exact, Near, Phrase, Prefix, Query, Word
from tocsin.query.distances import MAX_GAP
from tocsin.query.fields import named, ours
from tocsin.query.mistakes import ValueRefused
from tocsin.spelling import clean
from tocsin.words import compounds, parts

PLAIN = re.compile("[A-Za-zА-Яа-яЁёІіЇїЄєҐґ]+")
"""What is one word, and clean, for certain."""

_RUN = re.compile(r"[^\W_]+")
_ADDRESS = re.compile(r"(?i)https?://(?:www\.)?([^?#]*)")
_NO_WORD = re.compile(r"(?:AND|OR|NOT|SENT|O?NEAR(?:/.*)?|[Aa][Tt][Ll][Ee][Aa][Ss][Tt]\d+)$")
"""What would not be read as a word, were it printed without quotes."""
_FOREIGN = (
    (re.compile(r"<<<|>>>"), "a comment cannot stand in a query"),
    (re.compile(r"[<>]"), "a comparison stands only behind date: or seen:"),
    (re.compile(r"[!+](?!\d)"), "a sign before a word has no meaning here, except - for NOT"),
    (re.compile(r"\{|.*\}$"), "braces have no meaning here"),
    (re.compile(r"/.+/\w*$"), "a pattern between slashes is not searched"),
    (re.compile(r".*[\w\"]\^[\d.]+$"), "a weight has no meaning here: a text meets or it does not"),
    (re.compile(r".*\w~[\d.]*$"), "a misspelt word is not searched: ~ stands only behind a quotation, as a distance"),
    (re.compile(r"~"), "~ stands only behind a quotation, with a distance"),
    (re.compile(r".*\?\w"), "a ? for any letter is not searched"),
)
_SUSPICIOUS = re.compile(r"[<>!+{}/^~?=]")


def weight(query: Query) -> int:
    """Words that a leaf counts for: each part of a compound is one."""
    match query:
        case Word(text):
            return len(_RUN.findall(text))
        case Phrase(words) | Exact(words):
            return sum(len(_RUN.findall(word)) for word in words)
        case Near(sides):
            return sum(map(weight, sides))
        case _:
            return 1


def word_of(text: str, field: str) -> Word | Prefix | Phrase | Exact:
    """What stands without blanks and quotes."""
    if text[0] == "=":
        return exact_of(text[1:], field)
    if text == ":":
        raise ValueRefused("this : stands apart from the field before it", "no blank before it")
    if " " in text:
        raise ValueRefused("a range stands only behind date: or seen:", "a word")
    if _SUSPICIOUS.search(text):
        text = _without_foreign(text)
    if "*" in text:
        return Prefix(_beginning(text), field)
    words = tuple(compounds(clean(text)))
    if not words:
        raise ValueRefused(f"{text} has no letters or digits", "a word")
    # What is left of AND. would be read as the operator, once it is printed.
    if len(words) == 1 and not _NO_WORD.match(words[0]) and not named(words[0]):
        return Word(words[0], field)
    return Phrase(words, field)


def phrase_of(text: str, field: str) -> Phrase:
    """What stands between quotes."""
    return Phrase(_words(text), field)


def exact_of(text: str, field: str) -> Exact:
    """What stands behind ``=``, without its quotes."""
    if "*" in text:
        instead = text.replace("*", "").strip()
        raise ValueRefused("letter for letter, a * has no meaning", "whole words", f'="{instead}"' if instead else "")
    words = tuple(compounds(clean(text)))
    if not words:
        raise ValueRefused("there is no word behind this =", 'a word, or a "phrase", without a blank before it')
    return Exact(words, field)


def distant(text: str, gap: int, field: str) -> Near | Phrase:
    """What stands between quotes with a distance behind; one word alone is as far from itself as it likes."""
    try:
        words = _words(text)
    except ValueRefused as refused:
        instead = f"{refused.instead}~{gap}" if refused.instead else ""
        raise ValueRefused(refused.message, refused.expected, instead) from None
    if gap > MAX_GAP:
        raise ValueRefused(f"~ reaches over {MAX_GAP} words at the most", "a smaller number", f'"{text}"~{MAX_GAP}')
    if len(words) == 1:
        return Phrase(words, field)
    sides = tuple(Prefix(word[:-1], field) if word[-1] == "*" else Word(word, field) for word in words)
    return Near(sides, gap, ordered=True)


def _without_foreign(text: str) -> str:
    """The text, an address without its scheme. Other tools' signs are refused: what they meant would be lost."""
    if address := _ADDRESS.match(text):
        return address.group(1) or text
    for pattern, meaning in _FOREIGN:
        if pattern.match(text):
            raise ValueRefused(meaning, 'a word, a "phrase" or a field')
    name, sign, value = text.partition("=")
    if sign and ours(name):
        raise ValueRefused(
            f"{name}= is not how a field is written", "the field with a :", f"{name}:{value}" if value else ""
        )
    return text


def _beginning(text: str) -> str:
    """The letters before a ``*``."""
    stem, _, rest = text.partition("*")
    cleaned = clean(stem)
    found = compounds(cleaned)
    words = [part.word for part in parts(found[-1])[0]] if found else []
    bare = found[0].lstrip("@#") if found else ""
    # What follows the letters would be no part of any word: call-* finds nothing, and call* is something else.
    if len(found) == 1 and cleaned.endswith(found[0]) and words == [bare] and len(bare) >= 2 and not rest:
        return bare
    instead = ""
    if words and len(words[-1]) >= 2:
        instead = f"{words[-1]}*" if len(words) == 1 else '"' + " ".join(words) + '*"'
    raise ValueRefused("a * stands only at the end of at least two letters", "a prefix such as conscript*", instead)


def _words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for chunk in text.split():
        if PLAIN.fullmatch(chunk):
            words.append(chunk)
        elif "*" in chunk:
            words += _starred(chunk, text)
        else:
            words += compounds(clean(chunk))
    if not words:
        raise ValueRefused("there is no word in these quotes", "a word between them")
    return tuple(words)


def _starred(chunk: str, text: str) -> list[str]:
    """A beginning inside a phrase; a compound before the star falls into its parts."""
    if not chunk.strip("*"):
        raise ValueRefused("a * alone stands for no word", 'a distance: "a b"~1 lets one word stand between')
    stem = clean(chunk.rstrip("*"))
    found = [part.word for compound in compounds(stem) for part in parts(compound)[0]]
    if "*" in stem or not found or len(found[-1]) < 2 or not stem.endswith(found[-1]):
        whole = text.replace("*", "").strip()
        raise ValueRefused(
            "a * stands only at the end of at least two letters", "a beginning such as conscript*",
            f'"{whole}"' if whole else "",
        )  # fmt: skip
    return [*found[:-1], f"{found[-1]}*"]
