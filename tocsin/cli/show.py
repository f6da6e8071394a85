"""What a person sees while the rooms work: alerts as they come, a line of counts below, a table at the end."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tocsin.clock import SystemClock

if TYPE_CHECKING:
    from tocsin.stores.port import Store

PLAIN_SECONDS = 5.0
"""Between two lines of counts where the output is no terminal."""

_STYLES = {1: "bold magenta", 2: "bold", 3: "blue"}
"""The first three lines of an alert."""
_MARKED = re.compile(r"\*\*(.+?)\*\*")


class Board:
    """The terminal of one run."""

    def __init__(self, store: "Store", zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._console = Console(highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._started = time.monotonic()
        self._shown = 0.0
        self._place = 0
        self._first_alert = 0.0
        self._troubles: dict[str, str] = {}

    def say(self, line: str) -> None:
        """One line to the reader."""
        self._console.print(Text(line))

    def alert_line(self, line: str) -> None:
        """One line of an alert, as the stdout channel printed it: who rings, title, address, words, times."""
        self._first_alert = self._first_alert or time.monotonic()
        if not self._console.is_terminal:
            self._console.print(Text(line))
            return
        self._place = self._place + 1 if line else 0
        text = Text(line, style=_STYLES.get(self._place, "dim" if "→" in line else ""))
        for mark in reversed(list(_MARKED.finditer(line))):
            text.stylize("bold yellow", *mark.span(1))
            text = text[: mark.start()] + text[slice(*mark.span(1))] + text[mark.end() :]
        self._console.print(text)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep a line of counts at the bottom of a terminal; elsewhere print one every few seconds."""
        if not self._console.is_terminal:
            yield
            return
        with Live(Text(""), console=self._console, refresh_per_second=4, transient=True) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def refresh(self) -> None:
        """Show the counts anew, where it is time."""
        now = time.monotonic()
        if now - self._shown < (0.5 if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        self._say_troubles()
        line = self._line(self._store.overview())
        if self._live:
            self._live.update(Text(line, style="cyan"))
        else:
            self._console.print(Text(line))

    def _say_troubles(self) -> None:
        """Say once of each outlet that it cannot be reached and why, and once that it answers again."""
        troubles = {feed.outlet: feed for feed in reversed(self._store.troubled_feeds())}
        for outlet, feed in troubles.items():
            if self._troubles.get(outlet) != feed.error:
                again = f"; next try {feed.due.astimezone(self._zone):%H:%M:%S}" if feed.due else ""
                self._console.print(Text(f"{outlet}: {feed.url}: {feed.error}{again}", style="red"))
        for outlet in self._troubles.keys() - troubles.keys():
            self._console.print(Text(f"{outlet} answers again", style="green"))
        self._troubles = {outlet: feed.error for outlet, feed in troubles.items()}

    def _line(self, counts: dict[str, Any]) -> str:
        seconds = int(time.monotonic() - self._started)
        dropped = ", ".join(f"{number} {reason}" for reason, number in list(counts["drops"].items())[:4])
        return (
            f"{seconds // 60:02}:{seconds % 60:02}  {counts['outlets']} outlets · {counts['pages']} pages · "
            f"{counts['ready']} articles ({counts['texts']} texts, {counts['copies']} copies, "
            f"{counts['versions']} versions) · "
            f"{counts['accepted'] + counts['filed']} on their way · {counts['alerts']} alerts"
            + (f" · left out: {dropped}" if dropped else "")
        )

    def waiting(self) -> int:
        """Articles that room two has not finished, and deliveries whose time has come."""
        counts = self._store.overview()
        due = self._store.deliveries_due(SystemClock().now(), 100)
        return int(counts["accepted"] + counts["filed"]) + len(due)

    def summary(self, *, crawl_only: bool = False) -> None:
        """The table at the end."""
        counts = self._store.overview()
        table = Table(show_header=False, box=None, pad_edge=False)
        rows: list[tuple[str, Any]] = [
            ("Outlets", counts["outlets"]),
            ("Pages fetched", counts["pages"]),
            ("Articles accepted", counts["accepted"] + counts["filed"] + counts["ready"] + counts["parked"]),
        ]
        if not crawl_only:
            rows += [
                ("Articles ready", f"{counts['ready']} ({counts['accepted'] + counts['filed']} still on their way)"),
                ("Texts", f"{counts['texts']} texts, {counts['copies']} copies, {counts['versions']} later versions"),
                ("Alerts", f"{counts['alerts']} alerts, {counts['delivered']} deliveries, {counts['waiting']} waiting"),
            ]
            rows += [(f"  {name}", line) for name, line in self._by_subscription()]
        if self._first_alert:
            rows.append(("First alert", f"{self._first_alert - self._started:.1f} s after the start"))
        rows += [(f"Left out: {reason}", number) for reason, number in counts["drops"].items()]
        for name, value in rows:
            table.add_row(Text(name), Text(str(value)))
        self._console.print()
        self._console.print(table)

    def _by_subscription(self) -> Iterator[tuple[str, str]]:
        names = {subscription.id: subscription.name for subscription in self._store.subscriptions()}
        told = self._store.told()
        for identity, name in names.items():
            stories, copies = told.get(identity, (0, 0))
            yield name, f"{stories} stories told once each, {copies} copies counted"
