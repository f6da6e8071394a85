"""Publishing: an article becomes searchable, and whoever asked for it has an alert row, in one short transaction.

Matching and looking for the words takes longer than all else, so nothing is locked while it is done: what is to be
written is gathered, and asked for once more inside.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import apsw
import msgspec

from tocsin.query.document import attributes
from tocsin.records import Alert, Article, Delivery, Notice
from tocsin.stores.port import alert_id
from tocsin.stores.sqlite.connection import Database, epoch
from tocsin.stores.sqlite.filing import KIN, MINE, with_late_date
from tocsin.stores.sqlite.fulltext import line
from tocsin.words import Analysed

_alert = msgspec.json.Decoder(Alert)
_KNOWN = f"SELECT subscription, record FROM alerts WHERE story IN {KIN} ORDER BY created DESC, id DESC"
"""Alerts of a story under whichever of its ids; of one subscription the oldest comes last."""


class Shelved(NamedTuple):
    """An article as it is put into the index of words."""

    article: Article
    analysed: Analysed
    seq: int
    arrival: int


def put_words(cursor: apsw.Cursor, shelved: Sequence[Shelved]) -> None:
    """Make articles searchable, inside an open transaction: the last thing that is done in it.

    Any statement behind it that may have to be taken back by itself makes FTS5 write down at once what it has, in as
    many small pieces as there are articles.
    """
    cursor.executemany("DELETE FROM tags WHERE article = ?", [(it.seq,) for it in shelved])
    tags = {
        (name, value.casefold(), it.seq)
        for it in shelved
        for name, values in attributes(it.article).items()
        for value in values
        if value
    }
    cursor.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", sorted(tags))
    cursor.executemany(
        "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
        ((it.arrival, line(it.analysed.title), line(it.analysed.text)) for it in shelved),
    )


class SqlitePublishing:
    """What is published in one go."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._arriving: dict[str, tuple[Article, Analysed, datetime]] = {}
        self._alerts: dict[str, Alert] = {}
        self._matches: list[tuple[Alert, Article]] = []
        self._notices: list[tuple[Notice, Sequence[Delivery]]] = []

    def make_ready(self, article: Article, analysed: Analysed, now: datetime) -> bool:
        """Move a filed article to ready, searchable, with the next arrival number. False where its lease was lost."""
        if self._db.one(f"SELECT seq FROM articles WHERE {MINE}", (article.id, article.lease, "filed")) is None:
            return False
        self._arriving[article.id] = article, analysed, now
        return True

    def roots(self, stories: Collection[str]) -> dict[str, str]:
        """The id that stands for each of these stories today."""
        marks = ",".join("?" * len(stories))
        rows = self._db.rows(f"SELECT story, root FROM aliases WHERE story IN ({marks})", tuple(stories))
        return {story: story for story in stories} | {str(story): str(root) for story, root in rows}

    def alerts_of(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
        """The alerts that there are of these subscriptions and stories, made under whichever id of the story."""
        found = {
            (subscription, story): _alert.decode(record)
            for story in {story for _, story in wanted}
            for subscription, record in self._db.rows(_KNOWN, (story,))
            if (subscription, story) in wanted
        }
        gathered = {(alert.subscription, alert.story): alert for alert in self._alerts.values()}
        return {of: alert for of, alert in gathered.items() if of in wanted} | found

    def put_alert(self, alert: Alert) -> None:
        """Create; a known one stays as it is."""
        self._alerts[alert.id] = alert

    def put_match(self, alert: Alert, article: Article) -> None:
        """Record that another article of the alert's story met its subscription. A version is not counted as a copy."""
        self._matches.append((alert, article))

    def put_notice(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Create a notice and its deliveries; known ones stay as they are."""
        self._notices.append((notice, deliveries))

    def write(self) -> None:
        """Write what was gathered. What belongs to an article whose lease was lost meanwhile is left to its holder."""
        if not (self._arriving or self._alerts or self._matches or self._notices):
            return
        with self._db.write() as cursor:
            shelved = {name: _make_ready(cursor, *it) for name, it in self._arriving.items()}
            lost = {name for name, it in shelved.items() if it is None}
            told = self._put_alerts(cursor, [it for it in self._alerts.values() if it.article not in lost])
            for alert, article in self._matches:
                if article.id not in lost:
                    _count(cursor, alert, article)
            _put_notices(
                cursor,
                [
                    (notice, deliveries)
                    for notice, deliveries in self._notices
                    if notice.article not in lost and (notice.alert not in self._alerts or notice.alert in told)
                ],
            )
            put_words(cursor, [it for it in shelved.values() if it is not None])

    def _put_alerts(self, cursor: apsw.Cursor, alerts: Sequence[Alert]) -> set[str]:
        """Create alerts. Returns those that are told: not where another worker was faster with another article."""
        rows: list[tuple[Any, Any, Any]] = [
            (story, subscription, record)
            for story in {alert.story for alert in alerts}
            for subscription, record in cursor.execute(_KNOWN, (story,)).fetchall()
        ]
        known = {(story, subscription): record for story, subscription, record in rows}
        first = []
        for alert in alerts:
            record = known.get((alert.story, alert.subscription))
            before = _alert.decode(record) if record is not None else alert
            if before.article == alert.article:
                first.append(alert)
            elif alert.article in self._arriving:
                _count(cursor, before, self._arriving[alert.article][0])
        cursor.executemany(
            "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?)",
            [(it.id, it.subscription, it.story, epoch(it.created), it.to_json()) for it in first],
        )
        return {alert.id for alert in first}


def _make_ready(cursor: apsw.Cursor, article: Article, analysed: Analysed, now: datetime) -> Shelved | None:
    rows = cursor.execute(f"SELECT seq FROM articles WHERE {MINE}", (article.id, article.lease, "filed")).fetchall()
    if not rows:
        return None
    seq = int(str(rows[0][0]))
    ((arrival,),) = cursor.execute("INSERT INTO arrivals (article) VALUES (?) RETURNING arrival", (seq,)).fetchall()
    dated = with_late_date(cursor, article)
    ready = msgspec.structs.replace(dated, state="ready", arrival=arrival, lease_until=None)
    cursor.execute(
        "UPDATE articles SET state = 'ready', arrival = ?, ready_at = ?, lease_until = 0, published = ?,"
        " analyser = ?, record = ? WHERE seq = ?",
        (arrival, now.timestamp(), epoch(ready.published), ready.analyser, ready.to_json(), seq),
    )
    return Shelved(ready, analysed, seq, int(str(arrival)))


def _count(cursor: apsw.Cursor, alert: Alert, article: Article) -> None:
    """Count a copy: with the alert of the very story it was filed in, where that one was joined after it was told."""
    if article.relation == "version":
        return
    for name in dict.fromkeys((alert_id(alert.subscription, article.story), alert.id)):
        rows: list[Any] = cursor.execute("SELECT record FROM alerts WHERE id = ?", (name,)).fetchall()
        for (record,) in rows:
            known = _alert.decode(record)
            counted = msgspec.structs.replace(known, copies=known.copies + 1)
            cursor.execute("UPDATE alerts SET record = ? WHERE id = ?", (counted.to_json(), name))
            return


def _put_notices(cursor: apsw.Cursor, notices: Sequence[tuple[Notice, Sequence[Delivery]]]) -> None:
    cursor.executemany(
        "INSERT OR IGNORE INTO notices VALUES (?, ?, ?, ?, ?)",
        [(it.id, it.alert, it.article, epoch(it.created), it.to_json()) for it, _ in notices],
    )
    cursor.executemany(
        "INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?)",
        [
            (it.id, it.notice, it.state, epoch(it.next_try) or 0.0, it.to_json())
            for _, deliveries in notices
            for it in deliveries
        ],
    )
