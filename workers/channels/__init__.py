"""The ways out, by the beginning of their address: ``workers.channels.kinds`` has them all."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TextIO

from tocsin.clock import Clock, SystemClock
from tocsin.egress import Network
from tocsin.messages import Message
from tocsin.records import SCHEMA, Delivery, Notice, derived_id
from tocsin.settings import secret
from workers.channels.address import Secrets, fill
from workers.channels.given import TIMEOUT, Given, Way
from workers.channels.kinds import check_channel, kind_of
from workers.channels.lines import Lines
from workers.channels.port import Channel, Later, Refused

__all__ = ["Channel", "Channels", "Later", "Post", "Refused", "check_channel"]


class Post(NamedTuple):
    """What e-mail needs."""

    smtp: str = ""
    """The mail server: ``smtp+starttls://user:${SMTP_PASSWORD}@host:587?from=alerts@example.org``."""
    desk: str = ""
    """Address under which readers reach the desk; other channels lead there too where a message was too long."""


class Channels:
    """The channels of one process: each address opened once, when its first message comes, and kept."""

    def __init__(
        self,
        *,
        data_dir: Path,
        allow_private: Sequence[Network] = (),
        stream: TextIO | None = None,
        secrets: Secrets = secret,
        clock: Clock | None = None,
        timeout: float = TIMEOUT,
        post: Post | None = None,
    ) -> None:
        """``timeout``: seconds of one attempt over the network. ``stream`` is standard output unless given."""
        self._data_dir = data_dir
        self._stream = stream
        self._secrets = secrets
        self._smtp = post.smtp if post else ""
        self._way = Way(clock or SystemClock(), allow_private, timeout, desk=post.desk if post else "")
        self._open: dict[str, Channel] = {}
        self.lines: Lines[tuple[tuple[Delivery, Notice], ...]] = Lines(self.of)

    def of(self, address: str) -> Channel:
        """The channel of an address; ``${NAME}`` in it is replaced by its secret.

        Raises UserError where its kind is unknown, a secret is missing, or it cannot be opened; then the next call
        tries anew.
        """
        if address not in self._open:
            kind = kind_of(address)
            filled = fill(address, self._secrets)
            stream = self._stream or sys.stdout
            given = Given(address, filled, self._way, self._data_dir, stream, self._secrets, self._smtp)
            self._open[address] = kind.module().opened(given)
        return self._open[address]

    def test(self, address: str) -> None:
        """Send a message that says what it is. Raises UserError, Later or Refused."""
        self.of(address).send(trial(self._way.clock.now()))


def trial(now: datetime) -> Message:
    """The message to try a channel with: another one each time, so that no receiver takes it for a repetition."""
    name = derived_id("trial", now.isoformat())
    lines = (
        "Tocsin: a message to try this channel",
        "Alerts will come here as this one has come.",
        "  letters that must arrive whole: Бахмут, призов, ґ є ї, é, <b> & @here *plain* _text_",
    )
    payload = {"schema": SCHEMA, "id": name, "kind": "trial", "text": "\n".join(lines)}
    return Message(
        id=name,
        alert="",
        kind="first",
        subject="[Tocsin] a message to try this channel",
        lines=lines,
        url="",
        payload=payload,
    )
