"""``health``: whether it is well, in one sentence and an exit code, for a container's or a service manager's check."""

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.settings import Settings
    from tocsin.stores.heartbeats import Room

What = Literal["all", "worker", "crawler", "desk"]
SECONDS = 5.0
"""How long the desk may take to answer."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(
    what: Annotated[What, typer.Argument(help="All of it, or a worker, crawler or desk of this machine.")] = "all",
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Say in one sentence whether it is well; the exit code is 0, or 1 where it is not."""
    settings = settings_of(store)
    try:
        well, why = _desk(settings) if what == "desk" else _room(settings, what) if what != "all" else _all(settings)
    except UserError as error:
        well, why = False, str(error)
    print(json.dumps({"well": well, "why": why}, ensure_ascii=False) if as_json else why)
    raise typer.Exit(0 if well else 1)


def _all(settings: "Settings") -> tuple[bool, str]:
    from tocsin.condition import Watcher

    with opened(settings=settings) as (_, handle), closing(Watcher(handle, settings, SystemClock())) as watcher:
        wrong = watcher.wrong()
    return not wrong, " ".join(it.why for it in wrong) or "All is well."


def _room(settings: "Settings", what: str) -> tuple[bool, str]:
    """Whether a process of a room of this machine was heard of. The store itself is not opened."""
    from tocsin.stores.heartbeats import SILENT, rooms
    from tocsin.stores.leases import open_leases

    room = {"worker": "workers", "crawler": "spiders"}[what]
    with closing(open_leases(settings.store_url, settings.redis)) as leases:
        here = [one for one in rooms(leases) if one.room == room and one.host == socket.gethostname()]
    living = [one for one in here if not one.silent]
    if living:
        return True, f"{len(living)} {room} at work; {_heard(living)}."
    if here:
        return False, f"No {what} of this machine was heard of within {SILENT:.0f} s; {_heard(here)}."
    return False, f"No {what} of this machine was heard of."


def _heard(its: "list[Room]") -> str:
    last = min(its, key=lambda one: one.seconds)
    return f"process {last.process} was {last.seconds:.0f} s ago"


def _desk(settings: "Settings") -> tuple[bool, str]:
    import httpx

    address = f"http://127.0.0.1:{settings.desk_port}/health"
    try:
        # None of the environment's proxies: it is this machine.
        answer = httpx.get(address, timeout=SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        return False, f"The desk does not answer at {address}: {error}."
    return answer.status_code == 200, f"The desk answers with {answer.status_code}."
