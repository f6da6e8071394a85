"""``tocsin channels``: the ways out to a reader, and a message to try one with."""

import json
import sys
from typing import Annotated

import typer

from tocsin.cli.opening import JsonOption, settings_of
from tocsin.errors import UserError

app = typer.Typer(no_args_is_help=True, help="The ways out to a reader: which there are, and a message to try one.")


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """The kinds of channels, by the form of their address (docs/channels.md)."""
    from workers.channels.kinds import KINDS

    for kind in KINDS:
        if as_json:
            print(json.dumps({"kind": kind.name, "form": kind.form, "about": kind.about}, ensure_ascii=False))
        else:
            print(f"{kind.form:42}  {kind.about}")


@app.command("test")
def try_(
    address: Annotated[str, typer.Argument(help="The channel, as it would stand after --to; secrets as ${NAME}.")],
    as_json: JsonOption = False,
) -> None:
    """Send a message to a channel and say what happened; exit code 1 where it did not go out.

    Nothing is stored, and nothing is tried again.
    """
    from tocsin.addresses import masked
    from workers.channels import Channels, Later, Post, Refused, check_channel

    settings = settings_of()
    check_channel(address, data_dir=settings.data_dir)
    post = Post(settings.smtp, settings.url)
    channels = Channels(data_dir=settings.data_dir, allow_private=settings.allow_private, post=post)
    state, reason = "delivered", ""
    try:
        channels.test(address)
    except UserError as error:
        state, reason = "failed", str(error)
    except Refused as answer:
        state, reason = "failed", answer.reason
    except Later as answer:
        state, reason = "waiting", answer.reason
    if as_json:
        print(json.dumps({"channel": masked(address), "state": state, "error": reason}, ensure_ascii=False))
    elif state == "delivered":
        print(f"Sent: {masked(address)} took the message.", file=sys.stderr if address == "stdout:" else sys.stdout)
    else:
        again = " An alert would be tried again." if state == "waiting" else ""
        print(f"tocsin: {reason}{again}", file=sys.stderr)
    if reason:
        raise typer.Exit(1)
