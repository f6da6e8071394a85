"""The indices of the Elasticsearch store: their names, settings and mappings, and how they come to stand.

======================  ========================================================================================
``articles-2026.11``    a row for each text, by the month in which its address was first seen
``addresses``           what is known of an address for ever: its month, its latest text, its page's state
``arrivals``            a row for each ready text; the sequence number of its making is the text's arrival
``stories``             stories that proved to be one with an older one
``alerts``              with their notices
``deliveries``          with the notice that each carries
``subscriptions`` …     ``former-subscriptions``, ``outlets``, ``feeds``, ``drops``, ``refused``, ``meta``
======================  ========================================================================================

Each name has the prefix of the store before it. Readers ask the alias ``articles``, which shows ready texts alone.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tocsin.query import elastic_fields

VERSION = 1
"""Of mappings and settings, kept in ``meta``. Another one is brought about by a migration."""

ARTICLES = "articles"
ADDRESSES = "addresses"
ARRIVALS = "arrivals"
STORIES = "stories"
ALERTS = "alerts"
DELIVERIES = "deliveries"
SUBSCRIPTIONS = "subscriptions"
FORMER = "former-subscriptions"
"""Subscriptions as they were before each edit, and before their removal."""
OUTLETS = "outlets"
FEEDS = "feeds"
DROPS = "drops"
REFUSED = "refused"
META = "meta"

# A value that is longer than Lucene's longest term would refuse the whole row; it stays readable, and is not found.
_WORD = {"type": "keyword", "ignore_above": 8191}
_UNASKED = {"type": "keyword", "index": False, "doc_values": False}
_DATE = {"type": "date"}
_TEXT = {"type": "text"}
_WHOLE = {"type": "long"}
_FLAG = {"type": "boolean"}
_STORED = {"type": "object", "enabled": False}
"""Kept as it is and never looked into."""

_ARTICLE: dict[str, Any] = {
    **dict.fromkeys(
        (
            "id address_id url outlet outlet_country authors lang published_origin section tags kind parent cited"
            " text_hash story relation people organisations topics state reason matched_subscriptions"
        ).split(),
        _WORD,
    ),
    **dict.fromkeys("fetched_url published_note alternates lead_image".split(), _UNASKED),
    **dict.fromkeys("first_seen published modified lease_until ready_at".split(), _DATE),
    **dict.fromkeys("title text correction advisory words".split(), _TEXT),
    **dict.fromkeys("version lease attempts arrival generation analyser schema".split(), _WHOLE),
    **dict.fromkeys("http extraction kin".split(), _STORED),
    "title": _TEXT | {"fields": {"raw": {"type": "keyword", "ignore_above": 512}}},
    "paywalled": _FLAG,
    "places": {"dynamic": "strict", "properties": {"name": _WORD}},
    "tokens": {"type": "binary"},
    **elastic_fields.MAPPING["properties"],
}

DERIVED = ("keys", "positions", "attributes", "times", "words")
"""Fields of an article that follow from the others: searched, and not kept readable. A row is always written whole."""

_RECORD = {"record": _STORED}
_PROPERTIES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        ADDRESSES: {
            "partition": _WORD, "latest": _WORD, "url": _WORD, "outlet": _WORD, "due": _DATE, "fetched": _DATE,
        } | _RECORD,
        ARRIVALS: {"at": _DATE, "partition": _WORD},
        STORIES: {"root": _WORD},
        ALERTS: {
            "subscription": _WORD, "story": _WORD, "article": _WORD, "created": _DATE, "notices": _STORED,
            "notices_of": _WORD,
        } | _RECORD,
        DELIVERIES: {
            "notice": _WORD, "article": _WORD, "channel": _WORD, "state": _WORD, "next_try": _DATE, "created": _DATE,
            "attempts": _WHOLE, "delivered": _DATE, "error": _TEXT, "digest": _WORD,
            "told": _STORED,
        } | _RECORD,
        SUBSCRIPTIONS: {"name": _WORD} | _RECORD,
        FORMER: {"subscription": _WORD} | _RECORD,
        OUTLETS: {"name": _WORD, "active": _FLAG} | _RECORD,
        FEEDS: {"url": _WORD, "outlet": _WORD, "error": _TEXT} | _RECORD,
        DROPS: {
            "at": _DATE, "room": _WORD, "reason": _WORD, "outlet": _WORD, "url": _WORD, "address_id": _WORD,
            "detail": _TEXT,
        },
        REFUSED: {"at": _DATE, "index": _WORD, "reason": _TEXT} | _RECORD,
        META: {"value": _WHOLE},
    }
)  # fmt: skip

_SETTINGS: dict[str, Any] = {
    "index.number_of_shards": 1,
    "index.auto_expand_replicas": "0-1",
    # What was acknowledged must survive a power cut: asynchronous writing lost 800 of 2,850 when it was tried.
    "index.translog.durability": "request",
}


def templates(prefix: str) -> dict[str, dict[str, Any]]:
    """Index templates by name. Every index of the store is made by one of them."""
    found = {
        f"{prefix}-{name}": {
            "index_patterns": [f"{prefix}-{name}"],
            "priority": 200,
            "template": {"settings": _SETTINGS, "mappings": {"dynamic": "strict", "properties": properties}},
        }
        for name, properties in _PROPERTIES.items()
    }
    ready = {f"{prefix}-{ARTICLES}": {"filter": {"term": {"state": "ready"}}}}
    found[f"{prefix}-{ARTICLES}"] = {
        "index_patterns": [f"{prefix}-{ARTICLES}-*"],
        "priority": 200,
        "template": {
            # The newest stand first: a search for them stops when it has enough.
            "settings": _SETTINGS
            | {
                "index.sort.field": "arrival",
                "index.sort.order": "desc",
                "index.query.default_field": ["words", "title", "text"],
            },
            "mappings": {
                "dynamic": "strict",
                "_source": {"excludes": [*DERIVED, *(f"{name}.*" for name in DERIVED)]},
                "properties": _ARTICLE,
            },
            "aliases": ready,
        },
    }
    return found


def plain_indices() -> tuple[str, ...]:
    """Indices that stand from the beginning: all but those of the articles."""
    return tuple(_PROPERTIES)
