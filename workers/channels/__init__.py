"""The ways out, by the scheme of their address: ``stdout:``, ``file:PATH``, ``http(s)://host/path``.

To add one: a module with a class that has ``send``, and its scheme in ``open_channel`` and ``check_channel``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tocsin.addresses import masked
from tocsin.clock import Clock, SystemClock
from tocsin.egress import Network
from tocsin.errors import UserError
from tocsin.records import Delivery, Notice
from tocsin.settings import secret
from workers.channels.address import Secrets, check_names, fill, hook
from workers.channels.lines import Lines
from workers.channels.port import Channel, Later, Refused

__all__ = ["Channel", "Channels", "Later", "Refused", "check_channel", "open_channel"]


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
        timeout: float = 10.0,
    ) -> None:
        """``timeout``: seconds of one attempt of a webhook. ``stream`` is standard output unless given."""
        self._data_dir = data_dir
        self._allow_private = allow_private
        self._stream = stream
        self._secrets = secrets
        self._clock = clock or SystemClock()
        self._timeout = timeout
        self._open: dict[str, Channel] = {}
        self.lines: Lines[tuple[tuple[Delivery, Notice], ...]] = Lines(self.of)

    def of(self, address: str) -> Channel:
        """The channel of an address. Raises UserError where it cannot be opened; then the next call tries anew."""
        if address not in self._open:
            self._open[address] = open_channel(
                address,
                data_dir=self._data_dir,
                allow_private=self._allow_private,
                stream=self._stream or sys.stdout,
                secrets=self._secrets,
                clock=self._clock,
                timeout=self._timeout,
            )
        return self._open[address]


def open_channel(
    address: str,
    *,
    data_dir: Path,
    allow_private: Sequence[Network] = (),
    stream: TextIO,
    secrets: Secrets = secret,
    clock: Clock,
    timeout: float = 10.0,
) -> Channel:
    """Open the channel of an address; ``${NAME}`` in it is replaced by its secret.

    Raises UserError where the scheme is unknown, a secret is missing or the place cannot be written.
    """
    filled = fill(address, secrets)
    scheme = _scheme(address)
    if scheme == "stdout":
        from workers.channels.stdout import StdoutChannel

        return StdoutChannel(stream)
    if scheme == "file":
        from workers.channels.file import FileChannel

        return FileChannel(_path(filled, data_dir))
    from workers.channels.webhook import WebhookChannel

    return WebhookChannel(address, filled, clock=clock, allow_private=allow_private, timeout=timeout)


def check_channel(address: str, *, data_dir: Path | None = None) -> None:
    """See whether an address can be a channel, for use when subscribing; nothing is opened, created or looked up.

    Raises UserError otherwise. A relative file is looked at where ``data_dir`` is given; what holds a ``${NAME}`` is
    judged by its scheme alone, because the secret is filled in at sending.
    """
    scheme = _scheme(address)
    if check_names(address):
        return
    if scheme == "file":
        from workers.channels.file import check

        path = _path(address, data_dir or Path())
        if data_dir or path.is_absolute():
            check(path)
    elif scheme != "stdout":
        hook(address)


def _scheme(address: str) -> str:
    scheme, colon, rest = address.partition(":")
    scheme = scheme.lower()
    known = (
        (scheme == "stdout" and not rest) or scheme == "file" or (scheme in ("http", "https") and rest.startswith("//"))
    )
    if not colon or not known:
        raise UserError(
            f"The channel {masked(address)!r} is not understood: write stdout:, file:alerts.jsonl or https://host/path."
        )
    return scheme


def _path(address: str, data_dir: Path) -> Path:
    """The file that an address names: absolute, under the home folder with ``~/``, or relative to the data folder."""
    name = address.partition(":")[2]
    if name.startswith("///"):
        name = name[2:]
    if not name or name.endswith("/") or name.startswith("//") or "\0" in name:
        raise UserError(
            f"The channel {address!r} names no file: write file:alerts.jsonl or file:/path/to/alerts.jsonl."
        )
    try:
        return data_dir / Path(name).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"The channel {address!r} names a home folder that is not known: write the path from / on."
        ) from error
