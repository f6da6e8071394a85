"""What keeps a store in order: its health, its retention, its second tries."""

from datetime import datetime
from pathlib import Path

import msgspec

from tocsin.records import Article
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
        """Remove what is past its retention; returns rows per kind. Addresses stay, so nothing returns as new."""
        before = {kind: (now - age).timestamp() for kind, age in RETENTION.items()}
        old = (
            "SELECT seq FROM articles WHERE first_seen < ? AND state IN ('ready', 'parked')"
            " AND id NOT IN (SELECT article FROM notices)"
        )
        delivered = "notice IN (SELECT id FROM notices WHERE created < ?) AND state <> 'waiting'"
        counts = {
            "drops": self.db.one("SELECT count(*) FROM drops WHERE at < ?", (before["drops"],)),
            "deliveries": self.db.one(f"SELECT count(*) FROM deliveries WHERE {delivered}", (before["deliveries"],)),
            "articles": self.db.one(f"SELECT count(*) FROM ({old})", (before["articles"],)),
        }
        if dry_run:
            return counts
        with self.db.write() as cursor:
            cursor.execute("DELETE FROM drops WHERE at < ?", (before["drops"],))
            cursor.execute(f"DELETE FROM deliveries WHERE {delivered}", (before["deliveries"],))
            for table in ("tokens", "tags"):
                cursor.execute(f"DELETE FROM {table} WHERE article IN ({old})", (before["articles"],))
            owned = f"SELECT key_of(own_story(id)) FROM articles WHERE seq IN ({old})"
            cursor.execute(f"DELETE FROM sketches WHERE own IN ({owned})", (before["articles"],))
            gone = f"SELECT arrival FROM articles WHERE seq IN ({old}) AND arrival IS NOT NULL"
            cursor.execute(f"DELETE FROM words WHERE rowid IN ({gone})", (before["articles"],))
            cursor.execute(f"DELETE FROM articles WHERE seq IN ({old})", (before["articles"],))
        return counts

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
