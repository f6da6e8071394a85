"""What keeps a store in order: its health, its retention, its second tries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from tocsin.errors import UserError
from tocsin.stores.copying import batches
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.crawl import CrawlPart
from tocsin.stores.elastic.documents import EVERYWHERE
from tocsin.stores.elastic.health import examined
from tocsin.stores.elastic.server import Row, Write
from tocsin.stores.port import SharedFingerprints, own_story
from tocsin.stores.retention import RETENTION
from tocsin.stores.upkeep import Finding, Requeued, counted, taken_up

_PAGE = 200
_REMOVED = 500


class UpkeepPart(CrawlPart):
    """Backup, check, retention, second tries."""

    fingerprints: SharedFingerprints | None

    def backup(self, target: Path) -> None:
        """Not from here. Raises UserError that says from where."""
        raise UserError(
            f"A store on Elasticsearch is not copied to {target}: take a snapshot of the indices "
            f"{self.server.prefix}-* on the server, or keep what tocsin export writes."
        )

    def check(self) -> str:
        """``ok``, or what the server says of our indices."""
        told = self.server.ask("GET", f"/_cluster/health/{self.server.prefix}-*?level=indices&timeout=5s")
        bad = sorted(name for name, index in told["indices"].items() if index["status"] == "red")
        return f"no whole copy of {', '.join(bad)}" if bad else "ok"

    def examine(self, now: datetime) -> list[Finding]:
        """How the servers are. Raises Away where the server goes away meanwhile."""
        found = examined(self.server, self.clock)
        if self.fingerprints is None:
            what = "none is named, and workers find copies in it: set TOCSIN_REDIS to redis://host:6379"
            found.append(Finding("redis", "bad", what))
        return found

    # ---- second tries

    def requeue(self, reason: str, now: datetime, *, dry_run: bool) -> Requeued:
        """Put parked articles back to accepted, and write refused rows again, where their reason says so."""
        self.server.refresh(EVERYWHERE, schema.REFUSED)
        parked = {"query": {"term": {"state": "parked"}}, "sort": ["_shard_doc"], "_source": {"excludes": ["tokens"]}}
        taken: list[str] = []
        for page in batches(_for_that(self.server.each(EVERYWHERE, parked), reason), _PAGE):
            taken += [row.source["reason"] for row in page]
            if not dry_run:
                self._take_up(page, now)
        tried, again = list[str](), 0
        everything = {"query": {"match_all": {}}, "sort": ["_shard_doc"]}
        for page in batches(_for_that(self.server.each(schema.REFUSED, everything), reason), _PAGE):
            tried += [row.source["reason"] for row in page]
            again += 0 if dry_run else self._write_again(page, now)
        return Requeued(counted(taken), counted(tried), again)

    def _take_up(self, page: Sequence[Row], now: datetime) -> None:
        # A number that was given before is behind what readers have seen: it will get another one.
        self.server.write([Write("delete", self.server.name(schema.ARRIVALS), row.id) for row in page])
        writes = [
            Write(
                "update", row.place, row.id,
                {
                    "state": "accepted", "reason": "", "attempts": 0, "lease": row.source["lease"] + 1,
                    "lease_until": None,
                },
                row.seq_no, row.term,
            )
            for row in page
        ]  # fmt: skip
        outcomes = zip(page, self.server.write(writes), strict=True)
        articles = [rows.article_of(row.source) for row, outcome in outcomes if outcome.done]
        self.drop([taken_up(article, article.reason, now) for article in articles])

    def _write_again(self, page: Sequence[Row], now: datetime) -> int:
        """Write rows that were refused. Returns how many are refused once more; these stay where they are."""
        texts, others = dict[str, Row](), list[Row]()
        for row in page:
            if row.source["index"].startswith(self.partition("")) and row.source["record"]["how"] == "create":
                texts[row.source["record"]["id"]] = row
            else:
                others.append(row)
        articles = {name: rows.article_of(row.source["record"]["document"]) for name, row in texts.items()}
        accepted = set(self.accept(list(articles.values()))) if articles else set()
        self.server.refresh(EVERYWHERE)
        known = accepted | self.rows_of(articles.keys() - accepted).keys()
        done = [texts[name] for name in articles if name in known]
        writes = [
            Write(it["how"], row.source["index"], it["id"], it["document"])
            for row in others for it in (row.source["record"],)
        ]  # fmt: skip
        outcomes = zip(others, self.server.write(writes), strict=True)
        done += [row for row, outcome in outcomes if outcome.done or outcome.status == 409]
        self.drop([taken_up(articles[name], texts[name].source["reason"], now) for name in accepted])
        self.server.write([Write("delete", row.place, row.id) for row in done], seen=True)
        return len(page) - len(done)

    # ---- retention

    def prune(self, now: datetime, *, dry_run: bool) -> dict[str, int]:
        """Remove what is past its retention; returns rows per kind. Addresses stay, so nothing returns as new.

        Articles that a subscription met are evidence and stay.
        """
        before = {kind: now - age for kind, age in RETENTION.items()}
        old: dict[str, tuple[str, dict[str, Any]]] = {
            "drops": (schema.DROPS, {"filter": [_before("at", before["drops"])]}),
            "deliveries": (
                schema.DELIVERIES,
                {"filter": [_before("created", before["deliveries"])], "must_not": [{"term": {"state": "waiting"}}]},
            ),
            "articles": (
                EVERYWHERE,
                {
                    "filter": [_before("first_seen", before["articles"]), {"terms": {"state": ["ready", "parked"]}}],
                    "must_not": [{"exists": {"field": "matched_subscriptions"}}],
                },
            ),
        }
        if dry_run:
            return {kind: self.server.count(index, {"bool": query}) for kind, (index, query) in old.items()}
        removed = {kind: self._remove(*old[kind]) for kind in ("drops", "deliveries")}
        removed["articles"] = self._remove_texts(old["articles"][1])
        self._drop_empty_months()
        return removed

    def _remove(self, index: str, query: Mapping[str, Any]) -> int:
        removed = 0
        found = self.server.each(index, {"query": {"bool": query}, "sort": ["_shard_doc"], "_source": False})
        for page in batches(found, _REMOVED):
            self.server.write([Write("delete", row.place, row.id) for row in page], seen=True)
            removed += len(page)
        return removed

    def _remove_texts(self, query: Mapping[str, Any]) -> int:
        """Texts with their arrivals, and what their stories are one with where nothing else is called by these."""
        removed, arrivals = 0, self.server.name(schema.ARRIVALS)
        found = self.server.each(EVERYWHERE, {"query": {"bool": query}, "sort": ["_shard_doc"], "_source": ["story"]})
        for page in batches(found, _REMOVED):
            writes = [Write("delete", place, row.id) for row in page for place in (row.place, arrivals)]
            self.server.write(writes, seen=True)
            own = {own_story(row.id) for row in page}
            self._forget(sorted(own | {row.source["story"] for row in page if row.source.get("story")}))
            removed += len(page)
        return removed

    def _forget(self, stories: Sequence[str]) -> None:
        by = {"by": {"terms": {"field": "story", "size": len(stories)}}}
        asked = {"query": {"terms": {"story": stories}}, "size": 0, "aggs": by}
        called = set[str]()
        for index in (EVERYWHERE, schema.ALERTS):
            told = self.server.search(index, asked).get("aggregations", {"by": {"buckets": []}})
            called |= {bucket["key"] for bucket in told["by"]["buckets"]}
        place = self.server.name(schema.STORIES)
        self.server.write([Write("delete", place, story) for story in stories if story not in called], seen=True)

    def _drop_empty_months(self) -> None:
        """A month without articles is an index without purpose."""
        for index, told in self.server.ask("GET", f"/{self.server.name(EVERYWHERE)}/_stats/docs")["indices"].items():
            if told["primaries"]["docs"]["count"] == 0:
                self.server.ask("DELETE", f"/{index}", missing=True)


def _before(field: str, moment: datetime) -> dict[str, Any]:
    return {"range": {field: {"lt": moment}}}


def _for_that(found: Iterable[Row], reason: str) -> Iterator[Row]:
    return (row for row in found if reason.casefold() in row.source["reason"].casefold())
