"""Which outlets are this process's where several crawl one store: no site is asked by two of them at once.

Each process leases the hosts that fall to it, keeps leasing them, and lets those go that fall to a newcomer. A host
falls to the living process that stands first in an order of its own (rendezvous hashing), so that all agree without
speaking to each other, and few hosts move when one comes or goes.
"""

import os
import secrets
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

import structlog

from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.records import Outlet, derived_id
from tocsin.stores.leases import Leases

RENEW = 5.0
"""Seconds between two renewals."""
LEASE = 20.0
"""Seconds after which what a dead process had is free."""
_MEMBER, _HOST = "spider ", "host "

log = structlog.get_logger("spiders")


class Share:
    """The hosts of one process. Its methods raise nothing: where the leases cannot be asked, all goes on as it was."""

    def __init__(self, leases: Leases, clock: Clock, *, picked: bool) -> None:
        """``picked``: only some outlets are crawled here. Such a process takes what is free and shares with none."""
        self._leases, self._clock, self._picked = leases, clock, picked
        self._name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._held: set[str] | None = None
        self._until = 0.0
        self._deaf = False

    def wanted(self, hosts: Collection[str]) -> set[str]:
        """Those of these hosts that fall to this process."""
        if self._picked:
            return set(hosts)
        try:
            self._leases.take(_MEMBER + self._name, self._name, LEASE)
            members = {self._name, *self._leases.held(_MEMBER).values()}
        except UserError as error:
            self._is_deaf(error)
            return set(hosts) if self._held is None else self._held
        return {host for host in hosts if max(members, key=lambda name: derived_id(host, name)) == self._name}

    def take(self, hosts: Collection[str]) -> set[str]:
        """Lease these hosts, give all others back. Returns those that are this process's now."""
        leaving = (self._held or set()) - set(hosts)
        try:
            self._leases.give_all_back([_HOST + host for host in leaving], self._name)
            taken = self._leases.take_all([_HOST + host for host in sorted(hosts)], self._name, LEASE)
        except UserError as error:
            self._is_deaf(error)
            self._held = set(hosts) if self._held is None else self._held & set(hosts)
            return self._held
        if self._deaf:
            log.warning("it can be asked again which outlets are crawled by others")
        self._deaf = False
        self._until = self._clock.monotonic() + LEASE
        self._held = {name.removeprefix(_HOST) for name in taken}
        return self._held

    def holds(self, outlet: Outlet) -> bool:
        """Whether an outlet may be asked now: after a pause of this process it may be another's already."""
        return host_of(outlet) in (self._held or ()) and (self._deaf or self._clock.monotonic() < self._until)

    def end(self) -> None:
        """Let others have everything at once."""
        try:
            self._leases.give_all_back([_HOST + host for host in self._held or ()], self._name)
            self._leases.give_back(_MEMBER + self._name, self._name)
        except UserError:
            pass
        self._leases.close()

    def _is_deaf(self, error: UserError) -> None:
        if not self._deaf:
            log.warning("it cannot be asked which outlets are crawled by others; all goes on", error=str(error))
        self._deaf = True


def host_of(outlet: Outlet) -> str:
    """The main host of an outlet: outlets that share one stay together."""
    return (urlsplit(outlet.home).hostname or outlet.name).removeprefix("www.")
