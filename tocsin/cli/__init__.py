"""The command line: the one room that may import every other, lazily, inside the command."""

import sys
from collections.abc import Sequence

import typer

from tocsin.cli import (
    articles,
    backtest,
    channels,
    copying,
    doctor,
    explaining,
    extracting,
    health,
    outlets,
    reading,
    requeue,
    running,
    status,
    subscribing,
    subscriptions,
    upkeep,
)
from tocsin.errors import UserError

app = typer.Typer(
    name="tocsin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Watches the news: crawls outlets, files every text once, and rings when a story matches what you asked for.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    running, status, health, reading, explaining, backtest, extracting, articles, upkeep, requeue, copying, doctor,
):  # fmt: skip
    room.register(app)
app.add_typer(outlets.app, name="outlets")
app.command("subscribe", context_settings={"ignore_unknown_options": True})(subscribing.subscribe)
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(channels.app, name="channels")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; without one, print the help.

    A user's mistake is one sentence on standard error and exit code 2, or 1 for a failure of the surroundings.
    """
    try:
        app(args=(sys.argv[1:] if arguments is None else arguments) or ["--help"], prog_name="tocsin")
    except UserError as error:
        print(f"tocsin: {error}", file=sys.stderr)
        sys.exit(error.code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
