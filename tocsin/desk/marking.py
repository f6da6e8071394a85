"""Which words of an article met a query: the matcher's answer, over the tokens stored at filing."""

import re

from tocsin.desk.show import Met, Part, View
from tocsin.query.document import Document
from tocsin.query.hits import Lines, standing
from tocsin.query.plan import Plan
from tocsin.records import Article, Hit

SHOWN_FORMS = 200


class Marks(View, frozen=True):
    """What of an article met a query."""

    hits: tuple[Hit, ...]
    """One for each query word, with its sentence."""
    forms: dict[str, str]
    """Every form that met → the query word it met."""


NOTHING = Marks((), {})


def forms(plan: Plan, document: Document, article: Article) -> dict[str, str]:
    """Every form in the article that meets the plan → the query word it meets."""
    lines = Lines(article)
    found: dict[str, str] = {}
    for sequence, place in standing(plan, document):
        _, line, start, end = lines.at(place)
        found.setdefault(line[start:end], sequence.word)
        if len(found) == SHOWN_FORMS:
            break
    return found


def every(text: str, forms: dict[str, str]) -> list[Part]:
    """A text with each of these forms marked wherever it stands; ``forms`` says which query word each one met."""
    if not forms:
        return [Part(text)]
    any_form = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    pieces = re.split(rf"(?<!\w)({any_form})(?!\w)", text)
    return [Part(piece, forms[piece] if place % 2 else "") for place, piece in enumerate(pieces) if piece]


def marked(text: str, hits: tuple[Hit, ...]) -> list[Part]:
    """A sentence cut into parts, those that met the query told apart. Hits of other sentences are ignored."""
    parts: list[Part] = []
    at = 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -len(hit.form))):
        end = hit.start + len(hit.form)
        if hit.start < at or not hit.form or text[hit.start : end] != hit.form:
            continue
        parts += [Part(text[at : hit.start])] if hit.start > at else []
        parts.append(Part(hit.form, hit.word, hit.how))
        at = end
    return parts + ([Part(text[at:])] if at < len(text) else [])


def sentences(hits: tuple[Hit, ...], limit: int, field: str = "") -> list[list[Part]]:
    """The first sentences in which something met, each once, with its words marked."""
    chosen: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.sentence and field in ("", hit.field):
            chosen.setdefault(hit.sentence, []).append(hit)
    return [marked(text, tuple(group)) for text, group in list(chosen.items())[:limit]]


def words_met(hits: tuple[Hit, ...]) -> list[Met]:
    """Each pair of text form and query word once, in order."""
    return list(dict.fromkeys(Met(hit.word, hit.form, hit.how) for hit in hits))
