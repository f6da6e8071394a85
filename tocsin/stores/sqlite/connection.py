"""One SQLite file: opened, migrated, and written in one short transaction at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from tocsin.errors import UserError
from tocsin.stores.sqlite import fingerprints, fulltext
from tocsin.stores.sqlite.fulltext import FormTable

VERSION = 3
"""Number of the newest migration: ``user_version`` of the file."""


_FULL = (
    "cannot be written: its disk is full, or a limit on the size of files is reached, or the disk fails. What was "
    "stored is safe; make room and start again."
)
_CLOSED = "cannot be written. Set TOCSIN_DATA_DIR to a folder that can be written."
_DAMAGED = "is damaged; stop Tocsin and bring a backup back with tocsin restore."
_FAILURES: dict[type[apsw.Error], str] = {
    apsw.FullError: _FULL,
    apsw.IOError: _FULL,
    apsw.CantOpenError: _CLOSED,
    apsw.ReadOnlyError: _CLOSED,
    apsw.PermissionsError: _CLOSED,
    apsw.AuthError: _CLOSED,
    apsw.NotADBError: "is not a store of Tocsin; name another one with --store.",
    apsw.CorruptError: _DAMAGED,
    apsw.BusyError: "is held by another program for longer than half a minute; end that program.",
    apsw.LockedError: "is held by another program; end that program.",
}
"""What may happen to the file, and how it is said."""


def epoch(moment: datetime | None) -> float | None:
    """Seconds since 1970 in UTC; a time without a zone counts as UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def moment(seconds: float) -> datetime:
    """The time, in UTC, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


class Database:
    """A connection and its transactions. Not for use by two threads at the same moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._explained():
                self.connection = apsw.Connection(str(path))
                self._prepare()
        except (OSError, ValueError) as error:
            raise UserError(
                f"The store {path} cannot be written: {getattr(error, 'strerror', '') or error}. Set TOCSIN_DATA_DIR "
                "to a folder that can be written.",
                1,
            ) from error

    def _prepare(self) -> None:
        self.connection.set_busy_timeout(30_000)
        # Asked before anything else: a file that is not ours, or not ours yet, must stay as it is to the last byte.
        found = int(str(self.connection.pragma("user_version")))
        if found > VERSION:
            raise UserError(
                f"The store {self.path} was written by a newer Tocsin (store version {found}, this one knows "
                f"{VERSION}); nothing was changed. Install the newer version, or name another store.",
                1,
            )
        self.questions = fulltext.register(self.connection)
        fingerprints.register(self.connection)
        self.forms = FormTable(self.connection)
        self.fresh = fingerprints.Fresh()
        self.connection.pragma("journal_mode", "wal")
        self.connection.pragma("synchronous", "full")
        # Fingerprints lie all over the file: their pages are written once per checkpoint instead of once per batch.
        self.connection.pragma("cache_size", -32_768)
        self.connection.pragma("wal_autocheckpoint", 8_000)
        # To look a text up is to read forty of them, and most are not in the cache: the system's own is as good.
        self.connection.pragma("mmap_size", 1 << 32)
        if found < VERSION:
            self._migrate(found)

    def _migrate(self, found: int) -> None:
        """Bring an older file up to date, after a copy of it; each migration commits with its number."""
        if found:
            self.copy_to(self.path.with_name(f"{self.path.name}.v{found}.bak"))
        folder = resources.files(__package__) / "migrations"
        for number in range(found + 1, VERSION + 1):
            with self.write() as cursor:
                if int(str(self.connection.pragma("user_version"))) >= number:
                    continue
                cursor.execute((folder / f"{number:03}.sql").read_text("utf-8"))
                cursor.execute(f"PRAGMA user_version = {number}")

    def copy_to(self, target: Path) -> None:
        """An exact copy of the file as of now, also while others write; it appears whole or not at all."""
        draft = target.with_name(f"{target.name}.part")
        draft.unlink(missing_ok=True)
        try:
            with self._explained(target):
                other = apsw.Connection(str(draft))
                try:
                    with other.backup("main", self.connection, "main") as backup:
                        while not backup.done:
                            backup.step(2048)
                finally:
                    other.close()
            draft.replace(target)
        finally:
            for name in (draft, draft.with_name(f"{draft.name}-journal")):
                name.unlink(missing_ok=True)

    @contextmanager
    def write(self) -> Iterator[apsw.Cursor]:
        """One ``BEGIN IMMEDIATE`` … ``COMMIT``; an exception takes everything back."""
        cursor = self.connection.cursor()
        with self._explained():
            try:
                cursor.execute("BEGIN IMMEDIATE")
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                self.forms.forget()
                self.fresh.forget()
                # A full disk may have taken it back already; and a COMMIT that failed leaves it open.
                if self.connection.in_transaction:
                    cursor.execute("ROLLBACK")
                raise

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return list(self.each(sql, values))

    def each(self, sql: str, values: Iterable[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Rows of a query one by one, for who may not want them all. Among the values may be an ``Expression``."""
        with self._explained(), self.questions.asked(values) as bound:
            yield from self.connection.execute(sql, bound)

    def one(self, sql: str, values: Iterable[Any] = ()) -> Any:
        """First column of the first row, or None."""
        row = next(self.each(sql, values), None)
        return None if row is None else row[0]

    @contextmanager
    def _explained(self, path: Path | None = None) -> Iterator[None]:
        """What the disk, another program or a damaged file does to the store, or to its copy ``path``, in one sentence.

        Raises UserError; a mistake of our own in SQL passes as it is.
        """
        try:
            yield
        except tuple(_FAILURES) as error:
            what = next(words for kind, words in _FAILURES.items() if isinstance(error, kind))
            raise UserError(f"The store {path or self.path} {what}", 1) from error

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
