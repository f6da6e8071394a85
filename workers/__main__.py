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
from tocsin.errors import Away, UserError
from tocsin.parent import when_parent_goes
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.heartbeats import Heart
from workers.sweep import oversee

if TYPE_CHECKING:
    from tocsin.stores.port import Store

IDLE_SECONDS = 0.2
AWAY_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Pauses while a server is away that the store needs; the last one repeats."""
log = structlog.get_logger()


def run(
    store: "Store",
    settings: Settings,
    clock: Clock,
    *,
    once: bool,
    stopped: Callable[[], bool],
    beat: Callable[[], object] = lambda: None,
) -> int:
    """Carry articles and deliver notices until stopped, or with ``once`` until nothing is waiting.

    ``beat`` is called whenever the loop comes round. Returns how many articles were carried.
    """
    from workers.channels import Channels, Post
    from workers.deliver import deliver_due, settle
    from workers.flow import turn
    from workers.opening import open_hall

    _read_anew(store, settings, stopped, beat)
    hall = open_hall(store, settings, clock)
    post = Post(settings.smtp, settings.url)
    channels = Channels(data_dir=settings.data_dir, allow_private=settings.allow_private, post=post)
    carried = waits = 0
    while not stopped():
        beat()
        try:
            moved = turn(hall)
            sent = deliver_due(store, channels, clock, settings.zone)
        except Away as error:
            if once:
                raise
            _wait(error, waits, stopped, beat)
            waits += 1
            continue
        waits = 0
        carried += moved
        if not moved and not sent:
            if once:
                break
            time.sleep(IDLE_SECONDS)
    settle(store, channels, clock)
    return carried


def _wait(error: Away, before: int, stopped: Callable[[], bool], beat: Callable[[], object]) -> None:
    """Wait for a server that is away: it is said once, and everybody's leases see to it that nothing is lost."""
    if not before:
        log.warning("the work rests until a server is back", error=str(error))
    end = time.monotonic() + AWAY_SECONDS[min(before, len(AWAY_SECONDS) - 1)]
    while time.monotonic() < end and not stopped():
        beat()
        time.sleep(IDLE_SECONDS)


def _read_anew(store: "Store", settings: Settings, stopped: Callable[[], bool], beat: Callable[[], object]) -> None:
    """Bring texts that an older analyser read to this one."""
    from tocsin.words import ANALYSER, Words
    from workers.reindex import reindex

    if not store.outdated_count(ANALYSER):
        return
    words = Words.open(settings.cache_dir)

    def say(done: int) -> None:
        log.info("texts are read anew", done=done)
        beat()

    brought = reindex(store, words, say, stopped)
    log.info("all texts are read by this analyser", articles=brought)


def main() -> int:
    """Read the arguments, open the store, run."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    parser.add_argument("--store", help="address of the store")
    parser.add_argument("--once", action="store_true", help="stop when nothing is waiting")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input closes")
    # What ``oversee`` starts: the Celery worker itself, with the descriptor of its pulse.
    parser.add_argument("--tasks", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, help=argparse.SUPPRESS)
    # What a supervisor gives: a descriptor that is touched as the loop comes round.
    parser.add_argument("--pulse", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.tasks is not None:
        return _tasks(arguments.store, arguments.tasks, arguments.rounds)
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
        store = open_store(settings.store_url, settings.redis)
        if arguments.once:
            run(store, settings, SystemClock(), once=True, stopped=stop.is_set)
        else:
            _go_on(store, settings, stop, arguments.pulse)
        store.close()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


def _go_on(store: "Store", settings: Settings, stop: threading.Event, pulse: int | None) -> None:
    """Work until stopped, and be heard of."""
    clock = SystemClock()
    heart = Heart.open("workers", settings, clock, pulse)
    try:
        if settings.broker:
            _read_anew(store, settings, stop.is_set, heart.beat)
            oversee(store, settings, clock, stop, heart)
        else:
            run(store, settings, clock, once=False, stopped=stop.is_set, beat=heart.beat)
    finally:
        heart.end()


def _tasks(store: str | None, pulse: int, rounds: int) -> int:
    from workers.tasks import work

    settings = settings_module.load(store=store)
    logs.configure(settings.log_level)
    return work(settings, pulse, rounds)


if __name__ == "__main__":
    sys.exit(main())
