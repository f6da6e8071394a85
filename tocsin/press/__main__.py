"""``python -m tocsin.press``: serves the press until it is told to stop."""

import argparse
import json
import signal
import sys
import threading
from datetime import UTC, datetime

from tocsin.errors import UserError
from tocsin.parent import when_parent_goes
from tocsin.press.server import open_press


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tocsin.press", description="The demo's press on loopback.")
    parser.add_argument("--port", type=int, default=0, help="port of all outlets; 0 takes a free one")
    parser.add_argument("--started", type=_moment, default=None, metavar="ISO", help="start moment; default: now")
    parser.add_argument("--seed", type=int, default=1, help="another seed writes other stories")
    parser.add_argument("--speed", type=float, default=1.0, help="how much faster than by the second stories come")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    given = parser.parse_args(argv)
    if not 0 <= given.port < 65_536 or given.speed <= 0:
        parser.error("--port must lie between 0 and 65535, --speed above 0")
    return given


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGINT, SIGTERM or, with ``--with-parent``, the end of standard input.

    Prints one JSON line when it listens. Returns 0, or 1 where the port cannot be had (the reason on standard error).
    """
    given = _arguments(argv)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    try:
        press = open_press(port=given.port, started=given.started, seed=given.seed, speed=given.speed)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    with press:
        ready = {
            "ready": True, "port": press.port, "started": press.started.isoformat(),
            "outlets": [outlet.to_dict() for outlet in press.outlets],
        }  # fmt: skip
        sys.stdout.write(json.dumps(ready, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        if given.with_parent:
            when_parent_goes(over.set)
        over.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
