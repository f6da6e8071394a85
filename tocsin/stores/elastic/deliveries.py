"""The outbox: the row of a delivery, those that wait, those that are taken, and how they went."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.records import Delivery, Notice
from tocsin.stores.elastic import schema
from tocsin.stores.elastic.documents import DocumentPart, any_of
from tocsin.stores.elastic.server import Row, Write, Written

_ROUNDS = 10


class OutboxPart(DocumentPart):
    """The outbox of the store. A delivery that is taken waits as well: until its lease is over."""

    def deliveries_due(self, now: datetime, limit: int) -> list[tuple[Delivery, Notice]]:
        """Deliveries that wait and whose next try has come, the oldest first. They may be taken by others."""
        return [_told(row) for row in self._due(now, limit, ())]

    def _due(self, now: datetime, limit: int, without: Collection[str]) -> list[Row]:
        found = self._some_due(now, limit, without, [])
        digests = {row.source.get("digest", "") for row in found} - {""}
        if digests and len(found) == limit:
            # A digest is taken whole.
            rest = self._some_due(now, 10_000, without, [{"terms": {"digest": sorted(digests)}}])
            found = list({row.id: row for row in (*found, *rest)}.values())
        return found

    def _some_due(
        self, now: datetime, limit: int, without: Collection[str], further: Sequence[dict[str, Any]]
    ) -> list[Row]:
        at_once: dict[str, Any] = {"bool": {"must_not": [{"exists": {"field": "next_try"}}]}}
        due = any_of([{"range": {"next_try": {"lte": now}}}, at_once])
        tests = {
            "filter": [{"term": {"state": "waiting"}}, due, *further],
            "must_not": [{"terms": {"channel": list(without)}}],
        }
        asked = {
            "query": {"bool": tests},
            "sort": [{"next_try": {"order": "asc", "missing": "_first"}}, "created"],
            "size": min(limit, 10_000),
        }
        # Searches show for a second what was waiting before, and not yet what is new: nobody waits for that.
        self.server.refresh(schema.DELIVERIES)
        found = [(row.place, row.id) for row in self.server.found(schema.DELIVERIES, asked)]
        known = self.server.rows(found).values()
        return [row for row in known if row.source["state"] == "waiting" and _come(row.source["next_try"], now)]

    def take_deliveries(
        self, now: datetime, limit: int, lease_seconds: float, without: Collection[str] = ()
    ) -> list[tuple[Delivery, Notice]]:
        """The same, but for those to some channels, and nobody else is given them as long as the lease lasts."""
        due = self._due(now, limit, without)
        taken = self._lease_deliveries(due, now + timedelta(seconds=lease_seconds))
        return [_told(row) for row, outcome in zip(due, taken, strict=True) if outcome.done]

    def keep_deliveries(self, ids: Collection[str], now: datetime, lease_seconds: float) -> None:
        """Lease deliveries that were taken, and wait still, for so long from now."""
        index = self.server.name(schema.DELIVERIES)
        known = self.server.rows((index, name) for name in ids).values()
        waiting = [row for row in known if row.source["state"] == "waiting"]
        self._lease_deliveries(waiting, now + timedelta(seconds=lease_seconds))

    def _lease_deliveries(self, found: Sequence[Row], until: datetime) -> list[Written]:
        return self.server.write(
            [Write("update", row.place, row.id, {"next_try": until}, row.seq_no, row.term) for row in found]
        )

    def delivery(self, delivery: str) -> tuple[Delivery, Notice] | None:
        """One delivery by id, and what it carries."""
        row = self.server.rows([(self.server.name(schema.DELIVERIES), delivery)]).get(delivery)
        return _told(row) if row else None

    def put_deliveries(self, deliveries: Collection[Delivery]) -> None:
        """Record how attempts went, which ends their leases. What was delivered stays so."""
        index = self.server.name(schema.DELIVERIES)
        went = {it.id: it for it in deliveries}
        for _ in range(_ROUNDS):
            known = self.server.rows((index, name) for name in went)
            writes = [
                Write("index", index, name, row.source | delivery_row(went[name]), row.seq_no, row.term)
                for name, row in known.items()
                if row.source["state"] != "delivered"
            ]
            written = zip(writes, self.server.write(writes), strict=True) if writes else ()
            went = {write.id: went[write.id] for write, outcome in written if outcome.status == 409}
            if not went:
                return


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """The fields of a delivery that change with its attempts, and the whole record."""
    plain = delivery.to_dict()
    shown = {
        name: plain[name]
        for name in ("notice", "channel", "state", "attempts", "next_try", "delivered", "error", "digest")
    }
    return {**shown, "record": plain}


def _told(row: Row) -> tuple[Delivery, Notice]:
    return msgspec.convert(row.source["record"], Delivery), msgspec.convert(row.source["told"], Notice)


def _come(next_try: str | None, now: datetime) -> bool:
    return next_try is None or msgspec.convert(next_try, datetime) <= now
