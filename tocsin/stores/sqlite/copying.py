"""The embedded store as one from which and into which rows are moved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import apsw
import msgspec

from tocsin.addresses import address_id, canonical
from tocsin.records import Alert, Article, Delivery, Drop, Feed, Notice, Outlet, PageState, Subscription
from tocsin.stores.copying import Arrived, Left, Moved, Sent, Text, Told, attempts_of, batches, numbered
from tocsin.stores.port import Met, SharedFingerprints, Sketch
from tocsin.stores.sqlite.connection import epoch, moment
from tocsin.stores.sqlite.crawl import CrawlPart, put_drops
from tocsin.stores.sqlite.filing import KIN
from tocsin.stores.sqlite.publishing import Shelved, put_words
from tocsin.stores.sqlite.road import RoadPart, put_former
from tocsin.words import Analysed, Stored

_article = msgspec.json.Decoder(Article)
_alert = msgspec.json.Decoder(Alert)
_notice = msgspec.json.Decoder(Notice)
_delivery = msgspec.json.Decoder(Delivery)

_KEYED: dict[str, tuple[str, str, Any]] = {
    "outlets": ("name", "outlets", Outlet),
    "feeds": ("url", "feeds", Feed),
    "pages": ("address_id", "pages", PageState),
    "subscriptions": ("id", "subscriptions", Subscription),
    "former-subscriptions": ("id", "subscription_history", Subscription),
}
"""Kinds whose rows are a record under an id: column of the id, table, record."""
_COUNTED = {**{kind: table for kind, (_, table, _) in _KEYED.items()}, "stories": "aliases"}
_OTHERS = (
    f"FROM articles WHERE story IN {KIN} AND +state = 'ready' AND +relation <> 'version'"
    " AND id NOT IN (SELECT value FROM json_each(?2))"
)
"""The articles of a story that may be copies: the story, and the articles that made alerts."""
_BATCH = 100


class _Rung(NamedTuple):
    """The alerts of a subscription and a story."""

    articles: str
    """The articles that made them, as JSON."""
    copies: int


class CopyingPart(CrawlPart, RoadPart):
    """What a copy asks of the store."""

    def sizes(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        tables = {**_COUNTED, **{kind: kind for kind in ("alerts", "deliveries", "drops", "articles")}}
        found = {kind: int(self.db.one(f"SELECT count(*) FROM {table}")) for kind, table in tables.items()}
        arrived = int(self.db.one("SELECT count(*) FROM articles WHERE arrival IS NOT NULL"))
        return {**found, "generation": 1, "arrivals": arrived}

    def moved(self, kind: str, only: Sequence[str] | None = None) -> Iterator[Moved]:
        """The rows of a kind: arrivals in their order, articles in that of their acceptance."""
        if kind in _KEYED:
            return self._moved_keyed(*_KEYED[kind])
        ways: dict[str, Callable[[], Iterator[Moved]]] = {
            "generation": lambda: iter((Moved("generation", self.generation()),)),
            "stories": lambda: (Moved(*row) for row in self.db.each("SELECT story, root FROM aliases")),
            "alerts": self._moved_alerts,
            "deliveries": self._moved_deliveries,
            "drops": lambda: numbered(self._moved_drops()),
            "arrivals": self._moved_arrivals,
            "articles": lambda: self._moved_texts(only),
        }
        return ways[kind]()

    def _moved_keyed(self, column: str, table: str, record: Any) -> Iterator[Moved]:
        decode = msgspec.json.Decoder(record).decode
        for name, row in self.db.each(f"SELECT {column}, record FROM {table}"):
            yield Moved(name, decode(row))

    def _moved_alerts(self) -> Iterator[Moved]:
        for (record,) in self.db.each("SELECT record FROM alerts"):
            alert = _alert.decode(record)
            rows = self.db.rows("SELECT record FROM notices WHERE alert = ?", (alert.id,))
            rung = self._moved_rung(alert.story)[alert.subscription]
            there = int(self.db.one(f"SELECT count(*) {_OTHERS}", (alert.story, rung.articles)))
            notices = tuple(_notice.decode(row) for (row,) in rows)
            yield Moved(alert.id, Told(alert, notices, min(rung.copies, there)))

    def _moved_deliveries(self) -> Iterator[Moved]:
        sql = "SELECT d.record, n.record FROM deliveries d JOIN notices n ON n.id = d.notice"
        for sent, told in self.db.each(sql):
            delivery = _delivery.decode(sent)
            yield Moved(delivery.id, Sent(delivery, _notice.decode(told)))

    def _moved_drops(self) -> Iterator[Drop]:
        for at, *rest in self.db.each("SELECT at, room, reason, url, outlet, detail FROM drops ORDER BY at, seq"):
            yield Drop(moment(at), *rest)

    def _moved_arrivals(self) -> Iterator[Moved]:
        sql = "SELECT id, address_id, first_seen, ready_at FROM articles WHERE arrival IS NOT NULL ORDER BY arrival"
        for name, address, seen, ready in self.db.each(sql):
            yield Moved(name, Arrived(name, address, moment(seen), moment(ready)))

    def _moved_texts(self, only: Sequence[str] | None) -> Iterator[Moved]:
        marks = "" if only is None else f"WHERE a.id IN ({','.join('?' * len(only))})"
        sql = (
            "SELECT a.record, a.state, a.lease, a.attempts, a.arrival, a.ready_at, t.forms FROM articles a"
            f" LEFT JOIN tokens t ON t.article = a.seq {marks} ORDER BY a.seq"
        )
        for record, state, lease, attempts, arrival, ready, forms in self.db.each(sql, only or ()):
            article = msgspec.structs.replace(
                _article.decode(record), state=state, lease=lease, attempts=attempts, arrival=arrival, lease_until=None
            )
            analysed = None if forms is None else self.db.forms.analysed(Stored.from_bytes(forms))
            met = self._moved_matches(article) if state == "ready" else ()
            yield Moved(article.id, Text(article, analysed, moment(ready) if ready else None, met))

    def _moved_rung(self, story: str) -> dict[str, "_Rung"]:
        """By subscription, what is known of its alerts of a story, under whichever of its ids."""
        rung: dict[str, list[Alert]] = {}
        for (record,) in self.db.rows(f"SELECT record FROM alerts WHERE story IN {KIN}", (story,)):
            alert = _alert.decode(record)
            rung.setdefault(alert.subscription, []).append(alert)
        return {
            name: _Rung(msgspec.json.encode([it.article for it in alerts]).decode(), sum(it.copies for it in alerts))
            for name, alerts in rung.items()
        }

    def _moved_matches(self, article: Article) -> tuple[str, ...]:
        """Subscriptions that an article met, as far as alerts tell: its own ones, and those that count it as a copy."""
        known = self._moved_rung(article.story).items()
        return tuple(name for name, rung in known if article.id in rung.articles or self._is_counted(article, rung))

    def _is_counted(self, article: Article, rung: "_Rung") -> bool:
        if article.relation == "version" or not rung.copies:
            return False
        # Those that came after it first: two workers may have met it at once.
        first = "SELECT min(arrival) FROM articles WHERE id IN (SELECT value FROM json_each(?2))"
        sql = f"SELECT id {_OTHERS} ORDER BY arrival < coalesce(({first}), 0), arrival LIMIT ?3"
        return (article.id,) in self.db.rows(sql, (article.story, rung.articles, rung.copies))

    # ---- writing

    def put_moved(self, kind: str, rows: Sequence[Moved]) -> None:
        """Write rows of a kind; what stands there under their ids is replaced. Leases are free."""
        records: Any = [row.record for row in rows]
        if kind == "outlets":
            self.put_outlets(records)
        elif kind == "feeds":
            self.put_feeds(records)
        elif kind == "pages":
            self.put_pages(records)
        elif kind != "arrivals":  # these are columns of the articles
            with self.db.write() as cursor:
                self._put_moved(cursor, kind, rows)

    def _put_moved(self, cursor: apsw.Cursor, kind: str, rows: Sequence[Moved]) -> None:
        records: Any = [row.record for row in rows]
        if kind == "generation":
            cursor.execute("INSERT OR REPLACE INTO meta VALUES ('generation', ?)", records)
        elif kind == "subscriptions":
            values = [(record.id, record.to_json()) for record in records]
            cursor.executemany("INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", values)
        elif kind == "former-subscriptions":
            for record in records:
                put_former(cursor, record)
        elif kind == "stories":
            cursor.executemany("INSERT OR REPLACE INTO aliases VALUES (?, ?)", rows)
        elif kind == "alerts":
            _put_alerts(cursor, records)
        elif kind == "deliveries":
            cursor.executemany(
                "INSERT OR REPLACE INTO deliveries (id, notice, state, next_try, record) VALUES (?, ?, ?, ?, ?)",
                [(d.id, d.notice, d.state, epoch(d.next_try) or 0.0, d.to_json()) for d, _ in records],
            )
        elif kind == "drops":
            put_drops(cursor, [left.drop for left in records if not _is_there(cursor, left)])
        else:
            for text in records:
                self._put_moved_text(cursor, text)

    def _put_moved_text(self, cursor: apsw.Cursor, text: Text) -> None:
        it = msgspec.structs.replace(text.article, attempts=attempts_of(text.article), lease_until=None)
        values = (
            it.address_id, it.outlet, it.state, it.lease, it.attempts, it.story,
            it.relation if it.story else "", epoch(it.first_seen), epoch(text.ready_at), it.arrival,
            epoch(it.published), it.analyser if it.state == "ready" else 0, it.to_json(),
        )  # fmt: skip
        names = (
            "address_id, outlet, state, lease, attempts, story, relation, first_seen, ready_at, arrival, published,"
            " analyser, record"
        )
        _take_out(cursor, it.id)
        ((seq,),) = cursor.execute(
            f"INSERT INTO articles (id, {names}) VALUES (?{', ?' * len(values)}) ON CONFLICT (id) DO UPDATE SET"
            f" ({names}) = ({', '.join('excluded.' + name.strip() for name in names.split(','))}) RETURNING seq",
            (it.id, *values),
        ).fetchall()
        number = int(str(seq))
        if text.analysed is not None:
            stored = self.db.forms.stored(text.analysed, cursor).to_bytes()
            cursor.execute("INSERT INTO tokens VALUES (?, ?)", (number, stored))
        if it.arrival is not None:
            cursor.execute("INSERT INTO arrivals VALUES (?, ?)", (it.arrival, number))
            put_words(cursor, [(number, it.arrival, Shelved.of(it, text.analysed or Analysed((), ())))])

    # ---- around it

    def registering(self) -> SharedFingerprints | None:
        """Where the texts of the store are registered."""
        return OwnFingerprints(self)

    def leased(self, now: datetime) -> int:
        """How many articles somebody is working on."""
        sql = "SELECT count(*) FROM articles WHERE state IN ('accepted', 'filed') AND attempts > 0 AND lease_until > ?"
        return int(self.db.one(sql, (now.timestamp(),)))

    def copied_from(self) -> int | None:
        """The number of the store that is being copied into this one; None where none is."""
        number = self.db.one("SELECT value FROM meta WHERE name = 'copied from'")
        return None if number is None else int(number)

    def set_copied_from(self, number: int | None) -> None:
        """Write down which store is being copied into this one."""
        with self.db.write() as cursor:
            cursor.execute("DELETE FROM meta WHERE name = 'copied from'")
            if number is not None:
                cursor.execute("INSERT INTO meta VALUES ('copied from', ?)", (number,))


class OwnFingerprints:
    """The fingerprints in the store's own file, as ones that are filled in after a copy."""

    KEPT = timedelta(days=20_000)

    def __init__(self, store: RoadPart) -> None:
        self._store = store

    def rebuild(self, registered: Iterable[tuple[Sketch, Sequence[int]]], joined: Iterable[tuple[str, str]]) -> bool:
        """Register texts in order of their filing; which stories are one the store knows already."""
        for batch in batches(registered, _BATCH):
            with self._store.filing() as filing:
                for sketch, prints in batch:
                    filing.meet(sketch, prints, (), 0)
        return True

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before."""
        with self._store.filing() as filing:
            return filing.meet(sketch, prints, alternates, limit)

    def settle(self, article: str, story: str) -> None:
        """Say which story a registered text was found to belong to."""
        with self._store.filing() as filing:
            filing.settle(article, story)

    def join(self, story: str, other: str) -> None:
        """Say that two stories are one."""
        with self._store.filing() as filing:
            filing.join(story, other)

    def root(self, story: str) -> str:
        """The id that stands for a story today."""
        with self._store.filing() as filing:
            return filing.root(story)


def _put_alerts(cursor: apsw.Cursor, told: Sequence[Told]) -> None:
    cursor.executemany(
        "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?)",
        [(it.id, it.subscription, it.story, epoch(it.created), it.to_json()) for it, _, _ in told],
    )
    cursor.executemany(
        "INSERT OR REPLACE INTO notices VALUES (?, ?, ?, ?, ?)",
        [(it.id, it.alert, it.article, epoch(it.created), it.to_json()) for one in told for it in one.notices],
    )


def _is_there(cursor: apsw.Cursor, left: Left) -> bool:
    drop = left.drop
    sql = (
        "SELECT count(*) FROM drops WHERE address_id = ? AND at = ? AND room = ? AND reason = ? AND outlet = ?"
        " AND url = ? AND detail = ?"
    )
    address = address_id(canonical(drop.url) or drop.url)
    values = address, epoch(drop.at), drop.room, drop.reason, drop.outlet, drop.url, drop.detail[:500]
    ((number,),) = cursor.execute(sql, values).fetchall()
    return int(str(number)) > left.nth


def _take_out(cursor: apsw.Cursor, article: str) -> None:
    """What hangs on the row of an article that is written again."""
    for seq, arrival in cursor.execute("SELECT seq, arrival FROM articles WHERE id = ?", (article,)).fetchall():
        cursor.execute("DELETE FROM tokens WHERE article = ?", (seq,))
        cursor.execute("DELETE FROM tags WHERE article = ?", (seq,))
        if arrival is not None:
            cursor.execute("DELETE FROM words WHERE rowid = ?", (arrival,))
            cursor.execute("DELETE FROM arrivals WHERE arrival = ?", (arrival,))
