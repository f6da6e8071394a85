"""The query as a tree of frozen nodes. ``str()`` of a node is a query text that parses to the same node."""

from typing import ClassVar, assert_never

import msgspec

TEXT_FIELDS = ("title", "text")
"""Fields that are searched by words; a word without a field is searched in all of them."""

FILTERS = ("outlet", "lang", "kind", "place", "person", "org", "topic")
"""Fields that are compared whole."""

ALIASES = {"source": "outlet"}


class Node(msgspec.Struct, frozen=True):
    """Base of all nodes."""

    binding: ClassVar[int] = 9
    """How tightly it holds its parts together; a looser part is printed in parentheses."""


class Word(Node, frozen=True):
    """One word: its case forms, its family and the other names of what it names meet it."""

    text: str
    field: str = ""

    def __str__(self) -> str:
        return _named(self.field, self.text)


class Prefix(Node, frozen=True):
    """Words that begin with these letters."""

    text: str
    field: str = ""

    def __str__(self) -> str:
        return _named(self.field, self.text + "*")


class Phrase(Node, frozen=True):
    """Words in this order, with nothing between; case forms meet."""

    words: tuple[str, ...]
    field: str = ""

    def __str__(self) -> str:
        return _named(self.field, '"' + " ".join(self.words) + '"')


class Filter(Node, frozen=True):
    """An attribute of the article."""

    name: str
    value: str

    def __str__(self) -> str:
        quoted = f'"{self.value}"' if any(ch.isspace() or ch in '()"' for ch in self.value) else self.value
        return _named(self.name, quoted)


class Not(Node, frozen=True):
    """What must not hold."""

    part: "Query"
    binding: ClassVar[int] = 3

    def __str__(self) -> str:
        return "NOT " + _inside(self.part, self.binding)


class And(Node, frozen=True):
    """All parts hold."""

    parts: "tuple[Query, ...]"
    binding: ClassVar[int] = 2

    def __str__(self) -> str:
        return " AND ".join(_inside(part, self.binding + 1) for part in self.parts)


class Or(Node, frozen=True):
    """At least one part holds."""

    parts: "tuple[Query, ...]"
    binding: ClassVar[int] = 1

    def __str__(self) -> str:
        return " OR ".join(_inside(part, self.binding + 1) for part in self.parts)


Query = Word | Prefix | Phrase | Filter | Not | And | Or


def _named(field: str, text: str) -> str:
    return f"{field}:{text}" if field else text


def _inside(part: "Query", binding: int) -> str:
    return f"({part})" if part.binding < binding else str(part)


def demands_something(query: Query) -> bool:
    """Whether an article must have something to meet it. A query that only forbids is met by nearly every article."""
    match query:
        case Word() | Prefix() | Phrase() | Filter():
            return True
        case Not(part):
            return not demands_something(part)
        case And(parts):
            return any(map(demands_something, parts))
        case Or(parts):
            return all(map(demands_something, parts))
        case _:
            assert_never(query)
