"""The query as a tree of frozen nodes. ``str()`` of a node is a query text that parses to the same node."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar, assert_never

import msgspec

TEXT_FIELDS = ("title", "text", "lead")
"""Fields that are searched by words; a word without a field is searched in title and text."""

FILTERS = (
    "outlet", "lang", "kind", "outlet_country", "site", "author", "place", "person", "org", "topic", "story",
)  # fmt: skip
"""Fields that are compared whole."""

TIMES = ("date", "seen")
"""Fields that are moments: ``date`` is when the article was published, ``seen`` when it was first seen."""

ALIASES = {"source": "outlet"}


class Node(msgspec.Struct, frozen=True):
    """Base of all nodes."""

    binding: ClassVar[int] = 9
    """How tightly it holds its parts together; a looser part is printed in parentheses."""


class Word(Node, frozen=True):
    """One word: its case forms, its family and the other names of what it names meet it.

    What is written as one without a blank stays one word with its signs: ``e-mail``, ``U.S``, ``t.me/rybar``.
    """

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
    """Words in this order, with nothing between; case forms meet. A word that ends in ``*`` is a beginning."""

    words: tuple[str, ...]
    field: str = ""

    def __str__(self) -> str:
        return _named(self.field, '"' + " ".join(self.words) + '"')


class Exact(Node, frozen=True):
    """Words in this order, letter for letter; a word with a capital meets only what has the same capitals."""

    words: tuple[str, ...]
    field: str = ""

    def __str__(self) -> str:
        return _named(self.field, f"={self.words[0]}" if len(self.words) == 1 else '="' + " ".join(self.words) + '"')


class Filter(Node, frozen=True):
    """An attribute of the article."""

    name: str
    value: str

    def __str__(self) -> str:
        needs_quotes = self.value[:1] == "-" or any(ch.isspace() or ch in '()"' for ch in self.value)
        return _named(self.name, f'"{self.value}"' if needs_quotes else self.value)


class Span(Node, frozen=True):
    """A time of the article: ``low`` ≤ it < ``high``, both with a zone, or at most ``last`` before now.

    With none of the three it asks only that the article has such a time. An article without one never meets.
    """

    name: str
    """One of TIMES."""
    low: datetime | None = None
    high: datetime | None = None
    last: timedelta | None = None

    def __str__(self) -> str:
        return _named(self.name, _span(self))


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


class Near(Node, frozen=True):
    """A place of each side, no two overlapping, with at most ``gap`` words between first and last that belong to none.

    Ordered: in the order of the sides. Not ordered: two sides, either first. All leaves have one field.
    """

    sides: "tuple[Side, ...]"
    gap: int
    ordered: bool = False
    binding: ClassVar[int] = 0

    def __str__(self) -> str:
        field, bare = side_field(self.sides[0]), [in_field(side, "") for side in self.sides]
        if self._is_quotation():
            return _named(field, '"' + " ".join(map(str, bare)) + f'"~{self.gap}')
        operator = f" {'O' if self.ordered else ''}NEAR/{self.gap} "
        return _grouped(field, operator.join(_inside(side, 2) for side in bare))

    def _is_quotation(self) -> bool:
        return self.ordered and all(isinstance(side, Word | Prefix) for side in self.sides)

    def is_closed(self) -> bool:
        """Whether its print needs no parentheses beside other parts."""
        return self._is_quotation() or bool(side_field(self.sides[0]))


class Sent(Node, frozen=True):
    """A place of each side in one sentence, not overlapping, in any order. All leaves have one field."""

    left: "Side"
    right: "Side"
    binding: ClassVar[int] = 0

    def __str__(self) -> str:
        bare = [_inside(in_field(side, ""), 2) for side in (self.left, self.right)]
        return _grouped(side_field(self.left), " SENT ".join(bare))

    def is_closed(self) -> bool:
        """Whether its print needs no parentheses beside other parts."""
        return bool(side_field(self.left))


class AtLeast(Node, frozen=True):
    """At least so many places of the part, no two overlapping. All leaves have one field."""

    times: int
    part: "Side"

    def __str__(self) -> str:
        return _named(side_field(self.part), f"atleast{self.times}({in_field(self.part, '')})")


Leaf = Word | Prefix | Phrase | Exact
"""What asks for words at one place."""

Side = Leaf | Or
"""What may stand beside NEAR and SENT and in atleast: a leaf, or an OR of leaves."""

Query = Leaf | Filter | Span | Near | Sent | AtLeast | Not | And | Or


def _named(field: str, text: str) -> str:
    return f"{field}:{text}" if field else text


def _grouped(field: str, text: str) -> str:
    return f"{field}:({text})" if field else text


def _inside(part: "Query", binding: int) -> str:
    loose = part.binding < binding and not (isinstance(part, Near | Sent) and part.is_closed())
    return f"({part})" if loose else str(part)


def leaves(side: Side) -> Iterator[Leaf]:
    """The leaves of a side, in order."""
    if not isinstance(side, Or):
        yield side
        return
    for part in side.parts:
        if isinstance(part, Leaf):
            yield part


def flat(parts: "list[Query]", kind: type[And] | type[Or]) -> "tuple[Query, ...]":
    """Parts of an AND or OR, with those of the same kind among them opened."""
    opened: list[Query] = []
    for part in parts:
        opened += part.parts if isinstance(part, kind) else (part,)
    return tuple(opened)


def side_field(side: Side) -> str:
    """The field that all leaves of a side share; empty for title and text."""
    return next(leaves(side)).field


def in_field(side: Side, field: str) -> Side:
    """The side with its leaves in another field."""
    if isinstance(side, Or):
        return Or(tuple(msgspec.structs.replace(leaf, field=field) for leaf in leaves(side)))
    return side if side.field == field else msgspec.structs.replace(side, field=field)


def _span(span: Span) -> str:
    if span.last is not None:
        hours = span.last // timedelta(hours=1)
        return f'"last {hours // 24}d"' if hours % 24 == 0 else f'"last {hours}h"'
    low, high = span.low, span.high
    if low is None or high is None:
        return f">={_moment(low)}" if low else f"<{_moment(high)}" if high else "*"
    if high - low == timedelta(days=1) and _is_midnight(low):
        return _moment(low)
    if _is_midnight(low) and _is_midnight(high):
        return f"[{_moment(low)} TO {_moment(high - timedelta(days=1))}]"
    return f"[{_moment(low)} TO {_moment(high)}}}"


def _is_midnight(moment: datetime) -> bool:
    moment = moment.astimezone(UTC)
    return not (moment.hour or moment.minute or moment.second or moment.microsecond)


def _moment(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    if _is_midnight(moment):
        return moment.strftime("%Y-%m-%d")
    finest = "microseconds" if moment.microsecond else "seconds" if moment.second else "minutes"
    return moment.replace(tzinfo=None).isoformat(timespec=finest) + "Z"


def demands_something(query: Query) -> bool:
    """Whether an article must have something to meet it. A query that only forbids is met by nearly every article."""
    match query:
        case Word() | Prefix() | Phrase() | Exact() | Filter() | Span() | Near() | Sent() | AtLeast():
            return True
        case Not(part):
            return not demands_something(part)
        case And(parts):
            return any(map(demands_something, parts))
        case Or(parts):
            return all(map(demands_something, parts))
        case _:
            assert_never(query)
