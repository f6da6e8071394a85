"""The channels ``https://``, ``http://``, ``webhook+https://``: one POST of JSON a message, as in Standard Webhooks.

The address may end in ``#secret=whsec_…`` (base64): then ``webhook-signature`` is an HMAC-SHA256 over
``id.timestamp.body``; ``&secret=…`` adds a second key while keys are exchanged. ``webhook-id`` is the same on every
retry. ``docs/webhooks.md`` has a verifier.
"""

import base64
import hashlib
import hmac
import re
from pathlib import Path

from tocsin.addresses import masked
from tocsin.messages import Message
from workers.channels.address import delivery_id, hook
from workers.channels.given import Given
from workers.channels.posting import Door

_PREFIX = re.compile(r"webhook\+", re.IGNORECASE)


class WebhookChannel:
    """Posts messages to one address."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        self._address = given.address
        self._door = Door(hook(_bare(given.filled), given.shown), given.shown, given.way)
        self._clock = given.way.clock

    def send(self, message: Message) -> None:
        """Post one message. Raises Later or Refused where the answer is not 2xx or there is none."""
        body = message.body()
        self._door.judge(self._door.ask(self._headers(delivery_id(message.id, self._address), body), body))

    def _headers(self, name: str, body: bytes) -> list[tuple[str, str]]:
        to = self._door.to
        stamp = str(int(self._clock.now().timestamp()))
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("webhook-id", name),
            ("webhook-timestamp", stamp),
        ]
        if to.user:
            headers.append(("Authorization", "Basic " + base64.b64encode(to.user.encode()).decode()))
        if to.keys:
            headers.append(("webhook-signature", " ".join(_signature(key, name, stamp, body) for key in to.keys)))
        return headers


def opened(given: Given) -> WebhookChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return WebhookChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address cannot be used."""
    hook(_bare(address), masked(address))


def _bare(address: str) -> str:
    found = _PREFIX.match(address)
    return address[found.end() :] if found else address


def _signature(key: bytes, name: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
