"""Lines: the messages of one channel go out in order, in a thread of their own, so that it delays none but itself."""

import queue
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import structlog

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.port import Channel, Later, Refused

RETRY_SECONDS = 60.0
"""After what a person has to mend (a missing secret, a folder that cannot be written)."""

log = structlog.get_logger()


class Left(Exception):  # noqa: N818 - named by what has happened, as all errors of the house
    """The time in which a message might be sent was over before its turn came: it was not tried."""


Answer = Later | Refused | Left | None
"""None: the message is out."""
Key = TypeVar("Key")


class _Line(Generic[Key]):
    """What one thread sends: keys whose outcome was not taken yet, and when the next message must be begun."""

    def __init__(self, keys: Iterable[Key], until: float) -> None:
        self.keys = deque(keys)
        self.until = until


class Lines(Generic[Key]):
    """At most one thread per channel address. All methods are for one calling thread.

    Each message goes with a key of the caller's, by which its outcome is known again.
    """

    def __init__(self, open_: Callable[[str], Channel]) -> None:
        self._open = open_
        self._outcomes: queue.SimpleQueue[tuple[str, Key | None, Answer]] = queue.SimpleQueue()
        self._busy: dict[str, _Line[Key]] = {}
        self.resting: dict[str, float] = {}
        """Address → monotonic time before which it asked not to be tried."""

    @property
    def busy(self) -> frozenset[str]:
        """Addresses whose line is moving."""
        return frozenset(self._busy)

    @property
    def underway(self) -> int:
        """Messages whose outcome was not taken yet."""
        return sum(len(line.keys) for line in self._busy.values())

    def send(self, address: str, messages: Sequence[tuple[Key, Message]], seconds: float = float("inf")) -> None:
        """Start a line: keys and messages, in order. The address must not be busy.

        What was not begun within so many seconds, or those of ``keep``, comes back as ``Left``.
        """
        line = self._busy[address] = _Line((key for key, _ in messages), time.monotonic() + seconds)
        # A daemon: a receiver that hangs must not keep the process from ending.
        threading.Thread(target=self._run, args=(address, line, messages), name=masked(address), daemon=True).start()

    @property
    def left(self) -> float:
        """Seconds until the first of the lines whose time is not over has to be kept; infinite without one."""
        now = time.monotonic()
        return min((line.until - now for line in self._busy.values() if line.until > now), default=float("inf"))

    def keep(self, seconds: float) -> None:
        """Let the lines whose time is not over go on for so many seconds from now."""
        now = time.monotonic()
        for line in self._busy.values():
            if line.until > now:
                line.until = now + seconds

    def waiting(self) -> list[Key]:
        """What has no outcome yet of the lines whose time is not over."""
        now = time.monotonic()
        return [key for line in self._busy.values() if line.until > now for key in line.keys]

    def end(self) -> None:
        """Begin no further message of the lines that move."""
        for line in self._busy.values():
            line.until = float("-inf")

    def take(self, seconds: float) -> list[tuple[Key, Answer]]:
        """Wait at most so long for something to happen (an outcome, the end of a line); all outcomes there are then."""
        taken: list[tuple[Key, Answer]] = []
        while self._busy:
            try:
                address, key, answer = self._outcomes.get(block=seconds > 0, timeout=max(seconds, 0.0))
            except queue.Empty:
                break
            seconds = 0.0
            if key is None:
                del self._busy[address]
            else:
                self._busy[address].keys.popleft()
                taken.append((key, answer))
        return taken

    def _run(self, address: str, line: "_Line[Key]", messages: Sequence[tuple[Key, Message]]) -> None:
        """Send until the channel itself fails; then the rest of the line has failed with it."""
        closed: Later | None = None
        for key, message in messages:
            late = time.monotonic() >= line.until
            answer = closed or (Left() if late else self._attempt(address, message))
            if isinstance(answer, Later) and not answer.only_this:
                closed = answer
            self._outcomes.put((address, key, answer))
        self._outcomes.put((address, None, None))

    def _attempt(self, address: str, message: Message) -> Answer:
        try:
            self._open(address).send(message)
        except (Later, Refused) as answer:
            return answer
        except UserError as error:
            return Later(str(error), RETRY_SECONDS)
        except Exception as error:  # noqa: BLE001 - one poisoned message must not stop the line
            # Neither the error's text nor its locals: they may hold the filled-in address.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {frame.name}, line {frame.lineno}"
            log.error(  # noqa: TRY400 - see above
                "a channel failed in an unforeseen way", channel=masked(address), error=place
            )
            return Later(f"Sending failed in an unforeseen way ({place}).", only_this=True)
        return None
