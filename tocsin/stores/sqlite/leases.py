"""Leases in the file of the store, by the calendar clock of its machine."""

from collections.abc import Collection
from pathlib import Path

from tocsin.clock import Clock, SystemClock
from tocsin.stores.sqlite.connection import Database

_OVER = "(until <= ?1 OR until > ?1 + 2 * seconds)"
"""Also where it would last longer than it was given for: the clock was set back since."""


class SqliteLeases:
    """A connection of its own. Not for use by two threads at the same moment."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    @staticmethod
    def open(path: str, clock: Clock | None = None) -> "SqliteLeases":
        """Open the file of a store. Raises UserError where the store would."""
        return SqliteLeases(Database(Path(path).expanduser()), clock or SystemClock())

    def take(self, name: str, owner: str, seconds: float) -> int:
        """Lease a name that is free, or lease one's own anew. Returns its token, or 0 where another one has it."""
        return self._take([name], owner, seconds).get(name, 0)

    def take_all(self, names: Collection[str], owner: str, seconds: float) -> set[str]:
        """Take many names in one go. Returns those that are the owner's now."""
        return set(self._take(names, owner, seconds))

    def _take(self, names: Collection[str], owner: str, seconds: float) -> dict[str, int]:
        now = self._clock.now().timestamp()
        taken = {}
        with self._db.write() as cursor:
            for name in names:
                for row in cursor.execute(
                    "INSERT INTO leases VALUES (?2, ?3, 1, ?1 + ?4, ?4) ON CONFLICT (name) DO UPDATE SET"
                    f" token = token + {_OVER}, owner = ?3, until = ?1 + ?4, seconds = ?4"
                    f" WHERE {_OVER} OR owner = ?3 RETURNING token",
                    (now, name, owner, seconds),
                ).fetchall():
                    taken[name] = int(str(row[0]))
        return taken

    def keep(self, name: str, owner: str, seconds: float) -> bool:
        """Lease one's own name for so many seconds from now. False where the lease is over or another one has it."""
        now = self._clock.now().timestamp()
        with self._db.write() as cursor:
            return bool(
                cursor.execute(
                    "UPDATE leases SET until = ?1 + ?4, seconds = ?4"
                    f" WHERE name = ?2 AND owner = ?3 AND NOT {_OVER} RETURNING name",
                    (now, name, owner, seconds),
                ).fetchall()
            )

    def give_back(self, name: str, owner: str) -> None:
        """End a lease, if it is one's own."""
        self.give_all_back([name], owner)

    def give_all_back(self, names: Collection[str], owner: str) -> None:
        """End many leases in one go, those that are one's own."""
        with self._db.write() as cursor:
            cursor.executemany(
                "UPDATE leases SET until = 0 WHERE name = ? AND owner = ?", [(name, owner) for name in names]
            )

    def held(self, beginning: str) -> dict[str, str]:
        """The names beginning so that are leased now, and who has them."""
        now = self._clock.now().timestamp()
        rows = self._db.rows(f"SELECT name, owner FROM leases WHERE NOT {_OVER} ORDER BY name", (now,))
        return {name: owner for name, owner in rows if name.startswith(beginning)}

    def heard(self, beginning: str, seconds: float) -> dict[str, float]:
        """Names beginning so, and how many seconds ago each was leased last, for so many seconds; over ones too."""
        now = self._clock.now().timestamp()
        rows = self._db.rows("SELECT name, ? - (until - ?) FROM leases WHERE until > 0 ORDER BY name", (now, seconds))
        return {name: max(0.0, ago) for name, ago in rows if name.startswith(beginning)}

    def forget(self, name: str, owner: str) -> None:
        """End a lease of one's own, and leave nothing of its name, not even that it is over."""
        with self._db.write() as cursor:
            cursor.execute("DELETE FROM leases WHERE name = ? AND owner = ?", (name, owner))

    def close(self) -> None:
        """End all connections; leases stay until they are over."""
        self._db.close()
