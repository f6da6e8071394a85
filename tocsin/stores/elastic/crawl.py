"""What room one asks of the store: outlets, feeds, pages, acceptance, drops."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from tocsin.addresses import address_id, canonical
from tocsin.records import Article, Drop, Feed, Listing, Outlet, PageState, derived_id
from tocsin.stores.dated import dated
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.documents import DocumentPart
from tocsin.stores.elastic.server import Row, Write

_state = msgspec.json.Decoder(PageState)

_MANY = 10_000
"""Documents of one answer, at most."""
_ROUNDS = 5
"""Times that an address is claimed again after somebody else came first."""


class CrawlPart(DocumentPart):
    """The half of the store that the spiders see."""

    def outlets(self, *, active: bool | None = None) -> list[Outlet]:
        """All outlets in order of name, or only the (in)active ones."""
        query = {"match_all": {}} if active is None else {"term": {"active": active}}
        found = self.server.each(schema.OUTLETS, {"query": query, "sort": ["name"]})
        return [msgspec.convert(row.source["record"], Outlet) for row in found]

    def put_outlets(self, outlets: Iterable[Outlet]) -> None:
        """Create or replace by name."""
        index = self.server.name(schema.OUTLETS)
        self.must(
            [
                Write("index", index, it.name, {"name": it.name, "active": it.active, "record": it.to_dict()})
                for it in outlets
            ],
            seen=True,
        )

    def remove_outlets(self, names: Iterable[str]) -> int:
        """Forget outlets and their feeds; articles stay. Returns how many were known."""
        wanted = list(names)
        gone = self.server.write(
            [Write("delete", self.server.name(schema.OUTLETS), name) for name in wanted], seen=True
        )
        feeds = self.server.each(
            schema.FEEDS, {"query": {"terms": {"outlet": wanted}}, "sort": ["_shard_doc"], "_source": False}
        )
        self.server.write([Write("delete", row.place, row.id) for row in feeds], seen=True)
        return sum(outcome.done for outcome in gone)

    def feeds(self, outlet: str = "") -> list[Feed]:
        """All feeds, or those of one outlet."""
        return self._feeds({"term": {"outlet": outlet}} if outlet else {"match_all": {}}, ["url"])

    def troubled_feeds(self) -> list[Feed]:
        """Feeds whose last poll failed, in order of their outlets."""
        return self._feeds({"exists": {"field": "error"}}, ["outlet", "url"])

    def _feeds(self, query: Mapping[str, Any], sort: Sequence[str]) -> list[Feed]:
        found = self.server.each(schema.FEEDS, {"query": query, "sort": sort})
        return [msgspec.convert(row.source["record"], Feed) for row in found]

    def put_feeds(self, feeds: Iterable[Feed]) -> None:
        """Create or replace by address."""
        index = self.server.name(schema.FEEDS)
        self.keep([Write("index", index, derived_id("feed", it.url), _feed(it)) for it in feeds])

    def pages(self, address_ids: Sequence[str]) -> dict[str, PageState]:
        """The known ones among these addresses."""
        return {name: _page(row) for name, row in self._addresses(address_ids).items() if "record" in row.source}

    def latest(self, address_ids: Sequence[str]) -> dict[str, Article]:
        """The newest text of each of these addresses that has one, by address id."""
        known = self._addresses(address_ids)
        texts = {
            row.source["latest"]: self.partition(row.source["partition"])
            for row in known.values()
            if row.source.get("latest")
        }
        found = self.server.rows(((index, name) for name, index in texts.items()), leave_out=["tokens"])
        articles = [rows.article_of(row.source) for row in found.values()]
        return {article.address_id: article for article in articles}

    def pages_due(self, outlets: Sequence[str], now: datetime, limit: int) -> list[PageState]:
        """Addresses whose ``due`` has come, the longest due first."""
        tests = [{"range": {"due": {"lte": now}}}, {"terms": {"outlet": list(outlets)}}]
        asked = {"query": {"bool": {"filter": tests}}, "sort": ["due"], "size": min(limit, _MANY)}
        # Searches show for a second what was due before: no page is fetched twice for that.
        now_known = self._addresses([row.id for row in self.server.found(schema.ADDRESSES, asked)])
        states = [_page(row) for row in now_known.values()]
        return [state for state in states if state.due is not None and state.due <= now]

    def put_pages(self, pages: Iterable[PageState]) -> None:
        """Create or replace by address id."""
        index = self.server.name(schema.ADDRESSES)
        self.keep([Write("update", index, it.address_id, _page_row(it), upsert=True) for it in pages])

    def accept(self, articles: Sequence[Article], pages: Sequence[PageState] = ()) -> list[str]:
        """Store articles as accepted, and what was learnt of their pages.

        Ids that are known already stay as they are. Returns the ids that are new. One that the server refuses for what
        it contains is put aside with the reason.
        """
        partitions = self._claimed(articles)
        writes = [
            Write("create", self.partition(partitions[it.address_id]), it.id, rows.accepted(it)) for it in articles
        ]
        known = self.server.rows(((write.place, write.id) for write in writes), ["*"])
        index = self.server.name(schema.ADDRESSES)
        # First what the newest text is, then the text: who dies in between begins again, as if it had never come. The
        # other way round it would be known and never compared with, and its next look would make a version of it.
        newest = {it.address_id: it.id for it in articles if it.id not in known}
        self.keep([Write("update", index, name, {"latest": text}, upsert=True) for name, text in newest.items()])
        outcomes = self.server.write(writes)
        new = [it for it, outcome in zip(articles, outcomes, strict=True) if outcome.done]
        bad = [
            (write, outcome.reason)
            for write, outcome in zip(writes, outcomes, strict=True)
            if not outcome.done and outcome.status != 409
        ]
        self.put_aside(bad)
        self.put_pages(pages)
        return [it.id for it in new]

    def _claimed(self, articles: Sequence[Article]) -> dict[str, str]:
        """The partition of each address: that of its first sight, whoever saw it."""
        wanted = {it.address_id: f"{it.first_seen.astimezone(UTC):%Y.%m}" for it in articles}
        found: dict[str, str] = {}
        for _ in range(_ROUNDS):
            known = self._addresses(list(wanted))
            found = {name: row.source["partition"] for name, row in known.items() if row.source.get("partition")}
            if found.keys() == wanted.keys():
                break
            self.server.write(
                [self._claim(name, wanted[name], known.get(name)) for name in wanted.keys() - found.keys()]
            )
        return wanted | found

    def _claim(self, address: str, partition: str, known: Row | None) -> Write:
        index = self.server.name(schema.ADDRESSES)
        if known is None:
            return Write("create", index, address, {"partition": partition})
        return Write("update", index, address, {"partition": partition}, known.seq_no, known.term)

    def date_undated(self, listings: Mapping[str, Listing]) -> None:
        """Give articles without a publication time the one that a feed told later, by address id."""
        if not listings:
            return
        texts = self.latest(list(listings))
        for address, article in texts.items():
            if article.published is None:
                self.rewrite(article.id, lambda known, of=listings[address]: dated(known, of))  # type: ignore[misc]

    def drop(self, drops: Iterable[Drop]) -> None:
        """Write down what was left out."""
        index = self.server.name(schema.DROPS)
        self.keep([Write("index", index, "", drop_row(it)) for it in drops])

    def _addresses(self, address_ids: Sequence[str]) -> dict[str, Row]:
        index = self.server.name(schema.ADDRESSES)
        return self.server.rows((index, name) for name in address_ids)


def _feed(feed: Feed) -> dict[str, Any]:
    error = {"error": feed.error} if feed.error else {}
    return {"url": feed.url, "outlet": feed.outlet, "record": feed.to_dict(), **error}


def _page(row: Row) -> PageState:
    return _state.decode(row.source["record"])


def _page_row(page: PageState) -> dict[str, Any]:
    # The record as text: a part of an object that is missing in an update would stay as it was.
    return {
        "url": page.url,
        "outlet": page.outlet,
        "due": page.due,
        "fetched": page.fetched,
        "record": page.to_json().decode(),
    }


def drop_row(drop: Drop) -> dict[str, Any]:
    """The row of a drop."""
    address = address_id(canonical(drop.url) or drop.url)
    return {**drop.to_dict(), "address_id": address, "detail": drop.detail[:500]}
