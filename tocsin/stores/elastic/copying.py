"""The store on Elasticsearch as one from which and into which rows are moved."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.records import Alert, Article, Delivery, Drop, Feed, Notice, Outlet, PageState, Subscription
from tocsin.stores.copying import Arrived, Moved, Sent, Text, Told, attempts_of, batches, numbered
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.copies import copies_of
from tocsin.stores.elastic.crawl import CrawlPart, drop_row
from tocsin.stores.elastic.deliveries import delivery_row
from tocsin.stores.elastic.documents import EVERYWHERE
from tocsin.stores.elastic.publishing import alert_of, alert_row, roots
from tocsin.stores.elastic.road import former_row
from tocsin.stores.elastic.server import Write
from tocsin.stores.port import SharedFingerprints
from tocsin.words import Analysed

_ALL = {"query": {"match_all": {}}, "sort": ["_shard_doc"]}
_PAGE = 100
_MARK = "copied"
_KEYED: Mapping[str, tuple[str, type[Any]]] = {
    "outlets": (schema.OUTLETS, Outlet),
    "feeds": (schema.FEEDS, Feed),
    "subscriptions": (schema.SUBSCRIPTIONS, Subscription),
    schema.FORMER: (schema.FORMER, Subscription),
}


class CopyingPart(CrawlPart):
    """What a copy asks of the store."""

    fingerprints: SharedFingerprints | None

    def sizes(self) -> dict[str, int]:
        """How many rows there are of each kind."""
        self.server.refresh("*")
        everything: dict[str, Any] = {"match_all": {}}
        counted: dict[str, tuple[str, dict[str, Any]]] = {
            **{kind: (index, everything) for kind, (index, _) in _KEYED.items()},
            "pages": (schema.ADDRESSES, {"exists": {"field": "url"}}),
            "stories": (schema.STORIES, everything),
            "alerts": (schema.ALERTS, everything),
            "deliveries": (schema.DELIVERIES, everything),
            "drops": (schema.DROPS, everything),
            "arrivals": (schema.ARTICLES, everything),
            "articles": (EVERYWHERE, everything),
        }
        found = {kind: self.server.count(index, query) for kind, (index, query) in counted.items()}
        return {**found, "generation": 1}

    def moved(self, kind: str, only: Sequence[str] | None = None) -> Iterator[Moved]:
        """The rows of a kind: arrivals in their order, articles in that of their acceptance."""
        self.server.refresh("*")
        if kind in _KEYED:
            return self._moved_keyed(*_KEYED[kind])
        ways: dict[str, Callable[[], Iterator[Moved]]] = {
            "pages": self._moved_pages,
            "generation": lambda: iter((Moved("generation", self._moved_number("generation") or 1),)),
            "stories": self._moved_stories,
            "alerts": self._moved_alerts,
            "deliveries": self._moved_deliveries,
            "drops": lambda: numbered(self._moved_drops()),
            "arrivals": self._moved_arrivals,
            "articles": lambda: self._moved_texts(only),
        }
        return ways[kind]()

    def _moved_keyed(self, index: str, record: type[Any]) -> Iterator[Moved]:
        for row in self.server.each(index, _ALL):
            made = msgspec.convert(row.source["record"], record)
            yield Moved(made.url if isinstance(made, Feed) else row.id, made)

    def _moved_pages(self) -> Iterator[Moved]:
        decode = msgspec.json.Decoder(PageState).decode
        for row in self.server.each(schema.ADDRESSES, _ALL):
            if "record" in row.source:
                yield Moved(row.id, decode(row.source["record"]))

    def _moved_stories(self) -> Iterator[Moved]:
        for page in batches(self.server.each(schema.STORIES, _ALL), _PAGE):
            root_of = roots(self.server, [row.id for row in page])
            yield from (Moved(story, root) for story, root in root_of.items())

    def _moved_alerts(self) -> Iterator[Moved]:
        for page in batches(self.server.each(schema.ALERTS, _ALL), _PAGE):
            copies = copies_of(self.server, [alert_of(row) for row in page])
            for row in page:
                own, every = copies[row.id]
                alert = msgspec.structs.replace(alert_of(row), copies=own)
                yield Moved(row.id, Told(alert, msgspec.convert(row.source["notices"], tuple[Notice, ...]), every))

    def _moved_deliveries(self) -> Iterator[Moved]:
        for row in self.server.each(schema.DELIVERIES, _ALL):
            sent, told = msgspec.convert(row.source["record"], Delivery), msgspec.convert(row.source["told"], Notice)
            yield Moved(row.id, Sent(sent, told))

    def _moved_drops(self) -> Iterator[Drop]:
        asked = {**_ALL, "sort": ["at", "_shard_doc"]}
        return (msgspec.convert(row.source, Drop) for row in self.server.each(schema.DROPS, asked))

    def _moved_arrivals(self) -> Iterator[Moved]:
        fields = ["address_id", "first_seen", "ready_at"]
        asked = {"query": {"match_all": {}}, "sort": [{"arrival": "asc"}], "_source": fields}
        for row in self.server.each(schema.ARTICLES, asked):
            seen, ready = _moment(row.source["first_seen"]), _moment(row.source["ready_at"])
            yield Moved(row.id, Arrived(row.id, row.source["address_id"], seen, ready))

    def _moved_texts(self, only: Sequence[str] | None) -> Iterator[Moved]:
        asked = {"query": {"match_all": {}}, "sort": ["first_seen", "version", "_seq_no"]}
        found: Any = self.server.each(EVERYWHERE, asked, _PAGE)
        for row in found if only is None else self.rows_of(only, tokens=True).values():
            article = msgspec.structs.replace(rows.article_of(row.source), lease_until=None)
            analysed = rows.as_read(row.source["tokens"])[1] if "tokens" in row.source else None
            ready = _moment(row.source["ready_at"]) if article.state == "ready" else None
            yield Moved(row.id, Text(article, analysed, ready, tuple(row.source.get("matched_subscriptions", ()))))

    # ---- writing

    def put_moved(self, kind: str, rows: Sequence[Moved]) -> None:
        """Write rows of a kind; what stands there under their ids is replaced. Leases are free, arrivals given anew."""
        records: Any = [row.record for row in rows]
        ways: dict[str, Callable[[Any], None]] = {
            "outlets": self.put_outlets,
            "feeds": self.put_feeds,
            "pages": self.put_pages,
            "arrivals": self._put_moved_arrivals,
            "articles": self._put_moved_texts,
        }
        if kind in ways:
            ways[kind](records)
            return
        index = self.server.name({"generation": schema.META}.get(kind, kind))
        self.must([Write("index", index, row.id, _row(kind, row)) for row in rows])

    def _put_moved_arrivals(self, arrived: Sequence[Arrived]) -> None:
        """Give arrival numbers in this order; those that are given already stay."""
        months = self._moved_months([(it.address_id, it.first_seen) for it in arrived])
        index = self.server.name(schema.ARRIVALS)
        self.server.write(
            [
                Write("create", index, it.article, {"at": it.ready_at, "partition": months[it.address_id]})
                for it in arrived
            ]
        )

    def _moved_months(self, seen: Sequence[tuple[str, datetime]]) -> dict[str, str]:
        """The partition of each address; of a new one that of its first sight."""
        index = self.server.name(schema.ADDRESSES)
        known = self.server.rows((index, address) for address, _ in seen)
        months = {name: row.source["partition"] for name, row in known.items() if row.source.get("partition")}
        new: dict[str, str] = {}
        for address, moment in seen:
            if address not in months:
                new.setdefault(address, f"{moment.astimezone(UTC):%Y.%m}")
        self.must(
            [Write("update", index, address, {"partition": month}, upsert=True) for address, month in new.items()]
        )
        return months | new

    def _put_moved_texts(self, texts: Sequence[Text]) -> None:
        months = self._moved_months([(it.article.address_id, it.article.first_seen) for it in texts])
        index = self.server.name(schema.ARRIVALS)
        arrivals = self.server.rows((index, it.article.id) for it in texts if it.article.state == "ready")
        writes = []
        for text in texts:
            number = arrivals[text.article.id].seq_no + 1 if text.article.id in arrivals else None
            place = self.partition(months[text.article.address_id])
            writes.append(Write("index", place, text.article.id, _text_row(text, number)))
        # What is on its way keeps the order in which it was accepted; for what is ready, arrivals say it.
        outcomes = self.server.write(writes, at_once=all(it.article.state == "ready" for it in texts))
        self.put_aside([(write, it.reason) for write, it in zip(writes, outcomes, strict=True) if not it.done])
        latest = {text.article.address_id: text.article.id for text in texts}
        addresses = self.server.name(schema.ADDRESSES)
        self.must([Write("update", addresses, name, {"latest": it}, upsert=True) for name, it in latest.items()])

    # ---- around it

    def registering(self) -> SharedFingerprints | None:
        """Where the texts of the store are registered; None where no Redis is named: then the workers do it first."""
        return self.fingerprints

    def leased(self, now: datetime) -> int:
        """How many articles somebody is working on."""
        tests = [{"terms": {"state": ["accepted", "filed"]}}, {"range": {"lease_until": {"gt": now}}}]
        self.server.refresh("*")
        return self.server.count(EVERYWHERE, {"bool": {"filter": tests}})

    def copied_from(self) -> int | None:
        """The number of the store that is being copied into this one; None where none is."""
        return self._moved_number(_MARK)

    def set_copied_from(self, number: int | None) -> None:
        """Write down which store is being copied into this one."""
        index = self.server.name(schema.META)
        if number is None:
            self.server.write([Write("delete", index, _MARK)])
        else:
            self.must([Write("index", index, _MARK, {"value": number})])

    def _moved_number(self, name: str) -> int | None:
        row = self.server.rows([(self.server.name(schema.META), name)]).get(name)
        return int(row.source["value"]) if row else None


def _row(kind: str, row: Moved) -> dict[str, Any]:
    record: Any = row.record
    if kind == "generation":
        return {"value": record}
    if kind == "subscriptions":
        return {"name": record.name, "record": record.to_dict()}
    if kind == schema.FORMER:
        return former_row(record)
    if kind == "stories":
        return {"root": record}
    if kind == "drops":
        return drop_row(record.drop)
    if kind == "alerts":
        # How many copies there are is counted from the articles.
        alert: Alert = msgspec.structs.replace(record.alert, copies=0)
        return alert_row(alert, [it.to_dict() for it in record.notices])
    delivery, notice = record
    told = {"article": notice.article, "created": notice.created, "told": notice.to_dict()}
    return {**delivery_row(delivery), **told}


def _text_row(text: Text, number: int | None) -> dict[str, Any]:
    article: Article = msgspec.structs.replace(
        text.article, arrival=number, attempts=attempts_of(text.article), lease_until=None
    )
    if text.article.state == "ready" and text.ready_at is not None:
        return rows.ready(article, text.analysed or Analysed((), ()), text.matched, text.ready_at)
    return rows.accepted(article) | ({"tokens": rows.packed(text.analysed)} if text.analysed else {})


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
