"""``python -m tocsin.desk``: the desk alone, over a store. Prints one JSON line when it can be reached."""

import argparse
import json
import signal
import sys
from contextlib import suppress

from tocsin.clock import SystemClock
from tocsin.desk.app import create_app
from tocsin.desk.probes import Probes
from tocsin.desk.serving import listen, server, url_of
from tocsin.errors import UserError
from tocsin.lists import load as load_lists
from tocsin.parent import when_parent_goes
from tocsin.query.expand import Expander
from tocsin.settings import load
from tocsin.stores import open_store
from tocsin.words import Words


def main() -> int:
    """Serve until interrupted, or with ``--with-parent`` until standard input closes."""
    # uvicorn sends the signal that ended it once more: being told to stop is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parser = argparse.ArgumentParser(prog="python -m tocsin.desk", description="The reader's desk over a store.")
    parser.add_argument("--store", help="address of the store, such as sqlite:/path/tocsin.db")
    parser.add_argument("--port", type=int, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--zone", help="zone of the times shown, such as Europe/Kyiv")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    given = parser.parse_args()
    try:
        settings = load(store=given.store, desk_port=given.port, time_zone=given.zone)
        listening = listen("127.0.0.1", settings.desk_port)
        expander = Expander(Words.open(settings.cache_dir), load_lists(settings.user_lists))
        app = create_app(
            open_store(settings.store_url, settings.redis), clock=SystemClock(), zone=settings.zone, expander=expander,
            watch=Probes(settings, SystemClock()), public=settings.url,
        )  # fmt: skip
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    running = server(app)
    if given.with_parent:
        when_parent_goes(lambda: setattr(running, "should_exit", True))
    sys.stdout.write(json.dumps({"ready": True, "url": url_of(listening)}) + "\n")
    sys.stdout.flush()
    with listening, suppress(KeyboardInterrupt):
        running.run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
