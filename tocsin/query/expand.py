"""Tree → plan: each word with all the forms that meet it.

Families and aliases come from the lists; they widen the query and never the index, so that editing a list changes
what is found in old articles too.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice, product
from typing import assert_never

from tocsin.errors import UserError
from tocsin.forms import cut
from tocsin.lists import Family, Lists, Organisation, Person, Place, is_ambiguous, names
from tocsin.query import ast, plan
from tocsin.query.meaning import since
from tocsin.query.parse import QueryError, parse
from tocsin.query.plan import Keys, Plan, Side
from tocsin.spelling import clean, fold
from tocsin.words import Words, as_written, parts, spans

Named = Place | Person | Organisation

SHOUTED = 5
"""Letters of the longest name that counts as an abbreviation when it is written in capitals."""

REMEMBERED = 200_000
"""Query words and phrases whose sequences are remembered; past that the memory starts anew."""

VARIANTS = 8
"""Ways of reading a phrase whose compounds may be written in one, at the most."""


class UnlistedError(UserError):
    """A place or topic that no list has: ``kind``, the ``value`` asked for, and a ``suggestion``."""

    def __init__(self, kind: str, value: str, known: list[str]) -> None:
        names = {name.casefold(): name for name in known}
        close = difflib.get_close_matches(value.casefold(), names, 1)
        self.kind, self.value = kind, value
        self.what = f'no list has the {kind} "{value}"'
        self.suggestion = f'{kind}:"{names[close[0]]}"' if close else f'"{value}" without {kind}:'
        super().__init__(f"{self.what}. Try: {self.suggestion}")


class Expander:
    """Words, families and names: opened in a main and passed to whatever resolves queries."""

    def __init__(self, words: Words, lists: Lists) -> None:
        self.words = words
        self._forms = words.forms
        self._lists = lists
        self._families: dict[str, list[Family]] = defaultdict(list)
        for family in lists.families:
            for word in family.words:
                for lemma in {fold(word), *self._forms.lemmas(word, family.lang)}:
                    self._families[lemma].append(family)
        self._entries: dict[tuple[str, ...], list[Named]] = defaultdict(list)
        entries: tuple[Named, ...] = (*lists.places, *lists.people, *lists.organisations)
        for entry in entries:
            for name, _, _ in names(entry):
                key = _tokens(name)
                if entry not in self._entries[key]:
                    self._entries[key].append(entry)
        self._sides: dict[tuple[str, ...], Side] = {}
        self._read: dict[str, list[tuple[Keys, ...]]] = {}

    def read(self, text: str) -> Plan:
        """The plan of a query text.

        Raises QueryError where the text makes no sense, or names a place or topic that no list has.
        """
        query = parse(text)
        try:
            return self.resolve(query)
        except UnlistedError as error:
            column = max(0, text.casefold().find(error.value.casefold())) + 1
            raise QueryError(error.what, column, f"one of the listed {error.kind}s", error.suggestion) from error

    def resolve(self, query: ast.Query) -> Plan:
        """The plan of a tree.

        Raises UnlistedError for a place or topic that no list has.
        """
        match query:
            case ast.Word() | ast.Phrase() | ast.Prefix() | ast.Exact():
                return plan.Stands(self._side(query), query.field)
            case ast.Near(several, gap, ordered):
                return plan.Near(tuple(map(self._side, several)), gap, ordered, ast.side_field(several[0]))
            case ast.Sent(left, right):
                return plan.Together(self._side(left), self._side(right), ast.side_field(left))
            case ast.AtLeast(times, part):
                return plan.Often(self._side(part), times, ast.side_field(part))
            case ast.Filter(name, value):
                return plan.Has(name, self._values(name, value))
            case ast.Span(name, low, high, last):
                return plan.Between(name, _to_the_millisecond(low), _to_the_millisecond(high), last)
            case ast.Not(part):
                return plan.No(self.resolve(part))
            case ast.And(several):
                return plan.All(tuple(map(self.resolve, several)))
            case ast.Or(several):
                return plan.AnyOf(tuple(map(self.resolve, several)))
            case _:
                assert_never(query)

    def name_plan(self, name: str) -> tuple[Keys, ...]:
        """The positions of a listed name, with its case forms; an abbreviation only as it is written (UN is not un)."""
        return tuple(self._name_keys(token) for token in _words_of(name))

    def _name_keys(self, token: str) -> Keys:
        if token.isupper() and 1 < len(token) <= SHOUTED:
            return frozenset({f"x:{token}"})
        return frozenset(self._forms.query_keys(token))

    def _side(self, side: ast.Side) -> Side:
        """The sequences by which a leaf, or one of several, is met."""
        match side:
            case ast.Word(text):
                return self._remembered((text,)) or self._remember((text,), self._word(text))
            case ast.Phrase(words):
                return self._remembered(("", *words)) or self._remember(("", *words), self._phrase(words))
            case ast.Prefix(text):
                return (plan.Sequence((_beginning(text),), f"{text}*"),)
            case ast.Exact(words):
                return (plan.Sequence(_exact(words), " ".join(words)),)
            case ast.Or():
                return _each_once(sequence for leaf in ast.leaves(side) for sequence in self._side(leaf))
            case _:
                assert_never(side)

    def _remembered(self, words: tuple[str, ...]) -> Side | None:
        return self._sides.get(words)

    def _remember(self, words: tuple[str, ...], side: Side) -> Side:
        if len(self._sides) >= REMEMBERED:
            self._sides.clear()
        self._sides[words] = side
        return side

    def _word(self, text: str) -> Side:
        found = [plan.Sequence(steps, text) for steps in self._readings(text)]
        if len(found[0].steps) > 1:
            return _each_once([*found, *self._other_names([_tokens(text)], text)])
        keys = found[0].steps[0]
        readings = {key.partition(":")[2] for key in keys if key[:2] in ("s:", "l:")}
        for reading in sorted(readings):
            found += [
                plan.Sequence((self._family_keys(word, family.lang),), text, word, "family")
                for family in self._families.get(reading, ())
                for word in family.words
            ]
        return _each_once([*found, *self._other_names([(reading,) for reading in sorted(readings)], text)])

    def _phrase(self, words: tuple[str, ...]) -> Side:
        text = " ".join(words)
        variants = islice(product(*map(self._readings, words)), VARIANTS)
        found = [plan.Sequence(tuple(chain.from_iterable(variant)), text) for variant in variants]
        return _each_once([*found, *self._other_names([_tokens(text)], text)])

    def _readings(self, word: str) -> list[tuple[Keys, ...]]:
        """How one word of a query may stand: its parts one after the other, and the form that joins them."""
        known = self._read.get(word)
        if known is None:
            if len(self._read) >= REMEMBERED:
                self._read.clear()
            known = self._read[word] = self._reading(word)
        return known

    def _reading(self, word: str) -> list[tuple[Keys, ...]]:
        if word.endswith("*"):
            return [(_beginning(word[:-1]),)]
        found, joined = parts(clean(word))
        if not found:
            return [(frozenset({cut(f"s:{fold(word)}")}),)]
        if joined and len(found) == 1:
            return [(frozenset({cut(f"s:{fold(joined)}")}),)]
        steps = tuple(frozenset(self._forms.query_keys(part.word)) for part in found)
        if not joined:
            return [steps]
        return [steps, (frozenset(self.words.joined_query_keys(word, joined)),)]

    def _family_keys(self, word: str, lang: str) -> Keys:
        """Read in the family's language alone: Ukrainian призов is a call-up, Russian призов are prizes."""
        keys = self._forms.keys(word.lower(), lang)
        return frozenset(key for key in keys if key[:2] in ("l:", "n:")) or frozenset(keys[:1])

    def _other_names(self, readings: Iterable[tuple[str, ...]], text: str) -> list[plan.Sequence]:
        found = []
        for reading in readings:
            for entry in self._entries.get(reading, ()):
                # Суми are sums too, and so are Сумы: from the one to the other leads only the name as it is written.
                both = entry.ambiguous and any(
                    is_ambiguous(entry, name, lang) for name, lang, _ in names(entry) if _tokens(name) == reading
                )
                for name, lang, _ in names(entry):
                    if _tokens(name) != reading:
                        as_is = both and is_ambiguous(entry, name, lang)
                        steps = _exact([name]) if as_is else self.name_plan(name)
                        found.append(plan.Sequence(steps, text, name, "other name"))
        return found

    def _values(self, name: str, value: str) -> frozenset[str]:
        wanted = clean(value).strip().casefold()
        if name == "author":
            return frozenset({" ".join(_tokens(value))})
        if name == "place":
            place = self._lists.resolve_place(value)
            if place is None:
                raise UnlistedError("place", value, [p.name for p in self._lists.places])
            return frozenset(inner.casefold() for inner in self._lists.within(place))
        if name == "topic":
            topics = {topic.id.casefold(): topic.id for topic in self._lists.topics}
            if wanted not in topics:
                raise UnlistedError("topic", value, list(topics.values()))
        if name in ("person", "org"):
            entries = [entry for entry in self._entries.get(_tokens(value), ()) if not isinstance(entry, Place)]
            return frozenset({wanted, *(entry.name.casefold() for entry in entries)})
        return frozenset({wanted})


def fixed(query: Plan, now: datetime) -> Plan:
    """The plan as it is asked at a moment: ``last 7d`` becomes a time. A subscription keeps its plan as it is."""
    match query:
        case plan.Between(name, _, _, last) if last is not None:
            return plan.Between(name, since(last, now))
        case plan.All(several):
            return plan.All(tuple(fixed(part, now) for part in several))
        case plan.AnyOf(several):
            return plan.AnyOf(tuple(fixed(part, now) for part in several))
        case plan.No(part):
            return plan.No(fixed(part, now))
        case _:
            return query


def _beginning(letters: str) -> Keys:
    return frozenset({f"s:{fold(clean(letters))}*"})


def _exact(words: Sequence[str]) -> tuple[Keys, ...]:
    """Letter for letter: as written where the word has a capital, else whatever the capitals are."""
    steps: list[Keys] = []
    for word in map(clean, words):
        found, joined = parts(word)
        written = [word[part.start : part.end] for part in found]
        if joined:
            written[0] = word
        steps += [frozenset({as_written(each)[0 if each != each.casefold() else -1]}) for each in written]
    return tuple(steps)


def _to_the_millisecond(moment: datetime | None) -> datetime | None:
    """Stores keep no finer times."""
    return moment and moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _words_of(name: str) -> list[str]:
    return [span.written for span in spans(clean(name))]


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in _words_of(name))


def _each_once(found: Iterable[plan.Sequence]) -> Side:
    """Of sequences that ask for the same, the first."""
    several = tuple(found)
    if len(several) == 1:
        return several
    seen: dict[tuple[Keys, ...], plan.Sequence] = {}
    for sequence in several:
        seen.setdefault(sequence.steps, sequence)
    return tuple(seen.values())
