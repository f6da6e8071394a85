"""What several tests of the workers need: a receiver of webhooks on loopback that does as it is told."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


class Receiver:
    """A real HTTP server. Each request is answered by the first of ``answers`` (kept when it is the last), else 204."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[Answer] = []
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        """Path, headers (names in lower case) and body of each request."""
        self.methods: list[str] = []
        self.at: list[float] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                receiver.methods.append(self.command)
                receiver.at.append(time.monotonic())
                if not receiver.answers:
                    return status(204)(self)
                answer = receiver.answers[0] if len(receiver.answers) == 1 else receiver.answers.pop(0)
                return answer(self)

            do_PUT = do_POST  # noqa: N815 - the library calls it so

            def do_GET(self) -> None:
                receiver.got.append((self.path, {}, b"GET"))
                status(204)(self)

            def log_message(self, format: str, *args: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port: int = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def status(self, code: int, body: bytes = b"", **headers: str) -> Answer:
        return status(code, body, **headers)


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer with this status; ``Retry_After`` in headers is written ``Retry-After``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.stop()
