"""A room as a child process ends with whoever started it, however that one ended."""

import os
import threading
from collections.abc import Callable

STANDARD_INPUT = 0


def when_parent_goes(stop: Callable[[], None]) -> None:
    """Call ``stop``, from a thread of its own, once standard input closes: the parent held its other end.

    The descriptor is read, not ``sys.stdin``: a thread that sleeps inside the buffered file holds its lock, and the
    interpreter then dies at its own end instead of ending.
    """

    def wait() -> None:
        while os.read(STANDARD_INPUT, 4096):
            continue
        stop()

    threading.Thread(target=wait, name="parent", daemon=True).start()
