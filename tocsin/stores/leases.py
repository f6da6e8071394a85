"""Leases: what only one process may do at a time is done by whoever holds its name."""

from collections.abc import Collection
from typing import Protocol

from tocsin.errors import UserError


class Leases(Protocol):
    """Names that are leased for some seconds. Time is that of the place where they are kept."""

    def take(self, name: str, owner: str, seconds: float) -> int:
        """Lease a name that is free, or lease one's own anew. Returns its token, or 0 where another one has it.

        The token grows whenever the owner changes, also from one to the same after the lease was over.
        """

    def take_all(self, names: Collection[str], owner: str, seconds: float) -> set[str]:
        """Take many names in one go. Returns those that are the owner's now."""

    def keep(self, name: str, owner: str, seconds: float) -> bool:
        """Lease one's own name for so many seconds from now. False where the lease is over or another one has it."""

    def give_back(self, name: str, owner: str) -> None:
        """End a lease, if it is one's own."""

    def give_all_back(self, names: Collection[str], owner: str) -> None:
        """End many leases in one go, those that are one's own."""

    def held(self, beginning: str) -> dict[str, str]:
        """The names beginning so that are leased now, and who has them."""

    def heard(self, beginning: str, seconds: float) -> dict[str, float]:
        """Names beginning so, and how many seconds ago each was leased last, for so many seconds; over ones too."""

    def forget(self, name: str, owner: str) -> None:
        """End a lease of one's own, and leave nothing of its name, not even that it is over."""

    def close(self) -> None:
        """End all connections; leases stay until they are over."""


def open_leases(store_url: str, redis: str = "") -> Leases:
    """The leases of a store: in its file, or in the Redis beside Elasticsearch.

    Raises UserError where there is no Redis or it cannot be reached.
    """
    scheme, _, rest = store_url.partition(":")
    if scheme == "sqlite":
        from tocsin.stores.sqlite.leases import SqliteLeases

        return SqliteLeases.open(rest.removeprefix("//"))
    if not redis:
        raise UserError("Workers on several machines need a Redis: set TOCSIN_REDIS to redis://host:6379.")
    from tocsin.stores.redis_leases import RedisLeases

    return RedisLeases.open(redis, prefix_of(store_url))


def prefix_of(store_url: str) -> str:
    """The prefix of a store on Elasticsearch, as it stands behind the port in its address."""
    return store_url.partition("?")[0].partition("://")[2].partition("/")[2].strip("/") or "tocsin"
