"""``status``: what the whole of it does at this moment, as a table that is kept up to date."""

import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.addresses import masked
from tocsin.cli.opening import JsonOption, StoreOption, opened
from tocsin.clock import SystemClock
from tocsin.errors import Away

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from tocsin.records import Feed, Outlet
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

LAGS = timedelta(hours=1)
"""Time over which lags are told."""
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
    # Ctrl-C is how it ends.
    with opened(store) as (settings, handle), suppress(KeyboardInterrupt):
        if as_json:
            _say_lines(handle, settings, 0.0 if once else every)
        else:
            _show_table(handle, settings, 0.0 if once else every)


def _say_lines(store: "Store", settings: "Settings", every: float) -> None:
    while True:
        print(json.dumps(told(store, settings), ensure_ascii=False), flush=True)
        if not every:
            return
        time.sleep(every)


def _show_table(store: "Store", settings: "Settings", every: float) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    if not every or not console.is_terminal:
        console.print(_table(told(store, settings)))
        return
    with Live(_shown(store, settings), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            live.update(_shown(store, settings), refresh=True)


def _shown(store: "Store", settings: "Settings") -> "Table | Text":
    """The table, or why there is none just now."""
    from rich.text import Text

    try:
        return _table(told(store, settings))
    except Away as error:
        return Text(str(error), style="red")


def told(store: "Store", settings: "Settings") -> dict[str, Any]:
    """What is shown, as plain values; times as they are."""
    now = SystemClock().now()
    today = now.astimezone(settings.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    counts, traffic = store.overview(), store.traffic(now, today)
    oldest = {state: None if at is None else (now - at).total_seconds() for state, at in traffic["oldest"].items()}
    sent: dict[str, Counter[str]] = {}
    for channel, numbers in traffic["deliveries"].items():
        # Without their secrets several may look alike.
        sent.setdefault(masked(channel), Counter()).update(numbers)
    return {
        "at": now.isoformat(timespec="seconds"),
        "outlets": _health(store.outlets(active=True), store.feeds(), traffic["heard"]),
        "articles": {
            state: {"number": counts[state], "oldest_seconds": oldest.get(state)}
            for state in ("accepted", "filed", "ready", "parked")
        },
        "leased": traffic["leased"],
        "refused": traffic["refused"],
        "per_minute": traffic["per_minute"],
        "lags": store.lags(now - LAGS),
        "drops_today": traffic["drops_today"],
        "alerts": counts["alerts"],
        "deliveries": {
            **{state: counts[state] for state in ("delivered", "waiting", "failed")},
            "by_channel": sent,
        },
    }


def _health(outlets: "Iterable[Outlet]", feeds: "Iterable[Feed]", heard: Iterable[str]) -> dict[str, int]:
    """How many active outlets do well, fail in part or wholly, were never asked, and brought nothing for a day."""
    of: dict[str, list[Feed]] = {outlet.name: [] for outlet in outlets}
    for feed in feeds:
        if feed.outlet in of:
            of[feed.outlet].append(feed)
    states = {name: _state(its) for name, its in of.items()}
    numbers = {name: list(states.values()).count(name) for name in ("well", "in part", "failing", "not asked yet")}
    return {**numbers, "silent for a day": len(of.keys() - set(heard))}


def _state(feeds: "list[Feed]") -> str:
    asked = [feed for feed in feeds if feed.checked or feed.error]
    failing = sum(bool(feed.error) for feed in asked)
    if not asked:
        return "not asked yet"
    return "well" if not failing else "failing" if failing == len(asked) else "in part"


def _table(now: Mapping[str, Any]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, pad_edge=False, title=f"Tocsin, {now['at']}")
    for name, value in _lines(now):
        table.add_row(Text(name, style="dim" if name.startswith(" ") else ""), Text(value))
    return table


def _lines(now: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    outlets = now["outlets"]
    yield "Outlets", ", ".join(f"{number:,} {name}" for name, number in outlets.items() if number) or "none is watched"
    for state, its in now["articles"].items():
        waits = its["oldest_seconds"]
        age = f", the oldest seen {_span(waits)} ago" if waits is not None else ""
        yield f"Articles {state}", f"{its['number']:,}{age}"
    yield "  held by workers", f"{now['leased']:,}"
    yield "  refused rows", f"{now['refused']:,}"
    rates = now["per_minute"]
    yield "A minute, lately", f"{rates['seen']:,.1f} seen, {rates['ready']:,.1f} ready"
    for name, lag in now["lags"].items():
        yield f"  {name}", _spread(lag) if lag["of"] else "nothing within an hour"
    sent = now["deliveries"]
    numbers = ", ".join(f"{sent[state]:,} {state}" for state in ("delivered", "waiting", "failed"))
    yield "Alerts", f"{now['alerts']:,}; deliveries: {numbers}"
    for channel, states in list(sent["by_channel"].items())[:_SHOWN]:
        yield f"  {channel}", ", ".join(f"{number:,} {state}" for state, number in states.items() if number)
    drops = now["drops_today"]
    yield "Left out today", f"{sum(drops.values()):,}"
    for reason, number in list(drops.items())[:_SHOWN]:
        yield f"  {reason}", f"{number:,}"


def _spread(lag: Mapping[str, float]) -> str:
    return f"half within {_span(lag['p50'])}, 95 % within {_span(lag['p95'])}, of {lag['of']:,}"


def _span(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``7 min``, ``3 h``, ``5 d``; a time that is ahead has its minus."""
    for unit, size, most in (("s", 1, 90), ("min", 60, 90), ("h", 3600, 48)):
        if abs(seconds) < size * most:
            number = seconds / size
            return f"{number:.1f} {unit}" if unit == "s" and abs(number) < 10 else f"{number:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
