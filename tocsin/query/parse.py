"""Query text → tree: the door of the language, which stands in docs/query-language.md.

Precedence NEAR, ONEAR, SENT > NOT > AND > OR; blank means AND; ``-x`` means NOT x; operators in upper case.
"""

from typing import NamedTuple

from tocsin.query import foreign
from tocsin.query.ast import Query, Word
from tocsin.query.descent import MAX_DEPTH, MAX_TERMS, tree_of
from tocsin.query.leaves import PLAIN
from tocsin.query.lexemes import MAX_BYTES, lexemes
from tocsin.query.mistakes import QueryError, Remark
from tocsin.query.remarks import remarks

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_TERMS", "QueryError", "Reading", "Remark", "is_read", "parse", "read"]

_MAX_PLAIN = 1000
"""Letters of one word that are surely fewer bytes than MAX_BYTES."""

_SLIPS = 6
"""Mistakes in one text up to which a suggestion is looked for."""

_PATIENCE = 8000
"""Letters that are read for a suggestion, so that a long text with many mistakes is refused as fast as any."""

_NO_WORDS = frozenset(("AND", "OR", "NOT", "SENT", "NEAR", "ONEAR"))


class Reading(NamedTuple):
    """A query as it was read, and what its writer should look at."""

    tree: Query
    remarks: tuple[Remark, ...]


def parse(text: str) -> Query:
    """The tree of a query text.

    Raises QueryError with the column where it stops making sense.
    """
    if PLAIN.fullmatch(text) and text not in _NO_WORDS and len(text) <= _MAX_PLAIN:
        return Word(text)
    try:
        return tree_of(text)
    except QueryError as error:
        raise _with_suggestion(error, text) from None


def read(text: str) -> Reading:
    """The tree of a query text, with remarks on what is read but perhaps not meant.

    Raises QueryError as ``parse`` does.
    """
    tree = parse(text)
    return Reading(tree, remarks(text, lexemes(text), is_read))


def is_read(text: str) -> bool:
    """Whether a text is a query of the language."""
    try:
        tree_of(text)
    except QueryError:
        return False
    return True


def _with_suggestion(error: QueryError, text: str) -> QueryError:
    """The same mistake with a suggestion that can itself be read, or with none."""
    found = ""
    if len(text) <= MAX_BYTES:
        rewritten = foreign.rewritten(text).text
        found = (_followed(rewritten) if rewritten != text else "") or _followed(error.suggestion)
    return QueryError(error.what, error.column, error.expected, found)


def _followed(text: str) -> str:
    left = _PATIENCE
    for _ in range(_SLIPS):
        left -= len(text)
        if not text or left < 0:
            return ""
        try:
            tree_of(text)
        except QueryError as error:
            text = error.suggestion
        else:
            return text
    return ""
