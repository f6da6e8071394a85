"""A scripted site on loopback for tests: what it answers is said by the test, what it was asked is kept."""

import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Answer = tuple[int, dict[str, str], bytes]
WORDS = (
    "The council met late on Monday and agreed that the bridge over the river must be closed for repairs until spring. "
    "Engineers had warned for years that the old steel would not bear another winter of heavy traffic and ice. "
)


def article(title: str, *, paragraphs: int = 5, published: str = "2026-11-16T10:00:00Z") -> bytes:
    """A page with enough text to be taken for an article."""
    body = "".join(f"<p>{number}. {WORDS}</p>" for number in range(paragraphs))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article"><meta property="article:published_time" content="{published}">'
        f"</head><body><main><article><h1>{title}</h1>{body}</article></main></body></html>"
    ).encode()


def feed(*paths: str, dated: bool = True) -> bytes:
    """An RSS feed over these paths."""
    date = "<pubDate>Mon, 16 Nov 2026 10:00:00 GMT</pubDate>" if dated else ""
    items = "".join(f"<item><title>Feed title of {path}</title><link>{path}</link>{date}</item>" for path in paths)
    return f'<rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def _self_signed(folder: Path, host: str) -> Path:
    """A certificate and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "self-signed.pem"
    file.write_bytes(key.private_bytes(*plain) + certificate.public_bytes(serialization.Encoding.PEM))
    return file


class Site:
    """Serves ``pages``: a path to an answer, to bytes, or to a function of the request's headers and its number."""

    def __init__(self, pages: dict[str, Any], *, host: str = "127.0.0.1", tls: Path | None = None) -> None:
        self.pages = pages
        self.asked: list[tuple[float, str, dict[str, str]]] = []
        self._counts: dict[str, int] = {}
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(_self_signed(tls, host))
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://{host}:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for _, path, _ in self.asked]

    def times(self, path: str = "") -> list[float]:
        """When a path was asked for."""
        return [at for at, asked, _ in self.asked if not path or asked == path]

    def headers(self, path: str) -> list[dict[str, str]]:
        """With which headers a path was asked for, names in lower case."""
        return [headers for _, asked, headers in self.asked if asked == path]

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.asked.append((time.monotonic(), path, headers))
        self._counts[path] = self._counts.get(path, 0) + 1
        found = self.pages.get(path, (404, {}, b"<h1>404</h1>"))
        if isinstance(found, Callable):  # type: ignore[arg-type]
            found = found(headers, self._counts[path])
        if isinstance(found, bytes):
            found = (200, {}, found)
        status, extra, body = found
        handler.send_response(status)
        names = {name.lower() for name in extra}
        if "content-type" not in names:
            handler.send_header("Content-Type", "text/xml" if body.startswith((b"<rss", b"<?xml")) else "text/html")
        for name, value in extra.items():
            handler.send_header(name, value)
        if "content-length" not in names:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if status != 304:
            handler.wfile.write(body)
