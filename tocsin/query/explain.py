"""What a query comes to: in words, and in a store, form by form; what its NOT leaves out; what to look at again."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from tocsin.lists import Lists
from tocsin.query import ast, outline, plan
from tocsin.query.expand import Expander, fixed
from tocsin.query.lint import lint
from tocsin.query.parse import Remark, read
from tocsin.query.plan import Plan
from tocsin.query.vocabulary import Attribute, Met, Vocabulary, attribute, count, located, met


class LeftOut(msgspec.Struct, frozen=True):
    """A part under NOT, and how many articles would meet the query but for it."""

    query: str
    articles: int


class Explanation(msgspec.Struct, frozen=True):
    """What a query means, and what it finds. Numbers are articles, None where there is no store to ask."""

    query: str
    """As it is printed; it parses to the same tree."""
    outline: str
    """The tree in words, one condition a line."""
    articles: int | None
    """That meet it."""
    total: int | None
    """In the store."""
    words: tuple[Met, ...]
    attributes: tuple[Attribute, ...]
    left_out: tuple[LeftOut, ...]
    """Each NOT beside which something is asked for."""
    left_out_in_all: int | None
    """Articles that would meet the query without any of them."""
    remarks: tuple[Remark, ...]
    """What its writer should look at, in the order of their columns."""


def explain(text: str, expander: Expander, lists: Lists, store: Vocabulary | None, now: datetime) -> Explanation:
    """What a query text means at a moment.

    Raises QueryError where it makes no sense, or names a place or topic that no list has.
    """
    whole = fixed(expander.read(text), now)
    tree, remarks = read(text)
    total = store.count(None) if store else None
    told: list[Met | Attribute] = []
    asked = located(text, tree)
    for node, forbidden, *_ in asked:
        if isinstance(node, ast.Filter):
            told.append(attribute(node, expander, lists, store, forbidden=forbidden))
        else:
            told.append(met(node, expander, store, forbidden=forbidden))
    found = lint(text, tree, list(zip(asked, told, strict=True)), expander, store if total else None, total or 0)
    columns = {remark.column for remark in remarks}
    further = [remark for remark in found if remark.column not in columns]
    left_out, in_all = _left_out(tree, whole, expander, store, now) if store else ((), None)
    return Explanation(
        query=str(tree),
        outline=outline.words(tree),
        articles=count(store, whole),
        total=total,
        words=tuple(each for each in told if isinstance(each, Met)),
        attributes=tuple(each for each in told if isinstance(each, Attribute)),
        left_out=left_out,
        left_out_in_all=in_all,
        remarks=tuple(sorted((*remarks, *further))),
    )


def _left_out(
    tree: ast.Query, whole: Plan, expander: Expander, store: Vocabulary, now: datetime
) -> tuple[tuple[LeftOut, ...], int]:
    """For each NOT of an AND, and for all of them, the articles that it keeps out."""

    def more(without: ast.Query) -> int:
        return count(store, plan.All((fixed(expander.resolve(without), now), plan.No(whole)))) or 0

    forbidding = list(_forbidding(tree))
    each = tuple(LeftOut(str(part), more(_without(tree, (part,)))) for part in forbidding)
    return each, more(_without(tree, tuple(forbidding))) if forbidding else 0


def _forbidding(tree: ast.Query) -> Iterator[ast.Not]:
    """Each NOT that narrows: it stands in an AND beside something else, and under no other NOT."""
    match tree:
        case ast.And(parts):
            asks = any(not isinstance(part, ast.Not) for part in parts)
            for part in parts:
                if isinstance(part, ast.Not) and asks:
                    yield part
                else:
                    yield from _forbidding(part)
        case ast.Or(parts):
            for part in parts:
                yield from _forbidding(part)
        case _:
            return


def _without(tree: ast.Query, gone: tuple[ast.Not, ...]) -> ast.Query:
    """The tree without these parts of its ANDs."""
    match tree:
        case ast.And(parts):
            kept = tuple(_without(part, gone) for part in parts if part not in gone)
            return kept[0] if len(kept) == 1 else ast.And(kept)
        case ast.Or(parts):
            return ast.Or(tuple(_without(part, gone) for part in parts))
        case _:
            return tree
