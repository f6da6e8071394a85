"""Articles of other stories that are likely to be about the same events, looked up by their rarest names."""

from collections.abc import Iterable

import msgspec

from tocsin.records import Article
from tocsin.stores.likeness import LOOKED_AT, WITHIN, likeliest, names_of, rarest, weights_of
from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.filing import KIN
from tocsin.words import Analysed, Stored

_article = msgspec.json.Decoder(Article)


def related(db: Database, article: Article, limit: int) -> list[tuple[Article, float]]:
    """Ready articles of other stories with their score, 0 to 1, the likeliest first; of each story one."""
    ours = _tokens(db, article.id)
    if ours is None:
        return []
    weights = _weights(db, names_of(ours))
    if not weights:
        return []
    sought = " OR ".join(f'"{key}"' for key in rarest(weights))
    seen = article.first_seen.timestamp()
    rows = db.rows(
        "SELECT a.record FROM words CROSS JOIN articles a ON a.arrival = words.rowid"
        f" WHERE words MATCH ?2 AND a.story NOT IN {KIN} AND a.first_seen BETWEEN ?3 AND ?4 ORDER BY rank LIMIT ?5",
        (article.story, sought, seen - WITHIN.total_seconds(), seen + WITHIN.total_seconds(), LOOKED_AT),
    )
    others = [_article.decode(record) for (record,) in rows]
    read = ((other, _tokens(db, other.id)) for other in others)
    known = [(other, analysed) for other, analysed in read if analysed is not None]
    return likeliest(article, ours, weights, known, limit)


def _tokens(db: Database, article: str) -> Analysed | None:
    stored = db.one("SELECT forms FROM tokens WHERE article = (SELECT seq FROM articles WHERE id = ?)", (article,))
    return None if stored is None else db.forms.analysed(Stored.from_bytes(stored))


def _weights(db: Database, keys: Iterable[str]) -> dict[str, float]:
    total = int(db.one("SELECT count(*) FROM articles WHERE arrival IS NOT NULL"))
    counted = {key: int(db.one("SELECT doc FROM words_keys WHERE term = ?", (key,)) or 0) for key in keys}
    return weights_of(counted, total)
