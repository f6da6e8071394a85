"""Counts for summaries."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tocsin.records import Feed
from tocsin.stores.elastic import schema
from tocsin.stores.elastic.documents import EVERYWHERE, DocumentPart
from tocsin.stores.elastic.moments import moment
from tocsin.stores.upkeep import SAMPLE, TAKEN_UP, lags_of, most_first

_LEFT: Mapping[str, Any] = {"bool": {"must_not": [{"term": {"room": TAKEN_UP}}]}}
"""Drops that tell of something left out."""
_WAITING: Mapping[str, Any] = {"terms": {"state": ["accepted", "filed"]}}
_MOST = 10_000
"""Outlets, reasons, channels that are counted."""
_RATE = timedelta(minutes=5)
"""Time over which texts a minute are told."""


class CountPart(DocumentPart):
    """What summaries ask."""

    def health(self, outlet: str) -> dict[str, Any]:
        """How an outlet does: ``{feeds, articles, last_article, checked, error}``, the error being a feed's last."""
        asked = {"query": {"term": {"outlet": outlet}}, "sort": ["url"]}
        feeds = [msgspec.convert(row.source["record"], Feed) for row in self.server.each(schema.FEEDS, asked)]
        last = {"last": {"max": {"field": "first_seen"}}}
        texts = {"size": 0, "track_total_hits": True, "query": {"term": {"outlet": outlet}}, "aggs": last}
        found = self.server.search(EVERYWHERE, texts)
        return {
            "feeds": len(feeds),
            "articles": found["hits"]["total"]["value"],
            "last_article": moment(found.get("aggregations", {}).get("last")),
            "checked": max((feed.checked for feed in feeds if feed.checked), default=None),
            "error": next((f"{feed.url}: {feed.error}" for feed in feeds if feed.error), ""),
        }

    def overview(self) -> dict[str, Any]:
        """Counts for a summary; the keys are listed in ``tocsin.stores.port``."""
        states = self._by(EVERYWHERE, "state")
        relations = self._by(EVERYWHERE, "relation", {"terms": {"state": ["filed", "ready"]}})
        sent = self._by(schema.DELIVERIES, "state")
        drops = self._by(schema.DROPS, "reason", _LEFT)
        last = {"last": {"max": {"field": "ready_at"}}}
        found = self.server.search(EVERYWHERE, {"size": 0, "aggs": last}).get("aggregations", {})
        of = {"of": {"cardinality": {"field": "notice", "precision_threshold": 40_000}}}
        notices = self.server.search(schema.DELIVERIES, {"size": 0, "aggs": of}).get("aggregations", {})
        return {
            "outlets": self.server.count(schema.OUTLETS, {"term": {"active": True}}),
            "pages": self.server.count(schema.ADDRESSES, {"exists": {"field": "fetched"}}),
            **{state: states.get(state, 0) for state in ("accepted", "filed", "ready", "parked")},
            "texts": relations.get("original", 0),
            "copies": relations.get("copy", 0) + relations.get("copy with additions", 0),
            "versions": relations.get("version", 0),
            "alerts": self.server.count(schema.ALERTS, {"match_all": {}}),
            "notices": int(notices.get("of", {}).get("value", 0)),
            **{state: sent.get(state, 0) for state in ("delivered", "waiting", "failed")},
            "drops": most_first(drops),
            "last_arrival": moment(found.get("last")),
        }

    def traffic(self, now: datetime, today: datetime) -> dict[str, Any]:
        """What moves and what stands still at this moment; the keys are listed in ``tocsin.stores.port``."""
        lately, minutes = now - _RATE, _RATE.total_seconds() / 60
        asked = {
            "size": 0,
            "track_total_hits": False,
            "aggs": {
                **{state: _oldest(state) for state in ("accepted", "filed")},
                "leased": {"filter": {"bool": {"filter": [_WAITING, _since("lease_until", now)]}}},
                "seen": {"filter": _since("first_seen", lately)},
                "ready": {"filter": _since("ready_at", lately)},
                "heard": {"filter": _since("first_seen", now - timedelta(days=1)), "aggs": _terms("outlet")},
            },
        }
        found = self.server.search(EVERYWHERE, asked).get("aggregations", {})
        heard = found["heard"]["by"]["buckets"] if found else []
        return {
            "oldest": {name: moment(found[name]["first"]) if found else None for name in ("accepted", "filed")},
            "leased": found["leased"]["doc_count"] if found else 0,
            "refused": self.server.count(schema.REFUSED, {"match_all": {}}),
            "per_minute": {name: found[name]["doc_count"] / minutes if found else 0.0 for name in ("seen", "ready")},
            "drops_today": most_first(
                self._by(schema.DROPS, "reason", {"bool": {"filter": [_since("at", today), _LEFT]}})
            ),
            "deliveries": self._waiting_by_channel(),
            "heard": sorted(bucket["key"] for bucket in heard),
        }

    def _waiting_by_channel(self) -> dict[str, dict[str, int]]:
        tried = {"bool": {"filter": [{"term": {"state": "waiting"}}, {"range": {"attempts": {"gt": 0}}}]}}
        within = {**_terms("state"), "retried": {"filter": tried}}
        by_channel = {"by": {**_terms("channel")["by"], "aggs": within}}
        asked = {"size": 0, "query": {"terms": {"state": ["waiting", "failed"]}}, "aggs": by_channel}
        found = self.server.search(schema.DELIVERIES, asked).get("aggregations", {"by": {"buckets": []}})
        return {
            channel["key"]: {"waiting": 0, "failed": 0, "retried": int(channel["retried"]["doc_count"])}
            | {state["key"]: int(state["doc_count"]) for state in channel["by"]["buckets"]}
            for channel in sorted(found["by"]["buckets"], key=lambda bucket: str(bucket["key"]))
        }

    def finished(self) -> datetime | None:
        """When an article became ready last."""
        last = {"last": {"max": {"field": "ready_at"}}}
        return moment(self.server.search(EVERYWHERE, {"size": 0, "aggs": last}).get("aggregations", {}).get("last"))

    def last_seen(self) -> dict[str, datetime]:
        """When each active outlet brought a text last; those that never did are left out."""
        active = self.server.each(schema.OUTLETS, {"query": {"term": {"active": True}}, "sort": ["name"]})
        names = {row.id for row in active}
        of = {"by": {**_terms("outlet")["by"], "aggs": {"last": {"max": {"field": "first_seen"}}}}}
        asked = {"size": 0, "query": {"terms": {"outlet": sorted(names)}}, "aggs": of}
        found = self.server.search(EVERYWHERE, asked).get("aggregations", {"by": {"buckets": []}})
        last = {bucket["key"]: moment(bucket["last"]) for bucket in found["by"]["buckets"]}
        return {name: at for name, at in last.items() if at}

    def size(self) -> int:
        """Bytes of disk that the store takes, copies on other nodes included."""
        path = f"/{self.server.prefix}-*/_stats/store?filter_path=_all.total.store.size_in_bytes"
        told: Any = self.server.ask("GET", path)
        return int(told.get("_all", {}).get("total", {}).get("store", {}).get("size_in_bytes", 0))

    def lags(self, since: datetime) -> dict[str, dict[str, float]]:
        """How long texts were on each stretch of the road, in seconds; see ``tocsin.stores.port``."""
        return lags_of(self.spans(since))

    def spans(self, since: datetime) -> dict[str, list[float]]:
        """The seconds behind ``lags``: of each text and each delivery, at most the newest ``SAMPLE`` of a stretch."""
        asked = {
            "query": _since("ready_at", since),
            "sort": [{"ready_at": "desc"}],
            "size": SAMPLE,
            "_source": ["published", "first_seen", "ready_at"],
        }
        rows = [_times(row.source) for row in self.server.found(schema.ARTICLES, asked)]
        sent: dict[str, Any] = {
            "query": {"bool": {"filter": [_since("created", since), {"term": {"state": "delivered"}}]}},
            "sort": [{"created": "desc"}],
            "size": SAMPLE,
            "_source": ["created", "delivered"],
        }
        told = [_times(row.source) for row in self.server.found(schema.DELIVERIES, sent)]
        return {
            # A date without a zone may be hours off.
            "published → seen": [
                (it["first_seen"] - it["published"]).total_seconds()
                for it in rows
                if "published" in it and it["published"].tzinfo
            ],
            "seen → ready": [(it["ready_at"] - it["first_seen"]).total_seconds() for it in rows],
            "ready → told": [(it["delivered"] - it["created"]).total_seconds() for it in told if "delivered" in it],
        }

    def _by(self, index: str, field: str, query: Mapping[str, Any] | None = None) -> dict[str, int]:
        asked = {"size": 0, "query": query or {"match_all": {}}, "aggs": _terms(field)}
        found = self.server.search(index, asked).get("aggregations", {"by": {"buckets": []}})
        return {bucket["key"]: int(bucket["doc_count"]) for bucket in found["by"]["buckets"]}


def _terms(field: str) -> dict[str, Any]:
    return {"by": {"terms": {"field": field, "size": _MOST}}}


def _since(field: str, moment: datetime) -> dict[str, Any]:
    return {"range": {field: {"gte": moment}}}


def _oldest(state: str) -> dict[str, Any]:
    return {"filter": {"term": {"state": state}}, "aggs": {"first": {"min": {"field": "first_seen"}}}}


def _times(source: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(text) for name, text in source.items() if text}
