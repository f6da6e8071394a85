"""``tocsin subscribe`` and ``tocsin subscriptions``: who is told of what."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from tocsin.cli.explaining import tell_remarks
from tocsin.cli.opening import JsonOption, StoreOption, expander_of, opened
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.ast import Query
    from tocsin.records import Subscription
    from tocsin.stores.port import Store

app = typer.Typer(no_args_is_help=True, help="The subscriptions: list, pause, resume, remove.")

NameArgument = Annotated[str, typer.Argument(help="Name of the subscription.")]


def subscribe(
    query: Annotated[str, typer.Argument(help="As in tocsin search: what a text must meet.")],
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help="Channel: stdout:, file:alerts.jsonl or https://host/hook. May be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="How alerts name it; otherwise the query itself.")] = None,
    store: StoreOption = None,
) -> None:
    """Be told of every story that meets a query, from now on. Without --to: where `tocsin up` runs."""
    with opened(store) as (settings, handle):
        made = make(handle, query, tuple(to or ["stdout:"]), name, SystemClock().now())
        expander_of(settings).read(query)
        _check_channels(made.channels, settings.data_dir)
        handle.put_subscription(made)
    tell_remarks(query)
    told = ", ".join(_placed(channel, settings.data_dir) for channel in _masked(made.channels))
    print(f"Subscribed: {made.name} → {told}. It applies to every article filed from now on.")


def make(store: "Store", query: str, channels: tuple[str, ...], name: str | None, now: datetime) -> "Subscription":
    """A subscription that may be stored: its query demands something, its name is free or its own.

    Raises UserError otherwise.
    """
    from tocsin.query.ast import demands_something
    from tocsin.records import Subscription, derived_id

    tree = _tree(query)
    if not demands_something(tree):
        raise UserError(
            f"The query {query!r} only says what must not be there: nearly every article would ring. Add a word."
        )
    wanted = name or query
    made = Subscription(
        id=derived_id("subscription", wanted), name=wanted, query=str(tree), channels=channels, created=now
    )
    known = {subscription.name: subscription for subscription in store.subscriptions()}.get(wanted)
    if known and (known.query, known.channels) != (made.query, made.channels):
        raise UserError(
            f"There is a subscription named {wanted!r} already, with another query or channel; choose another --name."
        )
    return known or made


def _tree(query: str) -> "Query":
    from tocsin.query.parse import parse

    return parse(query)


def _check_channels(channels: tuple[str, ...], data_dir: Path) -> None:
    from workers.channels import check_channel

    for channel in channels:
        check_channel(channel, data_dir=data_dir)


def _placed(channel: str, data_dir: Path) -> str:
    """A file's address with its folder: a relative one lies in the data folder."""
    scheme, _, path = channel.partition(":")
    return f"file:{data_dir / path}" if scheme == "file" and not path.startswith(("/", "~", "$")) else channel


def _masked(channels: tuple[str, ...]) -> list[str]:
    from tocsin.addresses import masked

    return [masked(channel) for channel in channels]


@app.command("list")
def list_(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """All subscriptions."""
    with opened(store) as (_, handle):
        found = handle.subscriptions()
    for subscription in found:
        shown = msgspec.structs.replace(subscription, channels=tuple(_masked(subscription.channels)))
        if as_json:
            sys.stdout.write(shown.to_json().decode() + "\n")
        else:
            paused = " (paused)" if shown.paused else ""
            print(f"{shown.name}{paused}: {shown.query} → {', '.join(shown.channels)}")
    if not found and not as_json:
        print("No subscription yet. Make one: tocsin subscribe Bakhmut")


@app.command()
def pause(name: NameArgument, store: StoreOption = None) -> None:
    """Let a subscription rest; what comes meanwhile is not told later."""
    _set_paused(name, store, paused=True)


@app.command()
def resume(name: NameArgument, store: StoreOption = None) -> None:
    """Wake a paused subscription."""
    _set_paused(name, store, paused=False)


@app.command()
def remove(name: NameArgument, store: StoreOption = None) -> None:
    """End a subscription; its alerts stay."""
    with opened(store) as (_, handle):
        handle.remove_subscription(_named(handle, name).id)
    print(f"Removed: {name}.")


def _set_paused(name: str, store: str | None, *, paused: bool) -> None:
    with opened(store) as (_, handle):
        handle.put_subscription(msgspec.structs.replace(_named(handle, name), paused=paused))
    print(f"{'Paused' if paused else 'Resumed'}: {name}.")


def _named(store: "Store", name: str) -> "Subscription":
    for subscription in store.subscriptions():
        if name in (subscription.name, subscription.id):
            return subscription
    raise UserError(f"There is no subscription named {name!r}. See: tocsin subscriptions list.")
