"""Articles of other stories that are likely to be about the same events, in any language.

By rare names: what is written with a capital within a sentence meets in its transliteration, so that Бахмутом and
Bakhmut are one. Nothing is joined by this, and no alert is held back: it is a score for readers.
"""

import re
from collections.abc import Iterable
from datetime import timedelta
from math import log

import msgspec

from tocsin.records import Article
from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.filing import KIN
from tocsin.words import Analysed, Stored, is_capital, names_at

WITHIN = timedelta(hours=72)
"""How far apart two reports of one event are seen, at most."""
LEAST = 0.25
"""Least score of what is told."""
_ASKED = 12
"""Rarest names that are looked up."""
_LOOKED_AT = 60
_NUMBERS = 0.05
"""What a number in common adds, at most four of them."""
_OLD = 0.4
"""What is taken off for the full time between."""

_article = msgspec.json.Decoder(Article)
_NUMBER = re.compile(r"s:\d[\d.]+")


def related(db: Database, article: Article, limit: int) -> list[tuple[Article, float]]:
    """Ready articles of other stories with their score, 0 to 1, the likeliest first; of each story one."""
    ours = _tokens(db, article.id)
    if ours is None:
        return []
    weights = _weights(db, _names(ours))
    whole = sum(weights.values())
    rarest = sorted(weights, key=lambda key: -weights[key])[:_ASKED]
    if not rarest:
        return []
    sought = " OR ".join(f'"{key}"' for key in rarest)
    seen = article.first_seen.timestamp()
    rows = db.rows(
        "SELECT a.record FROM words CROSS JOIN articles a ON a.arrival = words.rowid"
        f" WHERE words MATCH ?2 AND a.story NOT IN {KIN} AND a.first_seen BETWEEN ?3 AND ?4 ORDER BY rank LIMIT ?5",
        (article.story, sought, seen - WITHIN.total_seconds(), seen + WITHIN.total_seconds(), _LOOKED_AT),
    )
    numbers = _numbers(ours)
    best: dict[str, tuple[Article, float]] = {}
    for (record,) in rows:
        other = _article.decode(record)
        theirs = _tokens(db, other.id)
        if theirs is None:
            continue
        shared = sum(weights[key] for key in _names(theirs) & weights.keys())
        score = shared / whole + _NUMBERS * min(4, len(numbers & _numbers(theirs)))
        apart = abs(other.first_seen - article.first_seen) / WITHIN
        score = round(min(1.0, score) * (1 - _OLD * apart), 3)
        if score >= max(LEAST, best.get(other.story, (other, 0.0))[1]):
            best[other.story] = (other, score)
    return sorted(best.values(), key=lambda pair: (-pair[1], pair[0].id))[:limit]


def _tokens(db: Database, article: str) -> Analysed | None:
    stored = db.one("SELECT forms FROM tokens WHERE article = (SELECT seq FROM articles WHERE id = ?)", (article,))
    return None if stored is None else db.forms.analysed(Stored.from_bytes(stored))


def _names(analysed: Analysed) -> set[str]:
    """Transliterations of the words with a capital that begin no sentence."""
    tokens = [*filter(is_capital, analysed.title[1:]), *(analysed.text[at] for at in names_at(analysed))]
    return {key for token in tokens for key in token.keys if key.startswith("t:")}


def _numbers(analysed: Analysed) -> set[str]:
    """Numbers of two digits and more, without years."""
    found = {token.keys[0] for token in analysed.text if _NUMBER.fullmatch(token.keys[0])}
    return {one for one in found if not re.fullmatch(r"s:(?:19|20)\d\d", one)}


def _weights(db: Database, keys: Iterable[str]) -> dict[str, float]:
    """How much a name tells: the logarithm of how rare it is; names that no other article has tell nothing."""
    total = int(db.one("SELECT count(*) FROM articles WHERE arrival IS NOT NULL")) + 1
    counted = {key: int(db.one("SELECT doc FROM words_keys WHERE term = ?", (key,)) or 0) for key in keys}
    return {key: log(1 + total / count) for key, count in counted.items() if count > 1}
