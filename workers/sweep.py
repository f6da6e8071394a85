"""The sweeper: what nobody carries gets a hint anew. And the Celery worker beside it, which is kept running.

The store is asked, not the queue: messages may be lost, come twice, or wait at a broker that is down.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from tocsin import logs
from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.settings import Settings
from tocsin.stores.heartbeats import Heart
from tocsin.stores.leases import Leases, open_leases
from tocsin.stores.port import Hint, RoadStore

if TYPE_CHECKING:
    from tocsin.queue import Hints

BEAT = 2.0
"""Seconds between two looks."""
BEAT_LEASE = 10.0
"""Seconds after which another sweeper takes over from one that is not heard of any more."""
GRACE = 10.0
"""Seconds that an accepted article may wait while no message does: then its hint was lost."""
PATIENCE = 50.0
"""Seconds that it may wait while messages do: they are on their way, and the hint most likely with them."""
AGAIN = 20.0
"""Seconds after which what a dead worker held gets another hint: the one before may have died with another worker."""
NEVER = 100 * 365 * 86_400.0
"""A grace in seconds that nothing has waited for: what is overdue then was held by a worker and is no more."""
MOST = 2_000
"""Articles that get a hint at a time."""
STOP_SECONDS = 6.0
"""What tasks have to end after a stop was asked for; what they held comes back when its lease is over."""
DEAF = 20.0
"""Seconds for which messages may wait while no task runs: then the worker is taken to be deaf.

Where Redis dies before messages are acknowledged, Celery 5.7 may wait for that for ever, and fetch no more.
"""
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
        self._forgot_at = -NEVER
        """When the broker was last seen to have lost all messages (monotonic)."""
        self.messages = 0
        """How many waited at the last look."""

    def beat(self) -> int:
        """One look. Returns how many articles got a hint."""
        waiting = self._hints.waiting()
        self.messages = sum(waiting.values()) if waiting else 0
        if waiting is None or not self._leases.take("beat", self._owner, BEAT_LEASE):
            return 0
        if not waiting["deliver"] and self._store.deliveries_due(self._clock.now(), 1):
            self._hints.deliver()
        now = self._clock.monotonic()
        if self._hints.forgot():
            self._forgot_at = now
            self._hinted.clear()
        # What was accepted just before may look, for a while, as if its hint were on its way.
        sure = now - self._forgot_at > 2 * GRACE and (waiting["ingest"] or waiting["match"])
        return self._sweep(PATIENCE if sure else GRACE)

    def _sweep(self, grace: float) -> int:
        now = self._clock.monotonic()
        self._hinted = {name: until for name, until in self._hinted.items() if until > now}
        held = self._store.overdue(self._clock.now(), NEVER, MOST)
        dropped = self._give(held, now + AGAIN, urgent=True)
        tried = {hint.article for hint, _ in held}
        found = self._store.overdue(self._clock.now(), grace, MOST)
        lost = dropped + self._give([it for it in found if it[0].article not in tried], now + grace, urgent=False)
        if lost:
            log.info("articles that nobody carried got a hint anew", articles=len(lost))
            for hint, state in lost:
                logs.follow("hinted anew", article=hint.article, state=state)
        return len(lost)

    def _give(self, found: Sequence[tuple[Hint, str]], until: float, *, urgent: bool) -> list[tuple[Hint, str]]:
        """Hint at those of these that got no hint lately. Returns which they were."""
        lost = [(hint, state) for hint, state in found if hint.article not in self._hinted]
        tell(self._hints, lost, urgent=urgent)
        self._hinted |= {hint.article: until for hint, _ in lost}
        return lost

    def end(self) -> None:
        """Let another one take over at once."""
        self._leases.give_back("beat", self._owner)


def tell(hints: "Hints", found: Sequence[tuple[Hint, str]], *, urgent: bool = False) -> None:
    """Send hints of what is overdue, each to the queue of its state; ``urgent``: before all that waits there."""
    hints.overdue([hint for hint, state in found if state == "accepted"], "ingest", urgent=urgent)
    hints.overdue([hint for hint, state in found if state == "filed"], "match", urgent=urgent)


def oversee(store: RoadStore, settings: Settings, clock: Clock, stop: threading.Event, heart: Heart) -> None:
    """Keep a Celery worker running and sweep, until stopped. Raises UserError where Celery is not installed.

    The heart beats for the Celery worker: no more where that one has ended or hears nothing.
    """
    try:
        from tocsin.queue import Hints
    except ModuleNotFoundError as error:
        raise UserError(
            "TOCSIN_BROKER needs further packages: install tocsin with its extra, pip install 'tocsin[distributed]'."
        ) from error
    leases = open_leases(settings.store_url, settings.redis)
    sweeper = Sweeper(store, leases, Hints(settings, clock), clock)
    worker = Worker(("--store", settings.store_url), clock)
    try:
        while not stop.wait(BEAT):
            try:
                sweeper.beat()
            except UserError as error:
                log.error("the sweeper cannot go on for now", error=str(error))  # noqa: TRY400 - it says it all
            worker.see_to_it(sweeper.messages)
            heart.touch()
            if worker.hears:
                heart.beat()
    finally:
        worker.stop()
        with contextlib.suppress(UserError):
            sweeper.end()
        leases.close()


class Worker:
    """The Celery worker: a process with children of its own, in a group of its own.

    It may end whenever its Redis does. When this process is killed, a closed pipe tells it.
    """

    def __init__(self, words: Sequence[str], clock: Clock) -> None:
        self._words, self._clock = words, clock
        self._pulse = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this
        self._rounds = tempfile.TemporaryFile()  # noqa: SIM115 - the same
        self._touched = self._turned = 0
        self._deaths = 0
        self._start_at = 0.0
        self._start()

    def _start(self) -> None:
        self._started = self._idle_since = self._turned_at = self._clock.monotonic()
        self._start_at = 0.0
        pulse, rounds = self._pulse.fileno(), self._rounds.fileno()
        command = [sys.executable, "-m", "workers", *self._words, "--tasks", str(pulse), "--rounds", str(rounds)]
        # Ctrl-C on a terminal is for whoever started us: what was accepted is still to be carried.
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.PIPE, pass_fds=(pulse, rounds), start_new_session=True
        )

    def see_to_it(self, messages: int) -> None:
        """Start it anew if it has ended, or does nothing although messages wait."""
        now = self._clock.monotonic()
        if self._process.poll() is None:
            self._listen(messages, now)
            return
        if not self._start_at:
            self._deaths = 0 if now - self._started > STEADY else self._deaths + 1
            self._start_at = now + min(30.0, 2.0**self._deaths - 1.0)
            log.warning("the Celery worker ended and is started anew", code=self._process.returncode)
        if now >= self._start_at:
            self._close()
            self._start()

    @property
    def hears(self) -> bool:
        """Whether it runs, and has done something lately or had nothing to do."""
        return self._process.poll() is None and self._clock.monotonic() - self._idle_since <= DEAF

    def _listen(self, messages: int, now: float) -> None:
        """Each task locks the pulse while it runs, and touches it at its end. The main process touches the rounds.

        A task is work only while the main process comes round: else nobody would end it should it take for ever.
        """
        touched, turned = (os.fstat(it.fileno()).st_mtime_ns for it in (self._pulse, self._rounds))
        if turned != self._turned:
            self._turned, self._turned_at = turned, now
        at_work = now - self._turned_at <= DEAF and self._at_work()
        if not messages or touched != self._touched or at_work:
            self._touched, self._idle_since = touched, now
        elif now - self._idle_since > DEAF:
            log.warning("the Celery worker hears nothing any more and is ended", seconds=round(now - self._idle_since))
            self._kill()

    def _at_work(self) -> bool:
        try:
            fcntl.lockf(self._pulse, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.lockf(self._pulse, fcntl.LOCK_UN)
        return False

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """Let its tasks end, and then it; after ``STOP_SECONDS`` it is killed with all of its children."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            self._process.wait()
        self._close()
        self._pulse.close()
        self._rounds.close()

    def _close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()
