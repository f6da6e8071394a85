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
_notice = msgspec.json.Decoder(Notice)
_KNOWN = f"SELECT subscription, record FROM alerts WHERE story IN {KIN} ORDER BY created DESC, id DESC"
"""Alerts of a story under whichever of its ids; of one subscription the oldest comes last."""


class Shelved(NamedTuple):
    """An article as it is put into the index of words, made ready for it while nothing is locked."""

    title: str
    text: str
    tags: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, article: Article, analysed: Analysed) -> "Shelved":
        """Its words as the tokenizer takes them, and what filters may ask of it."""
        values = attributes(article).items()
        tags = {(name, value.casefold()) for name, several in values for value in several if value}
        return cls(line(analysed.title), line(analysed.text), frozenset(tags))


def put_words(cursor: apsw.Cursor, shelved: Sequence[tuple[int, int, Shelved]]) -> None:
    """Make articles searchable, by number and arrival, inside an open transaction: the last thing that is done in it.

    Any statement behind it that may have to be taken back by itself makes FTS5 write down at once what it has, in as
    many small pieces as there are articles.
    """
    cursor.executemany("DELETE FROM tags WHERE article = ?", [(seq,) for seq, _, _ in shelved])
    tags = sorted((*tag, seq) for seq, _, it in shelved for tag in it.tags)
    cursor.executemany("INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", tags)
    cursor.executemany(
        "INSERT INTO words (rowid, title, text) VALUES (?, ?, ?)",
        [(arrival, it.title, it.text) for _, arrival, it in shelved],
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

    def told_of(self, articles: Collection[str]) -> list[tuple[Alert, list[Notice]]]:
        """The alerts of which a notice tells one of these articles, each with all its notices, oldest first."""
        rows = self._db.rows(
            "SELECT record FROM alerts WHERE id IN"
            " (SELECT alert FROM notices WHERE article IN (SELECT value FROM json_each(?))) ORDER BY created, id",
            (_names(articles),),
        )
        alerts = [_alert.decode(record) for (record,) in rows]
        notices = self.notices_of([alert.id for alert in alerts])
        return [(alert, notices[alert.id]) for alert in alerts]

    def notices_of(self, alerts: Collection[str]) -> dict[str, list[Notice]]:
        """The notices of each of these alerts that has any, oldest first."""
        found: dict[str, list[Notice]] = {}
        sql = "SELECT record FROM notices WHERE alert IN (SELECT value FROM json_each(?)) ORDER BY created, id"
        for (record,) in self._db.rows(sql, (_names(alerts),)):
            notice = _notice.decode(record)
            found.setdefault(notice.alert, []).append(notice)
        return found

    def rung_since(self, subscription: str, since: datetime) -> int:
        """How many alerts of a subscription were made from a moment on, those gathered here among them."""
        sql = "SELECT id FROM alerts WHERE +subscription = ? AND created >= ?"
        known = {name for (name,) in self._db.rows(sql, (subscription, epoch(since)))}
        return len(known | {it.id for it in self._alerts.values() if it.subscription == subscription})

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
        shelved = {name: Shelved.of(article, analysed) for name, (article, analysed, _) in self._arriving.items()}
        alerts = [(alert, alert.to_json()) for alert in self._alerts.values()]
        notices = [(notice, *_rows(notice, deliveries)) for notice, deliveries in self._notices]
        with self._db.write() as cursor:
            places = {name: _make_ready(cursor, article, now) for name, (article, _, now) in self._arriving.items()}
            lost = {name for name, place in places.items() if place is None}
            told = self._put_alerts(cursor, [(it, record) for it, record in alerts if it.article not in lost])
            for alert, article in self._matches:
                if article.id not in lost:
                    _count(cursor, alert, article)
            ours = [
                (row, rows)
                for notice, row, rows in notices
                if notice.article not in lost and (notice.alert not in self._alerts or notice.alert in told)
            ]
            cursor.executemany("INSERT OR IGNORE INTO notices VALUES (?, ?, ?, ?, ?)", [row for row, _ in ours])
            deliveries = [row for _, rows in ours for row in rows]
            cursor.executemany("INSERT OR IGNORE INTO deliveries VALUES (?, ?, ?, ?, ?)", deliveries)
            put_words(cursor, [(*place, shelved[name]) for name, place in places.items() if place is not None])

    def _put_alerts(self, cursor: apsw.Cursor, alerts: Sequence[tuple[Alert, bytes]]) -> set[str]:
        """Create alerts. Returns those that are told: not where another worker was faster with another article."""
        rows: list[tuple[Any, Any, Any]] = [
            (story, subscription, record)
            for story in {alert.story for alert, _ in alerts}
            for subscription, record in cursor.execute(_KNOWN, (story,)).fetchall()
        ]
        known = {(story, subscription): record for story, subscription, record in rows}
        first = []
        for alert, own in alerts:
            record = known.get((alert.story, alert.subscription))
            before = _alert.decode(record) if record is not None else alert
            if before.article == alert.article:
                first.append((alert.id, alert.subscription, alert.story, epoch(alert.created), own))
            elif alert.article in self._arriving:
                _count(cursor, before, self._arriving[alert.article][0])
        cursor.executemany("INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?)", first)
        return {name for name, *_ in first}


def _names(ids: Collection[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()


def _make_ready(cursor: apsw.Cursor, article: Article, now: datetime) -> tuple[int, int] | None:
    """Its number and its arrival; None where its lease was lost."""
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
    return seq, int(str(arrival))


def _rows(notice: Notice, deliveries: Sequence[Delivery]) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """The rows of a notice and of its deliveries."""
    return (
        (notice.id, notice.alert, notice.article, epoch(notice.created), notice.to_json()),
        [(it.id, it.notice, it.state, epoch(it.next_try) or 0.0, it.to_json()) for it in deliveries],
    )


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
