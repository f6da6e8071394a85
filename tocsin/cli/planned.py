"""``tocsin subscriptions plan``, ``apply`` and ``export``: alerts as code, a YAML file beside the store.

The file says all there is to say of its subscriptions: what it leaves out is as by default. Only who is paused and what
is muted stays as it is where the file is silent about it. What it does not name stays, unless it is to be pruned.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tocsin.cli.opening import StoreOption, expander_of, opened
from tocsin.cli.shown import defaults, differences, fields_of, in_one_line, without_secrets
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.records import Subscription
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

FileArgument = Annotated[Path, typer.Argument(help="YAML, as tocsin subscriptions export writes it; - is the console.")]
PruneOption = Annotated[bool, typer.Option("--prune", help="Remove the subscriptions that the file does not name.")]


class Step(NamedTuple):
    """What becomes of one subscription: made, changed, removed, or nothing."""

    before: "Subscription | None"
    after: "Subscription | None"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plan)
    app.command()(apply)
    app.command()(export)


def plan(
    file: FileArgument,
    prune: PruneOption = False,
    check: Annotated[bool, typer.Option("--check", help="Leave with code 1 where something would be done.")] = False,
    store: StoreOption = None,
) -> None:
    """What apply would do: + made, ~ changed, - removed. Nothing is changed; the exit code is 0 unless --check."""
    with opened(store) as (settings, handle):
        steps = _steps(file, handle, settings, prune=prune)
    _print(steps)
    todo = sum(step.before != step.after for step in steps)
    print(f"{_counts(steps)}.{'' if not todo else ' Do it: tocsin subscriptions apply.'}")
    if check and todo:
        raise typer.Exit(1)


def apply(file: FileArgument, prune: PruneOption = False, store: StoreOption = None) -> None:
    """Make the subscriptions what the file says: all of it or, where anything in it is wrong, nothing.

    Doing it twice is doing it once. What was told before stays told.
    """
    with opened(store) as (settings, handle):
        steps = _steps(file, handle, settings, prune=prune)
        anew = [step.after for step in steps if step.after is not None and step.after != step.before]
        if anew:
            handle.put_subscriptions(anew)
        for step in steps:
            if step.after is None and step.before is not None:
                handle.remove_subscription(step.before.id)
    _print(steps)
    print(f"Applied: {_counts(steps)}.")


def export(
    file: Annotated[Path, typer.Argument(help="Where to write them; - is standard output.")] = Path("-"),
    store: StoreOption = None,
) -> None:
    """All subscriptions as YAML for plan and apply. Channels stand there whole: keep the file to yourself."""
    from tocsin.cli.plainyaml import written

    with opened(store) as (_, handle):
        found = sorted(handle.subscriptions(), key=lambda it: it.name)
    text = written({"subscriptions": [_entry(it) for it in found]})
    if str(file) == "-":
        sys.stdout.write(text)
        return
    try:
        file.touch(mode=0o600)
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}.", 1) from error
    print(f"Written: {len(found)} subscription{'' if len(found) == 1 else 's'} to {file}.")


def _entry(subscription: "Subscription") -> dict[str, Any]:
    from tocsin.records import derived_id

    fresh, plain = defaults(), subscription.to_dict()
    entry = {
        field: plain[field]
        for field, value in fields_of(subscription)
        if field in ("name", "query", "channels", "zone") or value != fresh[field]
    }
    first = derived_id("subscription", subscription.name) == subscription.id
    return ({} if first else {"id": subscription.id}) | entry


def _steps(file: Path, store: "Store", settings: "Settings", *, prune: bool) -> list[Step]:
    from tocsin.cli.planfile import wanted

    known = store.subscriptions()
    asked = wanted(file, known, settings.time_zone, expander_of(settings), settings, SystemClock().now())
    standing = {it.id: it for it in known}
    steps = [Step(standing.get(it.id), it) for it in asked]
    named = {it.id for it in asked}
    return steps + [Step(it, None if prune else it) for it in known if it.id not in named]


def _print(steps: Sequence[Step]) -> None:
    from tocsin.messages import plain
    from tocsin.subscriptions import State

    for before, after in steps:
        if before is None and after is not None:
            print(f"+ {in_one_line(after, State('paused' if after.paused else 'active'))}")
        elif before is not None and after is None:
            print(f"- {plain(before.name)}: {plain(before.query)} → {', '.join(without_secrets(before).channels)}")
        elif before is not None and after is not None and before != after:
            print(f"~ {plain(before.name)}")
            for line in differences(before, after):
                print(f"    {line}")


def _counts(steps: Sequence[Step]) -> str:
    made = sum(step.before is None for step in steps)
    gone = sum(step.after is None for step in steps)
    same = sum(step.before == step.after for step in steps)
    return f"{made} made, {len(steps) - made - gone - same} changed, {gone} removed, {same} as they were"
