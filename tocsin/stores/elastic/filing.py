"""Filing: stories are decided in the shared fingerprints, and then the rows of the articles are written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.errors import UserError
from tocsin.records import Article
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.server import Write
from tocsin.stores.port import Met, SharedFingerprints, Sketch, own_story
from tocsin.words import Analysed

if TYPE_CHECKING:
    from tocsin.stores.elastic.road import RoadPart


class ElasticFiling:
    """What is filed in one go. It is no transaction: what is written before a failure stays, the rest comes again."""

    def __init__(self, store: "RoadPart") -> None:
        self._store = store
        self._documents: dict[str, dict[str, Any]] = {}
        self._articles: dict[str, Article] = {}
        self._settled: dict[str, str] = {}
        self._joined: dict[str, str] = {}

    @property
    def _fingerprints(self) -> SharedFingerprints:
        if self._store.fingerprints is None:
            raise UserError(
                "A store on Elasticsearch needs a Redis in which its workers find copies: set TOCSIN_REDIS to "
                "redis://host:6379."
            )
        return self._store.fingerprints

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before."""
        return self._fingerprints.meet(sketch, prints, alternates, limit)

    def settle(self, article: str, story: str) -> None:
        """Say which story a registered text was found to belong to."""
        self._fingerprints.settle(article, story)

    def join(self, story: str, other: str) -> None:
        """Say that two stories are one: the id that was registered first stands for both from now on."""
        known = self._fingerprints
        known.join(story, other)
        root = known.root(story)
        self._joined |= dict.fromkeys({story, other} - {root}, root)

    def root(self, story: str) -> str:
        """The id that stands for a story today."""
        return self._fingerprints.root(story)

    def file(self, article: Article, sketch: Sketch, prints: Sequence[int], analysed: Analysed) -> bool:
        """Move an accepted article to filed. False where its lease was lost to another worker."""
        if self._store.holds(article) is None:
            return False
        filed = msgspec.structs.replace(article, state="filed")
        self._documents[article.id] = rows.accepted(filed) | {"tokens": rows.packed(analysed)}
        self._articles[article.id] = article
        self.settle(article.id, article.story)
        if (own := own_story(article.id)) != article.story:
            self._settled[own] = article.story
        return True

    def write(self) -> None:
        """Write what was gathered. What the server refuses is put aside with its reason."""
        index = self._store.server.name(schema.STORIES)
        # Another text may have met this one before its story was known, and be frozen in a story that it began.
        self._store.keep([Write("create", index, own, {"root": root}) for own, root in self._settled.items()])
        if self._joined:
            self._write_joined()
        written = self._store.write_held(self._documents) if self._documents else {}
        self._store.refused([(self._articles[name], outcome) for name, outcome in written.items() if not outcome.done])

    def _write_joined(self) -> None:
        server = self._store.server
        index = server.name(schema.STORIES)
        known = server.found(schema.STORIES, {"query": {"terms": {"root": sorted(self._joined)}}, "size": 10_000})
        now = self._joined | {row.id: self._joined[row.source["root"]] for row in known}
        # Seen at once: who looks for the alerts of a story looks under all of its ids.
        server.write([Write("index", index, story, {"root": root}) for story, root in now.items()], seen=True)
