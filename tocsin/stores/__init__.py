"""The stores: where the truth is kept. Which one is used follows from the scheme of an address."""

from typing import TYPE_CHECKING

from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.stores.port import Store


def open_store(url: str, redis: str = "") -> "Store":
    """Open, and where it is new create, the store at ``sqlite:PATH`` or ``elastic+https://host:9200/prefix``.

    ``redis`` is where the workers of a store on Elasticsearch find copies. Raises UserError where the scheme is
    unknown, the place cannot be written or reached, or a newer version wrote the store.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "sqlite" and colon and rest:
        from tocsin.stores.sqlite import SqliteStore

        return SqliteStore.open(rest.removeprefix("//"))
    if scheme in {"elastic+http", "elastic+https"}:
        return _elastic(url, redis)
    raise UserError(
        f"The store address {url.partition('?')[0].rpartition('@')[2]!r} is not understood: write "
        "sqlite:/path/to/tocsin.db or elastic+https://host:9200/prefix."
    )


def _elastic(url: str, redis: str) -> "Store":
    try:
        from tocsin.stores.elastic import ElasticStore
    except ModuleNotFoundError as error:
        raise UserError(
            "A store on Elasticsearch needs further packages: install tocsin with its extra, "
            "pip install 'tocsin[distributed]'."
        ) from error
    return ElasticStore.open(url, redis)
