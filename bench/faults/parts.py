"""The processes of a run: started, supervised, found, measured, and killed."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESTART = 1.0
"""Seconds after which what died is started anew, as ``tocsin up`` does."""


class Part:
    """One process that is kept running, in a folder where its words are kept."""

    def __init__(self, name: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name, self._arguments, self._environment = name, arguments, environment
        self._output = folder / f"{name}.log"
        self.done = False
        """Whether it ended by itself, well."""
        self.deaths = 0
        self._ended = 0.0
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        with self._output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *self._arguments], env=self._environment, stdin=subprocess.PIPE,
                stdout=output, stderr=output,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its number now."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs at this moment."""
        return self._process.poll() is None

    def see_to_it(self) -> None:
        """Start it anew where it has died."""
        if self.done or self.alive:
            return
        if self._process.returncode == 0:
            self.done = True
        elif not self._ended:
            self._ended = time.monotonic()
            self.deaths += 1
        elif time.monotonic() - self._ended > RESTART:
            self._ended = 0.0
            self._close()
            self._process = self._start()

    def kill(self) -> None:
        """As a power cut would, of this process alone."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 90.0) -> float:
        """In order, then by force. Returns how long it took."""
        begun = time.monotonic()
        self.done = True
        self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()
        return time.monotonic() - begun

    def words(self) -> str:
        """The last ones that it said."""
        return self._output.read_text(errors="replace")[-3000:] if self._output.exists() else ""

    def traceback(self) -> bool:
        """Whether it ever showed one."""
        return self._output.exists() and b"Traceback (most recent" in self._output.read_bytes()

    def _close(self) -> None:
        if self._process.stdin:
            self._process.stdin.close()


def parents() -> dict[int, list[int]]:
    """The children of every process that lives."""
    found = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError, ValueError):
                state = (entry / "stat").read_text().rpartition(")")[2].split()
                if state[0] != "Z":
                    found[int(state[1])].append(int(entry.name))
    return dict(found)


def below(pid: int, tree: Mapping[int, Sequence[int]]) -> list[int]:
    """All processes that a process has started, and these, and so on."""
    found = []
    for child in tree.get(pid, ()):
        found += [child, *below(child, tree)]
    return found


def kill(pid: int) -> bool:
    """Kill -9 of one process that stands under ours. False where it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def peak(pid: int) -> float:
    """The most memory that a process ever held, in MB; 0 where it is gone."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def surroundings(folder: Path, **given: Any) -> dict[str, str]:
    """The environment of a part: this one's, with settings of Tocsin in place of the person's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TOCSIN_") or name == "TOCSIN_CACHE_DIR"
    }
    ours = {"data_dir": folder, "allow_private": "127.0.0.0/8", "log_level": "warning", **given}
    return kept | {f"TOCSIN_{name.upper()}": str(value) for name, value in ours.items()} | {"PYTHONUNBUFFERED": "1"}
