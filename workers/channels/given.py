"""What a channel may be opened with."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from tocsin.addresses import masked
from tocsin.clock import Clock
from tocsin.egress import Network
from workers.channels.address import Secrets
from workers.channels.egress import Resolve, system_resolve

TIMEOUT = 10.0
"""Seconds for the whole of one attempt, a pause before it included."""


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
