"""The tasks: what a hint sets in motion. Each is a few lines over the hall, which may break off and be done twice."""

import fcntl
import os
import signal
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import structlog
from celery.signals import worker_process_init, worker_process_shutdown, worker_ready

from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.parent import when_parent_goes
from tocsin.queue import BATCH, DELIVER, INGEST, MATCH, RESTORE, TASKS, Hints, app, configured
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.leases import Leases, open_leases
from tocsin.stores.port import FingerprintsMissing, Hint
from workers.channels import Channels, Post
from workers.deliver import deliver_all
from workers.flow import Hall, restore, turn_to
from workers.opening import open_hall
from workers.sweep import MOST, tell

RESTORE_LIMIT = 6 * 3600
"""Seconds for the filling of fingerprints, which is as long as the store is large."""
RESTORE_PAUSE = 60.0
"""Seconds after which it may be asked for once more."""
DELIVER_LEASE = 25.0
"""Seconds for which one process is the one that delivers: as long as ``deliver_all`` takes at most."""
ROUND = 2.0
"""Seconds after which the main process touches the rounds again."""

log = structlog.get_logger()


class Opened(NamedTuple):
    """What a process of a worker opens once."""

    hall: Hall
    channels: Channels
    leases: Leases
    hints: Hints
    settings: Settings
    name: str


@app.task(name=INGEST)
def ingest(hints: Any) -> None:
    """Carry accepted articles to the end of the road."""
    with entered() as here:
        turn_to(here.hall, _read(hints))


@app.task(name=MATCH)
def match(hints: Any) -> None:
    """Carry on what was filed and is not ready: its worker died between the two stretches."""
    with entered() as here:
        turn_to(here.hall, _read(hints))


@app.task(name=DELIVER)
def deliver() -> None:
    """Send what is due. One does it at a time, so that a channel is asked by one, in order."""
    with entered() as here:
        if not here.leases.take(DELIVER, here.name, DELIVER_LEASE):
            return
        more = deliver_all(here.hall.store, here.channels, here.hall.clock, here.settings.zone)
        here.leases.give_back(DELIVER, here.name)
        if more or here.hall.store.deliveries_due(here.hall.clock.now(), 1):
            here.hints.deliver()


@app.task(name=RESTORE, acks_late=False, time_limit=RESTORE_LIMIT)
def fill() -> None:
    """Fill the fingerprints that were lost. Whoever came meanwhile was sent away, and is called back."""
    with entered() as here:
        if restore(here.hall):
            tell(here.hints, here.hall.store.overdue(here.hall.clock.now(), 0.0, MOST))


@contextmanager
def entered() -> Iterator[Opened]:
    """This process's things, opened if need be. What no article is at fault for is said and left to the sweeper."""
    # A lock of this process, which ends with it: who oversees the worker sees by it that something is being done.
    fcntl.lockf(app.pulse, fcntl.LOCK_EX, 1, os.getpid())
    try:
        yield _opened()
    except FingerprintsMissing:
        here = _opened()
        if not here.leases.held(RESTORE) and here.leases.take(RESTORE, here.name, RESTORE_PAUSE):
            here.hints.restore()
    except UserError as error:
        log.error("the worker cannot go on", error=str(error))  # noqa: TRY400 - the sentence says it all
    except msgspec.ValidationError as error:
        log.error("a message is not one of ours", error=str(error))  # noqa: TRY400 - it may hold anything
    finally:
        os.utime(app.pulse)
        fcntl.lockf(app.pulse, fcntl.LOCK_UN, 1, os.getpid())


def _read(hints: Any) -> Sequence[Hint]:
    return msgspec.convert(hints, list[Hint])[:BATCH]


def _opened() -> Opened:
    here: Opened | None = getattr(app, "opened", None)
    if here is None:
        here = app.opened = _open_all(app.tocsin_settings)
    return here


def _open_all(settings: Settings) -> Opened:
    clock = SystemClock()
    hints = Hints(settings, clock, working=True)
    store = open_store(settings.store_url, settings.redis)
    hall = open_hall(store, settings, clock, hints.deliver)
    post = Post(settings.smtp, settings.url)
    channels = Channels(data_dir=settings.data_dir, allow_private=settings.allow_private, post=post)
    leases = open_leases(settings.store_url, settings.redis)
    return Opened(hall, channels, leases, hints, settings, f"{socket.gethostname()}:{os.getpid()}")


@worker_process_init.connect
def _open(**_: Any) -> None:
    with entered():
        """Now rather than with the first hint."""


@worker_process_shutdown.connect
def _close(**_: Any) -> None:
    here: Opened | None = getattr(app, "opened", None)
    if here is not None:
        here.hall.store.close()
        here.leases.close()


@worker_ready.connect
def _come_round(sender: Any, **_: Any) -> None:
    sender.timer.call_repeatedly(ROUND, os.utime, (app.rounds,))


def work(settings: Settings, pulse: int, rounds: int) -> int:
    """Be a Celery worker until SIGTERM, or until standard input closes. Returns its exit code.

    ``pulse``: descriptor of a file that is locked while a task runs, and touched when it ends; ``rounds``: of one that
    the loop of this process touches as it comes round.
    """
    configured(settings, working=True)
    app.tocsin_settings, app.pulse, app.rounds = settings, pulse, rounds
    # As root a container is quiet: the danger that is told of are pickled messages, and none is accepted.
    warnings.filterwarnings("ignore", module="celery.platforms")
    worker = app.Worker(
        pool="prefork", concurrency=settings.processes, queues=[INGEST, MATCH, DELIVER], quiet=True,
        loglevel=settings.log_level.upper(), without_gossip=True, without_mingle=True, without_heartbeat=True,
    )  # fmt: skip
    for name in set(app.tasks) - TASKS:
        app.tasks.unregister(name)
    when_parent_goes(lambda: os.kill(os.getpid(), signal.SIGQUIT))
    worker.start()
    return int(worker.exitcode or 0)
