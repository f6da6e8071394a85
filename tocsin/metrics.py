"""The condition of the whole as Prometheus reads it, in its text format. No title, query or secret stands in it.

All is computed from the store when it is asked for: it survives restarts, is the same whichever process tells it, and
none of the many processes has to keep count. So there are no counters but gauges of what the store holds, and the lags
are gauge histograms, of the newest texts of the last hour: ``histogram_quantile`` works on them as they are, without
``rate``.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeHistogramMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from tocsin import __version__
from tocsin.condition import Condition

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400)
"""Upper bounds of the lags, in seconds: from a delivery on this machine to a page that was found a day late."""
_STRETCHES = {"published → seen": "published_seen", "seen → ready": "seen_ready", "ready → told": "ready_told"}

_RELATIONS = {"texts": "original", "copies": "copy", "versions": "version"}


class Line(NamedTuple):
    """One value of a metric, by the values of its labels."""

    labels: tuple[str, ...]
    value: float


def exposition(condition: Condition | None) -> bytes:
    """All metrics; without a condition, as where the store cannot be asked, only that it is so."""
    return generate_latest(_Once([*_metrics(condition)]))


class _Once(Collector):
    """What stands in place of a registry: metrics that were gathered already."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._metrics


def _metrics(condition: Condition | None) -> Iterator[Metric]:
    yield InfoMetricFamily("tocsin_build", "The version that runs.", {"version": __version__})
    yield _one("store_up", "Whether the store could be asked.", float(condition is not None))
    if condition is None:
        return
    told = condition.told
    yield from _articles(told, condition)
    yield from _deliveries(told)
    yield from _crawl_and_rooms(told, condition)
    yield _lags(condition.spans)


def _articles(told: Mapping[str, Any], condition: Condition) -> Iterator[Metric]:
    articles = told["articles"]
    numbers = [Line((state,), its["number"]) for state, its in articles.items()]
    yield _gauge("articles", "Articles that the store holds.", ["state"], numbers)
    relations = [Line((_RELATIONS[name],), number) for name, number in told["texts"].items()]
    yield _gauge("texts", "Filed articles: new texts, copies of one, later versions of one.", ["relation"], relations)
    waiting = {"ingest": articles["accepted"], "match": articles["filed"]}
    lines = [Line((stage,), its["number"]) for stage, its in waiting.items()]
    lines.append(Line(("deliver",), told["deliveries"]["waiting"]))
    yield _gauge("waiting", "What waits before each stage: articles, articles, deliveries.", ["stage"], lines)
    ages = {stage: its["oldest_seconds"] for stage, its in waiting.items()}
    ages["deliver"] = told["deliveries"]["oldest_due_seconds"]
    lines = [Line((stage,), seconds or 0.0) for stage, seconds in ages.items()]
    yield _gauge("waiting_oldest_age_seconds", "Since the oldest of them came; 0 without one.", ["stage"], lines)
    yield _one("articles_leased", "Articles that a worker holds.", told["leased"])
    yield _one("rows_refused", "Rows that the server refused and that lie aside.", told["refused"])
    rates = [Line((name,), minute / 60) for name, minute in told["per_minute"].items()]
    yield _gauge("articles_per_second", "Articles that came so far, over the last five minutes.", ["stage"], rates)
    if condition.finished is not None:
        yield _one("last_ready_timestamp_seconds", "When an article became ready last.", condition.finished.timestamp())
    drops = [Line((reason,), number) for reason, number in told["drops"].items()]
    yield _gauge("drops", "What was left out and is still written down, for 30 days.", ["reason"], drops)
    messages = [Line((queue,), number) for queue, number in (told["messages"] or {}).items()]
    yield _gauge("queue_messages", "Hints that wait at the broker.", ["queue"], messages)


def _deliveries(told: Mapping[str, Any]) -> Iterator[Metric]:
    sent = told["deliveries"]
    yield _one("alerts", "Alerts that the store holds: stories that met a subscription.", told["alerts"])
    yield _one("notices", "Messages of alerts that the store holds.", told["notices"])
    lines = [Line((state,), sent[state]) for state in ("delivered", "waiting", "failed")]
    yield _gauge("deliveries", "Deliveries that the store holds.", ["state"], lines)
    lines = [
        Line((channel, state), number) for channel, its in sent["by_channel"].items() for state, number in its.items()
    ]
    help_ = "Deliveries that are not out, by channel; who is retried was tried at least once, and waits too."
    yield _gauge("channel_deliveries", help_, ["channel", "state"], lines)


def _crawl_and_rooms(told: Mapping[str, Any], condition: Condition) -> Iterator[Metric]:
    health = [Line((state.replace(" ", "_"),), number) for state, number in told["outlets"].items()]
    yield _gauge("outlets", "Active outlets by how their feeds do, and those silent for a day.", ["health"], health)
    of = condition.crawled.items()
    lines = [Line((name,), its.polled.timestamp()) for name, its in of if its.polled]
    yield _gauge("outlet_last_poll_timestamp_seconds", "When a feed of it was last read well.", ["outlet"], lines)
    lines = [Line((name,), its.seen.timestamp()) for name, its in of if its.seen]
    yield _gauge("outlet_last_article_timestamp_seconds", "When it last brought a text.", ["outlet"], lines)
    lines = [Line((name,), its.failures) for name, its in of]
    yield _gauge("outlet_failures", "Polls in a row that failed, of its worst feed.", ["outlet"], lines)
    rooms = told["rooms"]
    living = [room["room"] for room in rooms if not room["silent"]]
    lines = [Line((room,), living.count(room)) for room in ("spiders", "workers")]
    yield _gauge("processes", "Processes that were heard of.", ["room"], lines)
    lines = [Line((it["room"], it["host"], str(it["process"])), it["seconds"]) for it in rooms]
    help_ = "Since a process was heard of that did not end in order; forgotten after a day."
    yield _gauge("heartbeat_age_seconds", help_, ["room", "host", "process"], lines)
    wrong = [it["what"] for it in told["wrong"]]
    lines = [Line((what,), float(what in wrong)) for what in ("store", "workers", "spiders", "road", "broker")]
    yield _gauge("wrong", "1 where something keeps articles from their readers: see /ready.", ["what"], lines)
    yield _one("store_size_bytes", "Disk that the store takes.", told["size_bytes"])


def _lags(spans: Mapping[str, Sequence[float]]) -> Metric:
    help_ = "How long the newest texts of the last hour were on a stretch of the road, at most 2,000 of them."
    family = GaugeHistogramMetricFamily("tocsin_lag_seconds", help_, labels=["stretch"])
    for name, stretch in _STRETCHES.items():
        seconds = spans[name]
        counts = [0] * (len(BOUNDS) + 1)
        for second in seconds:
            counts[bisect_left(BOUNDS, second)] += 1
        ends = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
        family.add_metric([stretch], list(zip(ends, accumulate(counts), strict=True)), sum(seconds))
    return family


def _gauge(name: str, help_: str, labels: Sequence[str], lines: Iterable[Line]) -> Metric:
    family = GaugeMetricFamily(f"tocsin_{name}", help_, labels=labels)
    for line in lines:
        family.add_metric(line.labels, line.value)
    return family


def _one(name: str, help_: str, value: float) -> Metric:
    return GaugeMetricFamily(f"tocsin_{name}", help_, value=value)
