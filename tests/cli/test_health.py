"""``health``, and real processes that are stopped: heard of no more, and ended by whoever started them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stores.filled import article
from tocsin.cli import supervise
from tocsin.cli.supervise import Child, stop_all
from tocsin.clock import SystemClock
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.heartbeats import Heart
from tocsin.stores.leases import open_leases

SOON = "import tocsin.stores.heartbeats as it\nit.BEAT, it.SILENT = 0.5, 4.0\n"
"""Before anything else in each process: who is stopped is silent soon."""


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "sitecustomize.py").write_text(SOON)
    return {"TOCSIN_DATA_DIR": str(tmp_path), "PYTHONPATH": str(tmp_path)}


def health(surroundings: dict[str, str], *words: str) -> tuple[int, str]:
    """Exit code and sentence. Nothing is ever said beside it."""
    result = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "health", *words], env={**os.environ, **surroundings},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.stderr == ""
    assert result.stdout.count("\n") == 1
    return result.returncode, result.stdout.strip()


def until(done: Callable[[], object], seconds: float = 45.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.1)


@pytest.fixture
def worker(surroundings: dict[str, str]) -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen([sys.executable, "-m", "workers"], env={**os.environ, **surroundings}) as process:
        yield process
        process.kill()


def test_a_worker_is_heard_of_until_it_is_stopped(
    surroundings: dict[str, str], worker: "subprocess.Popen[bytes]"
) -> None:
    until(lambda: health(surroundings, "worker")[0] == 0)
    assert health(surroundings) == (0, "All is well.")
    code, why = health(surroundings, "crawler")
    assert (code, why) == (1, "No crawler of this machine was heard of.")
    worker.send_signal(signal.SIGSTOP)
    until(lambda: health(surroundings, "worker")[0] == 1)
    code, why = health(surroundings, "worker")
    assert f"process {worker.pid} was" in why
    code, why = health(surroundings, "--json")
    assert code == 1
    assert json.loads(why)["well"] is False
    assert "None of the workers was heard of" in json.loads(why)["why"]
    worker.send_signal(signal.SIGCONT)
    until(lambda: health(surroundings, "worker")[0] == 0)
    worker.terminate()
    assert worker.wait(20) == 0
    assert health(surroundings, "worker") == (1, "No worker of this machine was heard of.")


@pytest.mark.parametrize("room", ["workers", "spiders"])
def test_a_room_that_is_stopped_is_ended_and_started_anew(
    room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lives, and no signal that it could hear would end it."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    child = Child(
        room, [room, "--store", f"sqlite:{tmp_path}/tocsin.db", "--with-parent"],
        {"TOCSIN_DATA_DIR": str(tmp_path)}, restart=True, rounds=True,
    )  # fmt: skip
    leases = open_leases(f"sqlite:{tmp_path}/tocsin.db")

    def heard() -> bool:
        child.alive(time.monotonic())
        return any(f" {child._process.pid} " in name for name in leases.heard("room", 20.0))

    try:
        until(heard)
        first = child._process
        os.kill(first.pid, signal.SIGSTOP)
        child.alive(time.monotonic())
        monkeypatch.setattr(supervise, "STUCK_SECONDS", 3.0)
        until(lambda: child.alive(time.monotonic()) and first.poll() is not None, 15)
        assert first.returncode == -signal.SIGKILL
        monkeypatch.undo()
        until(lambda: child.alive(time.monotonic()) and child._process is not first)
        until(heard)
        said = list(child.deaths())
        assert "nothing was heard of it" in said[0]
        assert "SIGKILL" in said[1]
        if room == "workers":
            store.accept([one := article(1, at=SystemClock().now())])
            until(lambda: store.articles([one.id])[one.id].state == "ready")
    finally:
        stop_all([child])
    assert len(leases.heard("room", 20.0)) == 1, "the one that was killed; the other took its leave"
    leases.close()
    store.close()


def test_a_desk_is_asked_at_its_port(surroundings: dict[str, str], free_port: int) -> None:
    surroundings["TOCSIN_DESK_PORT"] = str(free_port)
    code, why = health(surroundings, "desk")
    assert code == 1
    assert f"does not answer at http://127.0.0.1:{free_port}/health" in why
    with subprocess.Popen(
        [sys.executable, "-m", "tocsin.desk"], env={**os.environ, **surroundings}, stdout=subprocess.PIPE
    ) as desk:
        assert desk.stdout
        assert b"ready" in desk.stdout.readline()
        assert health(surroundings, "desk") == (0, "The desk answers with 200.")
        desk.terminate()


@pytest.mark.parametrize("words", [(), ("worker",)])
def test_what_cannot_be_asked_is_one_sentence(words: tuple[str, ...], tmp_path: Path, free_port: int) -> None:
    away = {
        "TOCSIN_DATA_DIR": str(tmp_path), "TOCSIN_STORE": f"elastic+http://127.0.0.1:{free_port}/x",
        "TOCSIN_REDIS": f"redis://127.0.0.1:{free_port}/0",
    }  # fmt: skip
    code, why = health(away, *words)
    assert code == 1
    assert str(free_port) in why


def test_other_machines_do_not_count(tmp_path: Path, surroundings: dict[str, str]) -> None:
    """A container's check is of its own worker; the whole is well with any."""
    heart = Heart.open("workers", Settings(data_dir=tmp_path), SystemClock())
    heart._name = "room workers elsewhere 7 x"
    heart.beat()
    assert health(surroundings, "worker")[0] == 1
    assert health(surroundings)[0] == 0
    heart.end()
