"""The store at scale: Elasticsearch 8.19 and later, beside a Redis in which its workers find copies."""

from typing import TYPE_CHECKING

from tocsin.clock import SystemClock
from tocsin.records import Article
from tocsin.stores.elastic.copying import CopyingPart
from tocsin.stores.elastic.counts import CountPart
from tocsin.stores.elastic.documents import Held
from tocsin.stores.elastic.history import HistoryPart
from tocsin.stores.elastic.opening import opened
from tocsin.stores.elastic.reader import ReaderPart
from tocsin.stores.elastic.road import RoadPart
from tocsin.stores.elastic.server import Server
from tocsin.stores.elastic.upkeep import UpkeepPart

if TYPE_CHECKING:
    from tocsin.stores.port import SharedFingerprints


class ElasticStore(CopyingPart, RoadPart, ReaderPart, HistoryPart, CountPart, UpkeepPart):
    """All of the store's protocols over one prefix of a cluster. Not for use by two threads at the same moment."""

    def __init__(self, server: Server, fingerprints: "SharedFingerprints | None") -> None:
        self.server = server
        self.clock = SystemClock()
        self.fingerprints = fingerprints
        self.held: dict[str, Held] = {}
        self.owed: list[Article] = []
        """Articles that could not be given back while the server was away."""

    @staticmethod
    def open(url: str, redis: str = "") -> "ElasticStore":
        """Connect to ``elastic+https://host:9200/prefix``, and to the Redis of its fingerprints where one is named.

        Raises UserError where the server cannot be reached or is of a wrong version, or a newer Tocsin wrote the store.
        """
        server = opened(url)
        if not redis:
            return ElasticStore(server, None)
        from tocsin.stores.redis import RedisFingerprints

        return ElasticStore(server, RedisFingerprints.open(redis, server.prefix))

    def close(self) -> None:
        """End all connections."""
        self.server.close()
