"""Proves that the press starts, stops and resumes as promised, as a library and as a program."""

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tocsin.errors import UserError
from tocsin.press import open_press

START = datetime.now(UTC) - timedelta(seconds=50)
COMMAND = [sys.executable, "-m", "tocsin.press", "--started", START.isoformat()]


def test_the_same_port_start_and_seed_serve_the_same_bytes() -> None:
    """Closing and opening again changes no address and no byte of a story."""
    with open_press(started=START) as press:
        port = press.port
        first = {p.url: httpx.get(p.url).content for p in press.published()[:40] if p.kind == "article"}
    with open_press(started=START, port=port) as press:
        again = {p.url: httpx.get(p.url).content for p in press.published()[:40] if p.kind == "article"}
    assert first == again


def test_a_port_in_use_is_one_clear_sentence() -> None:
    """The second press on a port is refused with the port's number and code 1; the program says so too."""
    with open_press() as press:
        with pytest.raises(UserError, match=f"port {press.port} .* in use") as caught:
            open_press(port=press.port)
        assert caught.value.code == 1
        done = subprocess.run([*COMMAND, "--port", str(press.port)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "in use" in done.stderr


def test_stop_frees_the_port_even_with_open_connections(caplog: pytest.LogCaptureFixture) -> None:
    """A client that keeps its connection does not hold the press, and nothing is logged about it."""
    press = open_press(started=START).start()
    with socket.create_connection(press.outlets[0].home[7:-1].split(":")) as idle:  # type: ignore[arg-type]
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(15) == b"HTTP/1.1 200 OK"
        press.stop()
        press.stop()
    with open_press(port=press.port):
        pass
    assert caplog.records == []


def test_strange_requests_do_no_harm() -> None:
    """HEAD, POST, an endless head and plain nonsense leave the press answering."""
    with open_press(started=START) as press, httpx.Client() as web:
        home = press.outlets[0].home
        assert web.head(home).content == b""
        assert web.post(home, content=b"x").status_code == 405
        for nonsense in (b"\x00\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"b" * 40_000):
            with socket.create_connection(home[7:-1].split(":")) as line:  # type: ignore[arg-type]
                line.sendall(nonsense)
                line.shutdown(socket.SHUT_WR)
                line.settimeout(5)
                while line.recv(4096):
                    pass
        assert web.get(home).status_code == 200


def test_a_feed_without_dates_tells_none_in_its_headers() -> None:
    """Where the page alone must say when it was published, no header gives it away."""
    with open_press(started=START) as press:
        homes = {outlet.name: outlet.home for outlet in press.outlets}
        undated = httpx.get(homes["ranok-nad-richkoiu"] + "index.rdf")
        dated = httpx.get(homes["harbour-ledger"] + "atom.xml")
    assert (undated.status_code, dated.status_code) == (200, 200)
    assert "last-modified" not in undated.headers
    assert "last-modified" in dated.headers


@pytest.mark.parametrize("end", ["signal", "parent"])
def test_the_program_serves_until_it_is_told_to_stop(end: str) -> None:
    """It prints one JSON line, answers, and leaves with 0 on SIGTERM or when its parent's pipe closes."""
    with subprocess.Popen([*COMMAND, "--with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        try:
            assert child.stdin
            assert child.stdout
            ready = json.loads(child.stdout.readline())
            assert ready["ready"] is True
            assert len(ready["outlets"]) == 12
            assert httpx.get(ready["outlets"][3]["home"]).status_code == 200
            if end == "signal":
                os.kill(child.pid, signal.SIGTERM)
            else:
                child.stdin.close()
            assert child.wait(timeout=10) == 0
        finally:
            child.kill()
