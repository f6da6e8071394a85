"""``requeue``: what was put aside takes its road again, after a fix."""

import json
import sys
from typing import Annotated

import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened
from tocsin.clock import SystemClock


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(requeue)


def requeue(
    reason: Annotated[str, typer.Option(help="Only what was put aside for a reason that has this in it.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what lies aside, and why.")] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Take up parked articles again as if they were fresh, and write rows again that the server had refused.

    tocsin why tells of it in the history of each address.
    """
    with opened(store) as (_, handle):
        found = handle.requeue(reason, SystemClock().now(), dry_run=dry_run)
    if as_json:
        print(json.dumps(found._asdict() | {"dry_run": dry_run}, ensure_ascii=False))
        return
    verb = "Would take up" if dry_run else "Took up"
    print(f"{verb} {sum(found.parked.values())} parked articles and {sum(found.refused.values())} refused rows.")
    for what, reasons in (("parked", found.parked), ("refused", found.refused)):
        for why, number in reasons.items():
            print(f"{number:7}  {what}: {why}")
    if found.again:
        print(f"{found.again} rows were refused once more, and stay where they were.", file=sys.stderr)
        raise typer.Exit(1)
