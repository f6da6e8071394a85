"""NEAR, ONEAR, SENT and atleast: what may stand beside them, and what to write where it may not."""

import re
from collections.abc import Callable
from typing import NamedTuple, TypeGuard

from tocsin.query.ast import And, AtLeast, Filter, Leaf, Near, Not, Or, Query, Sent, Side, Span, flat, in_field, leaves
from tocsin.query.mistakes import ValueRefused

MAX_GAP = 50
MAX_TIMES = 50
MAX_REWRITTEN = 64
"""Pairs of sides up to which a query is multiplied out for a suggestion."""

_NUMBER = re.compile(r"(O?NEAR)[/:~]?(\d*)([fF]?)$")
_WORDLESS = (Filter, Span, AtLeast)
_EXPECTED = 'a word, a "phrase" or an OR of them in parentheses'


class Operator(NamedTuple):
    """One of NEAR, ONEAR and SENT."""

    name: str
    gap: int = 0

    def __str__(self) -> str:
        return self.name if self.name == "SENT" else f"{self.name}/{self.gap}"

    def join(self, left: Side, right: Side) -> Near | Sent:
        """Two sides of one field."""
        if self.name == "SENT":
            return Sent(left, right)
        return Near((left, right), self.gap, self.name == "ONEAR")


def operator_of(written: str) -> Operator:
    """An operator as written.

    Raises ValueRefused, with the operator to write instead.
    """
    if written == "SENT":
        return Operator("SENT")
    match = _NUMBER.match(written)
    name, number, ordered = match.groups() if match else (written.split("/", 1)[0].rstrip(":~"), "", "")
    if ordered:
        name = "ONEAR"
    gap = int(number[:6]) if number else 5
    instead = f"{name}/{min(gap, MAX_GAP)}"
    if gap > MAX_GAP:
        raise ValueRefused(f"{name} reaches over {MAX_GAP} words at the most", "a smaller number", instead)
    if not number or written != f"{name}/{number}":
        what = f"{written} does not say over how many words" if not number else f"{written} is not how it is written"
        raise ValueRefused(what, "the number of words that may stand between, after a /", instead)
    return Operator(name, gap)


def is_side(query: Query) -> TypeGuard[Side]:
    """Whether it may stand beside NEAR and SENT."""
    return isinstance(query, Leaf) or (isinstance(query, Or) and all(isinstance(part, Leaf) for part in query.parts))


def joined(operator: Operator, left: Query, right: Query) -> Near | Sent:
    """Two terms and what stands between them.

    Raises ValueRefused, with a query to write instead of the three.
    """
    for part in (left, right):
        if not is_side(part):
            raise ValueRefused(
                f"{_kind(part)} cannot stand beside {operator.name}", _EXPECTED, spread([operator], [left, right])
            )
    if is_side(left) and is_side(right) and len(_fields(left, right)) == 1:
        return operator.join(left, right)
    raise ValueRefused(
        f"both sides of {operator.name} are asked for in one field", "one field round both, as in title:(a NEAR/5 b)",
        spread([operator], [left, right]),
    )  # fmt: skip


def counted(times: int, part: Query) -> AtLeast:
    """``atleast3(part)``.

    Raises ValueRefused, with a query to write instead.
    """
    within = min(max(times, 1), MAX_TIMES)
    one_field = is_side(part) and len(_fields(part)) == 1
    if one_field and is_side(part) and times == within:
        return AtLeast(times, part)
    if times != within:
        what, expected = f"atleast counts from 1 to {MAX_TIMES}", "a number in that range"
    else:
        what = "atleast counts in one field" if is_side(part) else f"{_kind(part)} cannot be counted by atleast"
        expected = f"{_EXPECTED}, all in one field"

    def count(side: Side) -> Query:
        if len(_fields(side)) == 1:
            return AtLeast(within, side)
        return Or(tuple(AtLeast(within, leaf) for leaf in leaves(side)))

    raise ValueRefused(what, expected, "" if isinstance(part, Near | Sent | AtLeast) else printed(_walked(part, count)))


def spread(operators: list[Operator], terms: list[Query]) -> str:
    """A chain of operators and terms as an AND or OR of pairs that may stand; empty where it would be too long."""
    pairs: list[Query] = []
    for operator, left, right in zip(operators, terms[:-1], terms[1:], strict=True):
        if _weight(left) * _weight(right) > MAX_REWRITTEN:
            return ""
        made = _multiplied(left, right, _in_one_field(operator))
        pairs += made.parts if isinstance(made, And) else (made,)
    return printed(pairs[0] if len(pairs) == 1 else And(tuple(dict.fromkeys(pairs))))


def printed(query: Query) -> str:
    """A query as a part of another."""
    return f"({query})" if isinstance(query, And | Or) else str(query)


def _in_one_field(operator: Operator) -> Callable[[Side, Side], Query]:
    def join(left: Side, right: Side) -> Query:
        fields = sorted(_fields(left) | _fields(right))
        if len([field for field in fields if field]) > 1:
            return And((left, right))
        return operator.join(in_field(left, fields[-1]), in_field(right, fields[-1]))

    return join


def _multiplied(left: Query, right: Query, join: Callable[[Side, Side], Query]) -> Query:
    """Each side of the one joined with each side of the other, as their ANDs and ORs say."""
    if isinstance(left, Not):
        return And((right, Not(_multiplied(left.part, right, join))))
    if isinstance(right, Not):
        return And((left, Not(_multiplied(left, right.part, join))))
    if isinstance(left, _WORDLESS) or isinstance(right, _WORDLESS):
        return And((left, right))
    return _walked(left, lambda one: _walked(right, lambda other: join(one, other)))


def _walked(query: Query, leaf: Callable[[Side], Query]) -> Query:
    """The query with each of its sides turned into something else."""
    if is_side(query):
        return leaf(query)
    match query:
        case And(parts):
            return And(flat([_walked(part, leaf) for part in parts], And))
        case Or(parts):
            return Or(flat([_walked(part, leaf) for part in parts], Or))
        case Not(part):
            return Not(_walked(part, leaf))
        case Near(sides):
            return And((query, leaf(sides[-1])))
        case Sent(_, right):
            return And((query, leaf(right)))
        case _:
            return query


def _weight(query: Query) -> int:
    match query:
        case And(parts) | Or(parts) if not is_side(query):
            return sum(map(_weight, parts))
        case Not(part):
            return _weight(part)
        case _:
            return 1


def _fields(*sides: Side) -> set[str]:
    return {leaf.field for side in sides for leaf in leaves(side)}


def _kind(query: Query) -> str:
    if isinstance(query, Filter | Span):
        return f"{query.name}:"
    names = {And: "an AND", Not: "a NOT", Near: "another NEAR", Sent: "a SENT", AtLeast: "an atleast"}
    return names.get(type(query), "an OR of other things than words")
