"""Counts for summaries."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tocsin.stores.sqlite.connection import Database, moment
from tocsin.stores.upkeep import AGAIN, SAMPLE, lags_of, most_first

_RATE = timedelta(minutes=5)
"""Time over which texts a minute are told."""
_BLOCK_OF_DROPS = (
    "SELECT reason, sum(at >= ? AND reason <> ?), max(at), min(seq) FROM"
    " (SELECT reason, at, seq FROM drops WHERE seq < ? ORDER BY seq DESC LIMIT 5000) GROUP BY reason"
)


class CountPart:
    """What summaries ask."""

    db: Database

    def health(self, outlet: str) -> dict[str, Any]:
        """How an outlet does: ``{feeds, articles, last_article, checked, error}``, the error being a feed's last."""
        feeds = [
            msgspec.json.decode(record)
            for (record,) in self.db.rows("SELECT record FROM feeds WHERE outlet = ?", (outlet,))
        ]
        number, last = self.db.rows("SELECT count(*), max(first_seen) FROM articles WHERE outlet = ?", (outlet,))[0]
        return {
            "feeds": len(feeds),
            "articles": number,
            "last_article": moment(last) if last else None,
            "checked": max((feed["checked"] for feed in feeds if feed["checked"]), default=None),
            "error": next((f"{feed['url']}: {feed['error']}" for feed in feeds if feed["error"]), ""),
        }

    def overview(self) -> dict[str, Any]:
        """Counts for a summary; the keys are listed in ``tocsin.stores.port``."""
        states: Counter[str] = Counter()
        relations: Counter[str] = Counter()
        for state, relation, number in self.db.rows(
            "SELECT state, relation, count(*) FROM articles GROUP BY state, relation"
        ):
            states[state] += number
            relations[relation] += number if state in ("filed", "ready") else 0
        sent = dict(self.db.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
        last = self.db.one("SELECT max(ready_at) FROM articles")
        return {
            "outlets": self.db.one("SELECT count(*) FROM outlets WHERE active"),
            "pages": self.db.one("SELECT count(*) FROM pages WHERE fetched IS NOT NULL"),
            **{state: states[state] for state in ("accepted", "filed", "ready", "parked")},
            "texts": relations["original"],
            "copies": relations["copy"] + relations["copy with additions"],
            "versions": relations["version"],
            "alerts": self.db.one("SELECT count(*) FROM alerts"),
            "notices": self.db.one("SELECT count(*) FROM notices"),
            **{state: sent.get(state, 0) for state in ("delivered", "waiting", "failed")},
            "drops": self._drops(),
            "last_arrival": moment(last) if last else None,
        }

    def _drops(self) -> dict[str, int]:
        # Read from the index of reasons alone: by the room each row would have to be looked at.
        sql = "SELECT reason, count(*) FROM drops WHERE reason <> ? GROUP BY reason ORDER BY 2 DESC, 1"
        return dict(self.db.rows(sql, (AGAIN,)))

    def _drops_since(self, since: datetime) -> dict[str, int]:
        """Reasons of the drops since a moment: read backwards, some thousand at a time, until all are older."""
        found: Counter[str] = Counter()
        below, seconds = 1 << 62, since.timestamp()
        while rows := self.db.rows(_BLOCK_OF_DROPS, (seconds, AGAIN, below)):
            found.update({reason: number for reason, number, _, _ in rows if number})
            below = min(first for *_, first in rows)
            if max(last for *_, last, _ in rows) < seconds:
                break
        return most_first(found)

    def traffic(self, now: datetime, today: datetime) -> dict[str, Any]:
        """What moves and what stands still at this moment; the keys are listed in ``tocsin.stores.port``."""
        seconds, lately = now.timestamp(), (now - _RATE).timestamp()
        oldest = dict(
            self.db.rows(
                "SELECT state, min(first_seen) FROM articles WHERE state IN ('accepted', 'filed') GROUP BY state"
            )
        )
        leased = (
            "SELECT count(*) FROM articles WHERE state IN ('accepted', 'filed') AND attempts > 0 AND lease_until > ?"
        )
        minutes = _RATE.total_seconds() / 60
        rates = {
            name: self.db.one(f"SELECT count(*) FROM articles WHERE {column} > ?", (lately,)) / minutes
            for name, column in (("seen", "first_seen"), ("ready", "ready_at"))
        }
        sent: dict[str, dict[str, int]] = {}
        for channel, state, number, tried in self.db.rows(
            "SELECT record ->> 'channel', state, count(*), sum(record ->> 'attempts' > 0) FROM deliveries"
            " WHERE state IN ('waiting', 'failed') GROUP BY 1, 2 ORDER BY 1"
        ):
            counts = sent.setdefault(channel, {"waiting": 0, "retried": 0, "failed": 0})
            counts[state] = number
            counts["retried"] += tried if state == "waiting" else 0
        day = ((now - timedelta(days=1)).timestamp(),)
        heard = self.db.rows("SELECT DISTINCT outlet FROM articles WHERE first_seen > ? ORDER BY 1", day)
        return {
            "oldest": {state: moment(oldest[state]) if state in oldest else None for state in ("accepted", "filed")},
            "leased": self.db.one(leased, (seconds,)),
            "refused": 0,
            "per_minute": rates,
            "drops_today": self._drops_since(today),
            "deliveries": sent,
            "heard": [outlet for (outlet,) in heard],
        }

    def finished(self) -> datetime | None:
        """When an article became ready last."""
        last = self.db.one("SELECT max(ready_at) FROM articles")
        return moment(last) if last else None

    def last_seen(self) -> dict[str, datetime]:
        """When each active outlet brought a text last; those that never did are left out."""
        sql = "SELECT name, (SELECT max(first_seen) FROM articles WHERE outlet = name) FROM outlets WHERE active"
        return {name: moment(last) for name, last in self.db.rows(sql) if last}

    def size(self) -> int:
        """Bytes of disk that the store takes: the file, and what is not written back into it yet."""
        files = (self.db.path.with_name(self.db.path.name + ending) for ending in ("", "-wal", "-shm"))
        return sum(file.stat().st_size for file in files if file.exists())

    def lags(self, since: datetime) -> dict[str, dict[str, float]]:
        """How long texts were on each stretch of the road, in seconds; see ``tocsin.stores.port``."""
        return lags_of(self.spans(since))

    def spans(self, since: datetime) -> dict[str, list[float]]:
        """The seconds behind ``lags``: of each text and each delivery, at most the newest ``SAMPLE`` of a stretch."""
        rows = self.db.rows(
            "SELECT record ->> 'published', first_seen, ready_at FROM articles WHERE ready_at >= ?"
            " ORDER BY ready_at DESC LIMIT ?",
            (since.timestamp(), SAMPLE),
        )
        told = self.db.rows(
            # In this order and by these indices: SQLite would begin with all that was ever delivered.
            "SELECT n.created, d.record ->> 'delivered' FROM alerts a CROSS JOIN notices n ON n.alert = a.id"
            " CROSS JOIN deliveries d ON d.notice = n.id WHERE a.created >= ? AND +d.state = 'delivered'"
            " ORDER BY a.created DESC LIMIT ?",
            (since.timestamp(), SAMPLE),
        )
        dates = [(datetime.fromisoformat(text), seen) for text, seen, _ in rows if text]
        return {
            # A date without a zone may be hours off.
            "published → seen": [seen - date.timestamp() for date, seen in dates if date.tzinfo],
            "seen → ready": [ready - seen for _, seen, ready in rows],
            "ready → told": [
                datetime.fromisoformat(at).astimezone(UTC).timestamp() - created for created, at in told if at
            ],
        }
