"""What is told and judged of the whole, on both kinds of store; and what Prometheus reads, by its own parser."""

import re
import socket
import textwrap
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import yaml
from prometheus_client import parser

from tests.stores.filled import START, StandingClock, article, fill, four_with_lags, hall_over
from tocsin.condition import STILL, Condition, Watcher
from tocsin.metrics import BOUNDS, exposition
from tocsin.records import Delivery, Feed, Notice, Outlet
from tocsin.settings import Settings
from tocsin.stores import heartbeats
from tocsin.stores.heartbeats import Heart
from tocsin.stores.port import Store
from workers.flow import turn

Sample = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def settings(each_store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Those that name the store, and a Redis for its leases."""
    if "elastic" in request.node.callspec.id:
        redis = request.getfixturevalue("redis")
        return Settings(store="elastic+http://unused:9200/contract", redis=redis, data_dir=tmp_path)
    return Settings(store=f"sqlite:{tmp_path}/store.db", data_dir=tmp_path)


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def watcher(each_store: Store, settings: Settings, clock: StandingClock) -> Iterator[Watcher]:
    with closing(Watcher(each_store, settings, clock)) as opened:
        yield opened


@pytest.fixture
def worker(settings: Settings, clock: StandingClock) -> Iterator[Heart]:
    heart = Heart.open("workers", settings, clock)
    heart.beat()
    yield heart
    heart.end()


def read(condition: Condition | None) -> Sample:
    """Every sample, by name and labels. Raises what the parser raises."""
    families = list(parser.text_string_to_metric_families(exposition(condition).decode()))
    assert all(family.documentation for family in families if not family.name.endswith(("gcount", "gsum")))
    samples = [sample for family in families for sample in family.samples]
    found = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(found) == len(samples), "no sample stands there twice"
    return found


def value(found: Sample, name: str, **labels: str) -> float:
    return found[f"tocsin_{name}", frozenset(labels.items())]


def wrong(watcher: Watcher) -> list[str]:
    return [it.what for it in watcher.wrong()]


def test_it_is_well_while_a_worker_is_heard_of(watcher: Watcher, worker: Heart) -> None:
    assert wrong(watcher) == []
    worker.end()
    assert wrong(watcher) == ["workers"]


def test_a_process_that_falls_silent_is_named(
    watcher: Watcher, worker: Heart, settings: Settings, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crawler has to be there only where one was and did not end in order."""
    spiders = Heart.open("spiders", settings, clock)
    spiders.beat()
    assert wrong(watcher) == []
    monkeypatch.setattr(heartbeats, "SILENT", -1.0)
    assert wrong(watcher) == ["workers", "spiders"]
    assert "The last one was process" in watcher.wrong()[0].why
    spiders.end()
    assert wrong(watcher) == ["workers"]
    # Another one took over.
    monkeypatch.undo()
    assert wrong(watcher) == []


@pytest.mark.usefixtures("worker")
def test_a_worker_that_lives_and_carries_nothing_is_seen(
    each_store: Store, watcher: Watcher, clock: StandingClock
) -> None:
    """Heard of, and yet what was accepted stays so: not while there is time, nor while others become ready."""
    hall = hall_over(each_store, clock)
    each_store.accept([article(1, at=clock.at)])
    assert wrong(watcher) == []
    clock.at += STILL - timedelta(seconds=1)
    assert wrong(watcher) == []
    clock.at += timedelta(seconds=2)
    assert wrong(watcher) == ["road"]
    assert turn(hall) == 1
    assert wrong(watcher) == []
    # A long queue that moves stands not still.
    each_store.accept([article(2, at=clock.at - timedelta(hours=1))])
    assert wrong(watcher) == []
    # One that is held is carried by somebody.
    clock.at += timedelta(minutes=5)
    assert wrong(watcher) == ["road"]
    (held,) = each_store.claim(1, 30, clock.at)
    clock.at += timedelta(seconds=40)
    assert wrong(watcher) == []
    clock.at += STILL
    assert wrong(watcher) == ["road"]
    each_store.release([held])


@pytest.mark.usefixtures("worker")
def test_a_broker_that_is_down_is_seen(each_store: Store, settings: Settings, clock: StandingClock, redis: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    down, up = (settings.model_copy(update={"broker": it}) for it in (address, redis.replace("/0", "/7")))
    with closing(Watcher(each_store, down, clock)) as watcher:
        assert wrong(watcher) == ["broker"]
        assert watcher.look().told["messages"] is None
    with closing(Watcher(each_store, up, clock)) as watcher:
        assert wrong(watcher) == []
        assert watcher.look().told["messages"] == {"ingest": 0, "match": 0, "deliver": 0}


def test_where_nobody_can_be_heard_of_the_store_is_told_of(
    each_store: Store, settings: Settings, clock: StandingClock, free_port: int
) -> None:
    """The Redis of the heartbeats is away, or none was named."""
    place = {"store": "elastic+http://unused:9200/contract"}
    for redis, words in ((f"redis://127.0.0.1:{free_port}/0", "does not answer"), ("", "set TOCSIN_REDIS")):
        with closing(Watcher(each_store, settings.model_copy(update=place | {"redis": redis}), clock)) as watcher:
            (found,) = watcher.wrong()
            assert found.what == "workers"
            assert words in found.why
            condition = watcher.look()
        assert condition.told["rooms"] == []
        assert value(read(condition), "store_up") == 1


@pytest.mark.usefixtures("worker")
def test_metrics_say_what_the_store_holds(each_store: Store, watcher: Watcher, clock: StandingClock) -> None:
    """The same figures as the table's; and neither a title nor a query nor a secret."""
    fill(each_store)
    each_store.put_outlets([Outlet(name="four", home="https://four.example/")])
    each_store.put_feeds(
        [Feed(url="https://four.example/f", outlet="four", kind="feed", checked=START, changed=START, failures=3,
              error="it answers 500")]
    )  # fmt: skip
    clock.at = START + timedelta(minutes=9)
    condition = watcher.look()
    told, found = condition.told, read(condition)
    for state, its in told["articles"].items():
        assert value(found, "articles", state=state) == its["number"] > 0
    assert value(found, "waiting", stage="ingest") == told["articles"]["accepted"]["number"]
    for stage, state in (("ingest", "accepted"), ("match", "filed")):
        assert value(found, "waiting_oldest_age_seconds", stage=stage) == pytest.approx(240, abs=1)
        assert told["articles"][state]["oldest_seconds"] == pytest.approx(240, abs=1)
    counts = each_store.overview()
    assert {reason: value(found, "drops", reason=reason) for reason in counts["drops"]} == counts["drops"]
    for state in ("delivered", "waiting", "failed"):
        assert value(found, "deliveries", state=state) == counts[state]
    assert value(found, "alerts") == counts["alerts"]
    for state in ("waiting", "failed"):
        of = [number for (name, labels), number in found.items() if "channel" in name and ("state", state) in labels]
        assert sum(of) == counts[state] > 0
    assert value(found, "outlets", health="failing") == 2
    assert value(found, "outlet_failures", outlet="four") == 3
    assert value(found, "outlet_last_poll_timestamp_seconds", outlet="four") == START.timestamp()
    assert value(found, "outlet_last_article_timestamp_seconds", outlet="one") > START.timestamp()
    assert not [labels for name, labels in found if "last_article" in name and ("outlet", "four") in labels]
    assert value(found, "processes", room="workers") == 1
    assert value(found, "wrong", what="workers") == 0
    assert value(found, "store_up") == 1
    assert value(found, "store_size_bytes") > 1000
    assert value(found, "last_ready_timestamp_seconds") == pytest.approx(counts["last_arrival"].timestamp())
    text = exposition(condition).decode()
    for secret in ("Told to sign", "conscription", "Bakhmut", "one.example"):
        assert secret not in text


@pytest.mark.usefixtures("worker")
def test_a_delivery_that_is_tried_again_is_counted(each_store: Store, watcher: Watcher, clock: StandingClock) -> None:
    """And the secret of its channel is not told."""
    fill(each_store)
    clock.at = START + timedelta(minutes=9)
    before = value(read(watcher.look()), "channel_deliveries", channel="stdout:", state="retried")
    delivery, _ = next(
        row for row in each_store.deliveries_due(clock.at, 50) if (row[0].channel, row[0].attempts) == ("stdout:", 0)
    )
    each_store.put_deliveries([msgspec.structs.replace(delivery, attempts=2, error="down", next_try=clock.at)])
    found = read(watcher.look())
    assert value(found, "channel_deliveries", channel="stdout:", state="retried") == before + 1
    with_secret = Delivery(id="x", notice="n", channel="https://user:pass1word@hooks.example/T0/B1/x9KQ2bbT0Lm4zz")
    notice = Notice(id="n", alert="a", kind="first", ordinal=1, article="x", created=START)
    with each_store.publishing() as publishing:
        publishing.put_notice(notice, [with_secret])
    text = exposition(watcher.look()).decode()
    assert "hooks.example" in text
    assert "pass1word" not in text
    assert "x9KQ2bbT0Lm4zz" not in text


@pytest.mark.usefixtures("worker")
def test_lags_stand_in_the_buckets_of_their_articles(each_store: Store, watcher: Watcher, clock: StandingClock) -> None:
    """Four texts that were published 1 to 4 minutes before they were seen, and became ready after 10 to 40 s."""
    four_with_lags(each_store, clock)
    condition = watcher.look()
    assert condition.told["lags"]["seen → ready"] == {"of": 4, "p50": 20, "p95": 30}
    found = read(condition)

    def buckets(stretch: str) -> dict[float, float]:
        return {bound: value(found, "lag_seconds_bucket", stretch=stretch, le=f"{bound:g}") for bound in BOUNDS}

    seen = buckets("published_seen")
    # The date without a zone tells nothing. A bound holds what is equal to it.
    assert (seen[30], seen[60], seen[120], seen[300], seen[86_400]) == (0, 1, 2, 3, 3)
    ready = buckets("seen_ready")
    assert (ready[5], ready[10], ready[30], ready[60]) == (0, 1, 3, 4)
    assert value(found, "lag_seconds_bucket", stretch="seen_ready", le="+Inf") == 4
    assert value(found, "lag_seconds_gsum", stretch="seen_ready") == pytest.approx(100)
    assert value(found, "lag_seconds_gcount", stretch="published_seen") == 3
    assert set(buckets("ready_told").values()) == {0}


@pytest.mark.usefixtures("worker")
def test_the_page_names_every_metric_and_no_other(
    each_store: Store, settings: Settings, clock: StandingClock, redis: str, root: Path
) -> None:
    """In its table; and what its rules for alerts ask is there."""
    fill(each_store)
    with closing(Watcher(each_store, settings.model_copy(update={"broker": redis.replace("/0", "/7")}), clock)) as all_:
        found = {
            name.removesuffix("_bucket") for name, _ in read(all_.look()) if not name.endswith(("_gcount", "_gsum"))
        }
    page = (root / "docs" / "operations.md").read_text()
    table = page.partition("| metric | is |")[2].partition("Rules for alerts:")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = {name.partition("{")[0] for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert {f"tocsin_{name}" for name in named} == found
    written = page.partition("Rules for alerts:")[2].partition("**One id")[0]
    rules = yaml.safe_load(textwrap.dedent(written))["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"tocsin_\w+", rule["expr"])}
    assert len(rules) == 7
    assert {name.removesuffix("_bucket") for name in asked} <= found


def test_a_store_that_cannot_be_asked_is_told_of_too() -> None:
    found = read(None)
    assert value(found, "store_up") == 0
    assert len(found) == 2
