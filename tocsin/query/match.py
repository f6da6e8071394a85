"""Many subscriptions × one article, in memory: the third back-end of the query language, and the one that rings."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, assert_never

from tocsin.query.expand import All, AnyOf, Has, Keys, No, Plan, Sequence, Start
from tocsin.records import Article, Hit
from tocsin.words import Analysed, clean, spans

_FIELDS = ("title", "text")
_SENTENCE_END = ".!?…\n"
_SENTENCE_LIMIT = 300


class Document:
    """An analysed article, indexed for questions: key → positions in each field, and its attributes."""

    def __init__(self, analysed: Analysed, attributes: Mapping[str, Iterable[str]]) -> None:
        self.fields: dict[str, tuple[tuple[str, ...], ...]] = {"title": analysed.title, "text": analysed.text}
        self.positions: dict[str, dict[str, list[int]]] = {}
        for field, tokens in self.fields.items():
            index: dict[str, list[int]] = defaultdict(list)
            for position, keys in enumerate(tokens):
                for key in keys:
                    index[key].append(position)
            self.positions[field] = dict(index)
        self.attributes = {name: frozenset(map(str.casefold, values)) for name, values in attributes.items()}

    @staticmethod
    def of(article: Article, analysed: Analysed) -> "Document":
        """The document of an enriched article."""
        return Document(analysed, attributes(article))


def attributes(article: Article) -> dict[str, tuple[str, ...]]:
    """What filters ask of an article, by the name of the filter."""
    return {
        "outlet": (article.outlet,),
        "lang": (article.lang,),
        "kind": (article.kind,),
        "place": article.places,
        "person": article.people,
        "org": article.organisations,
        "topic": article.topics,
    }


class Place(NamedTuple):
    """Where a sequence stands in a document."""

    field: str
    first: int
    length: int


def places(part: Sequence | Start, document: Document) -> Iterator[Place]:
    """Every place where a sequence or a prefix stands."""
    for field in (part.field,) if part.field else _FIELDS:
        if isinstance(part, Start):
            begin = "s:" + part.prefix
            for key, found in document.positions[field].items():
                if key.startswith(begin):
                    yield from (Place(field, position, 1) for position in found)
            continue
        tokens, index = document.fields[field], document.positions[field]
        for key in part.steps[0]:
            for position in index.get(key, ()):
                rest = tokens[position + 1 : position + len(part.steps)]
                if len(rest) == len(part.steps) - 1 and all(
                    not keys.isdisjoint(token) for keys, token in zip(part.steps[1:], rest, strict=True)
                ):
                    yield Place(field, position, len(part.steps))


def holds(plan: Plan, document: Document) -> bool:
    """Whether a document meets a plan: the reference meaning of the language."""
    match plan:
        case Sequence() | Start():
            return next(places(plan, document), None) is not None
        case Has(name, values):
            return not values.isdisjoint(document.attributes.get(name, frozenset()))
        case All(parts):
            return all(holds(part, document) for part in parts)
        case AnyOf(parts):
            return any(holds(part, document) for part in parts)
        case No(part):
            return not holds(part, document)
        case _:
            assert_never(plan)


class Matcher:
    """A set of subscriptions, each hung on keys of which a matching article must have one."""

    def __init__(self, plans: Mapping[str, Plan]) -> None:
        self._plans = dict(plans)
        self._always: list[str] = []
        self._hung: dict[str, list[str]] = defaultdict(list)
        for name, plan in self._plans.items():
            anchor = _anchor(plan)
            if anchor is None:
                self._always.append(name)
            for key in anchor or ():
                self._hung[key].append(name)

    def match(self, document: Document) -> list[str]:
        """Ids of the subscriptions that the document meets, in alphabetical order."""
        candidates = set(self._always)
        for index in document.positions.values():
            for key in index.keys() & self._hung.keys():
                candidates.update(self._hung[key])
        for name, values in document.attributes.items():
            for value in values:
                candidates.update(self._hung.get(f"{name}={value}", ()))
        return sorted(name for name in candidates if holds(self._plans[name], document))


def _anchor(plan: Plan) -> Keys | None:
    """Keys one of which every match has; None where there are none such."""
    match plan:
        case Sequence(steps):
            return max(steps, key=lambda keys: min(len(key) for key in keys))
        case Start() | No():
            return None
        case Has(name, values):
            return frozenset(f"{name}={value}" for value in values)
        case All(parts):
            anchors = [anchor for part in parts if (anchor := _anchor(part)) is not None]
            return min(anchors, key=lambda keys: ("=" in next(iter(keys), "="), len(keys)), default=None)
        case AnyOf(parts):
            union: set[str] = set()
            for part in parts:
                anchor = _anchor(part)
                if anchor is None:
                    return None
                union |= anchor
            return frozenset(union)
        case _:
            assert_never(plan)


def hits(plan: Plan, document: Document, article: Article, limit: int = 5) -> tuple[Hit, ...]:
    """Where and how the words of a plan stand in an article: the plainest hit of each query word, at most ``limit``."""
    lines = {"title": clean(article.title), "text": clean(article.text)}
    best: dict[str, tuple[int, Sequence | Start, Place]] = {}
    for part in _positive(plan):
        place = next(places(part, document), None)
        if place is None:
            continue
        rank = _rank(part, _form(part, place, document))
        if part.word not in best or rank < best[part.word][0]:
            best[part.word] = (rank, part, place)
    return tuple(_hit(part, place, document, lines[place.field]) for _, part, place in islice(best.values(), limit))


def _positive(plan: Plan) -> Iterator[Sequence | Start]:
    match plan:
        case Sequence() | Start():
            yield plan
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from _positive(part)
        case Has() | No():
            return
        case _:
            assert_never(plan)


def _hit(part: Sequence | Start, place: Place, document: Document, line: str) -> Hit:
    tokens = spans(line)
    first, last = tokens[place.first], tokens[place.first + place.length - 1]
    form = line[first.start : last.end]
    begin, end = _sentence(line, first.start, last.end)
    sentence = line[begin:end]
    shown = sentence.lstrip()
    return Hit(
        word=part.word,
        form=form,
        how=_how(part, place, document),
        field=place.field,
        sentence=shown.rstrip(),
        start=first.start - begin - (len(sentence) - len(shown)),
    )


def _how(part: Sequence | Start, place: Place, document: Document) -> str:
    form = _form(part, place, document)
    if isinstance(part, Start) or not part.how:
        return form
    if part.how == "other name" and form != "as typed":
        return f"{form} of {part.via}"
    return f"{part.how} {part.via}"


def _form(part: Sequence | Start, place: Place, document: Document) -> str:
    """How the tokens of a place meet the steps of a part, by the loosest of them."""
    if isinstance(part, Start):
        return "prefix"
    tokens = document.fields[place.field][place.first : place.first + place.length]
    kinds = {_kind(keys, token) for keys, token in zip(part.steps, tokens, strict=True)}
    return "transliteration" if "t" in kinds else "case form" if kinds & {"l", "n"} else "as typed"


def _rank(part: Sequence | Start, form: str) -> int:
    """The plainer the explanation, the lower."""
    forms = ("as typed", "case form", "prefix", "transliteration")
    ways = ("", "family", "other name")
    return 3 * (form == "transliteration") + ways.index(getattr(part, "how", "")) + forms.index(form)


def _kind(keys: Keys, token: tuple[str, ...]) -> str:
    common = keys.intersection(token)
    return next((kind for kind in "slnt" if any(key.startswith(kind + ":") for key in common)), "")


def _sentence(line: str, start: int, end: int) -> tuple[int, int]:
    begin = max((line.rfind(mark, max(0, start - _SENTENCE_LIMIT), start) for mark in _SENTENCE_END), default=-1) + 1
    stops = [at + 1 for mark in _SENTENCE_END if (at := line.find(mark, end)) >= 0]
    finish = min(stops, default=len(line))
    begin = max(begin, start - _SENTENCE_LIMIT // 2)
    return begin, min(finish, end + _SENTENCE_LIMIT // 2)
