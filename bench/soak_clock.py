"""A calendar that several processes share and that jumps when one of them says so. Time between jumps is real time.

``install`` lets ``SystemClock.now`` tell that calendar: what stays stable over years is seen in minutes, and leases and
delays, which are short, keep their length.
"""

import mmap
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tocsin.clock import SystemClock

_LAYOUT = struct.Struct("<d")


class Calendar:
    """The distance from the machine's calendar, in a file that all processes have in memory."""

    def __init__(self, path: Path) -> None:
        """Opens the file; the first one makes it."""
        if not path.exists():
            path.write_bytes(_LAYOUT.pack(0.0))
        with path.open("r+b") as file:
            self._held = mmap.mmap(file.fileno(), _LAYOUT.size)

    def now(self) -> datetime:
        """The time of this calendar."""
        return datetime.now(UTC) + self.distance

    @property
    def distance(self) -> timedelta:
        """How far it is from the machine's."""
        (seconds,) = _LAYOUT.unpack(self._held[:])
        return timedelta(seconds=seconds)

    def jump(self, by: timedelta) -> None:
        """Go on at once, in all processes."""
        self._held[:] = _LAYOUT.pack((self.distance + by).total_seconds())


def install(path: Path) -> Calendar:
    """Let every system clock of this process tell the calendar of a file."""
    calendar = Calendar(path)

    def now(_: SystemClock) -> datetime:
        return calendar.now()

    SystemClock.now = now  # type: ignore[method-assign]
    return calendar


def for_children(folder: Path, path: Path) -> str:
    """A folder for ``PYTHONPATH`` in which each Python that starts installs the calendar."""
    folder.mkdir(exist_ok=True)
    lines = ["from pathlib import Path", "from bench.soak_clock import install", f"install(Path({str(path)!r}))"]
    (folder / "sitecustomize.py").write_text("\n".join(lines) + "\n")
    return f"{folder}:{Path(__file__).resolve().parents[1]}"
