"""What room two asks of the store: claims, filing, publishing, the subscriptions, the outbox."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.errors import Away
from tocsin.records import Article, Drop, Subscription
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.crawl import CrawlPart
from tocsin.stores.elastic.deliveries import OutboxPart
from tocsin.stores.elastic.documents import EVERYWHERE, Held, any_of
from tocsin.stores.elastic.filing import ElasticFiling
from tocsin.stores.elastic.publishing import ElasticPublishing
from tocsin.stores.elastic.server import Row, Write, Written
from tocsin.stores.port import Hint, SharedFingerprints, former_id, in_order
from tocsin.words import Analysed

_WAITING = {"terms": {"state": ["accepted", "filed"]}}
_TRIED = {"range": {"attempts": {"gt": 0}}}
_READ = {"excludes": ["tokens"]}
_ROUNDS = 10


class RoadPart(CrawlPart, OutboxPart):
    """The half of the store that the workers see."""

    fingerprints: SharedFingerprints | None
    owed: list[Article]
    _claimed_since: bool = False
    """Whether searches may still show as free what this process has claimed."""

    def claim(self, limit: int, lease_seconds: float, now: datetime) -> list[Article]:
        """Lease accepted or filed articles whose lease is free or over; their ``attempts`` and ``lease`` have grown.

        One that was leased before comes first and alone: if it kills its worker, that counts against it and no other.
        """
        if self.owed:
            self.release(())
        if self._claimed_since:
            self.server.refresh(EVERYWHERE)
            self._claimed_since = False
        over = _over(now, 2 * lease_seconds)
        before: list[dict[str, Any]] = [_TRIED, {"term": {"state": "filed"}}]
        tried = [_WAITING, any_of(before), any_of(over)]
        fresh = [{"term": {"state": "accepted"}}, {"term": {"attempts": 0}}]
        for tests, sort, most in ((tried, ["lease_until"], 1), (fresh, ["first_seen", "_seq_no"], limit)):
            asked = {"query": {"bool": {"filter": tests}}, "sort": sort, "size": most, "_source": _READ}
            while found := self.server.found(EVERYWHERE, asked):
                if claimed := self._leased(found, now + timedelta(seconds=lease_seconds)):
                    return claimed
                # Others have them all, and searches do not know it yet.
                self.server.refresh(EVERYWHERE)
        return []

    def claim_these(self, hints: Sequence[Hint], lease_seconds: float, now: datetime) -> list[Article]:
        """Lease those of these articles that are accepted or filed and whose lease is free or over.

        Those that were never leased come together; else one that was, alone.
        """
        if self.owed:
            self.release(())
        far = now + timedelta(seconds=2 * lease_seconds)
        known = self._addresses([hint.address for hint in hints])
        places = [
            (self.partition(known[address].source["partition"]), name)
            for name, address in hints
            if address in known and known[address].source.get("partition")
        ]
        free = [
            row
            for row in self.server.rows(places, leave_out=["tokens"]).values()
            if row.source["state"] in {"accepted", "filed"}
            and ((until := rows.article_of(row.source).lease_until) is None or until <= now or until > far)
        ]
        fresh = [row for row in free if not row.source["attempts"]]
        return self._leased(fresh or free[:1], now + timedelta(seconds=lease_seconds))

    def overdue(self, now: datetime, grace_seconds: float, limit: int) -> list[tuple[Hint, str]]:
        """Articles that nobody carries, with their states, the oldest first: their lease is over, or they were accepted
        longer ago than the grace and never leased.
        """
        self.server.refresh(EVERYWHERE)
        accepted = {"range": {"first_seen": {"lte": now - timedelta(seconds=grace_seconds)}}}
        never: dict[str, Any] = {"bool": {"filter": [accepted, {"term": {"attempts": 0}}]}}
        tried: dict[str, Any] = {"bool": {"filter": [any_of([{"term": {"state": "filed"}}, _TRIED])]}}
        asked = {
            # No lease is longer than a few minutes, whatever it is given for.
            "query": {"bool": {"filter": [_WAITING, any_of([never, tried]), any_of(_over(now, 600))]}},
            "sort": ["first_seen", "_seq_no"],
            "size": min(limit, 10_000),
            "_source": ["state", "address_id"],
        }
        found = self.server.found(EVERYWHERE, asked)
        return [(Hint(row.id, row.source["address_id"]), row.source["state"]) for row in found]

    def _leased(self, found: Sequence[Row], until: datetime) -> list[Article]:
        leases = [(row, row.source["lease"] + 1, row.source["attempts"] + 1) for row in found]
        writes = [
            Write(
                "update", row.place, row.id,
                {"lease": lease, "attempts": attempts, "lease_until": until}, row.seq_no, row.term,
            )
            for row, lease, attempts in leases
        ]  # fmt: skip
        claimed: list[Article] = []
        if not writes:
            return claimed
        for (row, lease, attempts), outcome in zip(leases, self.server.write(writes), strict=True):
            if outcome.done:
                self.held[row.id] = Held(lease, row.place, outcome.seq_no, outcome.term)
                article = rows.article_of(row.source)
                claimed.append(msgspec.structs.replace(article, lease=lease, attempts=attempts, lease_until=until))
        self._claimed_since = True
        return claimed

    def release(self, articles: Sequence[Article]) -> None:
        """Give back articles whose lease is still the claimed one: free at once, and this attempt does not count.

        Raises Away where the server is; then it is made up for before the next claim.
        """
        every = [*self.owed, *articles]
        self.owed = []
        ours = [(article, self.holds(article)) for article in every]
        try:
            self.server.write(
                [
                    Write(
                        "update", at.place, article.id,
                        {"attempts": article.attempts - 1, "lease_until": None},
                        at.seq_no, at.term,
                    )
                    for article, at in ours if at
                ]
            )  # fmt: skip
        except Away:
            self.owed = every
            raise
        self._claimed_since = True
        for article in every:
            self.held.pop(article.id, None)

    def holds(self, article: Article) -> Held | None:
        """The row of an article whose lease is ours, as far as this process knows."""
        at = self.held.get(article.id)
        return at if at and at.lease == article.lease else None

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing; None where there are none, or an older analyser made them."""
        row = self.rows_of([article_id], tokens=True).get(article_id)
        return rows.unpacked(row.source["tokens"]) if row and "tokens" in row.source else None

    def frequencies(self, sample: int = 300) -> dict[str, float]:
        """Share of the newest articles that have a key, for the keys that stand in more than one of them."""
        asked = {"query": {"match_all": {}}, "sort": [{"arrival": "desc"}], "size": sample, "_source": ["tokens"]}
        found = [rows.unpacked(row.source["tokens"]) for row in self.server.found(schema.ARTICLES, asked)]
        counts: Counter[str] = Counter()
        for analysed in filter(None, found):
            counts.update({key for token in {*analysed.title, *analysed.text} for key in token.keys})
        return {key: number / len(found) for key, number in counts.items() if number > 1}

    def outdated(self, analyser: int, limit: int) -> list[Article]:
        """Ready articles whose words an older analyser read, in order of arrival."""
        self.server.refresh(EVERYWHERE)
        asked = {"query": _older(analyser), "sort": ["arrival"], "size": limit, "_source": _READ}
        return [rows.article_of(row.source) for row in self.server.found(schema.ARTICLES, asked)]

    def outdated_count(self, analyser: int) -> int:
        """How many ready articles an older analyser read."""
        return self.server.count(schema.ARTICLES, _older(analyser))

    def reindex(self, articles: Sequence[tuple[Article, Analysed]]) -> None:
        """Put ready articles into the index anew, with the words of this analyser. Nobody is told of it."""
        known = self.rows_of(article.id for article, _ in articles)
        writes = []
        for article, analysed in articles:
            row = known.get(article.id)
            if row and row.source["state"] == "ready":
                anew = rows.ready(article, analysed, row.source["matched_subscriptions"], row.source["ready_at"])
                writes.append(Write("index", row.place, row.id, anew, row.seq_no, row.term))
        self.server.write(writes)

    @contextmanager
    def filing(self) -> Iterator[ElasticFiling]:
        """Gather what is filed, and write it when the block ends well."""
        filing = ElasticFiling(self)
        yield filing
        filing.write()

    @contextmanager
    def publishing(self) -> Iterator[ElasticPublishing]:
        """Gather what is published, and write it when the block ends well."""
        publishing = ElasticPublishing(self)
        yield publishing
        publishing.write()

    def park(self, article: Article, reason: str, now: datetime) -> None:
        """Put an article aside with a reason, under its lease."""
        at = self.holds(article)
        if at is None:
            return
        parked = {"state": "parked", "reason": reason, "lease_until": None}
        (outcome,) = self.server.write([Write("update", at.place, article.id, parked, at.seq_no, at.term)])
        self.held.pop(article.id, None)
        if outcome.done:
            self.drop([Drop(at=now, room="workers", reason=reason, url=article.url, outlet=article.outlet)])

    def refused(self, outcomes: Sequence[tuple[Article, Written]]) -> None:
        """Park articles whose rows the server does not take, with its reason; forget those that others hold by now."""
        for article, outcome in outcomes:
            if outcome.status == 409:
                self.held.pop(article.id, None)
            else:
                self.park(article, f"the store refuses it: {outcome.reason}", self.clock.now())

    # ---- subscriptions

    def generation(self) -> int:
        """A number that grows with each change of the subscription set."""
        row = self._generation()
        return int(row.source["value"]) if row else 0

    def _generation(self) -> Row | None:
        return self.server.rows([(self.server.name(schema.META), "generation")]).get("generation")

    def _next_generation(self) -> None:
        index = self.server.name(schema.META)
        for _ in range(_ROUNDS):
            row = self._generation()
            if row is None:
                write = Write("create", index, "generation", {"value": 1})
            else:
                write = Write("index", index, row.id, {"value": row.source["value"] + 1}, row.seq_no, row.term)
            if self.server.write([write])[0].done:
                return

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, in order of their ids."""
        found = self.server.each(schema.SUBSCRIPTIONS, {"query": {"match_all": {}}, "sort": ["_shard_doc"]})
        known = [msgspec.convert(row.source["record"], Subscription) for row in found]
        return sorted(known, key=lambda subscription: subscription.id)

    def put_subscription(self, subscription: Subscription) -> None:
        """Create or replace by id."""
        self.put_subscriptions([subscription])

    def put_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Create or replace many by id, as one change of the set."""
        index = self.server.name(schema.SUBSCRIPTIONS)
        rows_of_them = [(it.id, {"name": it.name, "record": it.to_dict()}) for it in subscriptions]
        self._keep_former({it.id: it for it in subscriptions})
        self.must([Write("index", index, name, row) for name, row in rows_of_them], seen=True)
        self._next_generation()

    def remove_subscription(self, subscription_id: str) -> bool:
        """Forget a subscription; its alerts and its history stay. False where it was not known."""
        self._keep_former({subscription_id: None})
        (gone,) = self.server.write(
            [Write("delete", self.server.name(schema.SUBSCRIPTIONS), subscription_id)], seen=True
        )
        self._next_generation()
        return gone.done

    def subscription_history(self, subscription_id: str) -> list[Subscription]:
        """What a subscription was before each of its edits, and last before its removal, oldest first."""
        asked = {"query": {"term": {"subscription": subscription_id}}, "sort": ["_shard_doc"]}
        found = self.server.each(schema.FORMER, asked)
        return in_order(msgspec.convert(row.source["record"], Subscription) for row in found)

    def _keep_former(self, now: Mapping[str, Subscription | None]) -> None:
        """Keep the records whose places are taken by others, or that are gone, as history."""
        index = self.server.name(schema.SUBSCRIPTIONS)
        standing = self.server.rows((index, name) for name in now).values()
        former = [msgspec.convert(row.source["record"], Subscription) for row in standing]
        place = self.server.name(schema.FORMER)
        self.keep(
            [Write("create", place, former_id(it), former_row(it)) for it in former if it != now[it.id]], seen=True
        )


def former_row(former: Subscription) -> dict[str, Any]:
    """The row of a subscription as it was."""
    return {"subscription": former.id, "record": former.to_dict()}


def _over(now: datetime, longest: float) -> list[dict[str, Any]]:
    """Tests of a lease: free, over, or later than any lease given by this clock, which was set back since."""
    return [
        {"range": {"lease_until": {"lte": now}}},
        {"range": {"lease_until": {"gt": now + timedelta(seconds=longest)}}},
        {"bool": {"must_not": [{"exists": {"field": "lease_until"}}]}},
    ]


def _older(analyser: int) -> dict[str, Any]:
    return {"range": {"analyser": {"lt": analyser}}}
