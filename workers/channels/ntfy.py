"""The channels ``ntfy://host/topic`` and ``ntfys://``: a push message to phones (ntfy, published as JSON).

Both go over TLS, as in ntfy's own links; ``ntfy+http://`` does not. ``TOKEN@`` or ``user:password@`` stands before the
host where the topic asks for one. A topic without is open to everybody who knows its name: treat that as a password.
"""

import base64
import re
from pathlib import Path
from typing import Any

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.address import Hook, delivery_id, hook
from workers.channels.given import Given
from workers.channels.posting import Answer, Door
from workers.channels.wording import Words, cut, shortened, utf8

LONGEST = 3_900
"""Bytes of a message; longer ones become attachments."""
_TITLE = 240
_CLICK = 1_000
"""The longest address that is opened by a tap."""
_PACE = 0.2
_BUSY_SECONDS = 60.0
_DAY_IS_OVER = 42908
"""ntfy's own number for: no more messages today."""
_DAY_SECONDS = 3600.0
_FORM = re.compile(
    r"(?i:ntfys?(?:\+(?P<scheme>https?))?)://(?:(?P<who>[^/@?#\s]+)@)?(?P<host>[^/@?#\s]+)/(?P<topic>[-\w]{1,64})/?",
    re.ASCII,
)


class NtfyChannel:
    """Publishes to one topic."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        to, self._topic = _parsed(given.filled, given.shown)
        self._address = given.address
        self._door = Door(to, given.shown, given.way, _PACE)
        self._desk = given.way.desk

    def send(self, message: Message) -> None:
        """Publish one message. Raises Later or Refused."""
        words = Words(message)
        lines = shortened(message, LONGEST, utf8, self._desk)
        content: dict[str, Any] = {
            "topic": self._topic,
            "title": cut(message.subject, _TITLE, utf8),
            "message": "\n".join("".join(run.text for run in words.runs(line)) for line in lines),
            # Newer servers show what has the same one in place of the earlier; others do not look at it.
            "sequence_id": delivery_id(message.id, self._address),
        }
        if message.url and len(message.url) <= _CLICK:
            content["click"] = message.url
        answer = self._door.post_json(content, *_bearer(self._door.to.user))
        self._door.judge(answer, str(answer.json().get("error", "")) or None, _wait(answer))


def opened(given: Given) -> NtfyChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return NtfyChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address, stand-ins for its secrets filled in, cannot be used."""
    _parsed(address, masked(address))


def _parsed(address: str, shown: str) -> tuple[Hook, str]:
    found = _FORM.fullmatch(address)
    if not found:
        raise UserError(
            f"The channel {shown} names no topic; write it like ntfy://ntfy.sh/topic or ntfy://${{TOKEN}}@host/topic."
        )
    who = f"{found['who']}@" if found["who"] else ""
    to = hook(f"{(found['scheme'] or 'https').lower()}://{who}{found['host']}/", shown)
    return to, found["topic"]


def _bearer(user: str) -> list[tuple[str, str]]:
    if not user:
        return []
    if ":" in user.strip(":"):
        return [("Authorization", "Basic " + base64.b64encode(user.encode()).decode())]
    return [("Authorization", f"Bearer {user.strip(':')}")]


def _wait(answer: Answer) -> float | None:
    """Seconds: ntfy names none, a visitor gets a message back every few seconds, and a day's number at midnight UTC."""
    if answer.status != 429 or answer.retry_after:
        return None
    return _DAY_SECONDS if answer.json().get("code") == _DAY_IS_OVER else _BUSY_SECONDS
