"""What the store knows of one address: its texts one after the other, and everything that happened to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.kinship import sentence
from tocsin.records import Article, Delivery, Drop, Notice, PageState
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.documents import EVERYWHERE, DocumentPart
from tocsin.stores.elastic.server import Row
from tocsin.stores.telling import Texted, key_of, told

_MANY = 10_000


class HistoryPart(DocumentPart):
    """The part of the store that follows one address through time."""

    def versions(self, address: str) -> list[Article]:
        """The texts of one address id whose version is decided, in order of their acceptance."""
        found = [rows.article_of(row.source) for row in self._texts([address])]
        return [article for article in found if article.state in ("filed", "ready")]

    def newer(self, ids: Sequence[str]) -> dict[str, Article]:
        """Of those among these articles whose address has had another text since, by id: its newest ready one."""
        old = self.articles(ids)
        newest: dict[str, Article] = {}
        for row in self._texts(sorted({article.address_id for article in old.values()})):
            if row.source["state"] == "ready":
                newest[row.source["address_id"]] = rows.article_of(row.source)
        last = {name: newest.get(article.address_id) for name, article in old.items()}
        return {name: known for name, known in last.items() if known is not None and known.version > old[name].version}

    def _texts(self, addresses: Sequence[str]) -> list[Row]:
        """All rows of addresses, in order of their acceptance."""
        asked = {
            "query": {"terms": {"address_id": list(addresses)}},
            "sort": ["first_seen", "version", "_seq_no"],
            "_source": {"excludes": ["tokens"]},
        }
        return list(self.server.each(EVERYWHERE, asked)) if addresses else []

    def why(self, url: str) -> list[dict[str, Any]]:
        """The whole history of one address, oldest line first: ``{at, what, detail}``."""
        key = key_of(url)
        page = self.server.rows([(self.server.name(schema.ADDRESSES), key)]).get(key)
        state = msgspec.json.decode(page.source["record"], type=PageState) if page and "record" in page.source else None
        asked = {"query": {"term": {"address_id": key}}, "sort": ["at"], "size": _MANY}
        drops = [msgspec.convert(row.source, Drop) for row in self.server.found(schema.DROPS, asked)]
        found = self._texts([key])
        articles = [rows.article_of(row.source) for row in found]
        texts = [
            Texted(article, _moment(row.source.get("ready_at")), self.kinship(article))
            for article, row in zip(articles, found, strict=True)
        ]
        versions = [article for article in articles if article.state in ("filed", "ready")]
        return told(state, drops, texts, versions, self._sent([article.id for article in articles]))

    def _sent(self, articles: Sequence[str]) -> list[tuple[Notice, Delivery]]:
        asked = {"query": {"terms": {"article": list(articles)}}, "sort": ["created"], "size": _MANY}
        return [
            (msgspec.convert(row.source["told"], Notice), msgspec.convert(row.source["record"], Delivery))
            for row in self.server.found(schema.DELIVERIES, asked)
        ]

    def kinship(self, article: Article) -> str:
        """Why an article was joined to its story, in one sentence; empty where its text was new."""
        if article.kin is None:
            return ""
        other = self.articles([article.kin.article]).get(article.kin.article)
        return sentence(article, other.url if other else "a text that is no longer kept")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
