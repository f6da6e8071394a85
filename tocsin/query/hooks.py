"""On what a plan hangs: the rarest thing that every document must have which meets it."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, assert_never

from tocsin.query.plan import All, AnyOf, Between, Has, Keys, Near, No, Often, Plan, Side, Stands, Together
from tocsin.query.terms import ZONES, Fact, Term

NEEDED = 2
"""Further facts that a hook can ask for by itself."""
REFUSED = 1
"""Facts that a hook can forbid by itself."""
PAIR = 0.05
"""Share of the documents with the rarer word of two neighbours in which the other stands beside it, roughly."""

TermOf = Callable[[Keys], Term]


class Hook(NamedTuple):
    """A word that stands in the document, and what else is asked; ``sure`` where that is all that the plan asks."""

    term: Term
    needs: tuple[Fact, ...] = ()
    unless: tuple[Fact, ...] = ()
    ahead: int = 0
    """Positions from the word up to which the first of ``needs`` may stand behind it; 0 with ``back``: anywhere."""
    back: int = 0
    """The same, before it."""
    sure: bool = True

    @property
    def share(self) -> float:
        """Share of documents that have it, roughly: words come in company, so two are not as rare as chance has it."""
        reach = self.ahead + self.back
        return self.term.share * (min(1.0, PAIR * reach) if reach else 0.5 ** min(len(self.needs), NEEDED))


class Facts(NamedTuple):
    """A plan that asks for all of several parts: those that are facts, those that must not be, and the rest."""

    required: tuple[tuple[Term, str], ...]
    """Terms with their zones."""
    forbidden: tuple[Fact, ...]
    rest: tuple[Plan, ...]


def facts_of(parts: Iterable[Plan], term_of: TermOf) -> Facts:
    """Tell parts that are single words or attributes from those that must be evaluated."""
    required, forbidden, rest = list[tuple[Term, str]](), list[Fact](), list[Plan]()
    for part in parts:
        negated = isinstance(part, No)
        inner = part.part if isinstance(part, No) else part
        if isinstance(inner, Stands):
            steps = inner.side[0].steps if len(inner.side) == 1 else ()
            if len(steps) != 1:
                rest.append(part)
                continue
            found = term_of(steps[0]), inner.zone
        elif isinstance(inner, Has):
            found = term_of(frozenset([f"{inner.name}={value}" for value in inner.values])), ""
        else:
            rest.append(part)
            continue
        if negated:
            forbidden.append(fact(*found))
        else:
            required.append(found)
    return Facts(tuple(required), tuple(forbidden), tuple(rest))


def fact(term: Term, zone: str) -> Fact:
    """The number that says that a term stands in a zone."""
    return term.number | ZONES[zone]


def hooks_of(plan: Plan, term_of: TermOf) -> tuple[Hook, ...] | None:
    """Hooks of which every document has one that meets a condensed plan; None where there are none such."""
    match plan:
        case Stands(side, zone):
            return tuple([_of_sequence(sequence.steps, zone, term_of) for sequence in side])
        case All(parts):
            return _of_all(parts, term_of)
        case Near((left, right), gap, ordered, "") if _is_word(left) and _is_word(right):
            return (_near(term_of(left[0].steps[0]), term_of(right[0].steps[0]), gap + 1, ordered=ordered),)
        case Near(several):
            return _unsure(_of_all(_stand(several), term_of))
        case Has():
            return _of_all((plan,), term_of)
        case Often(side, times, _):
            return _unsure(hooks_of(Stands(side), term_of)) if times > 0 else None
        case Together(left, right):
            return _unsure(_of_all(_stand((left, right)), term_of))
        case AnyOf(parts):
            groups = [hooks_of(part, term_of) for part in parts]
            found = [hook for hooks in groups if hooks is not None for hook in hooks]
            return None if None in groups else tuple(dict.fromkeys(found))
        case No() | Between():
            return None
        case _:
            assert_never(plan)


def _of_sequence(steps: tuple[Keys, ...], zone: str, term_of: TermOf) -> Hook:
    """A word; or of a phrase the rarest pair of neighbours, from its rarer word."""
    if len(steps) == 1:
        term = term_of(steps[0])
        return Hook(term, (fact(term, zone),)) if zone else Hook(term)
    terms = [term_of(keys) for keys in steps]
    at = 0
    if len(terms) > 2:
        at = min(range(len(terms) - 1), key=lambda n: terms[n].share * terms[n + 1].share)
    hook = _near(terms[at], terms[at + 1], 1, ordered=True)
    return hook if len(terms) == 2 and not zone else hook._replace(sure=False)


def _near(first: Term, second: Term, reach: int, *, ordered: bool) -> Hook:
    """Two words so near, from the rarer one."""
    back = 0 if ordered else reach
    if first.share <= second.share:
        return Hook(first, (second.number,), (), reach, back)
    return Hook(second, (first.number,), (), back, reach)


def _is_word(side: Side) -> bool:
    return len(side) == 1 and len(side[0].steps) == 1


def _stand(several: Sequence[Side]) -> tuple[Plan, ...]:
    return tuple([Stands(side) for side in several])


def _of_all(parts: Sequence[Plan], term_of: TermOf) -> tuple[Hook, ...] | None:
    """The rarest of the parts, with the rarest of what else is asked beside it."""
    required, forbidden, rest = facts_of(parts, term_of)
    by_rarity = sorted(required, key=_rarity) if len(required) > 1 else required
    parted = [hooks for part in rest if (hooks := hooks_of(part, term_of)) is not None]
    best = min(parted, key=_weight, default=None)
    if by_rarity and (best is None or _rarity(by_rarity[0]) <= _weight(best)):
        term, zone = by_rarity[0]
        needs = [fact(term, zone)] if zone else []
        needs += [fact(*other) for other in by_rarity[1:]]
        return (_with(Hook(term), needs, forbidden, settled=not rest),)
    if best is None:
        return None
    needs = [fact(*other) for other in by_rarity]
    settled = len(rest) == 1
    return tuple([_with(hook, needs, forbidden, settled=settled) for hook in best])


def _with(hook: Hook, needs: list[Fact], unless: tuple[Fact, ...], *, settled: bool) -> Hook:
    """A hook that asks for more, as far as it can hold it."""
    if not needs and not unless:
        return hook if settled else hook._replace(sure=False)
    needed, never = (*hook.needs, *needs), (*hook.unless, *unless)
    sure = hook.sure and settled and len(needed) <= NEEDED and len(never) <= REFUSED
    return Hook(hook.term, needed[:NEEDED], never[:REFUSED], hook.ahead, hook.back, sure)


def _unsure(hooks: tuple[Hook, ...] | None) -> tuple[Hook, ...] | None:
    return hooks and tuple([hook._replace(sure=False) for hook in hooks])


def _rarity(required: tuple[Term, str]) -> tuple[bool, float]:
    """Attributes last; then the fewer documents have it, the better."""
    return bool(required[0].attribute), required[0].share


def _weight(hooks: tuple[Hook, ...]) -> tuple[bool, float]:
    """The same for hooks of which a document must have one."""
    return any([hook.term.attribute for hook in hooks]), sum([hook.share for hook in hooks])  # noqa: C419
