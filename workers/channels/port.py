"""What a channel is to the rest of the workers."""

from typing import Protocol

from tocsin.messages import Message


class Later(Exception):  # noqa: N818 - it is an answer, not a mistake
    """The message did not go out and is worth another attempt.

    ``after_seconds``: when, where the channel knows; None leaves it to the usual back-off. ``only_this``: the fault may
    lie in this one message, so others may be tried at once; otherwise all that stand in line wait with it.
    """

    def __init__(self, reason: str, after_seconds: float | None = None, *, only_this: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_seconds = after_seconds
        self.only_this = only_this


class Refused(Exception):  # noqa: N818 - it is an answer, not a mistake
    """The channel will never take this message; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Channel(Protocol):
    """A way out. Used by one thread at a time."""

    def send(self, message: Message) -> None:
        """Send one message; when this returns, it is out.

        Raises Later or Refused, with a reason that a person can read and that holds no secret.
        """
