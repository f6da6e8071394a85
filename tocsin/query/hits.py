"""Where and how the words of a plan stand in an article: what an alert and a search result show."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple, assert_never

from tocsin.query.document import Document
from tocsin.query.meaning import Place, places
from tocsin.query.plan import GAP, Keys, Near, Often, Plan, Sequence, Spatial, Stands, Together, positive, sides
from tocsin.records import Article, Hit
from tocsin.words import Printed, Token, printed

_SENTENCE_END = ".!?…\n"
_SENTENCE_LIMIT = 300


class Standing(NamedTuple):
    """A sequence and a place where it stands."""

    sequence: Sequence
    place: Place


class Lines:
    """Title and text of an article as they are printed, with their tokens by position in the stream.

    What was found for one query is kept for the others: an article may meet many, and most ask for the same words.
    """

    def __init__(self, article: Article) -> None:
        self._article = article
        self.plainest: dict[tuple[Sequence, str], tuple[int, Standing] | None] = {}
        """Of a sequence and a zone: the plainest place where it stands, with its rank."""
        self.shown: dict[Standing, Hit] = {}

    @cached_property
    def _title(self) -> Printed:
        return printed(self._article.title)

    @cached_property
    def _text(self) -> Printed:
        return printed(self._article.text)

    def at(self, place: Place) -> tuple[str, str, int, int]:
        """Field, its line, and where the words of a place begin and end in it."""
        first, last = place
        field, (line, tokens) = "title", self._title
        if first >= len(tokens):
            before = len(tokens) + GAP
            field, (line, tokens) = "text", self._text
            first, last = first - before, last - before
        return field, line, tokens[first].start, tokens[last].end


def standing(plan: Plan, document: Document) -> Iterator[Standing]:
    """Every place where a word of the plan stands that had a part in meeting it: near the others, where it asks so."""
    for part in positive(plan):
        near = _together(part, document)
        for side, allowed in zip(sides(part), near, strict=True):
            for sequence in side:
                for place in places((sequence,), document, part.zone):
                    if allowed is None or place in allowed:
                        yield Standing(sequence, place)


def _together(part: Spatial, document: Document) -> list[set[Place] | None]:
    """For each side the places that take part; None where all do."""
    match part:
        case Stands() | Often():
            return [None]
        case Near((left, right), gap, ordered, zone):
            first, second = places(left, document, zone), places(right, document, zone)
            pairs = list(_pairs(first, second, gap))
            if not ordered:
                pairs += [(a, b) for b, a in _pairs(second, first, gap)]
            return [{a for a, _ in pairs}, {b for _, b in pairs}]
        case Near(several):
            return [None] * len(several)
        case Together(left, right, zone):
            number = document.sentence
            ours = {number(first) for first, _ in places(left, document, zone)}
            theirs = {number(first) for first, _ in places(right, document, zone)}
            return [
                {place for place in places(side, document, zone) if number(place[0]) in ours & theirs}
                for side in (left, right)
            ]
        case _:
            assert_never(part)


def _pairs(first: list[Place], second: list[Place], gap: int) -> Iterator[tuple[Place, Place]]:
    """Places of the first with those of the second that begin behind them, with at most ``gap`` words between."""
    starts = [start for start, _ in second]
    for place in first:
        for at in range(bisect_right(starts, place[1]), bisect_right(starts, place[1] + gap + 1)):
            yield place, second[at]


def hits(plan: Plan, document: Document, lines: Lines, limit: int = 5) -> tuple[Hit, ...]:
    """The plainest hit of each query word, at most ``limit``; the lines are those of the document."""
    best: dict[str, tuple[int, Standing]] = {}
    for part in positive(plan):
        for side, allowed in zip(sides(part), _together(part, document), strict=True):
            for sequence in side:
                if allowed is None:
                    found = _plainest(sequence, part.zone, document, lines)
                else:
                    found = _least(
                        sequence, [it for it in places((sequence,), document, part.zone) if it in allowed], document
                    )
                # Nothing is plainer than the word as it was typed.
                if found and ((known := best.get(sequence.word)) is None or found[0] < known[0]):
                    best[sequence.word] = found
    return tuple([_hit(found, document, lines) for _, found in islice(best.values(), limit)])


def _plainest(sequence: Sequence, zone: str, document: Document, lines: Lines) -> tuple[int, Standing] | None:
    """Where a sequence stands the most plainly in a zone, with its rank."""
    asked = sequence, zone
    if asked not in lines.plainest:
        lines.plainest[asked] = _least(sequence, places((sequence,), document, zone), document)
    return lines.plainest[asked]


def _least(sequence: Sequence, found: Iterable[Place], document: Document) -> tuple[int, Standing] | None:
    best = None
    for place in found:
        standing = Standing(sequence, place)
        rank = _rank(standing, document)
        if best is None or rank < best[0]:
            best = rank, standing
        if rank == 0:
            break
    return best


def _hit(found: Standing, document: Document, lines: Lines) -> Hit:
    known = lines.shown.get(found)
    if known is None:
        field, line, start, end = lines.at(found.place)
        begin, finish = _sentence(line, start, end)
        sentence = line[begin:finish]
        shown = sentence.lstrip()
        known = lines.shown[found] = Hit(
            word=found.sequence.word,
            form=line[start:end],
            how=_how(found, document),
            field=field,
            sentence=shown.rstrip(),
            start=start - begin - (len(sentence) - len(shown)),
        )
    return known


def _how(found: Standing, document: Document) -> str:
    form = _form(found, document)
    sequence = found.sequence
    if not sequence.how or form == "prefix":
        return form
    if sequence.how == "other name" and form != "as typed":
        return f"{form} of {sequence.via}"
    return f"{sequence.how} {sequence.via}"


def _form(found: Standing, document: Document) -> str:
    """How the tokens of a place meet the steps of a sequence, by the loosest of them."""
    first = found.place[0]
    kinds = {_kind(keys, document.token(first + step)) for step, keys in enumerate(found.sequence.steps)}
    if "t" in kinds:
        return "transliteration"
    return "prefix" if "*" in kinds else "case form" if kinds & {"l", "n"} else "as typed"


def _rank(found: Standing, document: Document) -> int:
    """The plainer the explanation, the lower."""
    forms = ("as typed", "case form", "prefix", "transliteration")
    ways = ("", "family", "other name")
    form = _form(found, document)
    return 3 * (form == "transliteration") + ways.index(found.sequence.how) + forms.index(form)


def _kind(keys: Keys, token: Token) -> str:
    common = {key[0] for key in token.keys if key in keys}
    return next((kind for kind in "sxlnt" if kind in common), "" if common else "*")


def _sentence(line: str, start: int, end: int) -> tuple[int, int]:
    begin = max((line.rfind(mark, max(0, start - _SENTENCE_LIMIT), start) for mark in _SENTENCE_END), default=-1) + 1
    last = min(len(line), end + _SENTENCE_LIMIT // 2)
    finish = min([at + 1 for mark in _SENTENCE_END if (at := line.find(mark, end, last)) >= 0], default=last)
    return max(begin, start - _SENTENCE_LIMIT // 2), finish
