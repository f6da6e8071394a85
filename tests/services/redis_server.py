"""A real Redis on loopback, started for tests and stopped with them; it keeps nothing."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 20.0
"""Seconds that the server may take to start."""


def program() -> str | None:
    """The server; None where it is absent."""
    return shutil.which("redis-server")


@contextlib.contextmanager
def running(server: str, *options: str) -> Iterator[str]:
    """Start the server on a free port and yield its address; stop it at the end.

    Raises RuntimeError where it does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    folder = tempfile.mkdtemp(prefix="tocsin-redis-")
    words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", folder, *options]
    try:
        with (Path(folder) / "output").open("wb") as output:
            process = subprocess.Popen([server, *words], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            _await(process, port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            if line.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.05)
    raise RuntimeError(f"Redis did not start within {PATIENCE:.0f} seconds.")
