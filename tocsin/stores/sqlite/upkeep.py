"""What keeps a store in order: its health, its retention, its second tries."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import msgspec

from tocsin.records import Article
from tocsin.stores.copying import batches
from tocsin.stores.packing import key
from tocsin.stores.port import own_story
from tocsin.stores.retention import RETENTION
from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.crawl import put_drops
from tocsin.stores.upkeep import Finding, Requeued, counted, taken_up

_article = msgspec.json.Decoder(Article)
_BATCH = 200


class UpkeepPart:
    """Backup, check, retention, second tries."""

    db: Database

    def backup(self, target: Path) -> None:
        """An exact copy of the store as of now, also while the road is running."""
        self.db.copy_to(target)

    def check(self) -> str:
        """``ok``, or what SQLite's own integrity check found."""
        return str(self.db.one("PRAGMA integrity_check(1)"))

    def prune(self, now: datetime, *, dry_run: bool) -> dict[str, int]:
        """Remove what is past its retention; returns rows per kind. Addresses stay, so nothing returns as new.

        In many short transactions: others write meanwhile. What is ended in the middle goes on with the next call.
        """
        before = {kind: (now - age).timestamp() for kind, age in RETENTION.items()}
        drops = self.db.rows("SELECT seq FROM drops WHERE at < ?", (before["drops"],))
        delivered = "notice IN (SELECT id FROM notices WHERE created < ?) AND state <> 'waiting'"
        deliveries = self.db.rows(f"SELECT id FROM deliveries WHERE {delivered}", (before["deliveries"],))
        # Texts that were told of are evidence.
        old = "first_seen < ? AND state IN ('ready', 'parked') AND id NOT IN (SELECT article FROM notices)"
        texts = self.db.rows(f"SELECT seq, id, story, arrival FROM articles WHERE {old}", (before["articles"],))
        if not dry_run:
            for table, name, rows in (("drops", "seq", drops), ("deliveries", "id", deliveries)):
                for some in batches(rows, _BATCH):
                    with self.db.write() as cursor:
                        cursor.executemany(f"DELETE FROM {table} WHERE {name} = ?", some)
            for some in batches(texts, _BATCH):
                with self.db.write() as cursor:
                    _remove_texts(cursor, some)
        return {"drops": len(drops), "deliveries": len(deliveries), "articles": len(texts)}

    def examine(self, now: datetime) -> list[Finding]:
        """How the file is."""
        found = self.check()
        whole = Finding("store", "ok", f"{self.db.path}, whole")
        if found != "ok":
            what = f"{self.db.path} is damaged ({found}); stop Tocsin and bring a backup back with tocsin restore"
            whole = Finding("store", "bad", what)
        modes = str(self.db.one("PRAGMA journal_mode")), int(self.db.one("PRAGMA synchronous"))
        durable = Finding("durability", "ok", "every commit is on disk before it counts (WAL, synchronous=FULL)")
        if modes != ("wal", 2):
            durable = Finding("durability", "bad", f"{modes[0]}, synchronous={modes[1]}: a power cut may lose commits")
        return [whole, durable]

    def requeue(self, reason: str, now: datetime, *, dry_run: bool) -> Requeued:
        """Put parked articles back to accepted, where their reason says so."""
        taken: list[str] = []
        after = 0
        while rows := self.db.rows(
            "SELECT seq, lease, record FROM articles WHERE state = 'parked' AND seq > ? ORDER BY seq LIMIT ?",
            (after, _BATCH),
        ):
            after = rows[-1][0]
            parked = [(seq, lease, _article.decode(record)) for seq, lease, record in rows]
            wanted = [row for row in parked if reason.casefold() in row[2].reason.casefold()]
            taken += [it.reason for _, _, it in wanted]
            if not dry_run:
                self._take_up(wanted, now)
        return Requeued(counted(taken), {}, 0)

    def _take_up(self, parked: list[tuple[int, int, Article]], now: datetime) -> None:
        with self.db.write() as cursor:
            for seq, lease, it in parked:
                fresh = msgspec.structs.replace(
                    it, state="accepted", reason="", attempts=0, lease=lease + 1, lease_until=None
                )
                cursor.execute(
                    "UPDATE articles SET state = 'accepted', attempts = 0, lease = ?, lease_until = 0, record = ?"
                    " WHERE seq = ? AND state = 'parked'",
                    (fresh.lease, fresh.to_json(), seq),
                )
                if cursor.connection.changes():
                    put_drops(cursor, [taken_up(it, it.reason, now)])


def _remove_texts(cursor: apsw.Cursor, texts: Sequence[tuple[Any, ...]]) -> None:
    """Remove articles, by number, id, story and arrival, inside an open transaction.

    One may have been told of since they were looked for: such a one stays.
    """
    told = "SELECT article FROM notices WHERE article = ?"
    gone = [text for text in texts if not cursor.execute(told, (text[1],)).fetchall()]
    numbers = [(seq,) for seq, _, _, _ in gone]
    arrivals = [(arrival,) for _, _, _, arrival in gone if arrival is not None]
    own = [own_story(name) for _, name, _, _ in gone]
    for table in ("tokens", "tags"):
        cursor.executemany(f"DELETE FROM {table} WHERE article = ?", numbers)
    cursor.executemany("DELETE FROM sketches WHERE own = ?", [(key(story),) for story in own])
    cursor.executemany("DELETE FROM articles WHERE seq = ?", numbers)
    cursor.executemany("DELETE FROM arrivals WHERE arrival = ?", arrivals)
    # What a story is one with is known for as long as anything is called by its id.
    cursor.executemany(
        "DELETE FROM aliases WHERE story = ?1 AND NOT EXISTS (SELECT 1 FROM sketches WHERE own = key_of(?1))"
        " AND NOT EXISTS (SELECT 1 FROM articles WHERE story = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM alerts WHERE story = ?1)",
        [(story,) for story in {*own, *(story for _, _, story, _ in gone)}],
    )
    cursor.executemany("DELETE FROM words WHERE rowid = ?", arrivals)
