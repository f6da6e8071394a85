"""Rooms that die and runs that are ended from outside."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tocsin.cli.supervise import Child, stop_all
from tocsin.records import Outlet
from tocsin.stores import open_store


def test_a_room_that_dies_is_started_anew_and_it_is_said() -> None:
    """With the arguments it has by then: a port that was taken stays the same one."""
    child = Child("timer", ["timeit", "-n", "1", "-r", "1", "import time; time.sleep(60)"], {}, restart=True)
    try:
        os.kill(child._process.pid, signal.SIGKILL)
        child._process.wait()
        assert child.alive(100.0)
        (line,) = child.deaths()
        assert "timer" in line
        assert "SIGKILL" in line
        child.arguments = ("timeit", "-n", "1", "-r", "1", "print('again'); import time; time.sleep(60)")
        assert child.alive(102.0)
        assert child.first_line(20) == "again"
        assert list(child.deaths()) == []
    finally:
        stop_all([child])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_run_in_order(number: signal.Signals, tmp_path: Path) -> None:
    """What a service manager and a closed terminal send is what Ctrl-C is: a summary, exit code 0, nothing left."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.put_outlets([Outlet(name="one", home="http://127.0.0.1:9/", every=3600)])
    store.close()
    with subprocess.Popen(
        [sys.executable, "-m", "tocsin.cli", "up"],
        env={**os.environ, "TOCSIN_DATA_DIR": str(tmp_path), "TOCSIN_DESK_PORT": "0", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as up:
        assert up.stdout
        for line in up.stdout:
            if line.startswith("The desk:"):
                break
        time.sleep(0.5)
        up.send_signal(number)
        rest = up.stdout.read()
        assert up.wait(30) == 0
    assert "Ending" in rest
    assert "Articles ready" in rest
