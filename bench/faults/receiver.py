"""A webhook receiver that writes down every request, and may let one wait while somebody kills its sender."""

import contextlib
import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.services.faulty import Answer, Asked, answering


class Told(NamedTuple):
    """One request that was answered well."""

    id: str
    """Its ``webhook-id``."""
    body: dict[str, Any]


class Receiver:
    """The log, and what is to be done to the next request."""

    def __init__(self) -> None:
        self.log: list[Told] = []
        self.armed: Callable[[], object] | None = None
        """Called when a request has come and before it is answered, once."""
        self.answers: list[int] = []
        """Statuses for the next requests; then 204."""
        self.address = ""
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        """Answer a request."""
        _, _, headers, body = asked
        with self._lock:
            status = self.answers.pop(0) if self.answers else 204
            if status < 300:
                self.log.append(Told(headers["webhook-id"], json.loads(body)))
            armed, self.armed = self.armed, None
        if armed is not None:
            armed()
        return status, {}, b""

    def firsts(self) -> dict[tuple[str, str], set[str]]:
        """Webhook ids of first notices by subscription and alert."""
        found = defaultdict(set)
        for told in list(self.log):
            if told.body["kind"] == "first":
                found[told.body["subscription"]["id"], told.body["alert"]].add(told.id)
        return dict(found)


@contextlib.contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver at a free port."""
    receiver = Receiver()
    with answering(receiver) as address:
        receiver.address = f"{address}/hook"
        yield receiver


def speaker(port: int, candidates: Collection[int]) -> int | None:
    """Which of these processes holds a connection to a port of loopback."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        part = line.split()
        if part[2].endswith(f":{port:04X}") and part[3] == "01":
            inodes.add(f"socket:[{part[9]}]")
    for pid in candidates:
        with contextlib.suppress(OSError):
            if any(os.readlink(f"/proc/{pid}/fd/{name}") in inodes for name in os.listdir(f"/proc/{pid}/fd")):
                return pid
    return None
