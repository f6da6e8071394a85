"""What is said of a query text: a mistake that stops the reading, a remark on what is perhaps not meant."""

from typing import NamedTuple

from tocsin.errors import UserError

NO_FIELD = "there is no field"
"""How a mistake begins that names a field which this language does not have."""


class QueryError(UserError):
    """A query that cannot be understood.

    ``what`` says what is wrong, ``column`` (from 1) where, ``expected`` what could stand there, and ``suggestion`` is a
    query that can be read and is likely to be what was meant; empty where none can be made.
    """

    def __init__(self, message: str, column: int, expected: str = "", suggestion: str = "") -> None:
        self.column, self.expected, self.suggestion, self.what = column, expected, suggestion, message
        hint = f" Expected: {expected}." if expected else ""
        hint += f" Try: {suggestion}" if suggestion else ""
        super().__init__(f"Query, column {column}: {message}.{hint}", 2)


class ValueRefused(Exception):  # noqa: N818 - it never leaves the parser, which makes a QueryError of it
    """A value that its field cannot have: what is wrong, what was expected, and the term to write ``instead``."""

    def __init__(self, message: str, expected: str, instead: str = "") -> None:
        self.message, self.expected, self.instead = message, expected, instead
        super().__init__(message)


class Remark(NamedTuple):
    """Something in a query that is read, but perhaps not as it was meant."""

    column: int
    """From 1."""
    message: str
    """One sentence without its full stop."""
    suggestion: str
    """The whole query as it was probably meant; empty where only its writer can know."""
