"""``tocsin copy``: everything of one store stands in the other, wherever it was ended in between, and it is proved."""

import fcntl
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.stores.filled import StandingClock, article, fill, hall_over
from tocsin.cli.copying import carried
from tocsin.clock import SystemClock
from tocsin.records import Outlet
from tocsin.settings import load
from tocsin.stores import open_store
from tocsin.stores.copying import KINDS, digest
from tocsin.stores.leases import open_leases
from tocsin.stores.port import own_story
from workers.flow import LEASE_SECONDS, turn

_KILLED = """
import os, signal, sys
from tocsin.stores.{store}.copying import CopyingPart
put, left = CopyingPart.put_moved, [{after}]
def dying(self, kind, rows):
    for row in rows:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        put(self, kind, [row])
CopyingPart.put_moved = dying
from tocsin.cli import main
main(sys.argv[1:])
"""
_numbers = itertools.count()


def tocsin(data: Path, *arguments: str, code: str = "", redis: str = "") -> "subprocess.CompletedProcess[str]":
    """One command as a user types it, or as it dies in the middle."""
    start = ["-c", code] if code else ["-m", "tocsin.cli"]
    more = {"TOCSIN_REDIS": redis} if redis else {}
    return subprocess.run(
        [sys.executable, *start, *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), **more},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=100, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A filled store; tests leave it as it is."""
    url = f"sqlite:{tmp_path_factory.mktemp('source')}/tocsin.db"
    store = open_store(url)
    fill(store)
    store.close()
    return url


@pytest.fixture(params=["sqlite", "elastic"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of an empty store of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path}/target/tocsin.db"
        return
    request.getfixturevalue("shared_fingerprints")
    yield f"elastic+{request.getfixturevalue('elasticsearch')}/copied{next(_numbers)}"


def redis_of(request: pytest.FixtureRequest, url: str) -> str:
    return request.getfixturevalue("redis") if url.startswith("elastic") else ""


def content(url: str, redis: str = "") -> dict[str, list[tuple[str, bytes]]]:
    """All that a store holds, by kind; arrivals in their order."""
    store = open_store(url, redis)
    found = {kind: [(row.id, digest(kind, row)) for row in store.moved(kind)] for kind in KINDS}
    store.close()
    return {kind: rows if kind == "arrivals" else sorted(rows) for kind, rows in found.items()}


@pytest.mark.parametrize("after", [4, 33, 70])
def test_killed_in_the_middle_it_goes_on_and_ends_the_same(
    request: pytest.FixtureRequest, source: str, target: str, after: int, tmp_path: Path
) -> None:
    """There and, where the target is another kind of store, back again."""
    redis = redis_of(request, target)
    kind = target.partition(":")[0].partition("+")[0]
    command = ["copy", "--from", source, "--to", target]
    died = tocsin(tmp_path / "data", *command, code=_KILLED.format(store=kind, after=after), redis=redis)
    assert died.returncode == -signal.SIGKILL, died.stderr
    if kind == "sqlite":
        early = tocsin(tmp_path / "data", "work", "--once", "--store", target)
        assert (early.returncode, "is not finished" in early.stderr) == (1, True)
    again = tocsin(tmp_path / "data", *command, "--json", redis=redis)
    assert again.returncode == 0, again.stderr
    lines = [json.loads(line) for line in again.stdout.splitlines()]
    assert [line["kind"] for line in lines] == list(KINDS)
    assert all(line["rows"] for line in lines)
    there = content(source)
    assert content(target, redis) == there
    once_more = tocsin(tmp_path / "data", *command, "--json", redis=redis)
    assert (once_more.returncode, once_more.stdout) == (0, again.stdout)
    if kind == "elastic":
        back = f"sqlite:{tmp_path}/back/tocsin.db"
        result = tocsin(tmp_path / "data", "copy", "--from", target, "--to", back)
        assert result.returncode == 0, result.stderr
        assert content(back) == there
        ours, theirs = open_store(source), open_store(back)
        assert ours.overview() == theirs.overview()
        assert [it.id for it in ours.walk()] == [it.id for it in theirs.walk()]
        assert [it.id for it in ours.on_their_way()] == [it.id for it in theirs.on_their_way()]


def test_the_road_goes_on_in_the_copy(request: pytest.FixtureRequest, source: str, target: str, tmp_path: Path) -> None:
    """What was on its way arrives, a copy meets its original, and nobody is told again what was told before."""
    redis = redis_of(request, target)
    assert tocsin(tmp_path / "data", "copy", "--from", source, "--to", target, redis=redis).returncode == 0
    store, before = open_store(target, redis), open_store(source)
    told = {alert.id for alert, _ in before.alerts()}
    clock = StandingClock()
    clock.at = clock.at.replace(hour=14)
    ours, theirs = ({it for it, _ in one.deliveries_due(clock.at, 99)} for one in (store, before))
    assert len(ours) == 22
    assert ours == theirs
    store.accept([article(90, text=article(2).text, outlet="three", at=clock.at)])
    if redis:
        store.server.refresh("*")
    hall = hall_over(store, clock)
    while turn(hall):
        if redis:
            store.server.refresh("*")
    counts, (late,) = store.overview(), store.articles([article(90, text=article(2).text).id]).values()
    assert (counts["accepted"], counts["filed"], counts["ready"], counts["parked"]) == (0, 0, 18, 1)
    assert (late.relation, store.root(late.story)) == ("copy", store.root(own_story(article(2).id)))
    fresh = {alert.article for alert, _ in store.alerts() if alert.id not in told}
    assert fresh <= {it.id for it in map(article, range(81, 86))}
    assert store.search(hall.rules._rules._expander.read("conscripts"), limit=50)
    store.close()


def test_a_difference_is_named(source: str, tmp_path: Path) -> None:
    """A copy that was changed is not the same any more; it is compared and left as it is."""
    target = f"sqlite:{tmp_path}/target/tocsin.db"
    assert tocsin(tmp_path / "data", "copy", "--from", source, "--to", target).returncode == 0
    store = open_store(target)
    store.put_outlets(
        [Outlet(name="two", home="https://other.example/"), Outlet(name="four", home="https://4.example/")]
    )
    store.close()
    result = tocsin(tmp_path / "data", "copy", "--from", source, "--to", target)
    assert result.returncode == 1
    assert "outlets: four is not in the source" in result.stderr
    assert "outlets: two differs" in result.stderr
    assert len(open_store(target).outlets()) == 4


def test_another_order_of_arrival_is_seen(source: str, tmp_path: Path) -> None:
    """Counts and hashes of the rows would not tell it."""
    there, here = open_store(source), open_store(f"sqlite:{tmp_path}/target.db")
    list(carried(there, here, source, load(), lambda *_: None))
    here.db.connection.execute(
        "UPDATE articles SET arrival = -1 WHERE arrival = 1; UPDATE articles SET arrival = 1 WHERE arrival = 2;"
        " UPDATE articles SET arrival = 2 WHERE arrival = -1"
    )
    wrong = [it for it in carried(there, here, source, load(), lambda *_: None) if it.differing]
    assert [it.kind for it in wrong] == ["arrivals"]


def refused(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert result.returncode in (1, 2)
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_what_cannot_be_copied_is_refused(source: str, tmp_path: Path) -> None:
    """A store that is missing, empty, the same one, or at work; nothing is made and nothing is changed."""
    target, data = f"sqlite:{tmp_path}/target/tocsin.db", tmp_path / "data"
    refused(tocsin(data, "copy", "--from", f"sqlite:{tmp_path}/missing.db", "--to", target), "missing.db")
    refused(tocsin(data, "copy", "--from", source, "--to", source), "itself")
    open_store(f"sqlite:{tmp_path}/empty/tocsin.db").close()
    refused(tocsin(data, "copy", "--from", f"sqlite:{tmp_path}/empty/tocsin.db", "--to", target), "holds nothing")
    folder = Path(source.removeprefix("sqlite:")).parent
    with (folder / "up.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused(tocsin(data, "copy", "--from", source, "--to", target), "already running")


def test_a_lease_is_somebody_at_work(source: str, tmp_path: Path) -> None:
    """Without a lock that could be seen: a worker on another machine, say."""
    first = f"sqlite:{tmp_path}/first/tocsin.db"
    assert tocsin(tmp_path / "data", "copy", "--from", source, "--to", first).returncode == 0
    store = open_store(first)
    store.accept([msgspec.structs.replace(article(95), id="x")])
    assert store.claim(1, LEASE_SECONDS, SystemClock().now())
    second = f"sqlite:{tmp_path}/second/tocsin.db"
    refused(tocsin(tmp_path / "data", "copy", "--from", first, "--to", second), "working on 1 article")


def test_a_crawler_on_another_machine_is_somebody_at_work(source: str, tmp_path: Path) -> None:
    """It holds its share of the outlets, and no article."""
    leases = open_leases(source)
    assert leases.take("spiders of", "a crawler on a.example", 60)
    refused(tocsin(tmp_path / "data", "copy", "--from", source, "--to", f"sqlite:{tmp_path}/t.db"), "a.example")
    leases.give_back("spiders of", "a crawler on a.example")
    leases.close()
