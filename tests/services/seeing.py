"""Elasticsearch without its second of delay: searches see everything that was written before them."""

from collections.abc import Iterator, Mapping
from typing import Any

from tocsin.stores.elastic import ElasticStore
from tocsin.stores.elastic.server import Row, Server


class Seeing(Server):
    """Refreshes before it looks."""

    def search(self, index: str, body: Mapping[str, Any], **more: Any) -> dict[str, Any]:
        self.refresh("*")
        return super().search(index, body, **more)

    def each(self, index: str, body: Mapping[str, Any], page: int = 500) -> Iterator[Row]:
        self.refresh("*")
        yield from super().each(index, body, page)


def seeing(store: Any) -> ElasticStore:
    """The same store with such a server."""
    assert isinstance(store, ElasticStore)
    store.server = Seeing(store.server.client, store.server.prefix, store.server.told)
    return store
