"""Tree → plan: each word with all the forms that meet it. The matcher and the stores read plans, never words.

Families and aliases come from the lists; they widen the query and never the index, so that editing a list changes
what is found in old articles too.
"""

import difflib
from collections import defaultdict
from collections.abc import Iterable
from typing import assert_never

import msgspec

from tocsin.errors import UserError
from tocsin.lists import Family, Lists, Organisation, Person, Place, names
from tocsin.query.ast import And, Filter, Not, Or, Phrase, Prefix, Query, Word
from tocsin.query.parse import QueryError, parse
from tocsin.words import Words, clean, fold, spans

Keys = frozenset[str]
Named = Place | Person | Organisation


SHOUTED = 5
"""Letters of the longest name that counts as an abbreviation when it is written in capitals."""


class Sequence(msgspec.Struct, frozen=True):
    """Adjacent positions of one field, each meeting one of its keys."""

    steps: tuple[Keys, ...]
    field: str
    """``title``, ``text``, or empty for either."""
    word: str
    """The query word or phrase it stands for."""
    via: str = ""
    """The family member or other name through which it was reached; empty for the word itself."""
    how: str = ""
    """``family`` or ``other name``; empty for the word itself."""


class Start(msgspec.Struct, frozen=True):
    """A position of one field whose surface begins so."""

    prefix: str
    field: str
    word: str


class Has(msgspec.Struct, frozen=True):
    """An attribute that has one of these values (casefolded)."""

    name: str
    values: frozenset[str]


class All(msgspec.Struct, frozen=True):
    """Every part holds."""

    parts: "tuple[Plan, ...]"


class AnyOf(msgspec.Struct, frozen=True):
    """Some part holds."""

    parts: "tuple[Plan, ...]"


class No(msgspec.Struct, frozen=True):
    """The part does not hold."""

    part: "Plan"


Plan = Sequence | Start | Has | All | AnyOf | No


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
        self._lists = lists
        self._families: dict[str, list[Family]] = defaultdict(list)
        for family in lists.families:
            for word in family.words:
                for lemma in {fold(word), *words.lemmas(word, family.lang)}:
                    self._families[lemma].append(family)
        self._entries: dict[tuple[str, ...], list[Named]] = defaultdict(list)
        entries: tuple[Named, ...] = (*lists.places, *lists.people, *lists.organisations)
        for entry in entries:
            for name, _, _ in names(entry):
                key = _tokens(name)
                if entry not in self._entries[key]:
                    self._entries[key].append(entry)

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

    def resolve(self, query: Query) -> Plan:
        """The plan of a tree.

        Raises UnlistedError for a place or topic that no list has.
        """
        match query:
            case Word(text, field):
                return self._word(text, field)
            case Phrase(words, field):
                return self._phrase(words, field)
            case Prefix(text, field):
                return Start(fold(text), field, f"{text}*")
            case Filter(name, value):
                return Has(name, self._values(name, value))
            case Not(part):
                return No(self.resolve(part))
            case And(parts):
                return All(tuple(map(self.resolve, parts)))
            case Or(parts):
                return AnyOf(tuple(map(self.resolve, parts)))
            case _:
                assert_never(query)

    def name_plan(self, name: str) -> tuple[Keys, ...]:
        """The positions of a listed name, with its case forms; an abbreviation only as it is written (UN is not un)."""
        return tuple(self._name_keys(token) for token in _words_of(name))

    def _name_keys(self, token: str) -> Keys:
        if token.isupper() and 1 < len(token) <= SHOUTED:
            return frozenset({f"x:{token}"})
        return frozenset(self.words.query_keys(token))

    def _family_keys(self, word: str, lang: str) -> Keys:
        """Read in the family's language alone: Ukrainian призов is a call-up, Russian призов are prizes."""
        keys = self.words.keys(word.lower(), lang)
        return frozenset(key for key in keys if key[:2] in ("l:", "n:")) or frozenset(keys[:1])

    def _word(self, text: str, field: str) -> Plan:
        keys = frozenset(self.words.query_keys(text))
        found = [Sequence((keys,), field, text)]
        readings = {key.partition(":")[2] for key in keys if key[:2] in ("s:", "l:")}
        for lang in ("uk", "ru") if not text.isascii() else ("en",):
            readings |= set(self.words.lemmas(text, lang))
        for reading in sorted(readings):
            found += [
                Sequence((self._family_keys(word, family.lang),), field, text, word, "family")
                for family in self._families.get(reading, ())
                for word in family.words
            ]
        found += self._other_names([(reading,) for reading in sorted(readings)], field, text)
        return _one_or_any(found)

    def _phrase(self, words: tuple[str, ...], field: str) -> Plan:
        text = " ".join(words)
        steps = tuple(frozenset(self.words.query_keys(word)) for word in words)
        return _one_or_any([Sequence(steps, field, text), *self._other_names([_tokens(text)], field, text)])

    def _other_names(self, readings: Iterable[tuple[str, ...]], field: str, text: str) -> list[Sequence]:
        found = []
        for reading in readings:
            for entry in self._entries.get(reading, ()):
                if entry.ambiguous and not text[:1].isupper():
                    continue
                found += [
                    Sequence(self.name_plan(name), field, text, name, "other name")
                    for name, _, _ in names(entry)
                    if _tokens(name) != reading
                ]
        return found

    def _values(self, name: str, value: str) -> frozenset[str]:
        wanted = clean(value).strip().casefold()
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


def _words_of(name: str) -> list[str]:
    return [span.written for span in spans(clean(name))]


def _tokens(name: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in _words_of(name))


def _one_or_any(found: list[Sequence]) -> Plan:
    seen: dict[tuple[tuple[Keys, ...], str], Sequence] = {}
    for sequence in found:
        seen.setdefault((sequence.steps, sequence.field), sequence)
    unique = tuple(seen.values())
    return unique[0] if len(unique) == 1 else AnyOf(unique)
