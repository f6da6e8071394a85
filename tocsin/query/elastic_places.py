"""What asks for places, as the ``intervals`` query of Elasticsearch.

Habits of Lucene shape what is written here:

- Of intervals of which one lies within another it keeps the smaller, and under a limit of gaps or a filter it
  multiplies alternatives out, except those that are one position long: thirty phrases near thirty others would be nine
  hundred rules. So where they would be too many, a distance is measured from the last positions of one side to the
  first of the other.
- Of equal rules in a row it makes one, repeated, and lets the places of phrases overlap. So where that would be wrong,
  none are equal.
- ``not_containing`` is not what it says: it refuses what merely overlaps. So a sentence is asked by ``contained_by``.
- A query may have so many leaves. So all keys that a word may have in one field are one leaf, a regular expression of
  nothing but alternatives.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from math import inf, prod
from operator import itemgetter
from typing import Any

from tocsin.query.elastic_fields import AFTER_LEAD, AFTER_TITLE, BEGIN, END, TURNS, kind_of, names, stored
from tocsin.query.plan import Keys, Sequence, Side

Rule = dict[str, Any]

FIELD = "positions.s"
"""The field that a query is put to; every leaf names its own."""

LEAVES = 8_000
"""Leaves of a query; a server with half a gigabyte of memory refuses more than 8,192."""

PRODUCT = 4_000
"""Leaves that alternatives may be multiplied out to: fewer are answered sooner than ends are found."""

_LETTERS = 1_000
_KEYS = 100
"""Letters and alternatives of one regular expression; Lucene refuses what is much longer, and more than 128."""

_SIGN = re.compile(r"[^\w]|_", re.ASCII)
_ONE_SENTENCE: Rule = {
    "contained_by": {
        "all_of": {
            "ordered": True,
            "intervals": [
                {"match": {"query": BEGIN, "use_field": "positions.sentence"}},
                {"match": {"query": END, "use_field": "positions.sentence"}},
            ],
        }
    }
}
_ZONES: dict[str, Rule] = {
    "title": {"before": {"match": {"query": AFTER_TITLE, "use_field": "positions.edge"}}},
    "text": {"after": {"match": {"query": AFTER_TITLE, "use_field": "positions.edge"}}},
    "lead": {"before": {"match": {"query": AFTER_LEAD, "use_field": "positions.edge"}}},
}


class TooWideError(ValueError):
    """A query that asks for more words at places than the server looks up at once."""

    def __init__(self) -> None:
        super().__init__("The query asks for too many phrases and distances at once: split it in two.")


def keys_of(sequences: Iterable[Sequence]) -> Keys:
    """Keys of sequences of one step."""
    return frozenset().union(*(sequence.steps[0] for sequence in sequences))


def alone(keys: Keys) -> Side:
    """A side of one word with these keys."""
    return (Sequence((keys,), ""),)


def stands(side: Side, zone: str) -> Rule | None:
    """Some sequence of the side in the zone; None where the side is empty."""
    return _within(_any_place(side), zone)


def often(side: Side, times: int, zone: str) -> Rule | None:
    """So many places of the side, no two overlapping; two or more."""
    # Asked of each place: a filter around all of them would multiply them out.
    return _in_order(_within(place, zone) for place in _places((side,) * times))


def often_overlapping(side: Side, times: int, zone: str) -> Rule | None:
    """So many places of the side, of which some may overlap: much cheaper, for it is one rule, repeated."""
    return _in_order([_within(_any_place(side), zone)] * times)


def overlapping(side: Side) -> Rule | None:
    """A phrase of the side in which, behind its first word, another may begin. Without it no two places overlap."""
    phrases = _phrases(side)
    begun = _any(_step(keys) for keys in dict.fromkeys(sequence.steps[0] for sequence in phrases))
    return _any(
        _phrase(
            _filtered(_step(keys), {"contained_by": begun}) if number == behind else _step(keys)
            for number, keys in enumerate(sequence.steps)
        )
        for sequence in phrases
        for behind in range(1, len(sequence.steps))
    )


def near(sides: tuple[Side, ...], gap: int, zone: str, *, ordered: bool) -> Rule | None:
    """Places of all sides with at most ``gap`` words between, in the order of the sides or, of two, in either.

    Raises TooWideError.
    """
    ways = [sides] if ordered or len(set(sides)) == 1 else [sides, sides[::-1]]
    return _within(_any([_in_order(_chain(way, zone), gap) for way in ways]), zone)


def together(left: Side, right: Side, zone: str) -> Rule | None:
    """A place of each side in one sentence, not overlapping, in any order. Raises TooWideError."""
    ways = [(left, right)] if left == right else [(left, right), (right, left)]
    found = [_in_order(_chain(way, zone, _ONE_SENTENCE)) for way in ways]
    return _within(_any([_filtered(rule, _ONE_SENTENCE) for rule in found]), zone)


def _chain(sides: tuple[Side, ...], zone: str, kept: Rule | None = None) -> list[Rule | None]:
    """What stands in order: places of all sides, or of the outer ones the ends, where the product would be too large.

    Raises TooWideError.
    """
    whole = _places(sides)
    if not all(whole):
        return [None]
    ways = [bool(_single(side)) + len(_phrases(side)) for side in sides]
    if (cost := _cost(whole, ways)) <= PRODUCT:
        return whole
    tips = [_tips(sides[0], -1, zone, kept), *whole[1:-1], _tips(sides[-1], 0, zone, kept)]
    cost, chain = min((cost, whole), (_cost(tips, [1, *ways[1:-1], 1]), tips), key=itemgetter(0))
    if cost > LEAVES:
        raise TooWideError
    return chain


def _cost(rules: list[Rule | None], ways: list[int]) -> float:
    """Leaves when each way to meet one rule is multiplied out with the ways to meet the others."""
    if None in rules:
        return inf
    return sum(leaves(rule) * prod(ways) // way for rule, way in zip(rules, ways, strict=True))


def _leaves(keys: Keys) -> list[Rule]:
    by_field: dict[str, list[str]] = defaultdict(list)
    rules: list[Rule] = []
    for key in sorted(keys):
        for field in names(kind_of(key)):
            if key.endswith("*"):
                rules.append(_begun(stored(key[:-1]), field))
            else:
                by_field[field].append(stored(key))
    for field, found in by_field.items():
        for batch in _batches(dict.fromkeys(found)):
            if len(batch) == 1:
                rules.append({"match": {"query": batch[0], "use_field": field}})
            else:
                rules.append({"regexp": {"pattern": "|".join(map(_escaped, batch)), "use_field": field}})
    return rules


def _begun(beginning: str, field: str) -> Rule:
    if max(beginning) <= "\uffff":
        return {"prefix": {"prefix": beginning, "use_field": field}}
    # The index of prefixes counts a letter beyond the first plane once, and whoever looks it up counts it twice.
    return {"regexp": {"pattern": _escaped(beginning) + ".*", "use_field": field}}


def _batches(keys: Iterable[str]) -> Iterable[list[str]]:
    batch: list[str] = []
    letters = 0
    for key in keys:
        if batch and (letters + len(key) > _LETTERS or len(batch) == _KEYS):
            yield batch
            batch, letters = [], 0
        batch.append(key)
        letters += len(key)
    yield batch


def _escaped(key: str) -> str:
    # Every ASCII sign is escaped: a key is never a pattern, whoever wrote it.
    return _SIGN.sub(lambda sign: "\\" + sign.group() if sign.group().isascii() else sign.group(), key)


def _step(keys: Keys) -> Rule | None:
    return _any(_leaves(keys))


def _phrase(steps: Iterable[Rule | None]) -> Rule | None:
    return _in_order(steps, 0)


def _any_place(side: Side) -> Rule | None:
    """Places of a side of which none contains another."""
    return _any([_step(_single(side)), *(_phrase(map(_step, sequence.steps)) for sequence in _phrases(side))])


def _places(sides: tuple[Side, ...]) -> list[Rule | None]:
    """Places of each side, none overlapping: where phrases are repeated, no two rules are equal."""
    rules: list[Rule | None] = []
    for number, side in enumerate(sides):
        rule = _any_place(side)
        differs = {"match": {"query": f"_{number}", "use_field": FIELD}}
        rules.append(_any([rule, differs]) if rule and _phrases(side) and side in sides[:number] else rule)
    return rules


def _single(side: Side) -> Keys:
    return keys_of(sequence for sequence in side if len(sequence.steps) == 1)


def _phrases(side: Side) -> list[Sequence]:
    return [sequence for sequence in side if len(sequence.steps) > 1]


def _tips(side: Side, tip: int, zone: str, kept: Rule | None) -> Rule | None:
    """First (``tip`` 0) or last (-1) positions of the places of a side, of which zone and filter keep phrases whole.

    None where a phrase is too long to tell its ends.
    """
    rules = [_step(_single(side))]
    by_cycle: dict[int, list[Sequence]] = defaultdict(list)
    for sequence in _phrases(side):
        if len(sequence.steps) > TURNS:
            return None
        by_cycle[next(cycle for cycle in (2, 4, TURNS) if len(sequence.steps) <= cycle)].append(sequence)
    for cycle, sequences in by_cycle.items():
        for number in range(cycle):
            numbers = "|".join(map(str, range(number, TURNS, cycle)))
            turn = {"regexp": {"pattern": numbers, "use_field": "positions.turn"}}
            phrases = _any([_tipped(sequence, tip, turn) for sequence in sequences])
            if whole := _within(_filtered(phrases, kept), zone):
                rules.append(_filtered(turn, {"contained_by": whole}))
    return _any(rules)


def _tipped(sequence: Sequence, tip: int, turn: Rule) -> Rule | None:
    steps = list(map(_step, sequence.steps))
    steps[tip] = _filtered(steps[tip], {"contained_by": turn})
    return _phrase(steps)


def _any(rules: Iterable[Rule | None]) -> Rule | None:
    """Any of the rules; None, which nothing meets, where there are none."""
    found = [rule for rule in rules if rule]
    return {"any_of": {"intervals": found}} if len(found) > 1 else (found[0] if found else None)


def _in_order(rules: Iterable[Rule | None], gaps: int = -1) -> Rule | None:
    """All of the rules one behind the other; None where one of them is."""
    found = list(rules)
    if not found or not all(found):
        return None
    return {"all_of": {"ordered": True, "max_gaps": gaps, "intervals": found}} if len(found) > 1 else found[0]


def _filtered(rule: Rule | None, condition: Rule | None) -> Rule | None:
    return {"any_of": {"intervals": [rule], "filter": condition}} if rule and condition else rule


def _within(rule: Rule | None, zone: str) -> Rule | None:
    return _filtered(rule, _ZONES[zone]) if zone else rule


def leaves(rule: Any) -> int:
    """Leaves of a rule or query: terms, expressions and beginnings that are looked up."""
    if isinstance(rule, list):
        return sum(map(leaves, rule))
    if not isinstance(rule, dict):
        return 0
    here = sum(name in ("match", "regexp", "prefix") for name in rule)
    return here + sum(map(leaves, rule.values()))
