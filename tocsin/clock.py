"""The only source of time: opened in a main, passed to whatever asks for it."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Two kinds of time that must never be mixed."""

    def now(self) -> datetime:
        """Calendar time, aware, in UTC: schedules and publication. In tests it may run fast or stand still."""

    def monotonic(self) -> float:
        """Seconds that only grow: leases, delays and measurements."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Calendar time of the machine, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some moment before the process started."""
        return time.monotonic()
