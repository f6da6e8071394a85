"""What room two asks of the store: claims, filing with its fingerprints, publishing with its alerts, the outbox."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import cast

import apsw
import msgspec

from tocsin.records import Alert, Article, Drop, Subscription
from tocsin.stores.port import Hint, former_id, in_order
from tocsin.stores.sqlite.connection import Database, moment
from tocsin.stores.sqlite.crawl import put_drops
from tocsin.stores.sqlite.filing import SqliteFiling
from tocsin.stores.sqlite.outbox import OutboxPart
from tocsin.stores.sqlite.publishing import Shelved, SqlitePublishing, put_words
from tocsin.words import Analysed, Stored

_article = msgspec.json.Decoder(Article)
_alert = msgspec.json.Decoder(Alert)
_subscription = msgspec.json.Decoder(Subscription)

_FRESH = "SELECT seq FROM articles WHERE state = 'accepted' AND attempts = 0 ORDER BY seq LIMIT ?1"
_TRIED = (
    "SELECT seq FROM articles WHERE state IN ('accepted', 'filed') AND attempts > 0"
    " AND (lease_until <= ?1 OR lease_until > ?2) ORDER BY lease_until LIMIT 1"
)
"""Whose lease is over, or ends later than any given by this clock: then the clock was set back since."""
_FREE = "state IN ('accepted', 'filed') AND (lease_until <= ?1 OR lease_until > ?2)"
_OVERDUE = (
    f"SELECT id, address_id, state, lease_until AS since FROM articles WHERE attempts > 0 AND {_FREE}"
    " UNION ALL SELECT * FROM (SELECT id, address_id, state, first_seen FROM articles"
    " WHERE state = 'accepted' AND attempts = 0 AND first_seen <= ?3 ORDER BY seq LIMIT ?4) ORDER BY since LIMIT ?4"
)


class RoadPart(OutboxPart):
    """The half of the store that the workers see."""

    db: Database

    def claim(self, limit: int, lease_seconds: float, now: datetime) -> list[Article]:
        """Lease accepted or filed articles whose lease is free or over; their ``attempts`` and ``lease`` have grown.

        One that was leased before comes first and alone: if it kills its worker, that counts against it and no other.
        """
        seconds = now.timestamp()
        # Twice the lease: clocks are also moved by fractions of a second, and that takes nobody's article away.
        over = (seconds, seconds + 2 * lease_seconds)
        values: tuple[float, ...]
        if self.db.one(_TRIED, over) is not None:
            waiting, values = _TRIED, over
        elif self.db.one(_FRESH, (1,)) is not None:
            waiting, values = _FRESH, (limit,)
        else:
            return []
        return self._leased(waiting, (*values, *[None] * (2 - len(values)), seconds + lease_seconds))

    def claim_these(self, hints: Sequence[Hint], lease_seconds: float, now: datetime) -> list[Article]:
        """Lease those of these articles that are accepted or filed and whose lease is free or over.

        Those that were never leased come together; else one that was, alone.
        """
        seconds = now.timestamp()
        over = (seconds, seconds + 2 * lease_seconds)
        marks = ",".join("?" * len(hints))
        sql = f"SELECT seq, attempts FROM articles WHERE {_FREE} AND id IN ({marks}) ORDER BY seq"
        found = self.db.rows(sql, (*over, *(hint.article for hint in hints)))
        fresh = [str(seq) for seq, attempts in found if not attempts]
        these = fresh or [str(seq) for seq, _ in found[:1]]
        if not these:
            return []
        # Asked again inside: others may have been faster.
        waiting = f"SELECT seq FROM articles WHERE {_FREE} AND seq IN ({','.join(these)})"
        return self._leased(waiting, (*over, seconds + lease_seconds))

    def _leased(self, waiting: str, values: tuple[float | None, ...]) -> list[Article]:
        """Lease the rows of a query; its values are followed by the end of the lease."""
        until = values[2] or 0.0
        with self.db.write() as cursor:
            rows = list(
                cursor.execute(
                    "UPDATE articles SET lease = lease + 1, attempts = attempts + 1, lease_until = ?3"
                    f" WHERE seq IN ({waiting}) RETURNING seq, record, state, lease, attempts",
                    values,
                )
            )
        return [
            msgspec.structs.replace(
                _article.decode(record),
                state=state,
                lease=lease,
                attempts=attempts,
                lease_until=moment(until),
            )
            for _, record, state, lease, attempts in sorted(rows, key=lambda row: row[0])
        ]

    def overdue(self, now: datetime, grace_seconds: float, limit: int) -> list[tuple[Hint, str]]:
        """Articles that nobody carries, with their states, the oldest first: their lease is over, or they were accepted
        longer ago than the grace and never leased.
        """
        seconds = now.timestamp()
        # No lease is longer than a few minutes, whatever it is given for.
        values = seconds, seconds + 600, seconds - grace_seconds, limit
        return [(Hint(name, address), state) for name, address, state, _ in self.db.rows(_OVERDUE, values)]

    def release(self, articles: Sequence[Article]) -> None:
        """Give back articles whose lease is still the claimed one: free at once, and this attempt does not count."""
        with self.db.write() as cursor:
            cursor.executemany(
                # One that is filed stays among the tried ones: the fresh ones are looked for among the accepted.
                "UPDATE articles SET attempts = max(attempts - 1, state = 'filed'), lease_until = 0"
                " WHERE id = ? AND lease = ? AND state IN ('accepted', 'filed')",
                [(article.id, article.lease) for article in articles],
            )

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing; None where there are none, or an older analyser made them."""
        sql = "SELECT forms FROM tokens WHERE article = (SELECT seq FROM articles WHERE id = ?)"
        stored = self.db.one(sql, (article_id,))
        return None if stored is None else self.db.forms.analysed(Stored.from_bytes(stored))

    def frequencies(self, sample: int = 300) -> dict[str, float]:
        """Share of the newest articles that have a key, for the keys that stand in more than one of them."""
        sql = "SELECT t.forms FROM tokens t JOIN articles a ON a.seq = t.article ORDER BY t.article DESC LIMIT ?"
        found = [self.db.forms.analysed(Stored.from_bytes(stored)) for (stored,) in self.db.rows(sql, (sample,))]
        counts: Counter[str] = Counter()
        for analysed in found:
            counts.update({key for token in {*analysed.title, *analysed.text} for key in token.keys})
        return {key: number / len(found) for key, number in counts.items() if number > 1}

    def outdated(self, analyser: int, limit: int) -> list[Article]:
        """Ready articles whose words an older analyser read, in order of arrival."""
        rows = self.db.rows(
            "SELECT record FROM articles WHERE state = 'ready' AND analyser < ? ORDER BY arrival LIMIT ?",
            (analyser, limit),
        )
        return [_article.decode(record) for (record,) in rows]

    def outdated_count(self, analyser: int) -> int:
        """How many ready articles an older analyser read."""
        return int(self.db.one("SELECT count(*) FROM articles WHERE state = 'ready' AND analyser < ?", (analyser,)))

    def reindex(self, articles: Sequence[tuple[Article, Analysed]]) -> None:
        """Put ready articles into the index anew, with the words of this analyser. Nobody is told of it."""
        shelved = []
        with self.db.write() as cursor:
            for article, analysed in articles:
                rows = cursor.execute(
                    "UPDATE articles SET analyser = ?, record = ? WHERE id = ? AND state = 'ready' RETURNING seq",
                    (article.analyser, article.to_json(), article.id),
                ).fetchall()
                for row in rows:
                    seq = int(str(row[0]))
                    stored = self.db.forms.stored(analysed, cursor).to_bytes()
                    cursor.execute("INSERT OR REPLACE INTO tokens VALUES (?, ?)", (seq, stored))
                    cursor.execute("DELETE FROM words WHERE rowid = ?", (article.arrival,))
                    shelved.append((seq, article.arrival or 0, Shelved.of(article, analysed)))
            put_words(cursor, shelved)

    @contextmanager
    def filing(self) -> Iterator["SqliteFiling"]:
        """Open one write transaction of filing."""
        with self.db.write() as cursor:
            filing = SqliteFiling(cursor, self.db.fresh, self.db.forms)
            yield filing
            filing.move()

    @contextmanager
    def publishing(self) -> Iterator["SqlitePublishing"]:
        """Gather what is published; one write transaction when the block ends well."""
        publishing = SqlitePublishing(self.db)
        yield publishing
        publishing.write()

    def park(self, article: Article, reason: str, now: datetime) -> None:
        """Put an article aside with a reason, under its lease."""
        parked = msgspec.structs.replace(article, state="parked", reason=reason, lease_until=None)
        with self.db.write() as cursor:
            changed = list(
                cursor.execute(
                    "UPDATE articles SET state = 'parked', record = ? WHERE id = ? AND lease = ? AND state <> 'ready'"
                    " RETURNING id",
                    (parked.to_json(), article.id, article.lease),
                )
            )
            if changed:
                put_drops(cursor, [Drop(at=now, room="workers", reason=reason, url=article.url, outlet=article.outlet)])

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, in order of their ids."""
        return [
            _subscription.decode(record) for (record,) in self.db.rows("SELECT record FROM subscriptions ORDER BY id")
        ]

    def generation(self) -> int:
        """A number that grows with each change of the subscription set."""
        return int(self.db.one("SELECT value FROM meta WHERE name = 'generation'"))

    def put_subscription(self, subscription: Subscription) -> None:
        """Create or replace by id."""
        self.put_subscriptions([subscription])

    def put_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Create or replace many by id, as one change of the set."""
        with self.db.write() as cursor:
            self._keep_former(cursor, subscriptions)
            cursor.executemany(
                "INSERT OR REPLACE INTO subscriptions VALUES (?, ?)", [(it.id, it.to_json()) for it in subscriptions]
            )
            cursor.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")

    def remove_subscription(self, subscription_id: str) -> bool:
        """Forget a subscription; its alerts and its history stay. False where it was not known."""
        with self.db.write() as cursor:
            self._keep_former(cursor, (), subscription_id)
            gone = list(cursor.execute("DELETE FROM subscriptions WHERE id = ? RETURNING id", (subscription_id,)))
            cursor.execute("UPDATE meta SET value = value + 1 WHERE name = 'generation'")
        return bool(gone)

    def subscription_history(self, subscription_id: str) -> list[Subscription]:
        """What a subscription was before each of its edits, and last before its removal, oldest first."""
        sql = "SELECT record FROM subscription_history WHERE subscription = ?"
        return in_order(_subscription.decode(record) for (record,) in self.db.rows(sql, (subscription_id,)))

    def _keep_former(self, cursor: apsw.Cursor, now: Sequence[Subscription], gone: str = "") -> None:
        """Keep the records whose places are taken by others, or that are gone, as history."""
        known = {it.id: it for it in now}
        for name in known or [gone]:
            for (record,) in cursor.execute("SELECT record FROM subscriptions WHERE id = ?", (name,)).fetchall():
                former = _subscription.decode(cast("bytes", record))
                if former != known.get(name):
                    put_former(cursor, former)


def put_former(cursor: apsw.Cursor, former: Subscription) -> None:
    """Write down what a subscription was; what is written down stays."""
    row = former_id(former), former.id, former.to_json()
    cursor.execute("INSERT OR IGNORE INTO subscription_history VALUES (?, ?, ?)", row)
