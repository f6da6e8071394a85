"""One SQLite file: opened, migrated, and written in one short transaction at a time."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import apsw

from tocsin.errors import UserError

VERSION = 1
"""Number of the newest migration: ``user_version`` of the file."""


def epoch(moment: datetime | None) -> float | None:
    """Seconds since 1970 in UTC; a time without a zone counts as UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def moment(seconds: float) -> datetime:
    """The time, in UTC, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _key_tokenizer(_: apsw.Connection, __: list[str]) -> Any:
    r"""FTS5 tokenizer over keys that are made already: positions by blanks, the keys of one position by ``\\x1f``."""

    def tokenize(utf8: bytes, _: int, __: str | None) -> Iterable[tuple[str, ...]]:
        return [tuple(position.split("\x1f")) for position in bytes(utf8).decode().split(" ") if position]

    return tokenize


class Database:
    """A connection and its transactions. Not for use by two threads at the same moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = apsw.Connection(str(path))
            self._prepare()
        except (OSError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError) as error:
            raise UserError(
                f"The store {path} cannot be written: {getattr(error, 'strerror', '') or error}. Set TOCSIN_DATA_DIR "
                "to a folder that can be written.",
                1,
            ) from error
        except apsw.NotADBError as error:
            raise UserError(f"The file {path} is not a store of Tocsin; name another one with --store.", 1) from error
        except apsw.FullError as error:
            raise UserError(f"The disk of the store {path} is full; make room and start again.", 1) from error

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
        self.connection.register_fts5_tokenizer("tocsin_keys", _key_tokenizer)
        self.connection.pragma("journal_mode", "wal")
        self.connection.pragma("synchronous", "full")
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
        """An exact copy of the file as of now, also while others write."""
        other = apsw.Connection(str(target))
        with other.backup("main", self.connection, "main") as backup:
            while not backup.done:
                backup.step(2048)
        other.close()

    @contextmanager
    def write(self) -> Iterator[apsw.Cursor]:
        """One ``BEGIN IMMEDIATE`` … ``COMMIT``; an exception takes everything back."""
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except apsw.ReadOnlyError as error:
            raise UserError(f"The store {self.path} can be read but not written.", 1) from error
        try:
            yield cursor
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")

    def rows(self, sql: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return list(self.connection.execute(sql, tuple(values)))

    def one(self, sql: str, values: Iterable[Any] = ()) -> Any:
        """First column of the first row, or None."""
        row = next(iter(self.connection.execute(sql, tuple(values))), None)
        return None if row is None else row[0]

    def close(self) -> None:
        """Close the file."""
        self.connection.close()
