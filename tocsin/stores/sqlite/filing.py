"""Filing: an article gets its story, and its text is registered in the same transaction."""

from collections.abc import Sequence

import apsw
import msgspec

from tocsin.records import Article
from tocsin.stores.dated import dated_as
from tocsin.stores.port import Sketch, own_story
from tocsin.stores.sqlite.fingerprints import Fresh, SqliteFingerprints
from tocsin.stores.sqlite.fulltext import FormTable
from tocsin.words import Analysed

_article = msgspec.json.Decoder(Article)

KIN = (
    "(SELECT ?1 UNION SELECT root FROM aliases WHERE story = ?1 UNION SELECT story FROM aliases"
    " WHERE root IN (SELECT ?1 UNION SELECT root FROM aliases WHERE story = ?1))"
)
"""All ids of the story that is the first parameter of a statement."""
MINE = "id = ? AND lease = ? AND state = ?"
"""The row of an article whose lease is still ours."""


def with_late_date(cursor: apsw.Cursor, article: Article) -> Article:
    """An undated article with the date that its row was given since it was claimed."""
    if article.published is not None:
        return article
    rows = cursor.execute("SELECT record FROM articles WHERE id = ? AND published IS NOT NULL", (article.id,))
    return next((dated_as(article, _article.decode(record)) for (record,) in rows), article)


class SqliteFiling(SqliteFingerprints):
    """One open transaction of filing."""

    def __init__(self, cursor: apsw.Cursor, fresh: Fresh, forms: FormTable) -> None:
        super().__init__(cursor, fresh)
        self._forms = forms

    def file(self, article: Article, sketch: Sketch, prints: Sequence[int], analysed: Analysed) -> bool:
        """Move an accepted article to filed. False where its lease was lost to another worker."""
        filed = msgspec.structs.replace(with_late_date(self._cursor, article), state="filed")
        rows = list(
            self._cursor.execute(
                f"UPDATE articles SET state = 'filed', story = ?, relation = ?, record = ? WHERE {MINE} RETURNING seq",
                (filed.story, filed.relation, filed.to_json(), article.id, article.lease, "accepted"),
            )
        )
        if not rows:
            return False
        seq = rows[0][0]
        own = own_story(article.id)
        if self._number(own) is None:
            self.meet(sketch, prints, (), 0)
        if article.story != own:
            self.settle(article.id, article.story)
        stored = self._forms.stored(analysed, self._cursor).to_bytes()
        self._cursor.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (seq, stored))
        return True
