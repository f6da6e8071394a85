"""How many copies met an alert: counted from the articles, whenever somebody asks."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tocsin.records import Alert
from tocsin.stores.elastic import schema
from tocsin.stores.elastic.publishing import alert_of, aliases
from tocsin.stores.elastic.server import Server


class Copies(NamedTuple):
    """Articles that an alert's subscription met, without those that made an alert, and without versions."""

    own: int
    """Those that this alert counts."""
    every: int
    """Those that all alerts of its subscription and story count: there are several where told stories were joined."""


def copies_of(server: Server, alerts: Sequence[Alert]) -> dict[str, Copies]:
    """The copies of each alert, by its id."""
    if not alerts:
        return {}
    ids = aliases(server, {alert.story for alert in alerts})
    every_id = sorted({one for each in ids.values() for one in each})
    asked: dict[str, Any] = {"query": {"terms": {"story": every_id}}, "sort": ["_shard_doc"]}
    known = [alert_of(row) for row in server.each(schema.ALERTS, asked)]
    filters: dict[str, dict[str, Any]] = {}
    for alert in alerts:
        its = [it for it in known if it.subscription == alert.subscription and it.story in ids[alert.story]]
        filters[f"{alert.id} all"] = every = _met(alert, sorted(ids[alert.story]), [it.article for it in its])
        # Those of a story without an alert of its own count for the oldest.
        others = [it.story for it in its if it is not min(its, key=lambda it: (it.created, it.id))]
        own: dict[str, Any] = {"filter": {"term": {"story": alert.story}}}
        if alert.story not in others:
            own = {"must_not": {"terms": {"story": others}}}
        filters[f"{alert.id} own"] = {"bool": {"must": every, **own}}
    asked = {"size": 0, "track_total_hits": False, "aggs": {"of": {"filters": {"filters": filters}}}}
    found = server.search(schema.ARTICLES, asked).get("aggregations")
    count = {name: int(bucket["doc_count"]) for name, bucket in found["of"]["buckets"].items()} if found else {}
    return {it.id: Copies(count.get(f"{it.id} own", 0), count.get(f"{it.id} all", 0)) for it in alerts}


def _met(alert: Alert, stories: Sequence[str], rung: Sequence[str]) -> dict[str, Any]:
    tests: list[dict[str, Any]] = [
        {"term": {"matched_subscriptions": alert.subscription}},
        {"terms": {"story": stories}},
    ]
    no = [{"term": {"relation": "version"}}, {"terms": {"id": rung}}]
    return {"bool": {"filter": tests, "must_not": no}}
