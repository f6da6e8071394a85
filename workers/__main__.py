"""``python -m workers``: room two as a process of its own."""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from tocsin import logs
from tocsin import settings as settings_module
from tocsin.clock import Clock, SystemClock
from tocsin.errors import UserError
from tocsin.parent import when_parent_goes
from tocsin.settings import Settings
from tocsin.stores import open_store

if TYPE_CHECKING:
    from tocsin.stores.sqlite import SqliteStore

IDLE_SECONDS = 0.2
log = structlog.get_logger()


def run(store: "SqliteStore", settings: Settings, clock: Clock, *, once: bool, stopped: Callable[[], bool]) -> int:
    """Carry articles and deliver notices until stopped, or with ``once`` until nothing is waiting.

    Returns how many articles were carried.
    """
    from tocsin.lists import load
    from tocsin.query.expand import Expander
    from tocsin.words import Words
    from workers.alert import RuleBook
    from workers.channels import Channels
    from workers.deliver import deliver_due, settle
    from workers.enrich import Enricher
    from workers.flow import Hall, turn
    from workers.reindex import reindex

    words = Words.open(settings.cache_dir)
    lists = load(settings.user_lists)
    expander = Expander(words, lists)
    if brought := reindex(store, words, lambda done: log.info("texts are read anew", done=done), stopped):
        log.info("all texts are read by this analyser", articles=brought)
    hall = Hall(store, clock, Enricher(words, expander, lists), RuleBook(store, expander))
    channels = Channels(data_dir=settings.data_dir, allow_private=settings.allow_private)
    carried = 0
    while not stopped():
        moved = turn(hall)
        sent = deliver_due(store, channels, clock, settings.zone)
        carried += moved
        if not moved and not sent:
            if once:
                break
            time.sleep(IDLE_SECONDS)
    settle(store, channels, clock)
    return carried


def main() -> int:
    """Read the arguments, open the store, run."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--store", help="address of the store")
    parser.add_argument("--once", action="store_true", help="stop when nothing is waiting")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    arguments = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if arguments.with_parent:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        when_parent_goes(stop.set)
    else:
        signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        settings = settings_module.load(store=arguments.store)
        logs.configure(settings.log_level)
        store = open_store(settings.store_url)
        run(store, settings, SystemClock(), once=arguments.once, stopped=stop.is_set)
        store.close()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
