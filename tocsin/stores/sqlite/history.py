"""What the store knows of one address: its texts one after the other, and everything that happened to them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from tocsin.kinship import sentence
from tocsin.records import Article, Delivery, Drop, Notice, PageState
from tocsin.stores.sqlite.connection import Database, moment
from tocsin.stores.telling import Texted, key_of, told

_article = msgspec.json.Decoder(Article)
_notice = msgspec.json.Decoder(Notice)
_page = msgspec.json.Decoder(PageState)
_delivery = msgspec.json.Decoder(Delivery)


class HistoryPart:
    """The part of the store that follows one address through time."""

    db: Database

    def versions(self, address: str) -> list[Article]:
        """The texts of one address id whose version is decided, in order of their acceptance."""
        rows = self.db.rows(
            "SELECT record FROM articles WHERE address_id = ? AND state IN ('filed', 'ready') ORDER BY seq", (address,)
        )
        return [_article.decode(record) for (record,) in rows]

    def newer(self, ids: Sequence[str]) -> dict[str, Article]:
        """Of those among these articles whose address has had another text since, by id: its newest ready one."""
        found: dict[str, Article] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            rows = self.db.rows(
                "SELECT old.id, new.record FROM articles old JOIN articles new ON new.seq ="
                " (SELECT max(seq) FROM articles last WHERE last.address_id = old.address_id AND last.state = 'ready')"
                f" WHERE new.seq > old.seq AND old.id IN ({','.join('?' * len(part))})",
                part,
            )
            found.update((name, _article.decode(record)) for name, record in rows)
        return found

    def why(self, url: str) -> list[dict[str, Any]]:
        """The whole history of one address, oldest line first: ``{at, what, detail}``."""
        key = key_of(url)
        pages = [_page.decode(it) for (it,) in self.db.rows("SELECT record FROM pages WHERE address_id = ?", (key,))]
        drops = [
            Drop(at=moment(at), room=room, reason=reason, url=url, detail=detail)
            for at, room, reason, detail in self.db.rows(
                "SELECT at, room, reason, detail FROM drops WHERE address_id = ?", (key,)
            )
        ]
        rows = self.db.rows("SELECT ready_at, state, record FROM articles WHERE address_id = ? ORDER BY seq", (key,))
        articles = [(ready, msgspec.structs.replace(_article.decode(it), state=state)) for ready, state, it in rows]
        texts = [Texted(it, moment(ready) if ready else None, self.kinship(it)) for ready, it in articles]
        versions = [it for _, it in articles if it.state in ("filed", "ready")]
        sent = [pair for _, it in articles for pair in self._sent(it.id)]
        return told(next(iter(pages), None), drops, texts, versions, sent)

    def kinship(self, article: Article) -> str:
        """Why an article was joined to its story, in one sentence; empty where its text was new."""
        if article.kin is None:
            return ""
        url = self.db.one("SELECT record ->> 'url' FROM articles WHERE id = ?", (article.kin.article,))
        return sentence(article, str(url or "a text that is no longer kept"))

    def _sent(self, article: str) -> list[tuple[Notice, Delivery]]:
        rows = self.db.rows(
            "SELECT n.record, d.record FROM notices n JOIN deliveries d ON d.notice = n.id WHERE n.article = ?",
            (article,),
        )
        return [(_notice.decode(notice), _delivery.decode(sent)) for notice, sent in rows]
