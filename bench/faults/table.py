"""The table: a row for each fault, printed as it goes and whole at the end, and what of it breaks a promise."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

MEMORY = 600.0
"""MB that a process may hold at most."""
_HEADS = (
    "fault", "store", "points", "articles", "lost", "doubled", "parked", "alerts", "missing", "told twice", "repeats",
    "recovery s", "asked", "peak MB", "seconds", "seed",
)  # fmt: skip
_WIDTHS = (34, 14, 6, 8, 5, 7, 6, 6, 7, 10, 7, 10, 5, 7, 7, 5)


class Found(NamedTuple):
    """What a run left behind."""

    articles: int = 0
    lost: int = 0
    """Addresses of the source's list that are neither ready nor left out with a reason."""
    doubled: int = 0
    """Addresses that stand twice with the same text, and ids that do."""
    parked: int = 0
    alerts: int = 0
    """Pairs of a subscription and a story that have to be told."""
    missing: int = 0
    """Of these, those that the receiver was never told of."""
    twice: int = 0
    """Of these, those that came under two ids or more, or whose id stands for two."""
    repeats: int = 0
    """Requests that repeat an id: allowed, the receiver knows them by it."""


class Row(NamedTuple):
    """One fault."""

    fault: str
    store: str
    points: int
    found: Found
    recovery: float = 0.0
    """Seconds from the end of the fault until everything accepted before was ready and told: the longest."""
    asked: float = 60.0
    """What it may be at most; 0: no recovery is measured."""
    peak: float = 0.0
    """MB of the largest process."""
    seconds: float = 0.0
    seed: int = 0
    wrong: tuple[str, ...] = ()
    """What else is broken, in words."""
    may_park: int = 0
    """Articles that are to be parked."""
    at_least: int = 1
    """Points that there have to be."""

    def broken(self) -> Iterator[str]:
        """Which promises it breaks."""
        found = self.found
        for name, count in (
            ("articles are lost", found.lost), ("articles stand twice", found.doubled),
            ("alerts are missing", found.missing), ("alerts came under several ids", found.twice),
        ):  # fmt: skip
            if count:
                yield f"{count} {name}"
        if found.parked != self.may_park:
            yield f"{found.parked} articles are parked and not {self.may_park}"
        if self.points < self.at_least:
            yield f"it was done {self.points} times and not {self.at_least}"
        if not found.articles or not found.alerts:
            yield "nothing flowed: it proves nothing"
        if self.asked and self.recovery > self.asked:
            yield f"recovery took {self.recovery:.0f} s"
        if self.peak > MEMORY:
            yield f"a process held {self.peak:.0f} MB"
        yield from self.wrong

    def line(self) -> str:
        """As it is printed."""
        it = self.found
        asked = f"{self.asked:.0f}" if self.asked else "-"
        recovery = f"{self.recovery:.1f}" if self.asked else "-"
        cells = (
            self.fault, self.store, self.points, it.articles, it.lost, it.doubled, it.parked, it.alerts, it.missing,
            it.twice, it.repeats, recovery, asked, f"{self.peak:.0f}", f"{self.seconds:.0f}", self.seed,
        )  # fmt: skip
        return _line(tuple(map(str, cells))) + ("   BROKEN" if any(self.broken()) else "")


def _line(cells: Sequence[str]) -> str:
    first = "  ".join(cell.ljust(width) for cell, width in zip(cells[:2], _WIDTHS[:2], strict=True))
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[2:], _WIDTHS[2:], strict=True))])


def head() -> str:
    """The names of the columns."""
    return _line(_HEADS)


def whole(rows: Sequence[Row]) -> int:
    """Print all rows and what is broken; 1 where anything is."""
    print()
    print(head())
    for row in rows:
        print(row.line())
    broken = [(row, reason) for row in rows for reason in row.broken()]
    for row, reason in broken:
        print(f"BROKEN: {row.fault}, {row.store}: {reason}")
    print("every promise holds" if rows and not broken else f"{len(broken)} broken")
    return int(not rows or bool(broken))
