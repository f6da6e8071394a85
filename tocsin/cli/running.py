"""``up``, ``demo``, ``crawl``, ``work``: the rooms at work on this machine."""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tocsin.cli.opening import StoreOption, opened, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.cli.show import Board
    from tocsin.cli.supervise import Child
    from tocsin.records import Outlet
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

ForOption = Annotated[float | None, typer.Option("--for", min=1, help="Seconds after which it ends by itself.")]
OutletsOption = Annotated[
    Path | None, typer.Option("--outlets", help="Take these outlets first (TOML, CSV, OPML) and crawl only them.")
]
PaceOption = Annotated[float | None, typer.Option("--pace", min=0, help="Seconds between two requests to one host.")]
DEMO_QUERIES = ("conscription", "Bakhmut")
DRAIN_SECONDS = 10.0
"""What room two gets at most to finish after room one has ended."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(demo)
    app.command()(crawl)
    app.command()(work)


def up(for_: ForOption = None, outlets: OutletsOption = None, store: StoreOption = None) -> None:
    """Spiders, workers and desk on this machine, until Ctrl-C or the time is over."""
    from tocsin.cli.first_time import ask
    from tocsin.cli.show import Board
    from tocsin.cli.supervise import ends_like_ctrl_c, locked, stop_all

    settings = settings_of(store)
    with ExitStack() as stack:
        stack.enter_context(ends_like_ctrl_c())
        stack.enter_context(locked(settings.data_dir))
        _, handle = stack.enter_context(opened(settings=settings))
        _must_be_whole(handle)
        only = _take_outlets(handle, outlets)
        if not handle.outlets(active=True):
            settings = ask(handle, settings)
        board = Board(handle, settings.zone)
        _prepare_words(settings)
        environment = {"TOCSIN_DATA_DIR": str(settings.data_dir)}
        children: list[Child] = []
        stack.callback(stop_all, children)
        children.append(_spiders(settings, environment, only=only))
        children.append(_workers(settings, environment))
        children.append(desk := _desk(settings, environment))
        board.say(f"The desk: {_address_of(desk)}    (Ctrl-C ends)")
        _watch(board, children, for_)
        board.summary()


def demo(for_: ForOption = 60.0, store: StoreOption = None) -> None:
    """The whole road over a small press on loopback that publishes while you watch. No server, no account.

    Everything happens in a temporary folder, unless TOCSIN_DATA_DIR is set: then it stays, and a second demo resumes.
    """
    from tocsin.cli.show import Board
    from tocsin.cli.supervise import ends_like_ctrl_c, locked, stop_all
    from tocsin.settings import data_dir_given

    with ExitStack() as stack:
        stack.enter_context(ends_like_ctrl_c())
        kept = data_dir_given()
        folder = None if kept else Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-demo-")))
        settings = settings_of(store, folder)
        stack.enter_context(locked(settings.data_dir))
        _, handle = stack.enter_context(opened(settings=settings))
        _prepare_words(settings)
        board = Board(handle, settings.zone)
        environment = {"TOCSIN_ALLOW_PRIVATE": "127.0.0.0/8", "TOCSIN_DESK_PORT": "0"}
        environment["TOCSIN_DATA_DIR"] = str(settings.data_dir)
        children: list[Child] = []
        # Before the folder goes, whatever happens: a room that still writes there would be left behind.
        stack.callback(stop_all, children)
        outlets = _press(settings, children)
        handle.put_outlets(outlets)
        _demo_subscriptions(handle, settings)
        children.append(_workers(settings, environment))
        children.append(_spiders(settings, environment, only=[outlet.name for outlet in outlets], pace=0.2))
        children.append(desk := _desk(settings, environment))
        board.say(f"{len(outlets)} outlets publish on this machine; subscribed to {' and '.join(DEMO_QUERIES)}.")
        board.say(f"The desk: {_address_of(desk)}")
        _watch(board, children, for_)
        board.summary()
        # Whoever runs `tocsin up` on this folder next must not crawl a press that is gone.
        handle.put_outlets(msgspec.structs.replace(outlet, active=False) for outlet in outlets)
        board.say(
            "To watch real outlets:  make up" + (f"    (this demo's data stay in {settings.data_dir})" if kept else "")
        )


def crawl(
    once: Annotated[bool, typer.Option("--once", help="What is due now, then end.")] = False,
    outlets: OutletsOption = None,
    pace: PaceOption = None,
    store: StoreOption = None,
) -> None:
    """Room one alone: poll, fetch, extract and accept, for the active outlets."""
    from tocsin.cli.show import Board
    from tocsin.cli.supervise import ends_like_ctrl_c

    settings = settings_of(store)
    with ends_like_ctrl_c(), opened(settings=settings) as (_, handle):
        _must_be_whole(handle)
        only = _take_outlets(handle, outlets)
        if not handle.outlets(active=True):
            raise UserError("No outlet is watched yet: tocsin outlets enable NAME, or crawl --outlets FILE.", 1)
        board = Board(handle, settings.zone)
        _watch(board, [_spiders(settings, {}, only=only, pace=pace, once=once)], None)
        board.summary(crawl_only=True)


def work(
    once: Annotated[bool, typer.Option("--once", help="What is waiting now, then end.")] = False,
    store: StoreOption = None,
) -> None:
    """Room two alone: deduplicate, enrich, index, match, alert, deliver what was accepted."""
    from tocsin.cli.show import Board
    from tocsin.cli.supervise import ends_like_ctrl_c

    settings = settings_of(store)
    with ends_like_ctrl_c(), opened(settings=settings) as (_, handle):
        _must_be_whole(handle)
        _prepare_words(settings)
        board = Board(handle, settings.zone)
        _watch(board, [_workers(settings, {}, once=once)], None)
        board.summary()


def _must_be_whole(store: "Store") -> None:
    """Raise UserError where a copy into the store was begun: what came in beside it could not be told from its rows."""
    if store.copied_from() is not None:
        raise UserError("A copy into this store is not finished: run the same tocsin copy again, then start here.", 1)


def _take_outlets(store: "Store", path: Path | None) -> list[str]:
    if path is None:
        return []
    from spiders.outlet import read_outlets

    outlets = read_outlets(path)
    store.put_outlets(outlets)
    return [outlet.name for outlet in outlets]


def _prepare_words(settings: "Settings") -> None:
    from tocsin.dictionaries import prepare
    from tocsin.spelling import fold

    prepare(
        settings.cache_dir,
        fold,
        lambda lang: print(f"Compiling the dictionary of word forms, once on this machine: {lang}", flush=True),
    )


def _spiders(
    settings: "Settings",
    environment: dict[str, str],
    *,
    only: Sequence[str] = (),
    pace: float | None = None,
    once: bool = False,
) -> "Child":
    from tocsin.cli.supervise import Child

    arguments = ["spiders", "--store", settings.store_url, "--with-parent"]
    arguments += ["--only", ",".join(only)] if only else []
    arguments += ["--pace", str(pace)] if pace is not None else []
    return Child("spiders", [*arguments, *(["--once"] if once else [])], environment, restart=not once, rounds=not once)


def _workers(settings: "Settings", environment: dict[str, str], *, once: bool = False) -> "Child":
    from tocsin.cli.supervise import Child

    arguments = ["workers", "--store", settings.store_url, "--with-parent", *(["--once"] if once else [])]
    return Child("workers", arguments, environment, restart=not once, rounds=not once)


def _desk(settings: "Settings", environment: dict[str, str]) -> "Child":
    from tocsin.cli.supervise import Child

    port = environment.get("TOCSIN_DESK_PORT", str(settings.desk_port))
    return Child(
        "desk",
        ["tocsin.desk", "--store", settings.store_url, "--port", port, "--with-parent"],
        environment,
        restart=True,
    )


def _address_of(desk: "Child") -> str:
    """The desk's address, once it listens; a desk that cannot start ends the run with its own words."""
    from urllib.parse import urlsplit

    line = desk.first_line(30)
    if line is None:
        raise UserError("The desk did not start; see the line above, or choose another port with TOCSIN_DESK_PORT.", 1)
    address = str(json.loads(line)["url"])
    # Should it die, it comes back where the reader's browser has it open.
    _at_port(desk, urlsplit(address).port or 0)
    return address


def _at_port(child: "Child", port: int) -> None:
    place = child.arguments.index("--port") + 1
    child.arguments = (*child.arguments[:place], str(port), *child.arguments[place + 1 :])


def _press(settings: "Settings", children: "list[Child]") -> "list[Outlet]":
    """Add the press, and return its outlets: a resumed demo meets the same one, at the same addresses."""
    from tocsin.cli.supervise import Child
    from tocsin.records import Outlet

    memory = settings.data_dir / "press.json"
    known: dict[str, Any] = {"port": 0, "started": SystemClock().now().isoformat()}
    if memory.exists():
        known = json.loads(memory.read_text())
    arguments = ["tocsin.press", "--port", str(known["port"]), "--started", known["started"], "--with-parent"]
    children.append(press := Child("press", arguments, {}, restart=False))
    line = press.first_line(30)
    if line is None:
        raise UserError(
            f"The demo's press cannot listen on port {known['port']}, where its outlets were before: it is taken. "
            f"End that program, or set TOCSIN_DATA_DIR to a new folder.",
            1,
        )
    ready = json.loads(line)
    draft = memory.with_suffix(".part")
    draft.write_text(json.dumps({"port": ready["port"], "started": known["started"]}))
    draft.replace(memory)
    _at_port(press, ready["port"])
    press.restart = True
    return msgspec.convert(ready["outlets"], list[Outlet])


def _demo_subscriptions(store: "Store", settings: "Settings") -> None:
    from tocsin.cli.subscribing import by_name, make

    channels = ("stdout:", f"file:{settings.data_dir / 'alerts.jsonl'}")
    for query in DEMO_QUERIES:
        made = make(by_name(store), query, channels, None, SystemClock().now())
        if made.id not in {known.id for known in store.subscriptions()}:
            store.put_subscription(made)


def _watch(board: "Board", children: "Sequence[Child]", seconds: float | None) -> None:
    """Show what the rooms say until the time is over, Ctrl-C, or all of them have ended."""
    end = time.monotonic() + seconds if seconds else float("inf")
    try:
        with board.live():
            while (now := time.monotonic()) < end:
                _relay(board, children)
                alive = {child.name: child.alive(now) for child in children}
                if not any(running for name, running in alive.items() if name != "press"):
                    break
                board.refresh()
                time.sleep(0.1)
    except KeyboardInterrupt:
        board.say("Ending …")
    finally:
        _end(board, children)
    failed = [child for child in children if child.code not in (0, None, -15)]
    if failed and seconds is None:
        sys.stdout.flush()
        raise typer.Exit(failed[0].code if failed[0].code in (1, 2) else 1)


def _end(board: "Board", children: "Sequence[Child]") -> None:
    """Stop room one, let room two finish what it brought, stop the rest."""
    from tocsin.cli.supervise import stop_all

    stop_all([child for child in children if child.name == "spiders"])
    until = time.monotonic() + DRAIN_SECONDS
    while board.waiting() and any(child.name == "workers" and child.code is None for child in children):
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    stop_all(children)
    _relay(board, children)


def _relay(board: "Board", children: "Sequence[Child]") -> None:
    for child in children:
        for line in child.waiting_lines():
            if child.name == "workers":
                board.alert_line(line)
        for line in child.deaths():
            board.say(line)
