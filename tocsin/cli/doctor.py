"""``doctor``: whether settings, folders, servers and dictionaries are as they should be, and what to do."""

import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.settings import Settings
    from tocsin.stores.upkeep import Finding

PATIENCE = 9.0
"""Seconds that servers may take for all that they are asked."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """Check settings, folders, store, servers and dictionaries, and say what to do about what is wrong.

    Each line is ok, a note, or bad: then something is lost or stands still, and the exit code is 1.
    """
    failed = False
    for finding in _findings(settings_of(store)):
        failed = failed or finding.state == "bad"
        if as_json:
            told = {"check": finding.name, "state": finding.state, "detail": finding.detail}
            print(json.dumps(told, ensure_ascii=False), flush=True)
        else:
            print(f"{finding.state:4}  {finding.name:13} {finding.detail}", flush=True)
    raise typer.Exit(1 if failed else 0)


def _findings(settings: "Settings") -> "Iterator[Finding]":
    """All findings; the servers are asked at once while the rest is looked at."""
    from tocsin.stores.upkeep import Finding

    until = time.monotonic() + PATIENCE
    servers = {name: _Asked(ask) for name, ask in _servers(settings).items()}
    yield Finding("python", "ok", f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    looks: dict[str, Callable[[], Iterable[Finding]]] = {
        "data folder": lambda: _folder(settings),
        **{name: partial(asked.told, until) for name, asked in servers.items()},
        "dictionaries": lambda: _dictionaries(settings),
        "contact": lambda: _contact(settings),
    }
    for name, look in looks.items():
        try:
            yield from look()
        except UserError as error:
            yield Finding(name, "bad", str(error))


class _Asked:
    """A server that is being asked, in a thread of its own: whoever cannot reach it must not wait for it."""

    def __init__(self, ask: "Callable[[], list[Finding]]") -> None:
        self._ask = ask
        self._told: list[Finding] = []
        self._wrong: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._told = self._ask()
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            self._wrong = error

    def told(self, until: float) -> "list[Finding]":
        """What it told. Raises UserError where it has not answered until then, in monotonic seconds."""
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            raise UserError("It does not answer in time. Is it overloaded, or is there a firewall between?")
        if self._wrong:
            raise self._wrong
        return self._told


def _folder(settings: "Settings") -> "Iterator[Finding]":
    from tocsin.stores.upkeep import Finding

    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 2**30
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; set TOCSIN_DATA_DIR to a folder that can be written.") from error
    if not os.access(folder, os.W_OK):
        raise UserError(f"{folder} cannot be written; set TOCSIN_DATA_DIR to a folder that can.")
    if free < 1:
        raise UserError(f"only {free:.1f} GiB are free under {folder}; make room or move TOCSIN_DATA_DIR.")
    yield Finding("data folder", "ok", f"{folder}, {free:.0f} GiB free")


def _of_store(settings: "Settings") -> "list[Finding]":
    from tocsin.stores.upkeep import Finding

    with opened(settings=settings) as (_, handle):
        found = handle.examine(SystemClock().now())
        counts, active = handle.overview(), len(handle.outlets(active=True))
    waiting = counts["accepted"] + counts["filed"]
    found.append(Finding("articles", "ok", f"{counts['ready']} ready, {waiting} on their way"))
    if counts["parked"]:
        what = f"{counts['parked']} lie aside: see tocsin requeue --dry-run for the reasons"
        found.append(Finding("parked", "note", what))
    watched = Finding("outlets", "ok", f"{active} watched")
    if not active:
        what = "no outlet is watched; see tocsin outlets list --catalogue, then tocsin outlets enable NAME …"
        watched = Finding("outlets", "note", what)
    return [*found, watched]


def _servers(settings: "Settings") -> "dict[str, Callable[[], list[Finding]]]":
    """What is asked of the store and of each Redis."""
    asked: dict[str, Callable[[], list[Finding]]] = {"store": lambda: _of_store(settings)}
    # A store in a file finds copies itself.
    if settings.redis and not settings.store_url.startswith("sqlite:"):
        asked["redis"] = lambda: _of_fingerprints(settings)
    if settings.broker:
        asked["broker"] = lambda: _of_broker(settings)
    return asked


def _of_fingerprints(settings: "Settings") -> "list[Finding]":
    from tocsin.stores.leases import prefix_of
    from tocsin.stores.redis_health import examine_fingerprints

    return examine_fingerprints(settings.redis, prefix_of(settings.store_url))


def _of_broker(settings: "Settings") -> "list[Finding]":
    try:
        from tocsin.stores.redis_health import examine_broker
    except ModuleNotFoundError as error:
        raise UserError("Celery needs further packages: pip install 'tocsin[distributed]'.") from error
    return examine_broker(settings.broker)


def _dictionaries(settings: "Settings") -> "Iterator[Finding]":
    from tocsin.dictionaries import prepare
    from tocsin.spelling import fold
    from tocsin.stores.upkeep import Finding

    files = prepare(settings.cache_dir, fold)
    yield Finding("dictionaries", "ok", f"{', '.join(files)} in {settings.cache_dir}")


def _contact(settings: "Settings") -> "Iterator[Finding]":
    from tocsin.stores.upkeep import Finding

    if settings.contact:
        yield Finding("contact", "ok", settings.contact)
    else:
        what = "nobody is named in the user agent; set TOCSIN_CONTACT to an address where an outlet can complain"
        yield Finding("contact", "note", what)
