"""Rooms as child processes: started, watched, restarted when they die, stopped in order.

A child holds the reading end of a pipe as its standard input; whatever kills this process closes the pipe, and the
child ends by itself. So nothing is left running, and nothing needs to be cleaned up by hand.
"""

import fcntl
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tocsin.errors import UserError
from tocsin.settings import child_environment

RESTART_SECONDS = 1.0
STOP_SECONDS = 8.0
STUCK_SECONDS = 120.0
"""A room that tells of its rounds and has told of none for so long is killed: it hangs, or somebody stopped it."""
STEADY_SECONDS = 60.0
"""A room that ran for so long is started anew at once when it dies; one that dies sooner waits longer each time."""


@contextmanager
def locked(data_dir: Path) -> Iterator[None]:
    """Hold the data folder: one ``up`` at a time.

    Raises UserError where another process holds it, or the folder cannot be written.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "up.lock").open("a+")
    except OSError as error:
        raise UserError(
            f"The data folder {data_dir} cannot be written: {error.strerror}. Set TOCSIN_DATA_DIR to one that can.", 1
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise UserError(
                f"Tocsin is already running on {data_dir} (process {holder}). Stop it, or set TOCSIN_DATA_DIR to "
                "another folder.",
                1,
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def ends_like_ctrl_c() -> Iterator[None]:
    """Inside, SIGTERM and a terminal that goes away end the run as Ctrl-C does: in order, with everything put away."""

    def interrupt(_: int, __: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


class Child:
    """One room in a process of its own."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        restart: bool,
        rounds: bool = False,
    ) -> None:
        """``rounds``: it takes ``--pulse`` with the descriptor of a file, and touches that as its loop comes round."""
        self.name = name
        self.restarts = 0
        """Deaths in a row, each soon after a start."""
        self.arguments = tuple(arguments)
        """What it is started with, also the next time."""
        self._environment = child_environment(environment)
        self.restart = restart
        """Whether it is started anew when it dies."""
        self._pulse = tempfile.TemporaryFile() if rounds else None  # noqa: SIM115 - it lives as long as this
        self._touched = 0
        self._touched_at = 0.0
        self._restart_at = 0.0
        self._started_at = 0.0
        self._deaths: list[str] = []
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._process = self._start()

    def _start(self) -> "subprocess.Popen[str]":
        self._started_at = self._touched_at = time.monotonic()
        pulse = () if self._pulse is None else (self._pulse.fileno(),)
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *self.arguments, *(f"--pulse={number}" for number in pulse)],
            pass_fds=pulse,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        threading.Thread(target=self._read, args=(process,), daemon=True).start()
        return process

    def _read(self, process: "subprocess.Popen[str]") -> None:
        if process.stdout:
            with process.stdout as said:
                for line in said:
                    self.lines.put(line.rstrip("\n"))

    def first_line(self, seconds: float) -> str | None:
        """The first line it prints, or None where it ended or said nothing in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                return self.lines.get(timeout=0.05)
            except queue.Empty:
                if self._process.poll() is not None and self.lines.empty():
                    return None
        return None

    def waiting_lines(self) -> Iterator[str]:
        """What it has printed since the last call."""
        while not self.lines.empty():
            yield self.lines.get()

    def alive(self, now: float) -> bool:
        """Whether it runs, or will run again: a room that died is started anew after a second."""
        if self._process.poll() is None:
            self._listen(now)
            return True
        if not self.restart:
            return False
        if not self._restart_at:
            if now - self._started_at > STEADY_SECONDS:
                self.restarts = 0
            pause = RESTART_SECONDS * min(30, 2**self.restarts)
            self._restart_at = now + pause
            self._deaths.append(
                f"{self.name}: the process {_ended(self._process.returncode)}; it starts anew in {pause:.0f} s."
            )
        elif now >= self._restart_at:
            self._restart_at = 0.0
            self.restarts += 1
            if self._process.stdin:
                self._process.stdin.close()
            self._process = self._start()
        return True

    def _listen(self, now: float) -> None:
        """Kill it where it has not come round for too long."""
        if self._pulse is None:
            return
        touched = os.fstat(self._pulse.fileno()).st_mtime_ns
        if touched != self._touched:
            self._touched, self._touched_at = touched, now
        elif now - self._touched_at > STUCK_SECONDS:
            self._deaths.append(
                f"{self.name}: nothing was heard of it for {now - self._touched_at:.0f} s; it is ended."
            )
            self._process.kill()
            self._process.wait()

    def deaths(self) -> Iterator[str]:
        """A line for each time that it died and will be started anew, since the last call."""
        while self._deaths:
            yield self._deaths.pop(0)

    @property
    def code(self) -> int | None:
        """Exit code of the last run; None while it runs."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Close its standard input and send SIGTERM."""
        self.restart = False
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()

    def stop(self, until: float) -> None:
        """Wait for it to end; after ``until`` (monotonic seconds) it is killed."""
        try:
            self._process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def stop_all(children: Sequence[Child]) -> None:
    """Ask all, then wait for all."""
    for child in children:
        child.ask_to_stop()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        child.stop(until)
