"""``status``: what the whole of it does at this moment, as a table that is kept up to date."""

import json
import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened
from tocsin.clock import SystemClock
from tocsin.errors import Away

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from tocsin.condition import Watcher

_SHOWN = 8
"""Reasons and channels that are shown, at the most."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    once: Annotated[bool, typer.Option("--once", help="Show it once, then end.")] = False,
    every: Annotated[float, typer.Option(min=0.5, max=3600, help="Seconds until it is looked up again.")] = 2.0,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Outlets, articles on their road, lags, drops and deliveries, until Ctrl-C.

    Where the output is no terminal, the table is shown once; with --json there is a line each time.
    """
    from tocsin.condition import Watcher

    with (
        opened(store) as (settings, handle),
        closing(Watcher(handle, settings, SystemClock())) as watcher,
        # Ctrl-C is how it ends.
        suppress(KeyboardInterrupt),
    ):
        if as_json:
            _say_lines(watcher, 0.0 if once else every)
        else:
            _show_table(watcher, 0.0 if once else every)


def _say_lines(watcher: "Watcher", every: float) -> None:
    while True:
        print(json.dumps(watcher.look().told, ensure_ascii=False), flush=True)
        if not every:
            return
        time.sleep(every)


def _show_table(watcher: "Watcher", every: float) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not every or not console.is_terminal:
        console.print(_table(watcher.look().told))
        return
    with Live(_shown(watcher), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            live.update(_shown(watcher), refresh=True)


def _shown(watcher: "Watcher") -> "Table | Text":
    """The table, or why there is none just now."""
    from rich.text import Text

    try:
        return _table(watcher.look().told)
    except Away as error:
        return Text(str(error), style="red")


def _table(now: Mapping[str, Any]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False, title=f"Tocsin, {now['at']}")
    for name, value in _lines(now):
        table.add_row(Text(name, style="dim" if name.startswith(" ") else ""), Text(value))
    return table


def _lines(now: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for wrong in now["wrong"]:
        yield "Not well", wrong["why"]
    outlets = now["outlets"]
    yield "Outlets", ", ".join(f"{number:,} {name}" for name, number in outlets.items() if number) or "none is watched"
    for state, its in now["articles"].items():
        waits = its["oldest_seconds"]
        age = f", the oldest seen {_span(waits)} ago" if waits is not None else ""
        yield f"Articles {state}", f"{its['number']:,}{age}"
    yield "  held by workers", f"{now['leased']:,}"
    yield "  refused rows", f"{now['refused']:,}"
    yield "At work", ", ".join(_rooms(now["rooms"])) or "nobody was heard of"
    for queue, number in (now["messages"] or {}).items():
        yield f"  hints, {queue}", f"{number:,}"
    rates = now["per_minute"]
    yield "A minute, lately", f"{rates['seen']:,.1f} seen, {rates['ready']:,.1f} ready"
    for name, lag in now["lags"].items():
        yield f"  {name}", _spread(lag) if lag["of"] else "nothing within an hour"
    sent = now["deliveries"]
    numbers = ", ".join(f"{sent[state]:,} {state}" for state in ("delivered", "waiting", "failed"))
    yield "Alerts", f"{now['alerts']:,}; deliveries: {numbers}"
    if sent["oldest_due_seconds"] is not None:
        yield "  the oldest due", f"for {_span(sent['oldest_due_seconds'])}"
    for channel, states in list(sent["by_channel"].items())[:_SHOWN]:
        yield f"  {channel}", ", ".join(f"{number:,} {state}" for state, number in states.items() if number)
    drops = now["drops_today"]
    yield "Left out today", f"{sum(drops.values()):,}"
    for reason, number in list(drops.items())[:_SHOWN]:
        yield f"  {reason}", f"{number:,}"


def _rooms(rooms: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """How many processes of each room were heard of, and which were not for a while."""
    living = [it["room"] for it in rooms if not it["silent"]]
    for room in dict.fromkeys(living):
        yield f"{living.count(room)} {room}"
    for it in sorted(rooms, key=lambda it: it["seconds"]):
        if it["silent"]:
            yield f"{it['room']} {it['process']} on {it['host']} silent for {_span(it['seconds'])}"


def _spread(lag: Mapping[str, float]) -> str:
    return f"half within {_span(lag['p50'])}, 95 % within {_span(lag['p95'])}, of {lag['of']:,}"


def _span(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``7 min``, ``3 h``, ``5 d``; a time that is ahead has its minus."""
    for unit, size, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if abs(seconds) < size * most:
            number = seconds / size
            return f"{number:.1f} {unit}" if unit == "s" and abs(number) < 10 else f"{number:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
