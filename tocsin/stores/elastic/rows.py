"""Articles as documents of an index, and back."""

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import msgspec

from tocsin.query.document import attributes, times
from tocsin.query.elastic_fields import document
from tocsin.records import Article
from tocsin.words import ANALYSER, Analysed, Token

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(tuple[int, list[tuple[str, ...]], list[int], list[int], list[int]]).decode
_SEEN = "slt"
"""Kinds of keys that people may search for in Kibana: surfaces, lemmas, transliterated names."""


def accepted(article: Article) -> dict[str, Any]:
    """The row of an article that is not searchable yet."""
    plain = article.to_dict()
    plain["places"] = {"name": plain["places"]}
    return plain


def ready(article: Article, analysed: Analysed, matched: Iterable[str], ready_at: datetime) -> dict[str, Any]:
    """The row of an article that is: with the fields that queries ask, and the subscriptions that it met."""
    return {
        **accepted(article),
        **document(analysed, _folded(article), times(article)),
        "words": " ".join(_words(analysed)),
        "tokens": packed(analysed),
        "matched_subscriptions": sorted(matched),
        "ready_at": ready_at,
    }


def article_of(source: Mapping[str, Any]) -> Article:
    """The article of a row."""
    return msgspec.convert({**source, "places": source["places"]["name"]}, Article)


def packed(analysed: Analysed) -> str:
    """Tokens as they are kept: the different ones, and their numbers in title and text."""
    numbers: dict[Token, int] = {}
    for token in chain(analysed.title, analysed.text):
        numbers.setdefault(token, len(numbers))
    parts = (
        ANALYSER,
        [token.keys for token in numbers],
        [numbers[token] for token in analysed.title],
        [numbers[token] for token in analysed.text],
        analysed.sentences,
    )
    return base64.b64encode(zlib.compress(_pack(parts), 1)).decode("ascii")


def unpacked(data: str) -> Analysed | None:
    """The tokens of ``packed``; None where an older analyser made them."""
    analyser, analysed = as_read(data)
    return analysed if analyser == ANALYSER else None


def as_read(data: str) -> tuple[int, Analysed]:
    """The number of the analyser that made the tokens of ``packed``, and the tokens."""
    analyser, keys, title, text, sentences = _unpack(zlib.decompress(base64.b64decode(data)))
    tokens = [Token(each) for each in keys]
    return analyser, Analysed(tuple(tokens[at] for at in title), tuple(tokens[at] for at in text), tuple(sentences))


def _folded(article: Article) -> dict[str, list[str]]:
    return {name: [value.casefold() for value in values if value] for name, values in attributes(article).items()}


def _words(analysed: Analysed) -> Sequence[str]:
    """What a word of the search bar may be: each word of the text as written there, as its base, and in Latin."""
    return list(
        dict.fromkeys(
            key.partition(":")[2]
            for token in chain(analysed.title, analysed.text)
            for key in token.keys
            if key[0] in _SEEN
        )
    )
