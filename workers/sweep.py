"""The sweeper: what nobody carries gets a hint anew. And the Celery worker beside it, which is kept running.

The store is asked, not the queue: messages may be lost, come twice, or wait at a broker that is down.
"""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import structlog

from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.settings import Settings
from tocsin.stores.leases import Leases, open_leases
from tocsin.stores.port import RoadStore

if TYPE_CHECKING:
    from tocsin.queue import Hints

BEAT = 2.0
"""Seconds between two looks."""
BEAT_LEASE = 10.0
"""Seconds after which another sweeper takes over from one that is not heard of any more."""
GRACE = 10.0
"""Seconds that an accepted article may wait while no message does: then its hint was lost."""
PATIENCE = 120.0
"""Seconds that it may wait while messages do: they are on their way, and the hint most likely with them."""
MOST = 2_000
"""Articles that get a hint at a time."""
STOP_SECONDS = 6.0
"""What tasks have to end after a stop was asked for; what they held comes back when its lease is over."""
STEADY = 60.0
"""A worker that ran for so many seconds starts anew at once; one that died sooner waits longer each time."""

log = structlog.get_logger()


class Sweeper:
    """Looks for what is overdue, for as long as it holds the lease: two of them do the work of one."""

    def __init__(self, store: RoadStore, leases: Leases, hints: "Hints", clock: Clock) -> None:
        self._store, self._leases, self._hints, self._clock = store, leases, hints, clock
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._hinted: dict[str, float] = {}
        """Articles that got a hint from here, and until when (monotonic) they are not given another."""

    def beat(self) -> int:
        """One look. Returns how many articles got a hint."""
        if not self._leases.take("beat", self._owner, BEAT_LEASE):
            return 0
        waiting = self._hints.waiting()
        if waiting is None:
            return 0
        if not waiting["deliver"] and self._store.deliveries_due(self._clock.now(), 1):
            self._hints.deliver()
        return self._sweep(PATIENCE if waiting["ingest"] or waiting["match"] else GRACE)

    def _sweep(self, grace: float) -> int:
        now = self._clock.monotonic()
        self._hinted = {name: until for name, until in self._hinted.items() if until > now}
        found = self._store.overdue(self._clock.now(), grace, MOST)
        lost = [(hint, state) for hint, state in found if hint.article not in self._hinted]
        self._hints.overdue([hint for hint, state in lost if state == "accepted"], "ingest")
        self._hints.overdue([hint for hint, state in lost if state == "filed"], "match")
        self._hinted |= {hint.article: now + grace for hint, _ in lost}
        if lost:
            log.info("articles that nobody carried got a hint anew", articles=len(lost))
        return len(lost)

    def end(self) -> None:
        """Let another one take over at once."""
        self._leases.give_back("beat", self._owner)


def oversee(store: RoadStore, settings: Settings, clock: Clock, stop: threading.Event) -> None:
    """Keep a Celery worker running and sweep, until stopped. Raises UserError where Celery is not installed."""
    try:
        from tocsin.queue import Hints
    except ModuleNotFoundError as error:
        raise UserError(
            "TOCSIN_BROKER needs further packages: install tocsin with its extra, pip install 'tocsin[distributed]'."
        ) from error
    leases = open_leases(settings.store_url, settings.redis)
    sweeper = Sweeper(store, leases, Hints(settings, clock), clock)
    worker = Worker([sys.executable, "-m", "workers", "--store", settings.store_url, "--tasks"], clock)
    try:
        while not stop.wait(BEAT):
            worker.see_to_it()
            try:
                sweeper.beat()
            except UserError as error:
                log.error("the sweeper cannot go on for now", error=str(error))  # noqa: TRY400 - it says it all
    finally:
        worker.stop()
        with contextlib.suppress(UserError):
            sweeper.end()
        leases.close()


class Worker:
    """The Celery worker: a process with children of its own, in a group of its own.

    It may end whenever its Redis does. When this process is killed, a closed pipe tells it.
    """

    def __init__(self, command: list[str], clock: Clock) -> None:
        self._command, self._clock = command, clock
        self._deaths = 0
        self._start_at = 0.0
        self._start()

    def _start(self) -> None:
        self._started = self._clock.monotonic()
        self._start_at = 0.0
        # Ctrl-C on a terminal is for whoever started us: what was accepted is still to be carried.
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - ours

    def see_to_it(self) -> None:
        """Start it anew if it has ended."""
        now = self._clock.monotonic()
        if self._process.poll() is None:
            return
        if not self._start_at:
            self._deaths = 0 if now - self._started > STEADY else self._deaths + 1
            self._start_at = now + min(30.0, 2.0**self._deaths - 1.0)
            log.warning("the Celery worker ended and is started anew", code=self._process.returncode)
        if now >= self._start_at:
            self._close()
            self._start()

    def stop(self) -> None:
        """Let its tasks end, and then it; after ``STOP_SECONDS`` it is killed with all of its children."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
