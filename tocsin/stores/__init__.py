"""The stores: where the truth is kept. Which one is used follows from the scheme of an address."""

from typing import TYPE_CHECKING

from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.stores.sqlite import SqliteStore


def open_store(url: str) -> "SqliteStore":
    """Open, and where it is new create, the store at ``sqlite:PATH``.

    Raises UserError where the scheme is unknown, the place cannot be written, or a newer version wrote the store.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "sqlite" and colon and rest:
        from tocsin.stores.sqlite import SqliteStore

        return SqliteStore.open(rest.removeprefix("//"))
    raise UserError(f"The store address {url!r} is not understood: write sqlite:/path/to/tocsin.db.")
