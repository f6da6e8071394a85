"""Plan → a query of Elasticsearch 8.19 over the fields of ``tocsin.query.elastic_fields``; nothing is asked here.

Everything stands in filter context. A single word is a ``terms`` query on the set of keys; what asks for places is an
``intervals`` query (``tocsin.query.elastic_places``) beside the sets that it needs, which are cheap and few.

Elasticsearch refuses queries that nest more than thirty deep. So what is forbidden is carried down to the single parts,
and where that leaves a plan too deep, an AND is multiplied out over an OR, from the top.
"""

from collections.abc import Iterable
from typing import Any, assert_never

from tocsin.forms import cut
from tocsin.query import elastic_places as at
from tocsin.query.elastic_fields import microseconds
from tocsin.query.plan import All, AnyOf, Between, Has, Keys, Near, No, Often, Plan, Side, Spatial, Stands, Together

DSL = dict[str, Any]

DEPTH = 20
"""Levels of AND and OR under which a query, with what a single part adds, stays within the thirty."""

FEW = 3
"""Phrases of a side that are not looked for by themselves before a distance is measured."""

_ALL: DSL = {"match_all": {}}
_NONE: DSL = {"match_none": {}}
_SETS = {"": "keys.any", "text": "keys.any", "title": "keys.title", "lead": "keys.lead"}


def query(plan: Plan) -> DSL:
    """What finds the articles that meet a plan, each with the same score.

    Raises ValueError where a time counts back from now (``tocsin.query.expand.fixed`` puts now in), and
    ``TooWideError`` where more words are asked for at places than the server looks up at once.
    """
    found = {"bool": {"filter": [_dsl(_shallow(_unforbidden(plan, forbidden=False), DEPTH))]}}
    if at.leaves(found) > at.LEAVES:
        raise at.TooWideError
    return found


def _dsl(plan: Plan) -> DSL:
    match plan:
        case All(parts):
            return _every(map(_dsl, parts))
        case AnyOf(parts):
            return _some(map(_dsl, parts))
        case No(part):
            return {"bool": {"must_not": [_dsl(part)]}}
        case Has(name, values):
            return {"terms": {f"attributes.{name}": sorted(values)}}
        case Between():
            return _between(plan)
        case Stands() | Near() | Together() | Often():
            return _spatial(plan)
        case _:
            assert_never(plan)


def _every(parts: Iterable[DSL]) -> DSL:
    wanted: list[DSL] = []
    forbidden: list[DSL] = []
    for part in parts:
        inside = part.get("bool", {})
        if inside.keys() <= {"filter", "must_not"}:
            wanted += inside.get("filter", [] if inside else [part])
            forbidden += inside.get("must_not", [])
        else:
            wanted.append(part)
    if not forbidden and len(wanted) == 1:
        return wanted[0]
    named = {"filter": wanted, "must_not": forbidden}
    return {"bool": {clause: found for clause, found in named.items() if found}} if wanted or forbidden else _ALL


def _some(parts: Iterable[DSL]) -> DSL:
    terms: dict[str, set[str]] = {}
    others: list[DSL] = []
    for part in parts:
        if "terms" in part:
            for field, values in part["terms"].items():
                terms.setdefault(field, set()).update(values)
        elif part != _NONE:
            others.append(part)
    found = [{"terms": {field: sorted(values)}} for field, values in terms.items()] + others
    if len(found) < 2:
        return found[0] if found else _NONE
    return {"bool": {"should": found, "minimum_should_match": 1}}


def _between(plan: Between) -> DSL:
    if plan.last is not None:
        raise ValueError("A time that counts back from now must be fixed before a store is asked.")
    bounds = {"gte": plan.low, "lt": plan.high}
    asked = {sign: microseconds(moment) for sign, moment in bounds.items() if moment is not None}
    field = f"times.{plan.name}"
    return {"range": {field: asked}} if asked else {"exists": {"field": field}}


def _spatial(plan: Spatial) -> DSL:
    match plan:
        case Stands(side, zone):
            return _stands(side, zone)
        case Near(sides, gap, ordered, zone):
            return _beside(sides, zone, at.near(sides, gap, zone, ordered=ordered))
        case Together(left, right, zone):
            return _beside((left, right), zone, at.together(left, right, zone))
        case Often(side, times, zone):
            if times <= 0:
                return _ALL
            return _stands(side, zone) if times == 1 else _often(side, times, zone)
        case _:
            assert_never(plan)


def _stands(side: Side, zone: str) -> DSL:
    single = at.keys_of(sequence for sequence in side if len(sequence.steps) == 1)
    phrases = tuple(sequence for sequence in side if len(sequence.steps) > 1)
    found = []
    if single and zone == "text":
        found.append(_beside((at.alone(single),), zone, at.stands(at.alone(single), zone)))
    elif single:
        found.append(_has_keys(single, zone))
    if phrases:
        found.append(
            _needed(phrases, zone) if len(phrases) > FEW else _beside((phrases,), zone, at.stands(phrases, zone))
        )
    return _some(found)


def _often(side: Side, times: int, zone: str) -> DSL:
    """Where no two places overlap, counting them is enough; only elsewhere they are told apart."""
    counted = _beside((side,), zone, at.often_overlapping(side, times, zone))
    if not (overlapping := at.overlapping(side)):
        return counted
    told_apart = _some([{"bool": {"must_not": [_intervals(overlapping)]}}, _intervals(at.often(side, times, zone))])
    return _every([counted, told_apart])


def _intervals(rule: at.Rule | None) -> DSL:
    return {"intervals": {at.FIELD: rule}} if rule else _NONE


def _beside(sides: Iterable[Side], zone: str, rule: at.Rule | None) -> DSL:
    """Places, and before them what any article with such places must have."""
    if rule is None:
        return _NONE
    asked = list(dict.fromkeys(sides))
    found = _intervals(rule)
    if any(sum(len(sequence.steps) > 1 for sequence in side) > FEW for side in asked):
        # Not forbidden, instead of wanted: Lucene looks for places of what is wanted before all else is decided.
        found = {"bool": {"must_not": [{"bool": {"must_not": [found]}}]}}
    return _every([*(_needed(side, zone) for side in asked), found])


def _needed(side: Side, zone: str) -> DSL:
    """What any article with a place of the side has; for many phrases, that one of them stands there."""
    single = at.keys_of(sequence for sequence in side if len(sequence.steps) == 1)
    phrases = tuple(sequence for sequence in side if len(sequence.steps) > 1)
    found = [_has_keys(single, zone)] if single else []
    words = [_every(_has_keys(keys, zone) for keys in dict.fromkeys(phrase.steps)) for phrase in phrases]
    if len(phrases) > FEW:
        return _some([*found, _every([_some(words), _intervals(at.stands(phrases, zone))])])
    return _some([*found, *words])


def _has_keys(keys: Keys, zone: str) -> DSL:
    field = _SETS[zone]
    whole = sorted({cut(key) for key in keys if not key.endswith("*")})
    begun = [{"prefix": {field: cut(key[:-1])}} for key in sorted(keys) if key.endswith("*")]
    return _some([*([{"terms": {field: whole}}] if whole else []), *begun])


def _unforbidden(plan: Plan, *, forbidden: bool) -> Plan:
    """The plan, or its contrary, with ``No`` around single parts alone, and no AND or OR directly in its like."""
    match plan:
        case No(part):
            return _unforbidden(part, forbidden=not forbidden)
        case All(parts) | AnyOf(parts):
            kind: type[All | AnyOf] = All if isinstance(plan, All) is not forbidden else AnyOf
            return _joined(kind, (_unforbidden(part, forbidden=forbidden) for part in parts))
        case _:
            return No(plan) if forbidden else plan


def _joined(kind: type[All | AnyOf], parts: Iterable[Plan]) -> Plan:
    flat: list[Plan] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else (part,)
    return flat[0] if len(flat) == 1 else kind(tuple(dict.fromkeys(flat)))


def _levels(plan: Plan) -> int:
    return 1 + max(map(_levels, plan.parts), default=0) if isinstance(plan, All | AnyOf) else 0


def _shallow(plan: Plan, levels: int) -> Plan:
    """The same meaning in at most so many levels of AND and OR, one within the other by turns."""
    while (deep := _levels(plan)) > levels and isinstance(plan, All | AnyOf):
        kind: type[All | AnyOf] = type(plan)
        plan = _joined(kind, (new for part in plan.parts for new in _multiplied(part, deep - 2)))
    return plan


def _multiplied(part: Plan, below: int) -> Iterable[Plan]:
    """A part multiplied out over that one of its parts which goes deepest, if it goes so deep."""
    if not isinstance(part, All | AnyOf):
        return (part,)
    other: type[All | AnyOf] = type(part)
    deepest = max(part.parts, key=_levels)
    if _levels(deepest) < below or not isinstance(deepest, All | AnyOf):
        return (part,)
    rest = tuple(one for one in part.parts if one is not deepest)
    return [_joined(other, (*rest, one)) for one in deepest.parts]
