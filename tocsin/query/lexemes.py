"""Query text → lexemes: what stands in it, and where, before anyone asks what it means.

Typographic quotes are quotes; soft hyphens, zero-width and direction marks vanish; a dash between blanks is nothing.
Offsets are those of the text as it was given.
"""

import re

import msgspec

from tocsin.query.fields import ours
from tocsin.query.mistakes import QueryError

MAX_BYTES = 4096

_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_BROKEN = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LEXEME = re.compile(
    r"""\s*+(?:(?P<word>(?!-[\w("=@\#])(?:[A-Za-z_]+:[\[{][^\[\]{}()"]*[\]}]|[^\s()"]+))
    | (?P<open>\()
    | (?P<close>\))
    | (?P<quote>"[^"]*"?)
    | (?P<minus>-))""",
    re.VERBOSE,
)
_OPERATORS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "SENT": "SENT", "|": "OR", "||": "OR"}
_NEAR = re.compile(r"O?NEAR(?:[/:~]?\d+[fF]?|[/:~]\S*)?$")
_MEANT = re.compile(r"[*~<>=]")


class Lexeme(msgspec.Struct, frozen=True, gc=False):
    """A piece of the text. ``kind``: word, quote, open, close, minus, AND, OR, NOT, SENT, near, end."""

    kind: str
    text: str
    start: int
    end: int
    glued: bool = False
    """Nothing stands between it and the lexeme before."""


def lexemes(text: str) -> list[Lexeme]:
    """The lexemes of a text, in order; the last is of the kind ``end``.

    Raises QueryError for more than MAX_BYTES, and for broken and control characters.
    """
    _check(text)
    if text.isascii():
        return _found(text)
    plain = text.translate(_QUOTES)
    if not _INVISIBLE.search(plain):
        return _found(plain)
    plain, offsets = _without_invisible(plain)
    return [
        msgspec.structs.replace(lexeme, start=offsets[lexeme.start], end=offsets[lexeme.end])
        for lexeme in _found(plain)
    ]


def _check(text: str) -> None:
    is_plain = text.isascii()
    if len(text) > MAX_BYTES or (not is_plain and len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES):
        raise QueryError(f"the query is longer than {MAX_BYTES} bytes", 1, "a shorter one, or several subscriptions")
    if is_plain and text.isprintable():
        return
    if broken := _BROKEN.search(text):
        raise QueryError("a broken character stands here, which no text can have", broken.start() + 1, "letters")
    if control := _CONTROL.search(text):
        number = f"U+{ord(control.group()):04X}"
        rest = " ".join(_CONTROL.sub(" ", text).split())
        raise QueryError(f"a control character ({number}) stands here", control.start() + 1, "letters", rest)


def _without_invisible(text: str) -> tuple[str, list[int]]:
    """The text without invisible characters, and for each offset in it the offset in the text."""
    kept = [at for at, ch in enumerate(text) if not _INVISIBLE.match(ch)]
    return "".join(text[at] for at in kept), [*kept, len(text)]


def _found(text: str) -> list[Lexeme]:
    found: list[Lexeme] = []
    end = -1
    # Without the blanks at the end: each of them would be looked through to the last.
    for match in _LEXEME.finditer(text, 0, len(text.rstrip())):
        kind = match.lastgroup or ""
        start, stop = match.span(kind)
        written = text[start:stop]
        if kind == "word":
            if written in _OPERATORS:
                kind = _OPERATORS[written]
            elif written[0] in "NO" and _NEAR.match(written):
                kind = "near"
            elif not written[0].isalnum() and not _says_something(written, found, text[stop : stop + 1]):
                continue
        found.append(Lexeme(kind, written, start, stop, start == end))
        end = stop
    found.append(Lexeme("end", "", len(text), len(text)))
    return found


def _says_something(written: str, before: list[Lexeme], after: str) -> bool:
    """Whether a run of signs is more than punctuation between words: other tools' operators are not passed over."""
    if any(map(str.isalnum, written)):
        return True
    if written == ":":
        return bool(before) and before[-1].kind == "word" and ours(before[-1].text) != ""
    if written in ("!", "+", "{"):
        return bool(after) and after in '("'
    return bool(_MEANT.search(written))
