"""Real Celery workers over both stores: a message is a hint, and whatever becomes of it, each text is carried once."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import pytest
from redis import Redis

from spiders.ledger import Ledger
from tests.logged import log_of
from tests.services import redis_server
from tocsin import queue
from tocsin.addresses import address_id, article_id
from tocsin.clock import SystemClock
from tocsin.queue import BATCH, INGEST, Hints
from tocsin.records import Article, Subscription, derived_id
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.leases import open_leases
from tocsin.stores.port import Hint, Store
from workers.sweep import GRACE, Sweeper, Worker

T = TypeVar("T")
TEXT = "Officials of district {0} said on Sunday that its conscripts near Bakhmut had been told to sign paper {0}. "
SHORT_LEASES = """
import workers.deliver, workers.flow, workers.sweep, workers.tasks
workers.flow.LEASE_SECONDS = workers.deliver.LEASE = workers.sweep.BEAT_LEASE = workers.tasks.DELIVER_LEASE = 4.0
workers.deliver.BEGIN = 1.0
"""
"""Before anything else in each process of a worker: what a dead one held comes back soon."""


class Road(NamedTuple):
    """A store, its broker, and where a worker is started over both."""

    store: Store
    settings: Settings
    folder: Path

    @property
    def hints(self) -> Hints:
        return Hints(self.settings, SystemClock())

    def start(self) -> "subprocess.Popen[bytes]":
        """``python -m workers``, which starts a Celery worker and sweeps."""
        given = {name: str(value) for name, value in self.settings.model_dump().items() if name in GIVEN}
        environment = {**os.environ, **{f"TOCSIN_{name.upper()}": value for name, value in given.items()}}
        environment["PYTHONPATH"] = str(self.folder)
        (self.folder / "sitecustomize.py").write_text(SHORT_LEASES)
        with (self.folder / "output").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "workers", "--with-parent"], env=environment, stdin=subprocess.PIPE,
                stdout=output, stderr=output,
            )  # fmt: skip

    def until(self, done: Callable[[], T], seconds: float = 45.0) -> T:
        """Wait for it and return it; where it does not come to pass, the worker's own words are shown."""
        end = time.monotonic() + seconds
        while not (came := done()):
            if time.monotonic() > end:
                said = (self.folder / "output").read_text(errors="replace")[-3000:]
                pytest.fail(f"not within {seconds} s: {self.store.overview()}\n{said}")
            time.sleep(0.05)
        return came

    def ready(self, articles: Sequence[Article]) -> bool:
        known = self.store.articles([it.id for it in articles])
        return len(known) == len(articles) and all(it.state == "ready" for it in known.values())

    def told(self) -> list[str]:
        """Articles of the notices in the file channel, in their order."""
        file = self.folder / "alerts.jsonl"
        return [json.loads(line)["article"]["id"] for line in file.read_text().splitlines()] if file.exists() else []


GIVEN = {"data_dir", "cache_dir", "store", "redis", "broker", "processes", "log_level"}


def road(folder: Path, broker: str, store: str = "", redis: str = "") -> Road:
    """A new store with a subscription."""
    settings = Settings(data_dir=folder, store=store, redis=redis, broker=broker, processes=2)
    opened = open_store(settings.store_url, redis)
    opened.put_subscription(
        Subscription(id="s", name="s", query="conscripts", channels=("file:alerts.jsonl",), created=datetime.now(UTC))
    )
    return Road(opened, settings, folder)


@pytest.fixture(scope="module", params=["sqlite", "elastic"])
def busy(request: pytest.FixtureRequest, redis: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    """A road with a worker at work on it."""
    folder = tmp_path_factory.mktemp(request.param)
    broker = redis.replace("/0", "/1")
    if request.param == "elastic":
        address = request.getfixturevalue("elasticsearch")
        made = road(folder, broker, f"elastic+{address}/tasks", redis.replace("/0", "/0"))
    else:
        made = road(folder, broker)
    worker = made.start()
    yield made
    stop(worker)
    made.store.close()


def stop(worker: "subprocess.Popen[bytes]") -> None:
    """As a supervisor would: in order, then by force."""
    worker.terminate()
    try:
        worker.wait(15)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


def news(name: str, count: int, *, age: float = 0.0) -> list[Article]:
    """Articles that each tell of something else."""
    seen = datetime.now(UTC) - timedelta(seconds=age)
    made = []
    for number in range(count):
        text = "".join(TEXT.format(f"{name}{number}x{sentence}") for sentence in range(5))
        address = address_id(url := f"https://one.example/{name}/{number}")
        digest = derived_id("text", text)
        made.append(
            Article(
                id=article_id(address, digest), address_id=address, url=url, outlet="one", first_seen=seen,
                title=f"District {name}{number} told to sign", text=text, text_hash=digest,
            )
        )  # fmt: skip
    return made


def test_a_hint_carries_articles_to_their_readers(busy: Road) -> None:
    """Accepted with a hint: ready and told, each once, without anybody asking the store for them."""
    articles = news("hinted", 45)
    busy.store.accept(articles)
    assert busy.hints.accepted(articles)
    busy.until(lambda: busy.ready(articles) and {it.id for it in articles} <= set(busy.told()))
    assert len(busy.told()) == len(set(busy.told()))


def test_the_sweeper_finds_what_no_hint_told_of(busy: Road) -> None:
    """Hints that were never sent, and those that a broker lost which came back empty."""
    articles = news("lost", 60, age=2 * GRACE)
    busy.store.accept(articles)
    assert busy.hints.accepted(articles[:40])
    Redis.from_url(busy.settings.broker).flushdb()
    busy.until(lambda: busy.ready(articles) and {it.id for it in articles} <= set(busy.told()))


def test_hints_that_come_twice_and_in_disorder_change_nothing(busy: Road) -> None:
    """Also among others that make no sense: they are dropped, and nothing but our own tasks is run."""
    articles = news("twice", 60)
    busy.store.accept(articles)
    sender = busy.hints
    chance = random.Random(7)
    hints = [Hint(it.id, it.address_id) for it in articles] * 2
    for name, arguments in (("celery.map", ["x"]), ("os.system", ["true"]), (INGEST, [{"a": 1}]), (INGEST, [])):
        sender._app.send_task(name, arguments, queue=INGEST)
    for _ in range(2):
        chance.shuffle(hints)
        for start in range(0, len(hints), BATCH):
            assert sender.overdue(hints[start : start + BATCH], "ingest" if start % 40 else "match")
    busy.until(lambda: busy.ready(articles) and {it.id for it in articles} <= set(busy.told()))
    busy.until(lambda: sender.waiting() == {"ingest": 0, "match": 0, "deliver": 0})
    assert len(busy.told()) == len(set(busy.told()))
    assert len({it.arrival for it in busy.store.walk()}) == busy.store.count(None)


def children(pid: int) -> list[int]:
    """Processes that a process has started and that live."""
    listed = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid=,stat="], capture_output=True, text=True, check=False)
    found = [line.split() for line in listed.stdout.splitlines()]
    return [int(number) for number, state in found if not state.startswith("Z")]


def crew(worker: "subprocess.Popen[bytes]") -> dict[str, int]:
    """The processes of a worker: what oversees it, the Celery worker, one of its children; none while it starts."""
    for celery in children(worker.pid):
        if len(both := children(celery)) == 2:
            return {"overseer": worker.pid, "celery": celery, "child": both[0]}
    return {}


def test_kills_in_the_middle_lose_and_double_nothing(busy: Road) -> None:
    """Each kind of process dies by kill -9 while it is at work, and another worker is at work beside."""
    before = set(busy.told())
    articles, chance = news("killed", 120), random.Random(3)
    worker = busy.start()
    try:
        for start, victim in zip(range(0, 120, 30), ("child", "celery", "child", "overseer"), strict=True):
            who = busy.until(lambda it=worker: crew(it))
            batch = articles[start : start + 30]
            busy.store.accept(batch)
            assert busy.hints.accepted(batch)
            time.sleep(chance.uniform(0.0, 0.3))
            os.kill(who[victim], signal.SIGKILL)
            if victim == "overseer":
                worker.wait()
                worker = busy.start()
        busy.until(lambda: busy.ready(articles) and {it.id for it in articles} <= set(busy.told()))
    finally:
        stop(worker)
    told = [it for it in busy.told() if it not in before]
    assert sorted(told) == sorted(it.id for it in articles)
    known = busy.store.articles([it.id for it in articles]).values()
    assert len({it.arrival for it in known}) == len(articles)
    assert busy.store.overview()["parked"] == 0


def test_a_broker_that_is_down_stops_no_spider(tmp_path: Path, free_port: int, needs: Callable) -> None:
    """What is brought is accepted at once, it is said once, and carried when the broker is there again."""
    server = redis_server.program()
    needs(server, "Redis")
    made = road(tmp_path, f"redis://127.0.0.1:{free_port}/0")
    articles = news("down", 30, age=2 * GRACE)

    async def crawl() -> float:
        ledger = Ledger(made.store, gather=0.0, hint=Hints(made.settings, SystemClock()).accepted)
        start = time.monotonic()
        for it in articles:
            assert await ledger.write(articles=[it]) == [it.id]
        spent = time.monotonic() - start
        await ledger.close()
        return spent

    with log_of(queue) as said:
        assert asyncio.run(crawl()) < 8
    assert [line["event"].partition(";")[0] for line in said] == ["the broker is down"]
    assert made.store.overview()["accepted"] == len(articles)
    worker = made.start()
    options = ["--bind", "127.0.0.1", "--port", str(free_port), "--save", "", "--dir", str(tmp_path)]
    broker = subprocess.Popen([str(server), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        made.until(lambda: made.ready(articles) and len(made.told()) == len(articles))
    finally:
        stop(worker)
        broker.terminate()
        broker.wait(10)
        made.store.close()


def test_two_sweepers_do_the_work_of_one(tmp_path: Path, redis: str) -> None:
    """The second one looks on until the first one ends, or is not heard of any more."""
    made = road(tmp_path, redis.replace("/0", "/2"))
    made.store.accept(news("swept", 30, age=2 * GRACE))
    leases = [open_leases(made.settings.store_url) for _ in range(2)]
    one, two = (Sweeper(made.store, it, made.hints, SystemClock()) for it in leases)
    assert [one.beat(), two.beat(), one.beat()] == [30, 0, 0]
    assert made.hints.waiting() == {"ingest": 2, "match": 0, "deliver": 0}
    one.end()
    made.store.accept(news("patience", 30, age=2 * GRACE))
    assert [two.beat(), one.beat()] == [0, 0], (
        "hints are on their way: what was not seen yet has the time that it takes"
    )
    for it in leases:
        it.close()
    made.store.close()


def test_a_broker_that_has_forgotten_everything_is_told_anew(tmp_path: Path, redis: str) -> None:
    """Also where new messages came since: whatever was accepted before them has lost its hint."""
    address = redis.replace("/0", "/7")
    made = road(tmp_path, address)
    late = news("late", 30, age=2 * GRACE)
    made.store.accept(late)
    leases = open_leases(made.settings.store_url)
    sweeper = Sweeper(made.store, leases, made.hints, SystemClock())
    assert sweeper.beat() == 30
    assert sweeper.beat() == 0
    with Redis.from_url(address) as broker:
        broker.flushdb()
    fresh = news("fresh", 3)
    made.store.accept(fresh)
    assert made.hints.accepted(fresh)
    assert sweeper.beat() == 30
    leases.close()
    made.store.close()


def test_what_a_dead_worker_held_waits_for_no_patience(
    tmp_path: Path, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes before all that waits, and again when its hint has died with another worker."""
    monkeypatch.setattr("workers.sweep.AGAIN", 0.2)
    made = road(tmp_path, redis.replace("/0", "/5"))
    held, fresh = news("held", 5, age=60.0), news("fresh", 25)
    made.store.accept(held)
    assert len(made.store.claim(20, 0.0, datetime.now(UTC) - timedelta(seconds=31))) == 5
    made.store.accept(fresh)
    sender = made.hints
    assert sender.accepted(fresh)
    lease = open_leases(made.settings.store_url)
    sweeper = Sweeper(made.store, lease, made.hints, SystemClock())
    assert [sweeper.beat(), sweeper.beat()] == [5, 0]
    time.sleep(0.3)
    assert sweeper.beat() == 5
    with sender._app.connection_for_read() as connection:
        queue = connection.SimpleQueue(INGEST)
        bodies = [queue.get(timeout=5).payload[0][0] for _ in range(4)]
    swept = [place for place, body in enumerate(bodies) if {name for name, _ in body} == {it.id for it in held}]
    assert len(swept) == 2
    lease.close()
    made.store.close()


def test_a_worker_that_is_deaf_is_started_anew(tmp_path: Path, redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that lives and does nothing, while messages wait, for longer than a task may take."""
    monkeypatch.setattr("workers.sweep.DEAF", 0.5)
    monkeypatch.setenv("TOCSIN_BROKER", redis.replace("/0", "/4"))
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    worker = Worker((), SystemClock())
    first = worker._process
    try:
        os.kill(first.pid, signal.SIGSTOP)
        for messages in (5, 0, 0):
            worker.see_to_it(messages)
            time.sleep(0.3)
        assert first.poll() is None, "where nothing waits there is nothing to do"
        end = time.monotonic() + 20
        while worker._process is first:
            worker.see_to_it(5)
            time.sleep(0.1)
            assert time.monotonic() < end
        assert first.returncode == -signal.SIGKILL
    finally:
        worker.stop()


def test_a_worker_that_is_stopped_in_the_middle_of_a_task_is_started_anew(
    tmp_path: Path, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its processes: a task runs then for ever, and nobody ends it but who watches the main one's rounds."""
    made = road(tmp_path, redis.replace("/0", "/5"))
    monkeypatch.setattr("workers.sweep.DEAF", 5.0)
    for name in GIVEN:
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(getattr(made.settings, name)))
    worker = Worker(("--store", made.settings.store_url), SystemClock())
    first = worker._process
    try:
        made.until(lambda: [worker.see_to_it(0), worker._turned_at > worker._started + 1][1])
        articles = news("stopped", 400)
        made.store.accept(articles)
        made.hints.accepted(articles)
        made.until(worker._at_work)
        os.killpg(first.pid, signal.SIGSTOP)
        assert worker._at_work(), "stopped in the middle of a task"
        assert worker.hears
        made.until(lambda: [worker.see_to_it(5), worker._process is not first][1], 30)
        assert first.returncode == -signal.SIGKILL
        made.until(lambda: [worker.see_to_it(0), worker._turned_at > worker._started + 1][1])
    finally:
        worker.stop()
        made.store.close()


def test_fresh_news_goes_first(tmp_path: Path, redis: str) -> None:
    """A message of what is new is taken before those of old texts that were sent earlier."""
    made = road(tmp_path, redis.replace("/0", "/3"))
    old, new = news("old", 25), news("new", 5)
    old = [msgspec.structs.replace(it, published=datetime.now(UTC) - timedelta(days=2)) for it in old]
    sender = made.hints
    assert sender.accepted([*old, *new])
    with sender._app.connection_for_read() as connection:
        queue = connection.SimpleQueue(INGEST)
        bodies = [queue.get(timeout=5).payload[0][0] for _ in range(3)]
    assert [[name for name, _ in body] for body in bodies] == [
        [it.id for it in new], [it.id for it in old[:BATCH]], [it.id for it in old[BATCH:]]
    ]  # fmt: skip
    made.store.close()
