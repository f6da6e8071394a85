"""The fields in which Elasticsearch keeps what a plan asks for.

``keys.*``        the different keys of an article, of its title, and of its lead: what a single word asks
``positions.*``      the keys at their positions: what phrases and distances ask
``attributes.*``  values, casefolded
``times.*``       microseconds since 1970 in UTC, because a date of Elasticsearch stops at milliseconds

The whitespace analyser puts one token at a position, and a token of ours has several keys. So each kind of key has a
few fields that run side by side: the first key of a kind stands in the first, the second in the second, and where a
kind has none a placeholder keeps the position. Title and text are two values of each field with the gap of
``tocsin.query.plan`` between them, so that positions are those of the matcher.

Three more fields run beside them. ``sentence`` marks where sentences begin and end, ``edge`` the first position after
the title and the first after the lead, and ``turn`` counts positions from 0 to 7 and again, so that the ends of a
phrase can be told from its middle.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from tocsin.forms import KEY_LIMIT, cut
from tocsin.query.plan import GAP, LEAD
from tocsin.words import Analysed

PLACES: Mapping[str, int] = MappingProxyType({"s": 2, "x": 5, "b": 4, "t": 6})
"""How many keys of a kind one token may have; ``b`` are bases: lemmas (``l:``) and stems (``n:``)."""

TURNS = 8
"""Positions after which ``turn`` begins anew; phrases that are not longer can be told end from middle."""

ATTRIBUTES = (
    "author",
    "outlet",
    "site",
    "lang",
    "kind",
    "outlet_country",
    "place",
    "person",
    "org",
    "topic",
    "story",
)
TIMES = ("date", "seen")

BEGIN = "b"
END = "e"
"""Marks in ``sentence``; a sentence of one word has none, for no two words stand in it."""

AFTER_TITLE = "E"
AFTER_LEAD = "Z"
"""Marks in ``edge``."""

VALUE = 4096
"""Letters of a value that can be asked for: no query is longer."""

_NONE = "_"
_TEXT = {"type": "text", "analyzer": "whitespace", "norms": False, "position_increment_gap": GAP}
_BEGINNINGS = {"index_prefixes": {"min_chars": 4, "max_chars": 19}}
_SET = {"type": "keyword", "doc_values": False, "ignore_above": KEY_LIMIT}
_KINDS = {"s": "s", "x": "x", "l": "b", "n": "b", "t": "t"}
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєў"
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ!$%();<=>?"
_ONE_BYTE = str.maketrans(_CYRILLIC + _SIGNS, _SIGNS + "".join(chr(0xE000 + ord(sign)) for sign in _SIGNS))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def names(kind: str) -> tuple[str, ...]:
    """Fields of a kind of key, first to last: ``positions.s``, ``positions.s2``."""
    return tuple(f"positions.{kind}{number if number > 1 else ''}" for number in range(1, PLACES[kind] + 1))


def kind_of(key: str) -> str:
    """The kind of fields that a key stands in. Raises KeyError for what is no key."""
    return _KINDS[key[0]]


SETTINGS: Mapping[str, Any] = MappingProxyType({"index.sort.field": "times.seen", "index.sort.order": "desc"})
"""Of an index with these fields: the newest stand first, so that a search for them stops when it has enough."""

MAPPING: Mapping[str, Any] = MappingProxyType(
    {
        "properties": {
            "keys": {"dynamic": "strict", "properties": {"any": _SET, "title": _SET, "lead": _SET}},
            "positions": {
                "dynamic": "strict",
                "properties": {name.removeprefix("positions."): _TEXT for kind in PLACES for name in names(kind)}
                | {
                    # A beginning is looked up. One longer than this is expanded, and 129 words are too many to expand.
                    "s": _TEXT | _BEGINNINGS,
                    "s2": _TEXT | _BEGINNINGS,
                    "sentence": _TEXT,
                    "turn": _TEXT,
                    # The mark after the title stands in the gap and takes one of its positions.
                    "edge": _TEXT | {"position_increment_gap": GAP - 1},
                },
            },
            "attributes": {
                "dynamic": "strict",
                "properties": {name: {"type": "keyword", "ignore_above": VALUE} for name in ATTRIBUTES},
            },
            "times": {"dynamic": "strict", "properties": {name: {"type": "long"} for name in TIMES}},
        }
    }
)
"""What an index must have in its mapping so that ``tocsin.query.elastic.query`` can be asked of it."""


def document(
    analysed: Analysed, attributes: Mapping[str, Iterable[str]], times: Mapping[str, datetime | None]
) -> dict[str, Any]:
    """The fields of one article, as ``MAPPING`` has them; the caller adds those that people read.

    Values of ``attributes`` are casefolded already; times without a zone count as UTC. Raises ValueError where a token
    has more keys of a kind than ``PLACES`` has fields.
    """
    title, text = analysed.keys("title"), analysed.keys("text")
    positions = {
        name.removeprefix("positions."): [" ".join(first), " ".join(_trimmed(second))]
        for name, (first, second) in _lanes(title, text).items()
    }
    positions["sentence"] = [_marked(len(title), ()), _marked(len(text), analysed.sentences)]
    positions["turn"] = [_turns(0, len(title)), _turns(len(title) + GAP, len(text))]
    head = min(LEAD, len(text))
    positions["edge"] = [" ".join([_NONE] * len(title) + [AFTER_TITLE]), " ".join([_NONE] * head + [AFTER_LEAD])]
    keys = {"any": _set(title, text), "title": _set(title), "lead": _set(title, text[:LEAD])}
    moments = {name: microseconds(moment) for name, moment in times.items() if moment is not None}
    values = {name: sorted(set(found)) for name, found in attributes.items()}
    return {"keys": keys, "positions": positions, "attributes": values, "times": moments}


def stored(key: str) -> str:
    """A key as it stands in ``positions``.

    Elasticsearch counts the bytes of a beginning and takes them for letters. So in surfaces each Cyrillic letter is one
    sign of ASCII that no surface has, and a beginning may have seventeen letters in either alphabet.
    """
    return cut(key).translate(_ONE_BYTE) if key[0] == "s" else cut(key)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970; without a zone it counts as UTC."""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (known - _EPOCH) // timedelta(microseconds=1)


def _lanes(title: Sequence[tuple[str, ...]], text: Sequence[tuple[str, ...]]) -> dict[str, tuple[list[str], list[str]]]:
    """The tokens of each field, in title and text; fields that have none are left out."""
    lanes: dict[str, tuple[list[str], list[str]]] = {}
    for part, tokens in enumerate((title, text)):
        for position, keys in enumerate(tokens):
            for name, key in _laid(keys):
                if name not in lanes:
                    lanes[name] = ([_NONE] * len(title), [_NONE] * len(text))
                lanes[name][part][position] = key
    return lanes


@lru_cache(maxsize=200_000)
def _laid(keys: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """In which field each key of a token stands."""
    seen = dict.fromkeys(PLACES, 0)
    found = []
    for key in keys:
        kind = kind_of(key)
        if seen[kind] == PLACES[kind]:
            raise ValueError(f"A token has more than {PLACES[kind]} keys of the kind {kind}: {', '.join(keys)}")
        found.append((names(kind)[seen[kind]], stored(key)))
        seen[kind] += 1
    return tuple(found)


def _trimmed(lane: list[str]) -> list[str]:
    # What follows the last key keeps no position that anybody asks for.
    end = len(lane)
    while end and lane[end - 1] == _NONE:
        end -= 1
    return lane[:end]


def _marked(length: int, later: Iterable[int]) -> str:
    lane = [_NONE] * length
    starts = [0, *later, length]
    for start, end in itertools.pairwise(starts):
        if end - start > 1:
            lane[start], lane[end - 1] = BEGIN, END
    return " ".join(lane)


def _turns(start: int, length: int) -> str:
    return " ".join(str(at % TURNS) for at in range(start, start + length))


def _set(*runs: Sequence[tuple[str, ...]]) -> list[str]:
    return sorted({cut(key) for keys in {keys for tokens in runs for keys in tokens} for key in keys})
