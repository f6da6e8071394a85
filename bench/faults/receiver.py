"""A webhook receiver that writes down every request, and may let one wait while somebody kills its sender."""

import contextlib
import json
import threading
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, NamedTuple


class Told(NamedTuple):
    """One request that was answered well."""

    id: str
    """Its ``webhook-id``."""
    body: dict[str, Any]


class Receiver:
    """The log, and what is to be done to the next request."""

    def __init__(self) -> None:
        self.log: list[Told] = []
        self.armed: Callable[[], bool] | None = None
        """Called when a request has come and before it is answered, once; whether its sender is dead now."""
        self.answers: list[int] = []
        """Statuses for the next requests; then 204."""
        self.address = ""
        self._lock = threading.Lock()

    def take(self, name: str, body: bytes) -> int | None:
        """Take a request; the status of its answer, or None where there is to be none."""
        with self._lock:
            status = self.answers.pop(0) if self.answers else 204
            if status < 300:
                self.log.append(Told(name, json.loads(body)))
            armed, self.armed = self.armed, None
        return None if armed is not None and armed() else status


@contextlib.contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver at a free port."""
    receiver = Receiver()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            head = iter(self.rfile.readline, b"\r\n")
            told = dict(line.decode("latin-1").rstrip().lower().partition(": ")[::2] for line in head)
            status = receiver.take(told["webhook-id"], self.rfile.read(int(told["content-length"])))
            # Whoever asked may be dead by now, or content with the first line.
            with contextlib.suppress(OSError):
                if status is not None:
                    self.wfile.write(f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n".encode())

    class Server(ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        receiver.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield receiver
        server.shutdown()
        thread.join()


def speaker(port: int, candidates: Collection[int]) -> int | None:
    """Which of these processes holds a connection to a port of loopback."""
    inodes = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        part = line.split()
        if part[2].endswith(f":{port:04X}") and part[3] == "01":
            inodes.add(f"socket:[{part[9]}]")
    for pid in candidates:
        with contextlib.suppress(OSError):
            if any(str(entry.readlink()) in inodes for entry in Path(f"/proc/{pid}/fd").iterdir()):
                return pid
    return None
