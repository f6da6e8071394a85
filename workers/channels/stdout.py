"""The channel ``stdout:``: a message's lines on the terminal of whoever runs the workers."""

from pathlib import Path
from typing import TextIO

from tocsin.messages import Message
from workers.channels.given import Given
from workers.channels.port import Later


class StdoutChannel:
    """Prints messages to a stream, each followed by an empty line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        """Print one message and flush. Raises Later where nobody reads any more."""
        text = "\n".join(message.lines) + "\n\n"
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            # A terminal of another alphabet shows \u0411 rather than nothing at all.
            self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is closed"
            raise Later(f"Standard output cannot be written to: {reason}.") from error


def opened(given: Given) -> StdoutChannel:
    """Open the channel."""
    return StdoutChannel(given.stream)


def check(_address: str, _data_dir: Path | None = None) -> None:
    """Every address that begins as one is one."""
