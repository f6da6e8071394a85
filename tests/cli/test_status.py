"""``status``, ``requeue`` and ``doctor``, as a person and a script see them, on both kinds of store."""

import contextlib
import json
import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from redis import Redis

from tests.services import redis_server
from tests.stores.filled import fill
from tocsin.clock import SystemClock
from tocsin.records import Feed, Outlet
from tocsin.stores import open_store


def tocsin(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), **environment},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def states(text: str) -> dict[str, tuple[str, str]]:
    """State and detail of each check."""
    return {str(row["check"]): (str(row["state"]), str(row["detail"])) for row in rows(text)}


@pytest.fixture(params=["sqlite", "elastic"])
def surroundings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment that names a filled store of each kind."""
    if request.param == "sqlite":
        store = open_store(f"sqlite:{tmp_path}/tocsin.db")
        fill(store)
        store.close()
        yield {}
        return
    store = request.getfixturevalue("elastic_store")
    fill(store)
    address, redis = request.getfixturevalue("elasticsearch"), request.getfixturevalue("redis")
    yield {"TOCSIN_STORE": f"elastic+{address}/contract", "TOCSIN_REDIS": redis}


def test_status_is_a_table_and_a_line(surroundings: dict[str, str], tmp_path: Path) -> None:
    """Everywhere but on a terminal it is shown once; --json is one object a line."""
    shown = tocsin(tmp_path, "status", **surroundings)
    assert shown.returncode == 0, shown.stderr
    wanted = "1 well, 1 failing", "Articles parked", "published → seen", " waiting", "${HOOK}", "nobody was heard of"
    for words in wanted:
        assert words in shown.stdout
    (row,) = rows(tocsin(tmp_path, "status", "--once", "--json", **surroundings).stdout)
    assert row["outlets"] == {"well": 1, "in part": 0, "failing": 1, "not asked yet": 0, "silent for a day": 2}
    numbers = {state: its["number"] for state, its in row["articles"].items()}  # type: ignore[attr-defined]
    assert numbers == {"accepted": 4, "filed": 1, "ready": 12, "parked": 1}
    assert row["articles"]["accepted"]["oldest_seconds"] > 0  # type: ignore[index]


def test_lines_end_with_ctrl_c(tmp_path: Path) -> None:
    """A script reads a line each time, until it ends it."""
    open_store(f"sqlite:{tmp_path}/tocsin.db").close()
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin.cli", "status", "--json", "--every", "0.5"],
        env={**os.environ, "TOCSIN_DATA_DIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout
        lines = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(2)
        assert process.wait(20) == 0
    assert [line["articles"]["ready"]["number"] for line in lines] == [0, 0]


def test_a_live_table_shows_what_is_new(tmp_path: Path) -> None:
    """On a terminal it is kept up to date until Ctrl-C."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin.cli", "status", "--every", "0.5"],
        env={**os.environ, "TOCSIN_DATA_DIR": str(tmp_path), "TERM": "xterm"}, stdin=theirs, stdout=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    with process:
        while "none is watched" not in shown:
            shown += os.read(ours, 4096).decode()
        store.put_outlets([Outlet(name="one", home="https://one.example/")])
        while "1 not asked yet" not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(2)
        with contextlib.suppress(OSError):
            while os.read(ours, 4096):
                pass
        assert process.wait(20) == 0
    os.close(ours)
    store.close()


def test_health_of_outlets_follows_from_their_feeds(tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.put_outlets(Outlet(name=name, home=f"https://{name}.example/") for name in "abcd")
    now = SystemClock().now()
    feeds = [("a", ""), ("b", ""), ("b", "down"), ("c", "down")]
    store.put_feeds(
        Feed(url=f"https://{name}.example/{number}", outlet=name, kind="feed", checked=now, error=error)
        for number, (name, error) in enumerate(feeds)
    )
    store.close()
    (row,) = rows(tocsin(tmp_path, "status", "--once", "--json").stdout)
    assert row["outlets"] == {"well": 1, "in part": 1, "failing": 1, "not asked yet": 1, "silent for a day": 4}


def test_requeue_says_first_what_it_would_do(surroundings: dict[str, str], tmp_path: Path) -> None:
    dry = tocsin(tmp_path, "requeue", "--dry-run", **surroundings)
    assert "Would take up 1 parked articles" in dry.stdout
    assert "the workers failed on it three times" in dry.stdout
    other = tocsin(tmp_path, "requeue", "--reason", "something else", "--json", **surroundings)
    assert rows(other.stdout) == [{"parked": {}, "refused": {}, "again": 0, "dry_run": False}]
    assert "Took up 1 parked articles" in tocsin(tmp_path, "requeue", "--reason", "FAILED", **surroundings).stdout
    assert "Took up 0 parked articles" in tocsin(tmp_path, "requeue", **surroundings).stdout
    assert "taken up again" in tocsin(tmp_path, "why", "https://one.example/80", **surroundings).stdout


def test_doctor_finds_the_store_well(surroundings: dict[str, str], tmp_path: Path) -> None:
    result = tocsin(tmp_path, "doctor", "--json", **surroundings)
    assert result.returncode == 0, result.stdout
    found = states(result.stdout)
    assert found["durability"][0] == "ok"
    assert found["parked"] == ("note", "1 lie aside: see tocsin requeue --dry-run for the reasons")
    if surroundings:
        assert found["elasticsearch"][1].endswith("version 8.19.4")
        assert found["clocks"] == ("ok", "this machine's and the servers' agree")
        assert found["fingerprints"] == ("ok", "in Redis since its last start")
        assert found["redis"][0] == found["redis memory"][0] == found["indices"][0].replace("note", "ok") == "ok"


def closed() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield listening.getsockname()[1]


def one_sentence_each(data: Path, port: int) -> None:
    began = time.monotonic()
    result = tocsin(
        data, "doctor", "--json", TOCSIN_STORE=f"elastic+http://127.0.0.1:{port}/x",
        TOCSIN_REDIS=f"redis://:secret@127.0.0.1:{port}/0", TOCSIN_BROKER=f"redis://127.0.0.1:{port}/0",
    )  # fmt: skip
    took = time.monotonic() - began
    assert result.returncode == 1
    assert result.stderr == ""
    found = states(result.stdout)
    for name in ("store", "redis", "broker"):
        assert found[name][0] == "bad"
        assert str(port) in found[name][1] or "does not answer in time" in found[name][1]
    assert "secret" not in result.stdout
    assert took < 20, "ten seconds, and the start of the program on a busy machine"


def test_doctor_does_not_wait_for_a_server_that_is_away(tmp_path: Path) -> None:
    one_sentence_each(tmp_path, closed())


def test_doctor_does_not_wait_for_a_server_that_is_silent(tmp_path: Path, silent: int) -> None:
    one_sentence_each(tmp_path, silent)


@pytest.mark.parametrize(
    ("options", "name", "state", "words"),
    [
        (["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"], "broker memory", "bad", "set noeviction"),
        (["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"], "broker memory", "ok", "noeviction"),
        (["--appendonly", "yes"], "broker disk", "ok", "appendonly is on"),
        ([], "broker disk", "note", "appendonly is off"),
        (["--requirepass", "x"], "broker", "bad", "password"),
    ],
)
def test_doctor_reads_how_a_redis_is_set(
    redis: str, options: Sequence[str], name: str, state: str, words: str, tmp_path: Path
) -> None:
    server = redis_server.program()
    assert server
    with redis_server.running(server, *options) if "--requirepass" not in options else _locked(server) as address:
        found = states(tocsin(tmp_path, "doctor", "--json", TOCSIN_BROKER=address).stdout)
    assert found[name][0] == state
    assert words in found[name][1]


@contextlib.contextmanager
def _locked(server: str) -> Iterator[str]:
    """A Redis that asks for a password, which we do not have."""
    with redis_server.running(server) as address:
        Redis.from_url(address).config_set("requirepass", "x")
        yield address


def test_doctor_sees_what_would_lose_rows(elasticsearch: str, redis: str, tmp_path: Path) -> None:
    """Asynchronous durability and a block on writes are told with what to do."""
    from tocsin.stores.elastic import ElasticStore

    url = f"elastic+{elasticsearch}/doctored"
    store = ElasticStore.open(url, redis)
    settings = {"index": {"translog.durability": "async", "blocks.read_only_allow_delete": True}}
    store.server.ask("PUT", "/doctored-alerts/_settings", settings)
    surroundings = {"TOCSIN_STORE": url, "TOCSIN_REDIS": redis}
    result = tocsin(tmp_path, "doctor", "--json", **surroundings)
    assert result.returncode == 1
    found = states(result.stdout)
    assert found["durability"][0] == found["disk"][0] == "bad"
    assert "doctored-alerts" in found["durability"][1]
    assert "doctored-alerts" in found["disk"][1]
    no_redis = states(tocsin(tmp_path, "doctor", "--json", TOCSIN_STORE=url).stdout)
    assert no_redis["redis"][0] == "bad"
    store.server.ask("PUT", "/doctored-alerts/_settings", {"index": {"blocks.read_only_allow_delete": None}})


def test_clocks_that_are_apart_are_told(elastic_store) -> None:
    """By how much, from two seconds on; from half a lease on it is bad."""
    from tocsin.stores.elastic.health import examined

    class Ahead:
        def __init__(self, seconds: float) -> None:
            self.by = timedelta(seconds=seconds)

        def now(self) -> datetime:
            return datetime.now(UTC) + self.by

        def monotonic(self) -> float:
            return 0.0

    told = {}
    for seconds in (0, -5, 40):
        told[seconds] = next(it for it in examined(elastic_store.server, Ahead(seconds)) if it.name == "clocks")
    assert [told[seconds].state for seconds in (0, -5, 40)] == ["ok", "note", "bad"]
    assert "5 s apart" in told[-5].detail
    assert "40 s apart" in told[40].detail


@pytest.mark.parametrize(
    ("limit", "is_over"),
    [("85%", True), ("95%", False), ("0.85", True), ("20gb", True), ("5gb", False), ("500mb", False), ("", False)],
)
def test_watermarks_are_shares_or_sizes(limit: str, *, is_over: bool) -> None:
    """Of a disk of 100 GB 10 are free."""
    from tocsin.stores.elastic.health import _is_over

    assert _is_over(limit, 100 << 30, 10 << 30) is is_over
