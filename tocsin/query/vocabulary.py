"""Which words of a store meet a word of a query, and by which way; what the filters of a query stand for.

Without a store the same is told as far as the lists know it.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, assert_never

import msgspec

from tocsin.lists import Lists
from tocsin.query import ast, plan
from tocsin.query.expand import Expander
from tocsin.query.plan import Keys, Plan, Sequence, Side, Stands
from tocsin.spelling import fold

ALL_FORMS = 10_000
"""Forms that are asked for: more than a word has."""

READ_LANGUAGES = ("", "en", "uk", "ru", "de", "fr", "pl", "es")
"""Languages whose words are read each in its own way; all others are read as the first."""


class Vocabulary(Protocol):
    """What is asked of a store."""

    def forms(self, keys: Keys, limit: int = 100) -> list[tuple[str, int]]:
        """Words that have one of the keys, folded, and in how many articles; the most frequent first."""

    def count(self, plan: Plan | None, most: int = 10_000) -> int:
        """How many articles meet the plan (all where it is None); one more than ``most`` means: more than so many."""


class Form(msgspec.Struct, frozen=True):
    """A form that stands in the store, folded, and in how many articles."""

    form: str
    articles: int
    via: str = ""
    """The word or name of the lists that brought it in; empty for the query word itself."""


class Group(msgspec.Struct, frozen=True):
    """Forms that are reached in one way."""

    how: str
    """``as typed``, ``case form``, ``transliteration``, ``prefix``, ``family``, ``other name``, ``in the phrase``."""
    words: tuple[str, ...]
    """What is asked for: the query word itself, the other members of its family, the other names."""
    forms: tuple[Form, ...] = ()
    """The most frequent first; a form that several ways reach stands under the plainest alone. None without a store."""


class Met(msgspec.Struct, frozen=True):
    """A word, prefix or phrase of the query, and what meets it."""

    query: str
    forbidden: bool
    articles: int | None
    """In how many articles it stands, whatever the form; None without a store."""
    groups: tuple[Group, ...]


class Attribute(msgspec.Struct, frozen=True):
    """A filter of the query, and what it stands for."""

    query: str
    forbidden: bool
    articles: int | None
    """How many articles have it; None without a store."""
    values: tuple[str, ...]
    """Of which an article must have one."""
    topic: str = ""
    """The query that decides whether an article is on this topic."""


class Asked(NamedTuple):
    """A leaf or filter of a tree, and where it stands in the text of the query."""

    node: ast.Leaf | ast.Filter
    forbidden: bool
    column: int
    """From 1, of its field, quotes or sign where it has one; 1 too where the text has it in another spelling."""
    start: int
    """Offset of its bare words; -1 where the text has them in another spelling."""
    end: int


def located(text: str, tree: ast.Query) -> list[Asked]:
    """The leaves and filters of a tree in the order of the text, each once."""
    found: dict[tuple[str, bool], Asked] = {}
    at = 0
    for node, forbidden in _parts(tree, forbidden=False):
        bare = rf"(?<!\w)(?:[a-z_]+:)?=?[\"“”„‟«»＂]?(?<!\w)({re.escape(_written(node))})(?!\w)"
        match = re.compile(bare, re.IGNORECASE).search(text, at)
        at = match.end() if match else at
        place = (match.start() + 1, *match.span(1)) if match else (1, -1, -1)
        found.setdefault((str(node), forbidden), Asked(node, forbidden, *place))
    return list(found.values())


def count(store: Vocabulary | None, query: Plan) -> int | None:
    """In how many articles of the store a plan is met, however many; None without a store."""
    return store.count(query, ALL_ARTICLES) if store else None


ALL_ARTICLES = 1 << 40
"""More than any store has."""


def met(asked: ast.Leaf, expander: Expander, store: Vocabulary | None, *, forbidden: bool) -> Met:
    """What meets a leaf."""
    (stands,) = plan.positive(expander.resolve(asked))
    (side,) = plan.sides(stands)
    itself = [sequence for sequence in side if not sequence.how]
    groups = (
        _of_phrase(itself, expander, store)
        if isinstance(asked, ast.Phrase)
        else _of_itself(asked, itself, expander, store)
    )
    sound = [group for group in groups if group.how == "transliteration"]
    groups = [group for group in groups if group.how != "transliteration"]
    groups += [_listed(side, how, fold(itself[0].word), expander, store) for how in ("family", "other name")]
    return Met(str(asked), forbidden, count(store, stands), _each_form_once([*groups, *sound]))


def attribute(
    asked: ast.Filter, expander: Expander, lists: Lists, store: Vocabulary | None, *, forbidden: bool
) -> Attribute:
    """What a filter stands for.

    Raises UnlistedError for a place or topic that no list has.
    """
    has = expander.resolve(asked)
    wanted = has.values if isinstance(has, plan.Has) else frozenset()
    entries = (*lists.places, *lists.people, *lists.organisations)
    names = {entry.name.casefold(): entry.name for entry in entries}
    topic = next((topic.query for topic in lists.topics if asked.name == "topic" and topic.id.casefold() in wanted), "")
    values = sorted(names.get(value, value) for value in wanted)
    return Attribute(str(asked), forbidden, count(store, has), tuple(values), " ".join(topic.split()))


def _parts(tree: ast.Query, *, forbidden: bool) -> Iterator[tuple[ast.Leaf | ast.Filter, bool]]:
    match tree:
        case ast.Word() | ast.Prefix() | ast.Phrase() | ast.Exact() | ast.Filter():
            yield tree, forbidden
        case ast.Near(several):
            for side in several:
                yield from _parts(side, forbidden=forbidden)
        case ast.Sent(left, right):
            yield from _parts(left, forbidden=forbidden)
            yield from _parts(right, forbidden=forbidden)
        case ast.AtLeast(_, part):
            yield from _parts(part, forbidden=forbidden)
        case ast.Not(part):
            yield from _parts(part, forbidden=not forbidden)
        case ast.And(several) | ast.Or(several):
            for each in several:
                yield from _parts(each, forbidden=forbidden)
        case ast.Span():
            return
        case _:
            assert_never(tree)


def _written(node: ast.Leaf | ast.Filter) -> str:
    """What the text of a query surely has of it."""
    match node:
        case ast.Word(text) | ast.Prefix(text):
            return text + "*" * isinstance(node, ast.Prefix)
        case ast.Phrase(words) | ast.Exact(words):
            return " ".join(words)
        case ast.Filter(_, value):
            return value
        case _:
            assert_never(node)


def _of_itself(asked: ast.Leaf, itself: list[Sequence], expander: Expander, store: Vocabulary | None) -> list[Group]:
    """Forms of the word, told apart by how they meet it. What is asked for letter for letter has no other form."""
    if isinstance(asked, ast.Exact):
        return []
    if isinstance(asked, ast.Prefix):
        return [Group("prefix", (itself[0].word,), _forms(itself[0].steps[0], expander, store))]
    single = frozenset().union(*(sequence.steps[0] for sequence in itself if len(sequence.steps) == 1))
    typed = [Sequence((frozenset({key}),), key[2:]) for key in single if key[0] == "s"]
    typed += [each for each in itself if len(each.steps) > 1]
    groups = [Group("as typed", (itself[0].word,), tuple(form for each in typed for form in _run(each, store)))]
    for how, kinds in (("case form", "ln"), ("transliteration", "t")):
        keys = frozenset(key for key in single if key[0] in kinds)
        groups.append(Group(how, (itself[0].word,), _forms(keys, expander, store)))
    return groups


def _of_phrase(itself: list[Sequence], expander: Expander, store: Vocabulary | None) -> list[Group]:
    """The forms of each of its words, wherever they stand."""
    return [Group("in the phrase", (_label(keys),), _forms(keys, expander, store)) for keys in itself[0].steps]


def _listed(side: Side, how: str, typed: str, expander: Expander, store: Vocabulary | None) -> Group:
    """What the lists bring in: the other members of a family, or the other names."""
    found = [sequence for sequence in side if sequence.how == how]
    forms = [
        Form(form.form, form.articles, sequence.via)
        for sequence in found
        for form in (_forms(sequence.steps[0], expander, store) if len(sequence.steps) == 1 else _run(sequence, store))
    ]
    words = dict.fromkeys(sequence.via for sequence in found if fold(sequence.via) != typed)
    return Group(how, tuple(words), tuple(sorted(forms, key=lambda form: (-form.articles, form.form))))


def _forms(keys: Keys, expander: Expander, store: Vocabulary | None) -> tuple[Form, ...]:
    """The forms that have one of the keys by themselves.

    The first part of a compound has those of the joined form too: ``e`` of *e-mail* is no form of ``email``.
    """
    if not store or not keys:
        return ()
    found = [Form(form, number) for form, number in store.forms(keys, ALL_FORMS)]
    return tuple(form for form in found if _is_its_own(form.form, keys, expander))


def _is_its_own(form: str, keys: Keys, expander: Expander) -> bool:
    beginnings = tuple(key[2:-1] for key in keys if key.endswith("*"))
    capitals = {fold(key[2:]) for key in keys if key.startswith("x:")}
    if form.startswith(beginnings) or form in capitals:
        return True
    return any(not keys.isdisjoint(expander.words.forms.keys(form, lang)) for lang in READ_LANGUAGES)


def _run(sequence: Sequence, store: Vocabulary | None) -> tuple[Form, ...]:
    """What stands in one spelling, or is several words one after the other; nothing where it never stands so.

    By its sound every spelling of a name would meet every other: here each is counted for itself.
    """
    spelt = tuple(frozenset(key for key in keys if key[:2] != "t:") for keys in sequence.steps)
    number = count(store, Stands((Sequence(spelt, sequence.word),)))
    form = sequence.via or " ".join(map(_label, sequence.steps))
    return (Form(form, number, sequence.via),) if number else ()


def _label(keys: Keys) -> str:
    """A step by the word it was made of."""
    surface = min((key for key in keys if key[:2] == "s:"), default=min(keys))
    return surface[2:]


def _each_form_once(groups: Iterable[Group]) -> tuple[Group, ...]:
    """Forms under the first group that has them; without the groups that ask for nothing."""
    seen: set[str] = set()
    found = []
    for group in groups:
        new: dict[str, Form] = {}
        for form in group.forms:
            if group.how == "in the phrase" or form.form not in seen:
                new.setdefault(form.form, form)
        seen.update(new)
        if group.words and (new or group.how not in ("case form", "transliteration")):
            found.append(Group(group.how, group.words, tuple(new.values())))
    return tuple(found)
