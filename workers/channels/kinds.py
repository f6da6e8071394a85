"""The kinds of channels, by the beginning of their address.

To add one: a module with ``opened`` and ``check``, and a line in ``KINDS``.
"""

import re
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

from tocsin.addresses import SECRET_NAME, masked
from tocsin.errors import UserError
from workers.channels.address import check_names
from workers.channels.given import Given
from workers.channels.port import Channel


class Module(Protocol):
    """What the module of a kind holds."""

    def opened(self, given: Given) -> Channel:
        """Open the channel. Raises UserError where that cannot be."""

    def check(self, address: str, data_dir: Path | None) -> None:
        """See whether an address can be one, stand-ins for its secrets filled in. Raises UserError."""


class Kind(NamedTuple):
    """A kind of channel."""

    name: str
    """Of its module."""
    form: str
    """Of its address, as a person writes it."""
    about: str
    pattern: re.Pattern[str]
    """Of the beginning of its addresses."""
    told_by_secrets: bool = False
    """Whether a secret may stand anywhere in it, so that nothing can be said before it is filled in."""

    def module(self) -> Module:
        """Its module, imported when it is needed."""
        return cast("Module", import_module(f"workers.channels.{self.name}"))


def _beginning(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


KINDS = (
    Kind("stdout", "stdout:", "the terminal of the workers", _beginning(r"stdout:\Z")),
    Kind("file", "file:alerts.jsonl", "a line of JSON each", _beginning("file:"), told_by_secrets=True),
    Kind("mail", "mailto:you@example.org", "e-mail, over the server in TOCSIN_SMTP", _beginning("mailto:")),
    Kind(
        "webhook",
        "https://host/path#secret=whsec_…",
        "a signed POST of JSON (Standard Webhooks)",
        _beginning(r"(webhook\+)?https?://"),
        told_by_secrets=True,
    ),
    Kind("telegram", "telegram://${TOKEN}@CHAT", "a bot of Telegram", _beginning("telegram://")),
    Kind(
        "slack",
        "slack+https://hooks.slack.com/services/…",
        "an incoming webhook of Slack",
        _beginning(r"slack\+https?://"),
    ),
    Kind("matrix", "matrix://${TOKEN}@server/!room:server", "a room of Matrix", _beginning(r"matrix(\+http)?://")),
    Kind("ntfy", "ntfy://host/topic", "a push message of ntfy", _beginning(r"ntfys?(\+https?)?://")),
    Kind(
        "others", "apprise+SCHEME://…", "170 services through Apprise, an extra", _beginning(r"apprise\+[a-z0-9]+://")
    ),
)


def kind_of(address: str) -> Kind:
    """The kind of an address. Raises UserError where there is none."""
    found = next((kind for kind in KINDS if kind.pattern.match(address)), None)
    if found is None:
        raise UserError(
            f"The channel {masked(address)!r} is not understood: write stdout:, file:alerts.jsonl, "
            "mailto:you@example.org or https://host/path; tocsin channels list has them all."
        )
    return found


def check_channel(address: str, *, data_dir: Path | None = None) -> None:
    """See whether an address can be a channel, for use when subscribing; nothing is opened, created or looked up.

    Raises UserError otherwise. A relative file is looked at where ``data_dir`` is given; of what holds a ``${NAME}``
    only the form is judged, because the secret is filled in at sending.
    """
    kind = kind_of(address)
    named = check_names(address)
    if not (named and kind.told_by_secrets):
        kind.module().check(SECRET_NAME.sub("1:a", address), data_dir)
