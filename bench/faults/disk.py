"""A disk that is full for a while: no file of a part may grow beyond a size that the store has passed long ago."""

import contextlib
import resource
import time

from bench.faults.parts import below, parents
from bench.faults.stage import Point, Stage, spread

ROOM = 400_000
"""Bytes. What parts say of themselves has room in it; the store has not."""
FULL = "disk full for SQLite (RLIMIT_FSIZE)"
SENTENCE = "its disk is full"


def disk_points(number: int, articles: int, seed: int, seconds: float) -> list[Point]:
    """Random points at which the disk is full for so many seconds."""

    def act(stage: Stage) -> bool:
        limited(stage, ROOM)
        # Whoever is started meanwhile finds the same disk.
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.2)
            limited(stage, ROOM)
        limited(stage, resource.RLIM_INFINITY)
        return True

    return [Point(after, FULL, act, slow=True) for after, _ in spread((FULL,), number, articles, seed)]


def limited(stage: Stage, size: int) -> None:
    """Limit the files of all parts, and of those that this process starts."""
    tree = parents()
    parts = (stage.source, *stage.workers)
    for pid in (pid for part in parts for pid in (part.pid, *below(part.pid, tree))):
        with contextlib.suppress(ProcessLookupError):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def told(stage: Stage) -> list[str]:
    """What is wrong with how the parts spoke of it, and with the file that is left."""
    wrong = []
    words = {part.name: part.words() for part in (stage.source, *stage.workers)}
    if not any(SENTENCE in said for said in words.values()):
        wrong.append("nobody said that the disk is full: it proves nothing")
    wrong += [f"{part.name} showed a traceback" for part in (stage.source, *stage.workers) if part.traceback()]
    check = stage.store.db.one("PRAGMA integrity_check")  # type: ignore[attr-defined]
    return wrong if check == "ok" else [*wrong, f"the file is damaged: {check}"]
