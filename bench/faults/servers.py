"""Redis and Elasticsearch of a run, and what befalls them."""

import contextlib
import json
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from redis import Redis

from bench.faults.stage import Point, Stage, spread
from tests.services import elastic_server

_START = 20.0
_BLOCK = "index.blocks.read_only_allow_delete"
_NO_ROOM = "900pb"


class RedisServer:
    """A real Redis that keeps nothing: whoever kills it finds it empty."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._words = [program, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", str(folder)]
        self.start()

    @property
    def fingerprints(self) -> str:
        """Its address for fingerprints and leases."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def broker(self) -> str:
        """Its address for messages."""
        return f"redis://127.0.0.1:{self.port}/1"

    def start(self) -> None:
        """Raises RuntimeError where it does not answer."""
        self.process = subprocess.Popen(self._words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + _START
        while time.monotonic() < end:
            with contextlib.suppress(Exception), Redis(port=self.port) as line:
                line.ping()
                return
            time.sleep(0.05)
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()

    def kill(self, away: float) -> None:
        """Kill -9, and back after so many seconds, empty."""
        self.stop()
        time.sleep(away)
        self.start()

    def freeze(self, seconds: float) -> None:
        """Stopped in the middle: connections stay, and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """All is gone at once, messages and fingerprints."""
        with Redis(port=self.port) as line:
            line.flushall()


@contextlib.contextmanager
def redis_served(program: str) -> Iterator[RedisServer]:
    """For the time of a run."""
    with tempfile.TemporaryDirectory(prefix="tocsin-faults-redis-") as folder:
        server = RedisServer(program, Path(folder))
        try:
            yield server
        finally:
            server.stop()


def redis_points(server: RedisServer, number: int, articles: int, seed: int, frozen: float) -> list[Point]:
    """Random points at which Redis is killed, stopped for so many seconds, flushed."""
    acts: dict[str, Callable[[], None]] = {
        "Redis: kill -9, back empty": lambda: server.kill(2.0),
        f"Redis: SIGSTOP for {frozen:.0f} s": lambda: server.freeze(frozen),
        "Redis: FLUSHALL": server.flush,
    }
    return [Point(at, kind, _done(acts[kind]), slow=True) for at, kind in spread(tuple(acts), number, articles, seed)]


def elastic_points(server: elastic_server.Server, kills: int, blocks: int, articles: int, seed: int) -> list[Point]:
    """Random points at which Elasticsearch is killed and started anew, and at which its disk is full for a while."""
    acts: dict[str, Callable[[], None]] = {
        "Elasticsearch: kill -9, restart": lambda: _restarted(server),
        "Elasticsearch: disk watermark block": lambda: _full(server),
    }
    one, other = acts
    points = [*spread((one,), kills, articles, seed), *spread((other,), blocks, articles, seed + 1)]
    return [Point(at, kind, _done(acts[kind]), slow=True) for at, kind in points]


def _done(act: Callable[[], None]) -> Callable[[Stage], bool]:
    def do(stage: Stage) -> bool:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - a fault that could not be made is a fault of the table
            stage.wrong.append(f"a fault could not be made: {error!r}")
        return True

    return do


def _restarted(server: elastic_server.Server) -> None:
    server.kill()
    for _ in range(3):
        # On a machine that is busy with other things it may take longer than the tests grant it.
        with contextlib.suppress(RuntimeError):
            server.start()
            return
        server.kill()
    raise RuntimeError("Elasticsearch did not start again")


def _full(server: elastic_server.Server, seconds: float = 15.0) -> None:
    """The disk is said to be fuller than allowed, and then not any more. Raises RuntimeError where nothing is blocked.

    The server looks at its disk every ten seconds, sets the blocks by itself and takes them away by itself.
    """
    room = dict.fromkeys(("low", "high", "flood_stage"), _NO_ROOM)
    _settings(server, {"threshold_enabled": True, **{f"watermark.{name}": it for name, it in room.items()}})
    try:
        _until(lambda: _blocked(server), 60.0, "no index was blocked")
        time.sleep(seconds)
    finally:
        _settings(server, {f"watermark.{name}": "1b" for name in room})
    _until(lambda: not _blocked(server), 60.0, "the blocks stayed")


def _settings(server: elastic_server.Server, given: dict[str, Any]) -> None:
    named = {f"cluster.routing.allocation.disk.{name}": value for name, value in given.items()}
    named["cluster.info.update.interval"] = "10s"
    server.ask("PUT", "/_cluster/settings", {"persistent": named})


def _blocked(server: elastic_server.Server) -> bool:
    told = server.ask("GET", f"/_all/_settings/{_BLOCK}?flat_settings=true")
    return any(_BLOCK in it["settings"] for it in told.values())  # type: ignore[index]


def pressed(server: elastic_server.Server, limit: str) -> None:
    """Start it anew with a limit on all that is being written at a time."""
    server.stop()
    server._settings["indexing_pressure.memory.limit"] = limit  # noqa: SLF001 - the tests need no such server
    server.start()


def rejections(server: elastic_server.Server) -> int:
    """How many writes the server has refused because too much was under way."""
    with urllib.request.urlopen(f"{server.address}/_nodes/stats/indexing_pressure", timeout=30) as answer:
        nodes = json.load(answer)["nodes"]
    total = [node["indexing_pressure"]["memory"]["total"] for node in nodes.values()]
    return sum(it[f"{kind}_rejections"] for it in total for kind in ("coordinating", "primary", "replica"))


def _until(holds: Callable[[], bool], seconds: float, otherwise: str) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise RuntimeError(otherwise)
        time.sleep(0.5)
