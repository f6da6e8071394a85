"""Delivery over the real store and real channels: at least once, in patience, and no channel waits for another."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path

import pytest
from msgspec.structs import replace

from tocsin.addresses import address_id, article_id
from tocsin.records import Alert, Article, Delivery, Hit, Notice, Subscription, derived_id, near_id
from tocsin.stores import open_store
from tocsin.stores.port import Sketch
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed
from workers.channels import Channels
from workers.deliver import BACK_OFF, GIVE_UP, JITTER, LEASE, back_off, deliver_due, settle

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LOOPBACK = (ip_network("127.0.0.0/8"),)


class HandClock:
    """Calendar time moved by hand; the other one runs."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(f"sqlite:{tmp_path / 'tocsin.db'}")
    yield opened
    opened.close()


@pytest.fixture
def channels(tmp_path: Path) -> Channels:
    return Channels(data_dir=tmp_path, allow_private=LOOPBACK, stream=io.StringIO(), timeout=0.8)


def article(number: int) -> Article:
    url = f"https://hromada.example/news/{number}"
    return Article(
        id=article_id(address_id(url), str(number)),
        address_id=address_id(url),
        url=url,
        outlet="hromada",
        first_seen=NOW,
        title=f"Новина {number}",
        text="Під Бахмутом.",
    )


def ring(store: SqliteStore, number: int, channels: Sequence[str], created: datetime = NOW) -> list[Delivery]:
    """An article on its whole road, with an alert and a notice to these channels."""
    told = article(number)
    store.accept([told])
    (claimed,) = store.claim(1, 30, NOW)
    sketch = Sketch(
        article=told.id,
        story=f"story{number}",
        outlet="hromada",
        address_id=told.address_id,
        text_hash="",
        title_hash="",
        tokens=0,
        shingles=b"",
        first_seen=NOW,
    )
    with store.filing() as filing:
        assert filing.file(replace(claimed, story=f"story{number}"), sketch, [], Analysed((), ()))
    alert = Alert(
        id=derived_id("alert", "s", str(number)),
        subscription="s",
        story=f"story{number}",
        article=told.id,
        created=created,
    )
    hit = Hit(word="Bakhmut", form="Бахмутом", how="case form", field="text", sentence="Під Бахмутом.", start=4)
    notice = Notice(
        id=derived_id("notice", alert.id, "first", "1"),
        alert=alert.id,
        kind="first",
        ordinal=1,
        article=told.id,
        created=created,
        hits=(hit,),
    )
    rows = [
        Delivery(id=near_id(notice.id, "delivery", notice.id, name), notice=notice.id, channel=name)
        for name in channels
    ]
    with store.publishing() as publishing:
        publishing.make_ready(replace(claimed, state="filed"), Analysed((), ()), NOW)
        publishing.put_alert(alert)
        publishing.put_notice(notice, rows)
    if not store.subscriptions():
        store.put_subscription(
            Subscription(id="s", name="East", query="Bakhmut", channels=tuple(channels), created=NOW)
        )
    return rows


def state(store: SqliteStore, delivery: Delivery) -> Delivery:
    return next(row for row in store.deliveries(delivery.notice) if row.id == delivery.id)


def until_quiet(store: SqliteStore, channels: Channels, clock: HandClock, seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while deliver_due(store, channels, clock, UTC):
        assert time.monotonic() < end, "something is always underway"


def test_notice_goes_to_each_channel_once(store, clock, tmp_path: Path, receiver) -> None:
    stream = io.StringIO()
    channels = Channels(data_dir=tmp_path, allow_private=LOOPBACK, stream=stream)
    rows = ring(store, 1, ["stdout:", "file:alerts.jsonl", receiver.url])
    assert deliver_due(store, channels, clock, UTC, wait=5.0) == 3
    assert deliver_due(store, channels, clock, UTC) == 0
    assert "    Бахмутом ← Bakhmut, case form" in stream.getvalue().splitlines()
    line = json.loads((tmp_path / "alerts.jsonl").read_text())
    assert line["id"] == rows[0].notice
    assert line["subscription"]["name"] == "East"
    assert json.loads(receiver.got[0][2]) == line
    assert receiver.got[0][1]["webhook-id"] == rows[2].id
    for row in rows:
        assert state(store, row).state == "delivered"
        assert state(store, row).delivered == NOW
        assert state(store, row).attempts == 1


def test_failing_channel_is_tried_again_later_with_the_same_id(store, channels, clock, receiver) -> None:
    receiver.answers = [receiver.status(500), receiver.status(500), receiver.status(204)]
    (row,) = ring(store, 1, [receiver.url])
    until_quiet(store, channels, clock)
    waiting = state(store, row)
    assert (waiting.state, waiting.attempts) == ("waiting", 1)
    assert "answered 500" in waiting.error
    assert waiting.next_try == NOW + back_off(waiting)
    until_quiet(store, channels, clock)
    assert len(receiver.got) == 1, "not before its time"
    for _ in range(2):
        clock.time = state(store, row).next_try
        until_quiet(store, channels, clock)
    done = state(store, row)
    assert (done.state, done.attempts, done.error, done.delivered) == ("delivered", 3, "", clock.time)
    assert {headers["webhook-id"] for _, headers, _ in receiver.got} == {row.id}


def test_steps_grow_with_a_jitter_that_is_known_beforehand() -> None:
    for attempts in range(1, 12):
        step = BACK_OFF[min(attempts, len(BACK_OFF)) - 1]
        pauses = {back_off(Delivery(id=f"d{n}", notice="n", channel="c", attempts=attempts)) for n in range(50)}
        assert pauses == {back_off(Delivery(id=f"d{n}", notice="n", channel="c", attempts=attempts)) for n in range(50)}
        assert len(pauses) > 40, "not all at one moment"
        assert all(abs(pause.total_seconds() - step) <= step * JITTER + 1e-6 for pause in pauses)


def test_failing_channel_is_given_up_after_five_days_and_all_steps(store, channels, clock, free_port) -> None:
    (row,) = ring(store, 1, [f"http://127.0.0.1:{free_port}/"])
    while state(store, row).state == "waiting":
        clock.time = state(store, row).next_try or NOW
        until_quiet(store, channels, clock)
        assert clock.time < NOW + timedelta(days=8)
    failed = state(store, row)
    assert failed.state == "failed"
    assert "Given up after 5 days" in failed.error
    assert failed.attempts >= len(BACK_OFF)
    assert clock.time - NOW >= GIVE_UP
    assert deliver_due(store, channels, clock, UTC) == 0


def test_old_notice_of_a_machine_that_was_off_is_not_given_up_at_once(store, channels, clock, free_port) -> None:
    (row,) = ring(store, 1, [f"http://127.0.0.1:{free_port}/"], created=NOW - timedelta(days=9))
    until_quiet(store, channels, clock)
    assert state(store, row).state == "waiting"


def test_refusal_is_final_and_says_why(store, channels, clock, receiver) -> None:
    receiver.answers = [receiver.status(410), receiver.status(204)]
    first, second = ring(store, 1, [receiver.url]) + ring(store, 2, [receiver.url])
    until_quiet(store, channels, clock)
    states = sorted((state(store, row).state, state(store, row).error) for row in (first, second))
    assert [name for name, _ in states] == ["delivered", "failed"]
    assert "answered 410" in states[1][1]


def test_channel_that_asks_for_a_pause_gets_it(store, channels, clock, receiver) -> None:
    receiver.answers = [receiver.status(429, Retry_After="600")]
    rows = [row for number in range(3) for row in ring(store, number, [receiver.url])]
    until_quiet(store, channels, clock)
    assert len(receiver.got) == 1, "who stands in line behind it waits too"
    assert {state(store, row).next_try for row in rows} == {NOW + timedelta(seconds=600)}
    (late,) = ring(store, 9, [receiver.url])
    until_quiet(store, channels, clock)
    assert len(receiver.got) == 1, "a new notice waits too"
    assert state(store, late).attempts == 0


def test_hanging_channel_delays_no_other(store, channels, clock, receiver, tmp_path: Path) -> None:
    receiver.answers = [lambda _: time.sleep(1.5)]
    slow = [row for number in range(30) for row in ring(store, number, [receiver.url])]
    (quick,) = ring(store, 99, ["file:alerts.jsonl"])
    start = time.monotonic()
    # The limit is smaller than the line of the slow channel: it must not hide what stands behind.
    while state(store, quick).state != "delivered":
        deliver_due(store, channels, clock, UTC, limit=5)
        assert time.monotonic() - start < 0.7
    assert len(receiver.got) == 1
    assert all(state(store, row).state == "waiting" for row in slow)
    assert settle(store, channels, clock, 3.0) == 0
    assert sum(state(store, row).attempts for row in slow) == 5
    assert {state(store, row).error for row in slow if state(store, row).attempts} == {
        f"{receiver.url} gave no answer within 0.8 seconds."
    }


def test_two_workers_send_nothing_twice(store, clock, tmp_path: Path, receiver) -> None:
    """Of one channel each has a line of its own, and no message stands in both."""
    receiver.answers = [lambda handler: (time.sleep(0.02), receiver.status(204)(handler))[1]]
    rows = [row for number in range(30) for row in ring(store, number, [receiver.url])]
    workers = [Channels(data_dir=tmp_path, allow_private=LOOPBACK, timeout=0.8) for _ in range(2)]
    while sum([deliver_due(store, channels, clock, UTC, limit=5, wait=0.05) for channels in workers]):
        pass
    assert sorted(headers["webhook-id"] for _, headers, _ in receiver.got) == sorted(row.id for row in rows)
    assert {state(store, row).attempts for row in rows} == {1}


def test_a_worker_that_stalls_leaves_its_line_to_others(store, channels, clock, receiver, monkeypatch) -> None:
    """What it has not begun is not begun any more, and counts as no attempt; while it calls, its line goes on."""
    receiver.answers = [lambda handler: (time.sleep(0.1), receiver.status(204)(handler))[1]]
    rows = [row for number in range(12) for row in ring(store, number, [receiver.url])]
    with monkeypatch.context() as patch:
        patch.setattr("workers.deliver.BEGIN", 0.3)
        deliver_due(store, channels, clock, UTC, wait=0.0)
        time.sleep(1.5)
        assert 1 <= len(receiver.got) <= 5
        clock.time += timedelta(seconds=LEASE + 1)
        other = Channels(data_dir=channels._data_dir, allow_private=LOOPBACK, timeout=0.8)
        until_quiet(store, other, clock)
    assert len({headers["webhook-id"] for _, headers, _ in receiver.got}) == 12
    until_quiet(store, channels, clock)
    assert {state(store, row).state for row in rows} == {"delivered"}


def test_call_returns_while_a_line_moves_and_its_end_is_recorded_later(store, channels, clock, receiver) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)
        receiver.status(204)(handler)

    receiver.answers = [slow]
    (row,) = ring(store, 1, [receiver.url])
    start = time.monotonic()
    assert deliver_due(store, channels, clock, UTC, wait=0.1) == 1
    assert time.monotonic() - start < 0.4
    assert state(store, row).state == "waiting"
    until_quiet(store, channels, clock)
    assert state(store, row).state == "delivered"
    assert len(receiver.got) == 1, "what is underway is not sent a second time"


def test_missing_secret_waits_with_a_clear_word(store, clock, tmp_path: Path, receiver) -> None:
    secrets: dict[str, str] = {}
    channels = Channels(data_dir=tmp_path, allow_private=LOOPBACK, secrets=secrets.get)
    (row,) = ring(store, 1, [receiver.url + "/${TOKEN}"])
    until_quiet(store, channels, clock)
    assert "needs TOKEN, which is not set" in state(store, row).error
    assert state(store, row).state == "waiting"
    secrets["TOKEN"] = "swordfish"
    clock.time = state(store, row).next_try
    until_quiet(store, Channels(data_dir=tmp_path, allow_private=LOOPBACK, secrets=secrets.get), clock)
    assert receiver.got[0][0] == "/swordfish"
    assert "swordfish" not in state(store, row).to_json().decode()


def test_article_that_is_gone_fails_alone(store, channels, clock, tmp_path: Path) -> None:
    (lost,) = ring(store, 1, ["file:alerts.jsonl"])
    (kept,) = ring(store, 2, ["file:alerts.jsonl"])
    store.db.connection.execute("DELETE FROM articles WHERE id = ?", (article(1).id,))
    until_quiet(store, channels, clock)
    assert "no longer in the store" in state(store, lost).error
    assert (state(store, lost).state, state(store, kept).state) == ("failed", "delivered")


KILLED = """
import os, signal, sys
from datetime import UTC, timedelta
from pathlib import Path
from tocsin.clock import SystemClock
from tocsin.stores import open_store
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed
from workers.channels import Channels
from workers.deliver import deliver_due

class Killed(SqliteStore):
    recorded = 0
    def put_deliveries(self, deliveries):
        for delivery in deliveries:
            if Killed.recorded == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
            Killed.recorded += 1
            super().put_deliveries([delivery])

class Later(SystemClock):
    def now(self):
        return super().now() + timedelta(seconds=20 * int(sys.argv[3]))

folder = Path(sys.argv[1])
store = Killed(open_store(f"sqlite:{folder / 'tocsin.db'}").db)
channels = Channels(data_dir=folder)
while deliver_due(store, channels, Later(), UTC):
    pass
print("all of it")
"""


@pytest.mark.parametrize("records", [(0,), (1, 4, 0, 7)])
def test_killed_between_sending_and_recording(store, tmp_path: Path, records: tuple[int, ...]) -> None:
    """A kill -9 after the file was written, before that was recorded: everything once, all recorded in the end."""
    rows = [row for number in range(20) for row in ring(store, number, ["file:alerts.jsonl"])]
    run = [sys.executable, "-c", KILLED, str(tmp_path)]
    # Each begins when what the one before had taken is free again.
    for number, count in enumerate(records):
        killed = subprocess.run([*run, str(count), str(number)], check=False, timeout=30)
        assert killed.returncode == -signal.SIGKILL
    done = subprocess.run([*run, "-1", str(len(records))], check=True, capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines()[-1] == "all of it"
    ids = [json.loads(line)["id"] for line in (tmp_path / "alerts.jsonl").read_bytes().splitlines()]
    assert sorted(ids) == sorted(row.notice for row in rows)
    assert {state(store, row).state for row in rows} == {"delivered"}


def test_one_poisoned_message_stops_only_itself(store, channels, clock, receiver) -> None:
    def choosy(handler: BaseHTTPRequestHandler) -> None:
        bad = "Новина 1".encode() in receiver.got[-1][2]
        receiver.status(500 if bad else 204)(handler)

    receiver.answers = [choosy]
    rows = [row for number in range(3) for row in ring(store, number, [receiver.url])]
    until_quiet(store, channels, clock)
    assert [state(store, row).state for row in rows] == ["delivered", "waiting", "delivered"]


def test_a_digest_goes_out_as_one(store, channels, clock, receiver, tmp_path: Path) -> None:
    """Whole, however many are taken at a time; what joins it late is another message and not lost."""
    rows = [row for number in range(7) for row in ring(store, number, [receiver.url])]
    digest = [replace(row, next_try=NOW + timedelta(hours=1), digest="d") for row in rows]
    store.put_deliveries(digest)
    deliver_due(store, channels, clock, UTC)
    assert not receiver.got
    clock.time += timedelta(hours=1)
    while deliver_due(store, channels, clock, UTC, limit=3):
        pass
    ((_, headers, body),) = receiver.got
    told = json.loads(body)
    assert (told["kind"], len(told["notices"])) == ("digest", 7)
    assert {it["article"]["title"] for it in told["notices"]} == {f"Новина {number}" for number in range(7)}
    assert {state(store, row).state for row in rows} == {"delivered"}
    (late,) = ring(store, 8, [receiver.url])
    store.put_deliveries([replace(late, next_try=NOW, digest="d")])
    until_quiet(store, channels, clock)
    assert len(receiver.got) == 2
    assert len({got[1]["webhook-id"] for got in receiver.got}) == 2
    assert headers["webhook-id"]


def test_a_digest_keeps_its_id_until_it_is_out(store, channels, clock, receiver) -> None:
    receiver.answers = [receiver.status(503), receiver.status(204)]
    rows = [row for number in range(3) for row in ring(store, number, [receiver.url])]
    store.put_deliveries([replace(row, digest="d") for row in rows])
    until_quiet(store, channels, clock)
    clock.time += timedelta(minutes=1)
    until_quiet(store, channels, clock)
    first, second = receiver.got
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert {state(store, row).state for row in rows} == {"delivered"}


def test_throughput(store, channels, clock, tmp_path: Path) -> None:
    """Two hundred notices to a file take a few seconds at most, each synced to the disk."""
    rows = [row for number in range(200) for row in ring(store, number, ["file:alerts.jsonl"])]
    start = time.monotonic()
    until_quiet(store, channels, clock, 30)
    assert time.monotonic() - start < 10
    assert len((tmp_path / "alerts.jsonl").read_bytes().splitlines()) == len(rows)
