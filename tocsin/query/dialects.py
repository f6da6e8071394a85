"""A query of another tool in this language, with what was changed: for one text, or for a pasted file of them."""

from typing import NamedTuple

from tocsin.query.foreign import Change, rewritten
from tocsin.query.parse import QueryError, parse

__all__ = ["Change", "Line", "Translation", "translate", "translate_lines"]


class Translation(NamedTuple):
    """``text`` in this language. It can be read, unless ``trouble`` says why nothing could be made of it."""

    text: str
    changes: tuple[Change, ...]
    trouble: str = ""


class Line(NamedTuple):
    """One line of a pasted file."""

    number: int
    """From 1."""
    original: str
    translation: Translation


def translate(text: str, *, small_operators: bool | None = None) -> Translation:
    """What a text means in this language, whatever tool it was written for.

    What already is a query of this language comes back as it is, save small and, or, not: they become operators where a
    field, an atleast or a nearness in small letters shows a tool that reads them so, and stay words elsewhere;
    ``small_operators`` says it where the tool is known.
    """
    text = text.strip()
    made, changes = rewritten(text, small_operators=small_operators)
    try:
        parse(made)
    except QueryError as error:
        if not error.suggestion:
            return Translation(made, changes, str(error))
        return Translation(error.suggestion, (*changes, Change(made, error.suggestion, error.what)))
    return Translation(made, changes)


def translate_lines(text: str) -> list[Line]:
    """Each line of a file that has something in it, on its own."""
    return [
        Line(number, line.strip(), translate(line))
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip()
    ]
