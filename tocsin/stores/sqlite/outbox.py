"""The outbox: deliveries that wait, those that are taken, and how they went."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from tocsin.records import Delivery, Notice
from tocsin.stores.sqlite.connection import Database, epoch

_notice = msgspec.json.Decoder(Notice)
_delivery = msgspec.json.Decoder(Delivery)


class OutboxPart:
    """The outbox of the store. A delivery that is taken waits as well: until its lease is over."""

    db: Database

    def deliveries_due(self, now: datetime, limit: int) -> list[tuple[Delivery, Notice]]:
        """Deliveries that wait and whose next try has come, the oldest first. They may be taken by others."""
        rows = self.db.rows(
            "SELECT d.record, n.record FROM deliveries d JOIN notices n ON n.id = d.notice"
            " WHERE d.state = 'waiting' AND d.next_try <= ? ORDER BY d.next_try, n.created LIMIT ?",
            (now.timestamp(), limit),
        )
        return [(_delivery.decode(delivery), _notice.decode(notice)) for delivery, notice in rows]

    def take_deliveries(
        self, now: datetime, limit: int, lease_seconds: float, without: Collection[str] = ()
    ) -> list[tuple[Delivery, Notice]]:
        """The same, but for those to some channels, and nobody else is given them as long as the lease lasts."""
        seconds = now.timestamp()
        marks = ",".join("?" * len(without))
        due = f"d.state = 'waiting' AND d.next_try <= ? AND d.record ->> 'channel' NOT IN ({marks})"
        if self.db.one(f"SELECT 1 FROM deliveries d WHERE {due} LIMIT 1", (seconds, *without)) is None:
            return []
        with self.db.write() as cursor:
            found = f"SELECT d.id, d.record, n.record FROM deliveries d JOIN notices n ON n.id = d.notice WHERE {due}"
            order = "ORDER BY d.next_try, n.created"
            rows = cursor.execute(f"{found} {order} LIMIT ?", (seconds, *without, limit)).fetchall()
            digests = {_delivery.decode(row[1]).digest for row in rows} - {""}  # type: ignore[arg-type]
            if digests and len(rows) == limit:
                # A digest is taken whole.
                rest = f"{found} AND d.record ->> 'digest' IN (SELECT value FROM json_each(?)) {order}"
                known = {row[0] for row in rows}
                asked = (seconds, *without, msgspec.json.encode(sorted(digests)).decode())
                rows += [row for row in cursor.execute(rest, asked) if row[0] not in known]
            cursor.executemany(
                "UPDATE deliveries SET next_try = ? WHERE id = ?", [(seconds + lease_seconds, row[0]) for row in rows]
            )
        return [(_delivery.decode(delivery), _notice.decode(notice)) for _, delivery, notice in rows]  # type: ignore[arg-type]

    def keep_deliveries(self, ids: Collection[str], now: datetime, lease_seconds: float) -> None:
        """Lease deliveries that were taken, and wait still, for so long from now."""
        until = now.timestamp() + lease_seconds
        with self.db.write() as cursor:
            cursor.executemany(
                "UPDATE deliveries SET next_try = ? WHERE id = ? AND state = 'waiting'", [(until, name) for name in ids]
            )

    def put_deliveries(self, deliveries: Collection[Delivery]) -> None:
        """Record how attempts went, which ends their leases. What was delivered stays so."""
        with self.db.write() as cursor:
            cursor.executemany(
                "UPDATE deliveries SET state = ?, next_try = ?, record = ? WHERE id = ? AND state <> 'delivered'",
                [(it.state, epoch(it.next_try) or 0.0, it.to_json(), it.id) for it in deliveries],
            )
