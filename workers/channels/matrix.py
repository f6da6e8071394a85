"""The channel ``matrix://TOKEN@server/!room:server``: a notice in a room (Client-Server API, ``m.notice``).

``server`` is where the API of the account's home server answers, often ``matrix.`` before its name. The id of a
transaction is that of the delivery: a server that got a message already does not show it again. Nothing is encrypted.
"""

import html
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.address import Hook, delivery_id, hook
from workers.channels.given import Given
from workers.channels.posting import Answer, Door
from workers.channels.wording import Words, links, shortened, still, utf8

LONGEST = 16_000
"""Bytes of a message's plain text."""
_EVENT = 60_000
"""Bytes of a whole event; servers take 65,536 with what they add."""
_PACE = 0.2
_FORM = re.compile(r"(?i:matrix(?P<plain>\+http)?)://(?P<token>[^/@?#\s]+)@(?P<host>[^/@?#\s]+)/(?P<room>![^/?#\s]+)/?")


class MatrixChannel:
    """Writes to one room."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        to, self._room = _parsed(given.filled, given.shown)
        self._address = given.address
        self._door = Door(to, given.shown, given.way, _PACE)
        self._desk = given.way.desk

    def send(self, message: Message) -> None:
        """Send one message; one that the server has is not shown again. Raises Later or Refused."""
        target = f"{self._room}/{delivery_id(message.id, self._address)}"
        bearer = ("Authorization", f"Bearer {self._door.to.user}")
        answer = self._door.post_json(_event(message, self._desk), bearer, method="PUT", target=target)
        self._door.judge(answer, _said(answer) or None, _wait(answer))


def opened(given: Given) -> MatrixChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return MatrixChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address, stand-ins for its secrets filled in, cannot be used."""
    _parsed(address, masked(address))


def _parsed(address: str, shown: str) -> tuple[Hook, str]:
    """The server with the token as its user, and the path to which the room's messages are put."""
    found = _FORM.fullmatch(address)
    if not found:
        raise UserError(
            f"The channel {shown} names no room; write it like matrix://${{TOKEN}}@matrix.example.org/!room:example.org."
        )
    room = quote(found["room"], safe="!:~._-%")
    target = f"/_matrix/client/v3/rooms/{room}/send/m.room.message"
    scheme = "http" if found["plain"] else "https"
    return hook(f"{scheme}://{found['host']}/", shown)._replace(user=found["token"]), target


def _event(message: Message, desk: str) -> dict[str, Any]:
    """The event, made shorter until it fits: escaped text may be many times as long."""
    limit = LONGEST
    while True:
        lines = shortened(message, limit, lambda text: utf8(still(text)), desk)
        event = {
            "msgtype": "m.notice",
            "body": still("\n".join(lines)),
            "format": "org.matrix.custom.html",
            "formatted_body": _marked(message, lines),
            "m.mentions": {},
        }
        if len(msgspec.json.encode(event)) <= _EVENT or limit < 1000:
            return event
        limit //= 2


def _marked(message: Message, lines: list[str]) -> str:
    words, known = Words(message), links(message)
    made = []
    for line in lines:
        url = html.escape(line.strip())
        if line.strip() in known:
            made.append(f'<a href="{url}">{url}</a>')
            continue
        pieces = [(html.escape(still(run.text)), run.matched) for run in words.runs(line)]
        made.append("".join(f"<strong>{text}</strong>" if matched else text for text, matched in pieces))
    return "<br>".join(made)


def _said(answer: Answer) -> str:
    told = answer.json()
    return " ".join(str(told[name]) for name in ("errcode", "error") if told.get(name))


def _wait(answer: Answer) -> float | None:
    after = answer.json().get("retry_after_ms")
    return after / 1000 if isinstance(after, int | float) and not isinstance(after, bool) else None
