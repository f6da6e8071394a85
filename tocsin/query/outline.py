"""A query in plain words: an indented outline in English, one condition a line."""

from datetime import UTC, datetime, timedelta
from typing import assert_never

from tocsin.query.ast import (
    And,
    AtLeast,
    Exact,
    Filter,
    Leaf,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Sent,
    Span,
    Word,
    in_field,
    side_field,
)

_ZONES = {"": "", "title": " in the title", "text": " in the text", "lead": " in the title or the first 60 words"}

_FILTERS = {
    "outlet": "published by the outlet {}",
    "lang": "in the language {}",
    "kind": "of the kind {}",
    "outlet_country": "published by an outlet of the country {}",
    "site": "on the site {} or a part of it",
    "author": "written by {}",
    "place": "naming the place {} or a place that lies in it",
    "person": "naming the person {}",
    "org": "naming the organisation {}",
    "topic": "on the topic {}",
    "story": "telling the story {}",
}

_TIMES = {"date": "published", "seen": "first seen"}


def words(tree: Query) -> str:
    """What a query asks for, line by line; what belongs to a line stands indented below it."""
    return "\n".join(_lines(tree))


def _lines(tree: Query) -> list[str]:
    match tree:
        case Word() | Prefix() | Phrase() | Exact():
            return [_leaf(tree) + _ZONES[tree.field]]
        case Filter(name, value):
            return [_FILTERS[name].format(value)]
        case Span():
            return [_span(tree)]
        case Not(part):
            return _headed("not", [part])
        case And(parts):
            return _headed("all of", list(parts))
        case Or(parts):
            return _headed("at least one of", list(parts))
        case Near() | Sent() | AtLeast():
            return _placed(tree)
        case _:
            assert_never(tree)


def _placed(tree: Near | Sent | AtLeast) -> list[str]:
    match tree:
        case Near(sides, gap, ordered):
            order = "in this order" if ordered else "in either order"
            between = "nothing between" if not gap else f"at most {_number(gap, 'word')} between"
            return _headed(
                f"{order}, with {between}{_ZONES[side_field(sides[0])]}", [in_field(side, "") for side in sides]
            )
        case Sent(left, right):
            zone = _ZONES[side_field(left)]
            return _headed(f"together in one sentence{zone}", [in_field(left, ""), in_field(right, "")])
        case AtLeast(times, part):
            return _headed(f"at least {_number(times, 'time')}{_ZONES[side_field(part)]}", [in_field(part, "")])
        case _:
            assert_never(tree)


def _headed(head: str, parts: list[Query]) -> list[str]:
    """A head with its parts below; a single part of one line stands behind it."""
    below = [line for part in parts for line in _lines(part)]
    return [f"{head}: {below[0]}"] if len(below) == 1 else [f"{head}:", *(f"  {line}" for line in below)]


def _leaf(leaf: Leaf) -> str:
    match leaf:
        case Word(text):
            return f"the word {text}, in any form"
        case Prefix(text):
            return f"a word that begins with {text}"
        case Phrase(parts):
            return f'the phrase "{" ".join(parts)}", each word in any form'
        case Exact(parts):
            capitals = "capitals too" if any(word != word.casefold() for word in parts) else "with or without capitals"
            return f'exactly "{" ".join(parts)}", letter for letter, {capitals}'
        case _:
            assert_never(leaf)


def _span(span: Span) -> str:
    told = _TIMES[span.name]
    if span.last is not None:
        hours = span.last // timedelta(hours=1)
        length = _number(hours // 24, "day") if hours % 24 == 0 else _number(hours, "hour")
        return f"{told} in the last {length}"
    if span.low and span.high:
        if span.high - span.low == timedelta(days=1) and _written(span.low)[10:] == "":
            return f"{told} on {_written(span.low)}, UTC"
        return f"{told} from {_written(span.low)} on and before {_written(span.high)}, UTC"
    if span.low:
        return f"{told} from {_written(span.low)} on, UTC"
    return f"{told} before {_written(span.high)}, UTC" if span.high else f"with a time at which it was {told}"


def _written(moment: datetime) -> str:
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ", "minutes" if not moment.second and not moment.microsecond else "auto").removesuffix(
        " 00:00"
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
