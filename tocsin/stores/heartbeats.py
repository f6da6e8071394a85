"""Heartbeats: who is at work on a store, on whichever machine, and how long ago each was heard of.

Each is a lease that a process takes for itself and takes anew as its loop comes round. Not from a thread beside the
loop: a process that lives and whose loop hangs shall not be heard of. One that ends in order takes its name away; what
is left of one that was killed, stopped or hangs grows older, and is forgotten after a day.
"""

import os
import secrets
import socket
from typing import NamedTuple

import structlog

from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.settings import Settings
from tocsin.stores.leases import Leases, open_leases

BEAT = 5.0
"""Seconds between two heartbeats."""
LEASE = 20.0
SILENT = 45.0
"""Seconds after which a process that was not heard of is taken to be dead or deaf. A round of the loop takes some."""
DAY = 86_400.0
PAUSE = 30.0
"""Seconds until the next try where the leases cannot be written: the work must not wait for them each time."""
_MARK = "room "

log = structlog.get_logger()


class Room(NamedTuple):
    """A process at work."""

    room: str
    """``spiders``, ``workers``."""
    host: str
    process: int
    seconds: float
    """Since it was heard of last."""

    @property
    def silent(self) -> bool:
        """Whether it is taken to be dead or deaf."""
        return self.seconds > SILENT


class Heart:
    """The heartbeat of this process. Its methods raise nothing: the work goes on where nobody can be told of it."""

    def __init__(self, room: str, leases: Leases | None, clock: Clock, pulse: int | None = None) -> None:
        """``leases`` are closed at the end; None: nobody is told. ``pulse``: a descriptor that each beat touches."""
        self._leases, self._clock, self._pulse = leases, clock, pulse
        self._name = f"{_MARK}{room} {socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._not_before = 0.0
        self._failed = False

    @staticmethod
    def open(room: str, settings: Settings, clock: Clock, pulse: int | None = None) -> "Heart":
        """The heartbeat of a room over a store. Without a Redis beside Elasticsearch nobody can be told."""
        try:
            leases = open_leases(settings.store_url, settings.redis)
        except UserError as error:
            log.info("this process cannot be heard of", error=str(error))
            return Heart(room, None, clock, pulse)
        return Heart(room, leases, clock, pulse)

    def touch(self) -> None:
        """Let whoever started this process see that the loop came round."""
        if self._pulse is not None:
            os.utime(self._pulse)

    def beat(self) -> None:
        """Say that the loop came round: whoever started this process sees it at once, others every ``BEAT`` seconds."""
        self.touch()
        now = self._clock.monotonic()
        if self._leases is None or now < self._not_before:
            return
        self._not_before = now + BEAT
        try:
            self._leases.take(self._name, self._name, LEASE)
        except UserError as error:
            self._not_before = now + PAUSE
            if not self._failed:
                log.warning("this process cannot be heard of for now; it goes on", error=str(error))
            self._failed = True
        else:
            self._failed = False

    def end(self) -> None:
        """Say that this process ends in order, and forget those that were silent for a day."""
        if self._leases is None:
            return
        try:
            old = [name for name, seconds in self._leases.heard(_MARK, LEASE).items() if seconds > DAY]
            for name in (self._name, *old):
                self._leases.forget(name, name)
        except UserError:
            pass
        self._leases.close()
        self._leases = None


def rooms(leases: Leases) -> list[Room]:
    """Who was heard of within a day and did not end in order, the rooms one after the other."""
    found = []
    for name, seconds in leases.heard(_MARK, LEASE).items():
        room, host, process, _ = name.removeprefix(_MARK).split(" ")
        if seconds <= DAY:
            found.append(Room(room, host, int(process), seconds))
    return sorted(found)
