"""Lines: the messages of one channel go out in order, in a thread of their own, so that it delays none but itself."""

import queue
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.port import Channel, Later, Refused

RETRY_SECONDS = 60.0
"""After what a person has to mend (a missing secret, a folder that cannot be written)."""

log = structlog.get_logger()


Answer = Later | Refused | None
"""None: the message is out."""
Key = TypeVar("Key")


class Lines(Generic[Key]):
    """At most one thread per channel address. All methods are for one calling thread.

    Each message goes with a key of the caller's, by which its outcome is known again.
    """

    def __init__(self, open_: Callable[[str], Channel]) -> None:
        self._open = open_
        self._outcomes: queue.SimpleQueue[tuple[str, Key | None, Answer]] = queue.SimpleQueue()
        self._busy: dict[str, int] = {}
        self.resting: dict[str, float] = {}
        """Address → monotonic time before which it asked not to be tried."""

    @property
    def busy(self) -> frozenset[str]:
        """Addresses whose line is moving."""
        return frozenset(self._busy)

    @property
    def underway(self) -> int:
        """Messages whose outcome was not taken yet."""
        return sum(self._busy.values())

    def send(self, address: str, messages: Sequence[tuple[Key, Message]]) -> None:
        """Start a line: keys and messages, in order. The address must not be busy."""
        self._busy[address] = len(messages)
        # A daemon: a receiver that hangs must not keep the process from ending.
        threading.Thread(target=self._run, args=(address, messages), name=masked(address), daemon=True).start()

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
                self._busy[address] -= 1
                taken.append((key, answer))
        return taken

    def _run(self, address: str, messages: Sequence[tuple[Key, Message]]) -> None:
        """Send until the channel itself fails; then the rest of the line has failed with it."""
        closed: Later | None = None
        for key, message in messages:
            answer = closed or self._attempt(address, message)
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
