"""Counts for summaries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tocsin.stores.sqlite.connection import Database, moment
from tocsin.stores.upkeep import SAMPLE, TAKEN_UP, lags_of

_RATE = timedelta(minutes=5)
"""Time over which texts a minute are told."""


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
        states = dict(self.db.rows("SELECT state, count(*) FROM articles GROUP BY state"))
        relations = dict(
            self.db.rows("SELECT relation, count(*) FROM articles WHERE state IN ('filed', 'ready') GROUP BY relation")
        )
        sent = dict(self.db.rows("SELECT state, count(*) FROM deliveries GROUP BY state"))
        last = self.db.one("SELECT max(ready_at) FROM articles")
        return {
            "outlets": self.db.one("SELECT count(*) FROM outlets WHERE active"),
            "pages": self.db.one("SELECT count(*) FROM pages WHERE fetched IS NOT NULL"),
            **{state: states.get(state, 0) for state in ("accepted", "filed", "ready", "parked")},
            "texts": relations.get("original", 0),
            "copies": relations.get("copy", 0) + relations.get("copy with additions", 0),
            "versions": relations.get("version", 0),
            "alerts": self.db.one("SELECT count(*) FROM alerts"),
            "notices": self.db.one("SELECT count(*) FROM notices"),
            **{state: sent.get(state, 0) for state in ("delivered", "waiting", "failed")},
            "drops": self._drops("room <> ?", TAKEN_UP),
            "last_arrival": moment(last) if last else None,
        }

    def _drops(self, test: str, *values: Any) -> dict[str, int]:
        sql = f"SELECT reason, count(*) FROM drops WHERE {test} GROUP BY reason ORDER BY 2 DESC, 1"
        return dict(self.db.rows(sql, values))

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
        for channel, state, number in self.db.rows(
            "SELECT record ->> 'channel', state, count(*) FROM deliveries WHERE state IN ('waiting', 'failed')"
            " GROUP BY 1, 2 ORDER BY 1"
        ):
            sent.setdefault(channel, {"waiting": 0, "failed": 0})[state] = number
        day = ((now - timedelta(days=1)).timestamp(),)
        heard = self.db.rows("SELECT DISTINCT outlet FROM articles WHERE first_seen > ? ORDER BY 1", day)
        return {
            "oldest": {state: moment(oldest[state]) if state in oldest else None for state in ("accepted", "filed")},
            "leased": self.db.one(leased, (seconds,)),
            "refused": 0,
            "per_minute": rates,
            "drops_today": self._drops("at >= ? AND room <> ?", today.timestamp(), TAKEN_UP),
            "deliveries": sent,
            "heard": [outlet for (outlet,) in heard],
        }

    def lags(self, since: datetime) -> dict[str, dict[str, float]]:
        """How long texts were on each stretch of the road, in seconds; see ``tocsin.stores.port``."""
        rows = self.db.rows(
            "SELECT record ->> 'published', first_seen, ready_at FROM articles WHERE ready_at >= ?"
            " ORDER BY ready_at DESC LIMIT ?",
            (since.timestamp(), SAMPLE),
        )
        told = self.db.rows(
            "SELECT n.created, d.record ->> 'delivered' FROM alerts a JOIN notices n ON n.alert = a.id"
            " JOIN deliveries d ON d.notice = n.id WHERE a.created >= ? AND d.state = 'delivered'"
            " ORDER BY a.created DESC LIMIT ?",
            (since.timestamp(), SAMPLE),
        )
        dates = [(datetime.fromisoformat(text), seen) for text, seen, _ in rows if text]
        return lags_of(
            {
                # A date without a zone may be hours off.
                "published → seen": [seen - date.timestamp() for date, seen in dates if date.tzinfo],
                "seen → ready": [ready - seen for _, seen, ready in rows],
                "ready → told": [
                    datetime.fromisoformat(at).astimezone(UTC).timestamp() - created for created, at in told if at
                ],
            }
        )
