"""The embedded store: one SQLite file (WAL, synchronous FULL), searched through FTS5 with our own keys."""

from pathlib import Path

from tocsin.stores.port import SharedFingerprints
from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.copying import CopyingPart
from tocsin.stores.sqlite.counts import CountPart
from tocsin.stores.sqlite.crawl import CrawlPart
from tocsin.stores.sqlite.history import HistoryPart
from tocsin.stores.sqlite.reader import ReaderPart
from tocsin.stores.sqlite.road import RoadPart
from tocsin.stores.sqlite.upkeep import UpkeepPart


class SqliteStore(CopyingPart, CrawlPart, RoadPart, ReaderPart, HistoryPart, CountPart, UpkeepPart):
    """All of the store's protocols over one file. Not for use by two threads at the same moment."""

    fingerprints: SharedFingerprints | None = None

    def __init__(self, db: Database) -> None:
        self.db = db

    @staticmethod
    def open(path: str) -> "SqliteStore":
        """Open or create the file.

        Raises UserError where it cannot be written, is no store, or is of a newer version.
        """
        return SqliteStore(Database(Path(path).expanduser()))

    def close(self) -> None:
        """Close the file."""
        self.db.close()
