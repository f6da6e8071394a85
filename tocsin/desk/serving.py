"""The desk on a port of this machine."""

import errno
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from tocsin.desk.guard import is_loopback
from tocsin.errors import UserError


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    Raises UserError where the host is not loopback (there is no password yet) or the port is taken.
    """
    if not is_loopback(host):
        raise UserError(
            f"The desk has no password yet, so it answers only on this machine: {host} is refused, use 127.0.0.1."
        )
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    taken = socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((name, port))
        taken.listen(128)
    except (OSError, OverflowError) as error:
        taken.close()
        message = f"The desk cannot use port {port} on {host}: {error}."
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            message = (
                f"Port {port} on {host} is in use: stop what listens there, or choose another with TOCSIN_DESK_PORT "
                "(0 takes a free one)."
            )
        raise UserError(message, 1) from error
    return taken


def url_of(listening: socket.socket) -> str:
    """Address of the desk behind a listening socket."""
    host, port, *_ = listening.getsockname()
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def server(app: FastAPI) -> uvicorn.Server:
    """A server without an access log (what is read is nobody's business) and without a telling header."""
    settings: dict[str, Any] = {"access_log": False, "log_level": "warning", "server_header": False}
    return uvicorn.Server(
        uvicorn.Config(app, proxy_headers=False, timeout_graceful_shutdown=3, limit_concurrency=100, **settings)
    )
