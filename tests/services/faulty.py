"""Servers on loopback that do what no good one does, when a test tells them to."""

import contextlib
import http.client
import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

Asked = tuple[str, str, dict[str, str], bytes]
"""Method, path, headers (names in lower case) and body of a request."""
Answer = tuple[int, dict[str, str], bytes] | None
"""Status, headers and body; None for a line that is cut."""
Pass = Callable[[Asked], Answer]
"""Hands a request to the server behind."""
Fault = Callable[[Asked, Pass], Answer]
"""What becomes of a request that a fault meets."""

PRODUCT = {"content-type": "application/json", "x-elastic-product": "Elasticsearch"}


@contextlib.contextmanager
def answering(answer: Callable[[Asked], Answer]) -> Iterator[str]:
    """A server of HTTP that answers so; yields its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = answer((self.command, self.path, headers, body))
            if told is None:
                self.close_connection = True
                return
            status, headers, body = told
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - as the library calls them

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """A port that takes lines and never says a word; yields its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def saying(words: bytes) -> Iterator[str]:
    """A port that says these words to whoever comes, before anything is asked; yields its address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(words)
            self.request.recv(4096)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class Relay:
    """Stands before a server. Writes in bulk meet the faults that are laid out, one after the other."""

    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind).netloc
        self.faults: list[Fault] = []
        self.met = 0
        """How many faults were met."""
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Answer:
        """Answer a request, or let the next fault do it."""
        with self._lock:
            fault = self.faults.pop(0) if self.faults and asked[1].startswith("/_bulk") else None
            self.met += fault is not None
        return fault(asked, self._pass) if fault else self._pass(asked)

    def _pass(self, asked: Asked) -> Answer:
        method, path, headers, body = asked
        line = http.client.HTTPConnection(self._behind, timeout=60)
        try:
            line.request(method, path, body, {**headers, "accept-encoding": "identity"})
            told = line.getresponse()
            kept = {name: value for name, value in told.getheaders() if name.lower() in PRODUCT}
            return told.status, kept, told.read()
        finally:
            line.close()


def unheard(status: int) -> Fault:
    """The request comes to nobody, and is answered with a status as an overloaded server does."""
    told = {"error": {"type": "es_rejected_execution_exception", "reason": "too much at once"}, "status": status}

    def fault(asked: Asked, then: Pass) -> Answer:
        return status, PRODUCT, json.dumps(told).encode()

    return fault


def cut(asked: Asked, then: Pass) -> Answer:
    """The request is done, and its answer lost."""
    then(asked)
    return None


def well(asked: Asked, then: Pass) -> Answer:
    """Nothing happens."""
    return then(asked)


def first_is_busy(status: int) -> Fault:
    """The first document of the request is answered with a status of its own and not written; the others are."""

    def fault(asked: Asked, then: Pass) -> Answer:
        method, path, headers, body = asked
        lines = body.splitlines(keepends=True)
        ((how, head),) = json.loads(lines[0]).items()
        rest = lines[1:] if how == "delete" else lines[2:]
        refused = {"type": "es_rejected_execution_exception", "reason": "the queue is full"}
        items: Sequence[Any] = [{how: {**head, "status": status, "error": refused}}]
        if rest:
            told = then((method, path, headers | {"content-length": str(len(b"".join(rest)))}, b"".join(rest)))
            assert told is not None
            items = [*items, *json.loads(told[2])["items"]]
        return 200, PRODUCT, json.dumps({"errors": True, "items": items}).encode()

    return fault
