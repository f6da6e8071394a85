"""A query as every back-end reads it: each word with all the forms that meet it.

The matcher, SQLite and Elasticsearch read plans and never words, so that they cannot differ in what a word means.

A *place* is a run of adjacent positions of one zone. Title and text are told apart by a gap of a hundred positions, so
no place crosses from one into the other, and no distance that a query may ask for bridges them.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

Keys = frozenset[str]
"""Keys of which a token must have one. A key that ends in ``*`` stands for all that begin so: ``s:mobili*``."""

GAP = 100
"""Positions between the last token of the title and the first of the text; longer than any distance of the language."""

LEAD = 60
"""Tokens of the text that belong to the lead, beside the whole title."""


class Sequence(msgspec.Struct, frozen=True):
    """Adjacent positions, each meeting one of its keys."""

    steps: tuple[Keys, ...]
    word: str
    """The query word or phrase it stands for."""
    via: str = ""
    """The family member or other name through which it was reached; empty for the word itself."""
    how: str = ""
    """``family`` or ``other name``; empty for the word itself."""


Side = tuple[Sequence, ...]
"""Sequences of which one must stand."""


class Stands(msgspec.Struct, frozen=True):
    """Some sequence stands in the zone, whole."""

    side: Side
    zone: str = ""
    """``title``, ``text``, ``lead`` (title and the first sixty words of the text), or empty for title and text."""


class Near(msgspec.Struct, frozen=True):
    """A place of each side in the zone, no two overlapping, and at most ``gap`` further words between first and last.

    Ordered: in the order of the sides. Not ordered: there are two sides, and either may come first.
    """

    sides: tuple[Side, ...]
    gap: int
    ordered: bool
    zone: str = ""


class Together(msgspec.Struct, frozen=True):
    """A place of each side in one sentence of the zone, not overlapping, in any order. A title is one sentence."""

    left: Side
    right: Side
    zone: str = ""


class Often(msgspec.Struct, frozen=True):
    """At least so many places of the side in the zone, no two overlapping."""

    side: Side
    times: int
    zone: str = ""


class Has(msgspec.Struct, frozen=True):
    """An attribute that has one of these values (casefolded)."""

    name: str
    values: frozenset[str]


class Between(msgspec.Struct, frozen=True):
    """A time of the article: ``low`` ≤ it < ``high``, or within ``last`` before now.

    What has no such time never meets. Now is the article's arrival for a subscription, and the moment of asking for a
    search: ``tocsin.query.expand.fixed`` puts it in.
    """

    name: str
    """``date`` (published; digits without a zone count as UTC) or ``seen`` (first seen)."""
    low: datetime | None = None
    high: datetime | None = None
    last: timedelta | None = None


class All(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: "tuple[Plan, ...]"


class AnyOf(msgspec.Struct, frozen=True):
    """Some part holds."""

    parts: "tuple[Plan, ...]"


class No(msgspec.Struct, frozen=True):
    """The part does not hold."""

    part: "Plan"


Spatial = Stands | Near | Together | Often
"""What asks for words at places."""

Plan = Spatial | Has | Between | All | AnyOf | No


def sides(plan: Spatial) -> tuple[Side, ...]:
    """The sides of a part that asks for words."""
    match plan:
        case Stands(side) | Often(side):
            return (side,)
        case Near(several):
            return several
        case Together(left, right):
            return (left, right)
        case _:
            assert_never(plan)


def positive(plan: Plan) -> Iterator[Spatial]:
    """Parts that ask for words and are not forbidden, in order."""
    match plan:
        case Stands() | Near() | Together() | Often():
            yield plan
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from positive(part)
        case Has() | Between() | No():
            return
        case _:
            assert_never(plan)


def condensed(plan: Plan) -> Plan:
    """The same meaning with fewer parts: the single words of a side as one word that has all their keys."""
    if isinstance(plan, Stands):
        short = condensed_side(plan.side)
        return plan if short is plan.side else Stands(short, plan.zone)
    match plan:
        case Often(side, times, zone):
            return Often(condensed_side(side), times, zone)
        case Near(several, gap, ordered, zone):
            return Near(tuple(map(condensed_side, several)), gap, ordered, zone)
        case Together(left, right, zone):
            return Together(condensed_side(left), condensed_side(right), zone)
        case All(parts):
            return All(tuple([condensed(part) for part in parts]))
        case AnyOf(parts):
            return _any_of([condensed(part) for part in parts])
        case No(part):
            return No(condensed(part))
        case Has() | Between():
            return plan
        case _:
            assert_never(plan)


def _any_of(parts: list[Plan]) -> Plan:
    """An OR of words of one zone is one side."""
    zones: dict[str, list[Sequence]] = {}
    rest: list[Plan] = []
    for part in parts:
        if isinstance(part, Stands):
            zones.setdefault(part.zone, []).extend(part.side)
        else:
            rest.append(part)
    sides: list[Plan] = [Stands(condensed_side(tuple(side)), zone) for zone, side in zones.items()]
    return (sides + rest)[0] if len(sides) + len(rest) == 1 else AnyOf(tuple(sides + rest))


def condensed_side(side: Side) -> Side:
    """A side with one sequence for all that are a single word."""
    if len(side) == 1:
        return side
    single = [sequence for sequence in side if len(sequence.steps) == 1]
    if len(single) < 2:
        return side
    keys: Keys = frozenset().union(*(sequence.steps[0] for sequence in single))
    return (Sequence((keys,), single[0].word), *(sequence for sequence in side if len(sequence.steps) > 1))


def steps(plan: Plan) -> Iterator[Keys]:
    """The keys of every word that a plan names, forbidden ones too."""
    match plan:
        case Stands() | Near() | Together() | Often():
            for side in sides(plan):
                for sequence in side:
                    yield from sequence.steps
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from steps(part)
        case No(part):
            yield from steps(part)
        case Has() | Between():
            return
        case _:
            assert_never(plan)
