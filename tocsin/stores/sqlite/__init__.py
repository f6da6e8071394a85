"""The embedded store: one SQLite file (WAL, synchronous FULL), searched through FTS5 with our own keys."""

from datetime import datetime, timedelta
from pathlib import Path

from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.crawl import CrawlPart
from tocsin.stores.sqlite.reader import ReaderPart
from tocsin.stores.sqlite.road import RoadPart

RETENTION = {"drops": timedelta(days=30), "deliveries": timedelta(days=90), "articles": timedelta(days=400)}
"""How long rows are kept; articles that an alert told of are evidence and stay."""


class SqliteStore(CrawlPart, RoadPart, ReaderPart):
    """All of the store's protocols over one file. Not for use by two threads at the same moment."""

    def __init__(self, db: Database) -> None:
        self.db = db

    @staticmethod
    def open(path: str) -> "SqliteStore":
        """Open or create the file.

        Raises UserError where it cannot be written, is no store, or is of a newer version.
        """
        return SqliteStore(Database(Path(path).expanduser()))

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

    def close(self) -> None:
        """Close the file."""
        self.db.close()
