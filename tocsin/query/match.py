"""Many subscriptions × one article, in memory: the back-end that rings.

Each subscription hangs on *hooks* of which a matching article must have one: the rarest word that it asks for, with
what else must or must not stand beside it. Where a hook says everything (a word, an OR of words, two or three words, a
word and not another, an attribute beside a word, two words near each other), what hangs on it is met; all else is
verified by ``tocsin.query.meaning``. So the work for an article grows with the subscriptions that it meets, not with
those there are.

What hangs on a token is kept as packed numbers, and those of all tokens of an article are joined and sifted as arrays:
with a hundred thousand subscriptions, what costs time is not the work but the memory that is touched.
"""

from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain, compress, repeat
from operator import is_not
from typing import NamedTuple

from tocsin.query.document import Document
from tocsin.query.hooks import Hook, fact, facts_of, hooks_of
from tocsin.query.meaning import adjacent, holds
from tocsin.query.plan import LEAD, All, Keys, Plan, Stands, condensed, steps
from tocsin.query.terms import ALWAYS, FIRST, NEVER, ZONES, Fact, Frequency, Index, Term, guess
from tocsin.words import Token

REMEMBERED = 500_000
"""Tokens whose rows are remembered; past that the memory starts anew."""
LATE = 4_000
"""Keys of terms that came after the memory, before the memory starts anew."""

_NUMBER = (1 << 29) - 1
"""The bits of a fact that are the number of its term."""
_FEW = 24
"""Positions up to which a list is searched as fast as a set is made."""
_ENTRY = 6
"""Numbers of an entry: a fact that it needs, and another; one that must not be; the term that it hangs on; twice the
number of the plan, and one more where it must be verified; how far the first fact's term may stand ahead, and 65,536
times how far back (0: anywhere)."""

Row = tuple[Token, bytes, bytes, bytes]
"""What a token brings: numbers of its terms that are asked for, of plans that it meets alone, and entries, packed."""


class Check(NamedTuple):
    """What is asked of a document where a hook is there: facts that must and must not hold, and parts to evaluate."""

    required: frozenset[Fact]
    forbidden: frozenset[Fact]
    phrases: tuple[tuple[Fact, ...], ...]
    """Terms that must stand one after the other."""
    parts: tuple[Plan, ...]


class _Kept(NamedTuple):
    """What is kept of a plan."""

    hooks: tuple[Hook, ...] | None
    check: Check | None
    terms: tuple[Term, ...]
    asked: tuple[Term, ...]
    """Those of the terms of which a document must say whether it has them."""


class _Rows(dict[Token, Row | None]):
    """Token → its row; what is asked for the first time is put together from the terms it meets."""

    def __init__(self, index: Index) -> None:
        super().__init__()
        self._index = index

    def __missing__(self, token: Token) -> Row | None:
        terms = self._index.of_token(token.keys)
        for term in terms:
            term.remember(token)
        row = None
        if terms:
            row = (
                token,
                array("I", [term.number for term in terms if term.asked]).tobytes(),
                b"".join([term.packed_direct() for term in terms]),
                b"".join([term.packed_entries() for term in terms]),
            )
        self[token] = row
        return row


class Matcher:
    """A set of plans by name, added, changed and removed one at a time."""

    def __init__(self, plans: Mapping[str, Plan] | None = None, frequency: Frequency | None = None) -> None:
        self._frequency = frequency or guess
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._kept: list[_Kept | None] = []
        self._free: list[int] = []
        self._always: dict[int, None] = {}
        self._terms: dict[Keys, Term] = {}
        self._numbered: list[Term | None] = [None] * FIRST
        self.attributes: dict[str, int] = {}
        """Attributes that some plan asks for, with the number of terms."""
        self._zones: dict[str, int] = dict.fromkeys(ZONES, 0)
        self._index = Index()
        self._late = Index()
        self._rows = _Rows(self._index)
        self.verified = 0
        """Plans that were evaluated since the matcher was made: what the hooks could not decide."""
        for name, plan in (plans or {}).items():
            self.add(name, plan)

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, name: str, plan: Plan) -> None:
        """Add a plan, or put it in the place of the one with that name; met by the next document."""
        if name in self._numbers:
            self.remove(name)
        if isinstance(plan, Stands) and len(plan.side) == 1 and len(plan.side[0].steps) == 1 and not plan.zone:
            # The most usual plan by the shortest way: one word is its own hook, and says everything.
            term = self._term(plan.side[0].steps[0])
            term.uses += 1
            hook = Hook(term)
            number = self._numbered_as(name)
            self._kept[number] = _Kept((hook,), None, (term,), ())
            self._hang(hook, number)
            return
        plan = condensed(plan)
        hooks = hooks_of(plan, self._term)
        check = None if hooks and all([hook.sure for hook in hooks]) else self._check_of(plan)  # noqa: C419
        asked = self._asked(hooks, check)
        terms = {*asked, *[hook.term for hook in hooks or ()]}
        number = self._numbered_as(name)
        self._kept[number] = _Kept(hooks, check, tuple(terms), tuple(asked))
        for term in terms:
            term.uses += 1
        for term in asked:
            term.asked += 1
            if term.asked == 1 and term.tokens:
                self._forget_rows(term)
        for zone in _zones(hooks, check):
            self._zones[zone] += 1
        if hooks is None:
            self._always[number] = None
        for hook in hooks or ():
            self._hang(hook, number)

    def _numbered_as(self, name: str) -> int:
        """A number for a new name; those of forgotten plans are used again."""
        if self._free:
            number = self._free.pop()
            self._names[number] = name
        else:
            number = len(self._kept)
            self._kept.append(None)
            self._names.append(name)
        self._numbers[name] = number
        return number

    def _asked(self, hooks: tuple[Hook, ...] | None, check: Check | None) -> set[Term]:
        """Terms of which a document must say whether it has them, beside those that things hang on."""
        found: set[Term] = set()
        for hook in hooks or ():
            if hook.needs or hook.unless:
                found.update([self.of_fact(other) for other in (*hook.needs, *hook.unless)])
                if hook.ahead or hook.back:
                    found.add(hook.term)
        if check is not None:
            found.update([self.of_fact(other) for other in (*check.required, *check.forbidden)])
            found.update([self.of_fact(each) for phrase in check.phrases for each in phrase])
            found.update([self._term(keys) for part in check.parts for keys in steps(part)])
        return found

    def remove(self, name: str) -> None:
        """Forget a plan.

        Raises KeyError where there is none of that name.
        """
        number = self._numbers.pop(name)
        kept = self._kept[number]
        if kept is None:
            raise KeyError(name)
        self._kept[number] = None
        self._free.append(number)
        self._always.pop(number, None)
        for hook in kept.hooks or ():
            self._take_down(hook, number)
        for zone in _zones(kept.hooks, kept.check):
            self._zones[zone] -= 1
        for term in kept.asked:
            term.asked -= 1
        for term in kept.terms:
            term.uses -= 1
            if not term.uses:
                self._forget_rows(term)
                del self._terms[term.keys]
                self._numbered[term.number] = None
                self._index.leave(term)
                self._late.leave(term)
                if term.attribute:
                    self.attributes[term.attribute] -= 1
                    if not self.attributes[term.attribute]:
                        del self.attributes[term.attribute]

    def match(self, document: Document) -> list[str]:
        """Names of the plans that a document meets, in no particular order."""
        here = _Here(self, document)
        facts = here.facts
        met = set(array("I", here.direct))
        asked = set(self._always)
        entries = array("I", here.entries)
        for at in compress(range(0, len(entries), _ENTRY), map(facts.__contains__, entries[0::_ENTRY])):
            other, further, never, term, number, reach = entries[at : at + _ENTRY]
            if further not in facts or never in facts:
                continue
            if not reach or here.within(term, other, reach):
                (asked if number & 1 else met).add(number >> 1)
        asked -= met
        self.verified += len(asked)
        kept = self._kept
        met.update([number for number in asked if here.passes(kept[number])])
        names = self._names
        return [names[number] for number in met]

    def match_all(self, documents: Iterable[Document]) -> Iterator[list[str]]:
        """``match`` of each document of a batch."""
        return map(self.match, documents)

    def rows_of(self, tokens: Collection[Token]) -> list[Row]:
        """What those of the tokens bring that bring anything."""
        if len(self._rows) > REMEMBERED:
            self._start_anew()
        if len(self._late):
            # A term that came after a row was made is not in it yet.
            for token in tokens:
                if not all(term.has(token) for term in self._late.of_token(token.keys)):
                    self._drop_row(token)
        return list(filter(None, map(self._rows.__getitem__, tokens)))

    def term(self, keys: Keys) -> Term | None:
        """The term with these keys, if a plan asks for it."""
        return self._terms.get(keys)

    def of_attribute(self, name: str, value: str) -> tuple[Term, ...]:
        """Terms that an attribute meets."""
        return self._index.of_key(f"{name}={value}")

    def of_fact(self, number: Fact) -> Term:
        """The term that a fact is about."""
        term = self._numbered[number & _NUMBER]
        if term is None:
            raise KeyError(number)
        return term

    @property
    def zones(self) -> list[str]:
        """Zones that some plan asks for."""
        return [zone for zone in ZONES if zone and self._zones[zone]]

    def _term(self, keys: Keys) -> Term:
        known = self._terms.get(keys)
        if known is None:
            known = self._terms[keys] = Term(keys, len(self._numbered), self._frequency)
            self._numbered.append(known)
            self._index.enter(known)
            if known.attribute:
                self.attributes[known.attribute] = self.attributes.get(known.attribute, 0) + 1
            if self._rows:
                self._late.enter(known)
                if len(self._late) > LATE:
                    self._start_anew()
        return known

    def _check_of(self, plan: Plan) -> Check:
        """What must be asked of a document beside its hooks: facts, and what must be evaluated."""
        required, forbidden, rest = facts_of(plan.parts if isinstance(plan, All) else (plan,), self._term)
        phrases, parts = list[tuple[Fact, ...]](), list[Plan]()
        for part in rest:
            match part:
                case Stands((only,), ""):
                    phrases.append(tuple([self._term(keys).number for keys in only.steps]))
                case _:
                    parts.append(part)
        facts = frozenset([fact(*pair) for pair in required])
        return Check(facts, frozenset(forbidden), tuple(phrases), tuple(parts))

    def _hang(self, hook: Hook, number: int) -> None:
        term = hook.term
        if _is_direct(hook):
            if term.direct is None:
                term.direct = array("I")
            term.direct.append(number)
        else:
            if term.entries is None:
                term.entries = array("I")
            term.entries.extend(_entry(hook, number))
        if term.tokens:
            self._forget_rows(term)

    def _take_down(self, hook: Hook, number: int) -> None:
        term = hook.term
        if _is_direct(hook):
            if term.direct:
                term.direct.remove(number)
        elif entries := term.entries:
            entry = _entry(hook, number)
            places = range(0, len(entries), _ENTRY)
            at = next(at for at in places if entries[at : at + _ENTRY] == entry)
            del entries[at : at + _ENTRY]
        self._forget_rows(term)

    def _forget_rows(self, term: Term) -> None:
        """What hangs on a term has changed: the rows of its tokens are put together anew when they are next seen."""
        for token in list(term.tokens or ()):
            self._drop_row(token)

    def _drop_row(self, token: Token) -> None:
        if self._rows.pop(token, None):
            for term in self._index.of_token(token.keys):
                if term.tokens:
                    term.tokens.pop(token, None)

    def _start_anew(self) -> None:
        self._rows.clear()
        self._late = Index()
        for term in self._terms.values():
            term.tokens = None


class _Here:
    """A document as the matcher's plans ask it: by facts, and by the positions of terms."""

    def __init__(self, matcher: Matcher, document: Document) -> None:
        self.document = document
        self.title = document.title
        self.sentences = document.sentences
        self._matcher = matcher
        self._several: dict[int, list[Token]] | None = None
        self._at: dict[int, Collection[int]] = {}
        analysed = document.analysed
        rows = matcher.rows_of({*analysed.title, *analysed.text})
        tokens, terms, direct, entries = zip(*rows, strict=True) if rows else ((), (), (), ())
        self._numbers = array("I", b"".join(terms))
        self._owners = list(chain.from_iterable(map(repeat, tokens, [len(each) >> 2 for each in terms])))
        self.facts: dict[Fact, Token | None] = dict(zip(self._numbers, self._owners, strict=True))
        """What holds of the document; for a term that stands in it, the last token that meets it."""
        self.facts[ALWAYS] = None
        self.direct, self.entries = b"".join(direct), b"".join(entries)
        for name in matcher.attributes:
            for value in document.values(name):
                for term in matcher.of_attribute(name, value):
                    self.facts[term.number] = None
                    self.direct += term.packed_direct()
                    self.entries += term.packed_entries()
        for zone in matcher.zones:
            self._add_zone(zone)

    def _add_zone(self, zone: str) -> None:
        analysed, bit = self.document.analysed, ZONES[zone]
        tokens = {
            "title": analysed.title,
            "text": analysed.text,
            "lead": (*analysed.title, *analysed.text[:LEAD]),
        }[zone]
        rows = self._matcher.rows_of(tokens)
        self.facts.update(dict.fromkeys([number | bit for number in array("I", b"".join([row[1] for row in rows]))]))

    @property
    def now(self) -> datetime:
        """The document's arrival."""
        return self.document.now

    def values(self, name: str) -> frozenset[str]:
        """Casefolded values of an attribute."""
        return self.document.values(name)

    def time(self, name: str) -> datetime | None:
        """``date`` or ``seen``."""
        return self.document.time(name)

    def starts(self, words: tuple[Keys, ...]) -> Collection[int]:
        """Positions of the stream at which words begin to stand one after the other."""
        return adjacent(words, self._positions_of)

    def _positions_of(self, keys: Keys) -> Collection[int]:
        term = self._matcher.term(keys)
        if term is None:
            return self.document.at(keys)
        return self._standing(term.number) if term.number in self.facts else ()

    def _standing(self, number: int) -> Collection[int]:
        """Positions of a term that stands here."""
        known = self._at.get(number)
        if known is None:
            if self._several is None:
                self._several = self._find_several()
            positions = self.document.positions()
            several = self._several.get(number)
            last = self.facts[number]
            if several is not None:
                known = list(chain.from_iterable([positions[token] for token in several]))
            else:
                known = positions[last] if last is not None else []
            self._at[number] = known = known if len(known) <= _FEW else frozenset(known)
        return known

    def _find_several(self) -> dict[int, list[Token]]:
        """The few terms that several tokens meet, with all of them."""
        found: dict[int, list[Token]] = {}
        others = map(is_not, map(self.facts.__getitem__, self._numbers), self._owners)
        for number, token in compress(zip(self._numbers, self._owners, strict=True), others):
            last = self.facts[number]
            found.setdefault(number, [] if last is None else [last]).append(token)
        return found

    def within(self, number: Fact, other: Fact, reach: int) -> bool:
        """Whether the other term stands so near to the first somewhere."""
        back, ahead = divmod(reach, 65_536)
        there = self._standing(other)
        for position in self._standing(number):
            for at in range(position - back, position + ahead + 1):
                if at != position and at in there:
                    return True
        return False

    def passes(self, kept: _Kept | None) -> bool:
        """Whether the document meets what the hooks of a plan left open."""
        check = kept and kept.check
        if not check:
            return False
        facts = self.facts
        if not all(map(facts.__contains__, check.required)) or any(map(facts.__contains__, check.forbidden)):
            return False
        if not all(map(self._one_after_the_other, check.phrases)):
            return False
        return all([holds(part, self) for part in check.parts])  # noqa: C419

    def _one_after_the_other(self, phrase: tuple[Fact, ...]) -> bool:
        if not all(map(self.facts.__contains__, phrase)):
            return False
        standing = list(map(self._standing, phrase))
        rarest = min(range(len(phrase)), key=lambda offset: len(standing[offset]))
        return any(
            all([position - rarest + offset in there for offset, there in enumerate(standing)])  # noqa: C419
            for position in standing[rarest]
        )


def _is_direct(hook: Hook) -> bool:
    return hook.sure and not hook.needs and not hook.unless


def _entry(hook: Hook, number: int) -> "array[int]":
    one, two = (*hook.needs, ALWAYS, ALWAYS)[:2]
    never = (*hook.unless, NEVER)[0]
    return array("I", (one, two, never, hook.term.number, number * 2 + (not hook.sure), hook.back << 16 | hook.ahead))


def _zones(hooks: tuple[Hook, ...] | None, check: Check | None) -> list[str]:
    """Zones of the facts that a plan asks for."""
    facts = [other for hook in hooks or () for other in (*hook.needs, *hook.unless)]
    facts += (*check.required, *check.forbidden) if check else ()
    if not facts or max(facts) <= _NUMBER:
        return []
    return [zone for zone, bit in ZONES.items() if bit and any(other & bit for other in facts)]
