"""Lexemes → tree. A recursive-descent parser that stops at the first mistake; ``tocsin.query.parse`` is its door.

Precedence NEAR, ONEAR, SENT > NOT > AND > OR; blank means AND; ``-x`` means NOT x; operators in upper case.
"""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from tocsin.query.ast import ALIASES, FILTERS, TEXT_FIELDS, TIMES, And, Near, Not, Or, Query, Sent, Word, flat
from tocsin.query.distances import counted, joined, operator_of, spread
from tocsin.query.fields import KNOWN, filter_of, named, nearest
from tocsin.query.leaves import PLAIN, distant, exact_of, phrase_of, weight, word_of
from tocsin.query.lexemes import MAX_BYTES, Lexeme, lexemes
from tocsin.query.mistakes import NO_FIELD, QueryError, ValueRefused
from tocsin.query.times import span_of

MAX_DEPTH = 20
MAX_TERMS = 200

_WRITTEN_OUT = 25
"""Bytes by which a word grows at the most when it is printed: a field, an operator, quotes and parentheses."""

_ATLEAST = re.compile(r"(?i)atleast(\d+)$")
_GAP = re.compile(r"~(\d{1,9})$")
_JOINER = re.compile(r"(?i)(?:o?near/?\d+f?|(?:adj|w/|pre/|adj/|/)\d+|w?/s)$|(?:AND|BUT)NOT$")
_LENGTH = re.compile(r"(?i)last \d+")
_UNIT = re.compile(r"(?i)(?:hour|day|week|month|year)s?|[hdwmy]")
_ANDNOT = ("ANDNOT", "BUTNOT")
_COMPARISONS = frozenset((">", "<", ">=", "<=", "last"))
_FORBIDS = frozenset(("NOT", "minus"))
_NEARNESS = frozenset(("near", "SENT"))
_AFTER_AND = frozenset(("end", "close", "OR"))
_ENDS = frozenset(("word", "quote", "close"))
_STARTS = frozenset(("word", "quote", "open"))

T = TypeVar("T")


def tree_of(text: str) -> Query:
    """The tree of a query text.

    Raises QueryError; its suggestion is the text with this one mistake put right, and may hold others.
    """
    return _Parser(text, lexemes(text)).whole()


class _Parser:
    def __init__(self, text: str, found: list[Lexeme]) -> None:
        self._text = text
        self._lexemes = found
        self._head = found[0]
        self._at = 0
        self._terms = 0
        self._deepest = 0
        self._too_deep = found[0]
        self._name = ""
        """The field whose parentheses we are in."""
        self._field = ""
        """The same, if it is searched by words."""
        self._whole = False
        """It is compared whole: kyiv-independent is one value there."""

    def whole(self) -> Query:
        if self._head.kind == "end":
            raise QueryError("the query is empty", 1, 'a word such as Bakhmut, a "phrase", or a field such as outlet:')
        tree = self._or(1)
        head = self._head
        if head.kind != "end":
            self._fail("this ) closes nothing", head, "an opening ( before it", self._with(head, head, ""))
        if self._deepest > MAX_DEPTH:
            self._fail_deep()
        # Most texts are surely short enough; one letter may be eighteen once it is cleaned, and all with two bytes.
        longest = len(self._text) * (1 if self._text.isascii() else 40) + self._terms * _WRITTEN_OUT
        if longest > MAX_BYTES and len(str(tree).encode()) > MAX_BYTES:
            what = f"the query is longer than {MAX_BYTES} bytes with its fields and operators written out"
            raise QueryError(what, 1, "a shorter one, or several subscriptions")
        return tree

    def _take(self) -> Lexeme:
        taken = self._head
        self._at += 1
        self._head = self._lexemes[self._at]
        return taken

    def _or(self, depth: int) -> Query:
        part = self._and(depth)
        if self._head.kind != "OR":
            return part
        parts = [part]
        while self._head.kind == "OR":
            self._take()
            parts.append(self._and(depth))
        return Or(flat(parts, Or))

    def _and(self, depth: int) -> Query:
        part = self._not(depth)
        if self._head.kind in _AFTER_AND:
            return part
        parts = [part]
        while (kind := self._head.kind) not in _AFTER_AND:
            if kind == "AND":
                self._take()
            parts.append(self._not(depth))
        return And(flat(parts, And))

    def _not(self, depth: int) -> Query:
        head = self._head
        if head.kind in _FORBIDS:
            self._deepen(depth)
            self._take()
            if head.glued and head.kind == "minus" and self._lexemes[self._at - 2].kind not in ("open", "minus"):
                rewrite = f"{self._text[: head.start]} {self._text[head.start :]}"
                expected = "a blank before it if it means NOT, or quotes round the whole"
                self._fail("a - stands here without a blank before it", head, expected, rewrite)
            return Not(self._not(depth + 1))
        left = self._term(depth)
        kind = self._head.kind
        return self._near(left, head, depth) if kind in _NEARNESS else left

    def _near(self, left: Query, first: Lexeme, depth: int) -> Query:
        """A term, already read, and the NEAR, ONEAR or SENT behind it."""
        terms, operators = [left], []
        while self._head.kind in _NEARNESS:
            sign = self._take()
            operators.append(self._tried(sign, sign, lambda: operator_of(sign.text)))  # noqa: B023 - called at once
            forbids = self._head.kind in _FORBIDS
            terms.append(self._not(depth + 1) if forbids else self._term(depth))
        last = self._lexemes[self._at - 1]
        if len(operators) > 1:
            rewrite = self._with(first, last, spread(operators, terms))
            names = " and ".join(dict.fromkeys(operator.name for operator in operators))
            self._fail(f"{names} cannot be chained", first, "two sides, and AND between the pairs", rewrite)
        return self._tried(first, last, lambda: joined(operators[0], terms[0], terms[1]))

    def _term(self, depth: int) -> Query:
        head = self._head
        kind = head.kind
        if kind == "word":
            self._count(1, head)
            following = self._lexemes[self._at + 1]
            text = head.text
            if not following.glued and not self._whole and PLAIN.fullmatch(text) and text not in _ANDNOT:
                self._take()
                return Word(text, self._field)
            return self._worded(self._take(), depth)
        if kind == "quote":
            self._count(1, head)
            quote = self._take()
            return self._value(quote, quote, self._unquoted(quote)) if self._whole else self._quoted(quote)
        return self._group(depth) if kind == "open" else self._missing(head)

    def _missing(self, head: Lexeme) -> NoReturn:
        before = self._lexemes[self._at - 1] if self._at else None
        needless = before if before and before.kind not in ("open", *_ENDS) else head
        expected = 'a word, a "phrase" or a parenthesis'
        # Without its NOT, what follows would mean the opposite.
        reverses = needless.kind in _FORBIDS and head.kind not in ("end", "close")
        rewrite = "" if reverses else self._with(needless, needless, "")
        self._fail("a word is missing here", head, expected, rewrite)

    def _group(self, depth: int) -> Query:
        opening = self._take()
        if self._head.kind == "close":
            closing = self._head
            self._fail("these parentheses are empty", opening, "a word between them", self._with(opening, closing, ""))
        deepest, self._deepest = self._deepest, 0
        self._deepen(depth)
        tree = self._or(depth + 1)
        if self._head.kind != "close":
            self._fail("this ( is never closed", opening, "a ) at the end", self._text.rstrip() + ")")
        self._take()
        # Parentheses round a NEAR are free: printing puts them there.
        self._deepest = max(deepest, self._deepest - isinstance(tree, Near | Sent))
        return tree

    def _deepen(self, depth: int) -> None:
        """Go one level deeper. Whether all was too deep is asked at the end, but nothing goes on for ever."""
        self._deepest = max(self._deepest, depth)
        if depth == MAX_DEPTH + 1:
            self._too_deep = self._head
        if depth > 2 * MAX_DEPTH + 1:
            self._fail_deep()

    def _fail_deep(self) -> NoReturn:
        self._fail(f"more than {MAX_DEPTH} levels of NOT or parentheses", self._too_deep, "a flatter query", "")

    def _count(self, words: int, lexeme: Lexeme) -> None:
        self._terms += words
        if self._terms > MAX_TERMS:
            self._fail(f"more than {MAX_TERMS} words", lexeme, "fewer words, or a prefix such as mobili*", "")

    def _with(self, first: Lexeme, last: Lexeme, new: str) -> str:
        """The whole text with something else from one lexeme to another."""
        before, after = self._text[: first.start], self._text[last.end :]
        if new[:1] == "(" and new[-1:] == ")" and not before.strip() and not after.strip() and _is_one_group(new):
            return new[1:-1]
        return (before + new + (after if new or before[-1:] not in (" ", "(") else after.lstrip())).strip()

    def _fail(self, message: str, at: Lexeme, expected: str, rewrite: str) -> NoReturn:
        raise QueryError(message, at.start + 1, expected, rewrite)

    def _tried(self, first: Lexeme, last: Lexeme, make: Callable[[], T]) -> T:
        """What is made of the lexemes from first to last, or the mistake with the whole text rewritten."""
        try:
            return make()
        except ValueRefused as refused:
            rewrite = self._with(first, last, refused.instead) if refused.instead else ""
            raise QueryError(refused.message, first.start + 1, refused.expected, rewrite) from None

    def _worded(self, head: Lexeme, depth: int) -> Query:
        """A term that is not plain letters."""
        name = named(head.text)
        if name and (not self._whole or name.lower() in KNOWN):
            return self._fielded(head, name.lower(), head.text[len(name) + 1 :], depth)
        return self._value(head, head, head.text) if self._whole else self._words(head, head.text, depth)

    def _words(self, head: Lexeme, text: str, depth: int) -> Query:
        """What stands without quotes in a field that is searched by words; the field is taken off already."""
        follower = self._head
        if times := _ATLEAST.match(text):
            return self._atleast(head, text, int(times.group(1)[:9]), depth)
        if text == "=" and follower.glued and follower.kind == "quote":
            quote = self._take()
            return self._counted(head, quote, lambda: exact_of(self._unquoted(quote), self._field))
        before = self._lexemes[self._at - 2].kind if self._at > 1 else "end"
        between = before in _ENDS and follower.kind in _STARTS
        if between and (_JOINER.match(text) or (text == "AROUND" and follower.glued)):
            self._fail(f"{text} is not understood between words", head, "NEAR/5, ONEAR/5 or AND NOT", "")
        return self._counted(head, head, lambda: word_of(text, self._field))

    def _atleast(self, head: Lexeme, text: str, times: int, depth: int) -> Query:
        follower = self._head
        if follower.kind != "open":
            alone = follower.kind in ("word", "quote")
            rewrite = self._with(head, follower, f"{head.text}({follower.text})") if alone else ""
            self._fail(f"{text} has nothing in parentheses behind it", head, f"{text}(word)", rewrite)
        self._terms -= 1
        part = self._group(depth)
        return self._tried(head, self._lexemes[self._at - 1], lambda: counted(times, part))

    def _quoted(self, quote: Lexeme) -> Query:
        text, sign = self._unquoted(quote), self._head
        if sign.kind == "word" and sign.glued and sign.text[0] in "~^":
            self._take()
            gap = _GAP.match(sign.text)
            if not gap:
                self._fail(f"{sign.text} is not understood behind a quotation", sign, "~5", self._with(sign, sign, ""))
            return self._counted(quote, sign, lambda: distant(text, int(gap.group(1)), self._field))
        return self._counted(quote, quote, lambda: phrase_of(text, self._field))

    def _unquoted(self, quote: Lexeme) -> str:
        if len(quote.text) < 2 or quote.text[-1] != '"':
            self._fail("this quotation is never closed", quote, 'a " at the end', self._text.rstrip() + '"')
        return quote.text[1:-1]

    def _counted(self, first: Lexeme, last: Lexeme, make: Callable[[], Query]) -> Query:
        """A leaf counts with all its words; one ligature may be four of them."""
        leaf = self._tried(first, last, make)
        self._count(weight(leaf) - 1, first)
        return leaf

    def _fielded(self, head: Lexeme, name: str, value: str, depth: int) -> Query:
        name = ALIASES.get(name, name)
        if name not in KNOWN:
            meant = nearest(name)
            words = head.text.replace(":", " ").strip()
            rewrite = f"{meant}:{value}" if meant else f'"{words}"' if " " in words else words
            known = " ".join(f"{field}:" for field in (*TEXT_FIELDS, *FILTERS, *TIMES))
            expected = f"{meant}:" if meant else f"one of {known}"
            self._fail(f"{NO_FIELD} {name}:", head, expected, self._with(head, head, rewrite))
        if self._name and self._name != name:
            self._fail(f"{name}: cannot stand inside {self._name}:( )", head, "words and phrases", "")
        outer = self._name, self._field, self._whole
        self._name, self._field, self._whole = name, name if name in TEXT_FIELDS else "", name not in TEXT_FIELDS
        tree = self._inner(head, name, value, depth)
        self._name, self._field, self._whole = outer
        return tree

    def _inner(self, head: Lexeme, name: str, value: str, depth: int) -> Query:
        """What stands behind a field's name."""
        if value[:1] == "-" and value[1:2].isalnum():
            rewrite = self._with(head, head, f"-{name}:{value[1:]}")
            self._fail(f"a - behind {name}: forbids nothing", head, f"the - before {name}:", rewrite)
        if value:
            return self._value(head, head, value) if self._whole else self._words(head, value, depth)
        follower = self._head
        if follower.glued and follower.kind == "open":
            self._terms -= 1
            return self._group(depth)
        if follower.glued and follower.kind == "quote":
            quote = self._take()
            return self._value(head, quote, self._unquoted(quote)) if self._whole else self._quoted(quote)
        expected = f"a value without a blank before it, as in {name}:word"
        raise QueryError(f"{name}: has nothing after it", head.end + 1, expected)

    def _value(self, first: Lexeme, last: Lexeme, value: str) -> Query:
        """A value that is compared whole, or a time."""
        if self._name in TIMES and value in _COMPARISONS and self._head.kind in ("word", "quote"):
            last = self._take()
            value = f"{value} {self._unquoted(last) if last.kind == 'quote' else last.text}"
            if _LENGTH.fullmatch(value) and _UNIT.fullmatch(self._head.text):
                last = self._take()
                value += last.text
        read = span_of if self._name in TIMES else filter_of
        name, is_grouped = self._name, not named(first.text)
        try:
            return read(name, value)
        except ValueRefused as refused:
            instead = refused.instead.removeprefix(f"{name}:") if is_grouped else refused.instead
            rewrite = self._with(first, last, instead) if instead else ""
            raise QueryError(refused.message, first.start + 1, refused.expected, rewrite) from None


def _is_one_group(text: str) -> bool:
    """Whether the first parenthesis is closed by the last."""
    depth = 0
    for at, ch in enumerate(text):
        depth += (ch == "(") - (ch == ")")
        if not depth:
            return at == len(text) - 1
    return False
