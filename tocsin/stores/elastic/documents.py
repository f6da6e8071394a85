"""The rows of the articles: where they stand, who holds them, and how one is written again."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.records import Article, derived_id
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.server import Row, Server, Write, Written

EVERYWHERE = f"{schema.ARTICLES}-*"
"""Rows of articles in every state; the alias without the star shows those alone that are ready."""
_ROUNDS = 5
"""Times that a row is written again after somebody else came first."""
_MANY = 10_000


class Held(NamedTuple):
    """A row that is leased to this process."""

    lease: int
    place: str
    seq_no: int
    term: int


class DocumentPart:
    """What all parts of the store know of the rows of articles."""

    server: Server
    clock: Clock
    held: dict[str, Held]

    def partition(self, month: str) -> str:
        """The index of the articles whose address was first seen in a month, ``2026.11``."""
        return self.server.name(f"{schema.ARTICLES}-{month}")

    def must(self, writes: Sequence[Write], *, seen: bool = False) -> None:
        """Write what cannot be refused. Raises UserError where it is."""
        for write, outcome in zip(writes, self.server.write(writes, seen=seen), strict=True):
            if not outcome.done and outcome.status != 404:
                raise UserError(f"Elasticsearch refuses a row of {write.place}: {outcome.reason}.", 1)

    def keep(self, writes: Sequence[Write], *, seen: bool = False) -> None:
        """Write what others must not wait for: what is refused is put aside with its reason."""
        written = zip(writes, self.server.write(writes, seen=seen), strict=True)
        self.put_aside([(write, it.reason) for write, it in written if not it.done and it.status not in {404, 409}])

    def rows_of(self, ids: Iterable[str], *, tokens: bool = False) -> dict[str, Row]:
        """Rows of articles by id: of the ready ones as they stand, of others as searches see them."""
        wanted = list(dict.fromkeys(ids))
        leave_out = () if tokens else ("tokens",)
        arrived = self.server.rows((self.server.name(schema.ARRIVALS), name) for name in wanted)
        places = {name: self.partition(row.source["partition"]) for name, row in arrived.items()}
        places |= {name: self.held[name].place for name in wanted if name in self.held}
        found = self.server.rows(((index, name) for name, index in places.items()), leave_out)
        rest = [name for name in wanted if name not in found]
        for start in range(0, len(rest), _MANY):
            asked = {
                "query": {"ids": {"values": rest[start : start + _MANY]}},
                "size": _MANY,
                "_source": {"excludes": list(leave_out)},
            }
            found |= {row.id: row for row in self.server.found(EVERYWHERE, asked)}
        return found

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""
        return {name: rows.article_of(row.source) for name, row in self.rows_of(ids).items()}

    def rewrite(self, article: str, change: Callable[[Article], Article]) -> None:
        """Write a row again with a change, whoever holds it. Where somebody else comes first, it is changed anew."""
        for _ in range(_ROUNDS):
            row = self.rows_of([article], tokens=True).get(article)
            if row is None:
                return
            changed = change(rows.article_of(row.source))
            write = Write("index", row.place, row.id, document(changed, row.source), row.seq_no, row.term)
            if self.server.write([write])[0].status != 409:
                return

    def write_held(self, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Written]:
        """Write rows that this process holds, by article; what became of each. One that is lost has the status 409.

        A row may have got a date since: that takes nobody's lease away.
        """
        places = {name: self.held[name] for name in documents}
        writes = [Write("index", at.place, name, documents[name], at.seq_no, at.term) for name, at in places.items()]
        written = dict(zip(places, self.server.write(writes), strict=True))
        late = [name for name, outcome in written.items() if outcome.status == 409]
        if late:
            now = self.server.rows((places[name].place, name) for name in late)
            for name, row in now.items():
                if row.source["lease"] == places[name].lease and row.source["state"] not in {"ready", "parked"}:
                    written[name] = self._once_more(row, documents[name])
        for name, outcome in written.items():
            if outcome.done:
                self.held[name] = places[name]._replace(seq_no=outcome.seq_no, term=outcome.term)
        return written

    def _once_more(self, row: Row, wanted: Mapping[str, Any]) -> Written:
        told = "published", "published_origin", "published_note", "extraction"
        late = {name: row.source[name] for name in told} if wanted["published"] is None else {}
        write = Write("index", row.place, row.id, {**wanted, **late}, row.seq_no, row.term)
        return self.server.write([write])[0]

    def put_aside(self, refused: Sequence[tuple[Write, str]]) -> None:
        """Keep writes that the server refuses, each with its reason: after a mend they can be made again."""
        now = self.clock.now()
        self.server.write(
            [
                Write(
                    "index",
                    self.server.name(schema.REFUSED),
                    derived_id("refused", write.place, write.id),
                    {
                        "at": now,
                        "index": write.place,
                        "reason": reason,
                        "record": {"how": write.how, "id": write.id, "document": _as_it_is(write.document)},
                    },
                )
                for write, reason in refused
            ]
        )


def document(article: Article, source: Mapping[str, Any]) -> dict[str, Any]:
    """The whole row of an article that had another row before."""
    if article.state != "ready":
        return rows.accepted(article) | {name: source[name] for name in ("tokens",) if name in source}
    _, analysed = rows.as_read(source["tokens"])
    anew = rows.ready(article, analysed, source["matched_subscriptions"], source["ready_at"])
    return anew | {"tokens": source["tokens"]}


def any_of(tests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A query that one of these has to meet."""
    return {"bool": {"should": list(tests), "minimum_should_match": 1}}


def _as_it_is(document: Mapping[str, Any] | None) -> Any:
    """A document that was refused; as text where it is no JSON, which may be what it was refused for."""
    plain = msgspec.to_builtins(document)
    try:
        msgspec.json.encode(plain)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(plain)
    return plain
