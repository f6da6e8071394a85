"""Publishing: arrival numbers first, then alerts, then the rows that searches find."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.records import Alert, Article, Delivery, Notice
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.deliveries import delivery_row
from tocsin.stores.elastic.server import Row, Server, Write
from tocsin.stores.port import alert_id
from tocsin.words import Analysed

if TYPE_CHECKING:
    from tocsin.stores.elastic.road import RoadPart


class ElasticPublishing:
    """What is published in one go, written in an order in which it may break off anywhere and be done again."""

    def __init__(self, store: "RoadPart") -> None:
        self._store = store
        self._arriving: dict[str, tuple[Article, Analysed, datetime]] = {}
        self._matched: dict[str, set[str]] = {}
        self._alerts: dict[str, Alert] = {}
        self._notices: dict[str, list[Notice]] = {}
        self._deliveries: list[tuple[Delivery, Notice]] = []

    def make_ready(self, article: Article, analysed: Analysed, now: datetime) -> bool:
        """Move a filed article to ready, searchable, with the next arrival number. False where its lease was lost."""
        if self._store.holds(article) is None:
            return False
        self._arriving[article.id] = article, analysed, now
        return True

    def roots(self, stories: Collection[str]) -> dict[str, str]:
        """The id that stands for each of these stories today."""
        return roots(self._store.server, stories)

    def alerts_of(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
        """The alerts that there are of these subscriptions and stories, made under whichever id of the story."""
        if not wanted:
            return {}
        ids = aliases(self._store.server, {story for _, story in wanted})
        names = {
            alert_id(subscription, one): (subscription, story) for subscription, story in wanted for one in ids[story]
        }
        index = self._store.server.name(schema.ALERTS)
        known = [alert_of(row) for row in self._store.server.rows((index, name) for name in names).values()]
        known += [alert for name, alert in self._alerts.items() if name in names]
        return {names[it.id]: it for it in sorted(known, key=lambda alert: (alert.created, alert.id), reverse=True)}

    def told_of(self, articles: Collection[str]) -> list[tuple[Alert, list[Notice]]]:
        """The alerts of which a notice tells one of these articles, each with all its notices, oldest first."""
        server = self._store.server
        asked = {"query": {"terms": {"notices_of": sorted(articles)}}, "sort": ["created", "_shard_doc"]}
        names = [row.id for row in server.each(schema.ALERTS, asked)]
        alerts = server.rows((server.name(schema.ALERTS), name) for name in names)
        return [(alert_of(row), notices_of(row)) for name in names if (row := alerts.get(name))]

    def notices_of(self, alerts: Collection[str]) -> dict[str, list[Notice]]:
        """The notices of each of these alerts that has any, oldest first."""
        server = self._store.server
        found = server.rows((server.name(schema.ALERTS), name) for name in alerts)
        return {name: notices for name, row in found.items() if (notices := notices_of(row))}

    def rung_since(self, subscription: str, since: datetime) -> int:
        """How many alerts of a subscription were made from a moment on, those gathered here among them."""
        tests = [{"term": {"subscription": subscription}}, {"range": {"created": {"gte": since}}}]
        known = self._store.server.count(schema.ALERTS, {"bool": {"filter": tests}})
        return known + sum(it.subscription == subscription for it in self._alerts.values())

    def put_alert(self, alert: Alert) -> None:
        """Create; a known one stays as it is."""
        self._alerts[alert.id] = alert
        self._matched.setdefault(alert.article, set()).add(alert.subscription)

    def put_match(self, alert: Alert, article: Article) -> None:
        """Record that another article of the alert's story met its subscription. A version is not counted as a copy."""
        self._matched.setdefault(article.id, set()).add(alert.subscription)

    def put_notice(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Create a notice and its deliveries; known ones stay as they are."""
        self._notices.setdefault(notice.alert, []).append(notice)
        self._deliveries += [(delivery, notice) for delivery in deliveries]

    def write(self) -> None:
        """Write what was gathered. What the server refuses is put aside with its reason."""
        arrivals = self._arrivals()
        self._write_alerts()
        documents = {}
        for name, (article, analysed, now) in self._arriving.items():
            ready = msgspec.structs.replace(article, state="ready", arrival=arrivals[name], lease_until=None)
            documents[name] = rows.ready(ready, analysed, self._matched.get(name, ()), now)
        written = self._store.write_held(documents) if documents else {}
        self._store.refused(
            [(self._arriving[name][0], outcome) for name, outcome in written.items() if not outcome.done]
        )
        for name in documents:
            self._store.held.pop(name, None)

    def _arrivals(self) -> dict[str, int]:
        """The arrival number of each article: given once, whoever asks for it again."""
        server = self._store.server
        index = server.name(schema.ARRIVALS)
        writes = []
        for name, (_, _, now) in self._arriving.items():
            month = self._store.held[name].place.removeprefix(self._store.partition(""))
            writes.append(Write("create", index, name, {"at": now, "partition": month}))
        outcomes = dict(zip(self._arriving, server.write(writes), strict=True)) if writes else {}
        given = {name: outcome.seq_no for name, outcome in outcomes.items() if outcome.done}
        before = server.rows((index, name) for name in outcomes if name not in given)
        # From 1: nothing has arrived before number 0.
        return {name: number + 1 for name, number in (given | {it.id: it.seq_no for it in before.values()}).items()}

    def _write_alerts(self) -> None:
        server = self._store.server
        alerts = server.name(schema.ALERTS)
        told = {name: [it.to_dict() for it in notices] for name, notices in self._notices.items()}
        self._store.keep(
            [
                Write("create", alerts, name, alert_row(alert, told.get(name, [])))
                for name, alert in self._alerts.items()
            ]
        )
        for name, notices in self._notices.items():
            if name not in self._alerts:
                _add_notices(server, name, notices)
        sent = server.name(schema.DELIVERIES)
        self._store.keep(
            [
                Write(
                    "create", sent, delivery.id,
                    {
                        **delivery_row(delivery), "article": notice.article, "created": notice.created,
                        "told": notice.to_dict(),
                    },
                )
                for delivery, notice in self._deliveries
            ]
        )  # fmt: skip


def roots(server: Server, stories: Collection[str]) -> dict[str, str]:
    """The id that stands for each of these stories today."""
    index = server.name(schema.STORIES)
    found = {story: story for story in stories}
    open_ones = set(stories)
    # From root to root: a story may have been joined while another one was joined to it.
    while open_ones:
        known = server.rows((index, story) for story in open_ones)
        found |= {story: known[root].source["root"] for story, root in found.items() if root in known}
        open_ones = {row.source["root"] for row in known.values()} - open_ones
    return found


def aliases(server: Server, stories: Collection[str]) -> dict[str, set[str]]:
    """All ids of each of these stories."""
    root_of = roots(server, stories)
    root_of |= {root: root for root in root_of.values()}
    open_ones = set(root_of.values())
    while open_ones:
        asked = {"query": {"terms": {"root": sorted(open_ones)}}, "size": 10_000}
        found = {row.id: root_of[row.source["root"]] for row in server.found(schema.STORIES, asked)}
        open_ones = found.keys() - root_of.keys()
        root_of |= found
    ids: dict[str, set[str]] = {}
    for story, root in root_of.items():
        ids.setdefault(root, set()).add(story)
    return {story: ids[root_of[story]] for story in stories}


def alert_of(row: Row) -> Alert:
    """The alert of a row."""
    return msgspec.convert(row.source["record"], Alert)


def notices_of(row: Row) -> list[Notice]:
    """The notices of an alert's row."""
    return [msgspec.convert(told, Notice) for told in row.source["notices"]]


def alert_row(alert: Alert, notices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of an alert with its notices."""
    return {
        "subscription": alert.subscription,
        "story": alert.story,
        "article": alert.article,
        "created": alert.created,
        "notices": sorted(notices, key=lambda it: (it["created"], it["id"])),
        "notices_of": sorted({it["article"] for it in notices}),
        "record": alert.to_dict(),
    }


def _add_notices(server: Server, alert: str, notices: Iterable[Notice]) -> None:
    index = server.name(schema.ALERTS)
    while row := server.rows([(index, alert)]).get(alert):
        known = {it["id"]: it for it in row.source["notices"]}
        every = {**{it.id: it.to_dict() for it in notices}, **known}
        told = sorted(every.values(), key=lambda it: (it["created"], it["id"]))
        source = {**row.source, "notices": told, "notices_of": sorted({it["article"] for it in told})}
        if server.write([Write("index", index, alert, source, row.seq_no, row.term)])[0].status != 409:
            return
