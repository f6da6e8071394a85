"""What a channel may be opened with."""

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from tocsin.addresses import masked
from tocsin.clock import Clock
from tocsin.egress import Network
from workers.channels.address import Secrets

TIMEOUT = 10.0
"""Seconds for the whole of one attempt, a pause before it included."""
Resolve = Callable[[str, int], list[str]]
"""Host and port → IP addresses as text. Raises OSError."""


def system_resolve(host: str, port: int) -> list[str]:
    """Addresses of a host as the machine's resolver knows them, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class Way(NamedTuple):
    """How the channels of a process reach others."""

    clock: Clock
    allow_private: Sequence[Network] = ()
    timeout: float = TIMEOUT
    resolve: Resolve = system_resolve
    desk: str = ""
    """Address under which readers reach the desk; empty where they cannot."""


class Given(NamedTuple):
    """An address and its surroundings. A channel takes what it needs."""

    address: str
    """As it is stored."""
    filled: str
    """With its secrets."""
    way: Way
    data_dir: Path
    stream: TextIO
    """Where ``stdout:`` prints."""
    secrets: Secrets
    smtp: str
    """The mail server, its secrets not filled in; empty where none is set."""

    @property
    def shown(self) -> str:
        """The address as it may be printed."""
        return masked(self.address)
