"""Query text → tree. A recursive-descent parser; the grammar stands in docs/query-language.md.

Precedence NOT > AND > OR; blank means AND; ``-x`` means NOT x; operators in upper case.
"""

import re
from typing import NamedTuple, NoReturn

from tocsin.errors import UserError
from tocsin.query.ast import ALIASES, FILTERS, TEXT_FIELDS, And, Filter, Not, Or, Phrase, Prefix, Query, Word
from tocsin.words import clean, spans

MAX_BYTES = 4096
MAX_DEPTH = 20
MAX_TERMS = 200

_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_LEXEME = re.compile(
    r'(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<quote>"[^"]*"?)|(?P<minus>-(?=[\w("]))|(?P<word>[^\s()"]+)'
)
_FIELD = re.compile(r"([A-Za-z_]+):")
_OPERATORS = ("AND", "OR", "NOT", "SENT")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEAR = re.compile(r"(?:O?NEAR(?:/\w*)?|SENT)$")


class QueryError(UserError):
    """A query that cannot be understood: ``column`` (from 1), what was ``expected`` there, and a ``suggestion``."""

    def __init__(self, message: str, column: int, expected: str = "", suggestion: str = "") -> None:
        self.column, self.expected, self.suggestion, self.what = column, expected, suggestion, message
        hint = f" Expected: {expected}." if expected else ""
        hint += f" Try: {suggestion}" if suggestion else ""
        super().__init__(f"Query, column {column}: {message}.{hint}", 2)


class _Lexeme(NamedTuple):
    kind: str
    text: str
    column: int
    glued: bool
    """Nothing stands between it and the lexeme before."""


def parse(text: str) -> Query:
    """The tree of a query text.

    Raises QueryError with the column where it stops making sense.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise QueryError(f"the query is longer than {MAX_BYTES} bytes", 1, "", "split it into several subscriptions")
    if broken := _SURROGATE.search(text):
        raise QueryError("a broken character stands here, which no text can have", broken.start() + 1, "letters", "")
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lexemes = _lexemes(text)
        self._at = 0
        self._terms = 0
        self._whole = False
        """Inside the parentheses of a field that is compared whole: kyiv-independent is one value there."""

    def whole(self) -> Query:
        if not self._lexemes:
            raise QueryError("the query is empty", 1, 'a word, a "phrase" or a field such as outlet:', "Bakhmut")
        tree = self._or(1)
        rest = self._peek()
        if rest:
            raise QueryError("this ) closes nothing", rest.column, "an opening ( before it", "")
        return tree

    def _peek(self) -> _Lexeme | None:
        return self._lexemes[self._at] if self._at < len(self._lexemes) else None

    def _take(self) -> _Lexeme:
        self._at += 1
        return self._lexemes[self._at - 1]

    def _is_operator(self, *names: str) -> bool:
        head = self._peek()
        return head is not None and head.kind == "word" and head.text in names

    def _or(self, depth: int) -> Query:
        parts = [self._and(depth)]
        while self._is_operator("OR", "|"):
            self._take()
            parts.append(self._and(depth))
        return parts[0] if len(parts) == 1 else Or(_flat(parts, Or))

    def _and(self, depth: int) -> Query:
        parts = [self._not(depth)]
        while True:
            head = self._peek()
            if head is None or head.kind == "close" or self._is_operator("OR", "|"):
                break
            if self._is_operator("AND"):
                self._take()
            parts.append(self._not(depth))
        return parts[0] if len(parts) == 1 else And(_flat(parts, And))

    def _not(self, depth: int) -> Query:
        if depth > MAX_DEPTH:
            raise QueryError(
                f"more than {MAX_DEPTH} levels of NOT or parentheses", self._column(), "a flatter query", ""
            )
        head = self._peek()
        if head and (head.kind == "minus" or self._is_operator("NOT")):
            self._take()
            return Not(self._not(depth + 1))
        return self._term(depth)

    def _column(self) -> int:
        head = self._peek()
        return head.column if head else len(self._text) + 1

    def _term(self, depth: int) -> Query:
        head = self._peek()
        if head is None:
            self._missing(len(self._text) + 1)
        self._count(1, head.column)
        if head.kind == "open":
            return self._group(depth)
        if head.kind == "close" or self._is_operator("AND", "OR", "|"):
            self._missing(head.column)
        self._take()
        if self._whole and not _FIELD.match(head.text):
            return Phrase((_unquoted(head).strip() if head.kind == "quote" else head.text,), "")
        if head.kind == "quote":
            return self._counted(_phrase(head, ""), head.column)
        field = _FIELD.match(head.text)
        if field and not head.text.startswith(("http:", "https:")):
            return self._fielded(head, field.group(1).lower(), head.text[field.end() :], depth)
        return self._counted(_word(head.text, head.column, ""), head.column)

    def _count(self, words: int, column: int) -> None:
        self._terms += words
        if self._terms > MAX_TERMS:
            raise QueryError(f"more than {MAX_TERMS} words", column, "fewer words", "a prefix such as mobili*")

    def _counted(self, query: Query, column: int) -> Query:
        """A phrase counts with all its words; one ligature may be four of them."""
        if isinstance(query, Phrase):
            self._count(len(query.words) - 1, column)
        return query

    def _missing(self, column: int) -> NoReturn:
        raise QueryError("a word is missing here", column, 'a word, a "phrase" or a parenthesis', "")

    def _group(self, depth: int) -> Query:
        opening = self._take()
        if (head := self._peek()) and head.kind == "close":
            raise QueryError("these parentheses are empty", opening.column, "a word between them", "")
        tree = self._or(depth + 1)
        if not (self._peek() and self._take().kind == "close"):
            raise QueryError("this ( is never closed", opening.column, "a ) at the end", self._text.rstrip() + ")")
        return tree

    def _fielded(self, head: _Lexeme, name: str, value: str, depth: int) -> Query:
        name = ALIASES.get(name, name)
        column = head.column + len(head.text) - len(value)
        if name not in TEXT_FIELDS + FILTERS:
            raise QueryError(f"there is no field {name}:", head.column, _near_field(name), f'"{head.text}"')
        follower = self._peek()
        if not value and follower and follower.glued and follower.kind == "quote":
            self._take()
            if name in TEXT_FIELDS:
                return self._counted(_phrase(follower, name), follower.column)
            return _filter(name, _unquoted(follower), follower.column)
        if not value and follower and follower.glued and follower.kind == "open":
            outer, self._whole = self._whole, name in FILTERS
            inner = self._group(depth + 1)
            self._whole = outer
            return _in_field(inner, name, follower.column)
        if not value:
            raise QueryError(
                f"{name}: has nothing after it", column, "a value without a blank before it", f"{name}:word"
            )
        return (
            self._counted(_word(value, column, name), column) if name in TEXT_FIELDS else _filter(name, value, column)
        )


def _lexemes(text: str) -> list[_Lexeme]:
    found: list[_Lexeme] = []
    text, end = text.translate(_QUOTES), 0
    for match in _LEXEME.finditer(text):
        kind = match.lastgroup or ""
        before = text[match.start() - 1 : match.start()]
        if kind == "minus" and before and not before.isspace() and before != "(":
            raise QueryError("a - stands here", match.start() + 1, "a blank before it if it means NOT, or quotes", "")
        if kind != "space" and (kind != "word" or any(ch.isalnum() or ch in "|*" for ch in match.group())):
            found.append(_Lexeme(kind, match.group(), match.start() + 1, match.start() == end and end > 0))
        end = match.end()
    return found


def _flat(parts: list[Query], kind: type[And] | type[Or]) -> tuple[Query, ...]:
    flat: list[Query] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return tuple(flat)


def _unquoted(lexeme: _Lexeme) -> str:
    if len(lexeme.text) < 2 or not lexeme.text.endswith('"'):
        raise QueryError("this quotation is never closed", lexeme.column, 'a " at the end', lexeme.text + '"')
    return lexeme.text[1:-1]


def _filter(name: str, value: str, column: int) -> Filter:
    if not value.strip():
        raise QueryError(f"{name}: has nothing after it", column, "a value", f"{name}:word")
    if value.endswith("*"):
        raise QueryError(f"a * has no meaning in {name}:", column, "the whole value", f"{name}:{value.rstrip('*')}")
    return Filter(name, value.strip())


def _phrase(lexeme: _Lexeme, field: str) -> Query:
    words = tuple(span.written for span in spans(clean(_unquoted(lexeme))))
    if not words:
        raise QueryError("there is no word in these quotes", lexeme.column, "a word between them", "")
    return Phrase(words, field)


def _word(text: str, column: int, field: str) -> Query:
    if _NEAR.match(text):
        raise QueryError(f"{text} is not understood by this version", column, "AND, or a phrase in quotes", "")
    if text.startswith(("=", "~", "?", "/")) or "?" in text[:-1]:
        raise QueryError(f"{text[0]} has no meaning here in this version", column, "a word", text.strip("=~?/"))
    stem, star, rest = text.partition("*")
    if star:
        found, cleaned = spans(clean(stem)), clean(stem)
        # What follows the letters would be no part of any word: call-* finds nothing, and call* is something else.
        if rest or len(stem) < 2 or len(found) != 1 or found[0].end != len(cleaned):
            raise QueryError("a * stands only at the end of at least two letters", column, "a prefix", "conscript*")
        return Prefix(found[0].written, field)
    words = tuple(span.written for span in spans(clean(text)))
    if not words:
        raise QueryError(f"{text} has no letters or digits", column, "a word", "")
    # What is left of AND. would be read as the operator, once it is printed.
    alone = len(words) == 1 and words[0] not in _OPERATORS
    return Word(words[0], field) if alone else Phrase(words, field)


def _in_field(query: Query, field: str, column: int) -> Query:
    match query:
        case Word(text, ""):
            return Word(text, field) if field in TEXT_FIELDS else Filter(field, text)
        case Phrase(words, ""):
            return Phrase(words, field) if field in TEXT_FIELDS else _filter(field, " ".join(words), column)
        case Prefix(text, "") if field in TEXT_FIELDS:
            return Prefix(text, field)
        case Not(part):
            return Not(_in_field(part, field, column))
        case And(parts):
            return And(tuple(_in_field(part, field, column) for part in parts))
        case Or(parts):
            return Or(tuple(_in_field(part, field, column) for part in parts))
        case _:
            raise QueryError(f"{query} cannot stand inside {field}:( )", column, "words and phrases", "")


def _near_field(name: str) -> str:
    import difflib

    known = [*TEXT_FIELDS, *FILTERS, *ALIASES]
    close = difflib.get_close_matches(name, known, 1)
    return f"{close[0]}:" if close else "one of " + " ".join(f"{field}:" for field in known)
