"""The extraction pool with real processes: a page that hangs, crashes, raises, eats memory or is killed over costs its
own child alone; children are recycled, end with their parent, and no process stays behind.
"""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spiders.children import ChildDied, ChildRaised, ChildTimeout, NoChild, Pool
from spiders.extract import Extraction
from tocsin.records import Listing, Outlet, Page

pytestmark = pytest.mark.anyio
OUTLET = Outlet(name="x", home="http://x.test/")
HOOKS = """
import os, signal, time
from spiders.extract import Extraction

def act(page, outlet):
    word = page.body.decode().split()[0]
    if word == "sleep":
        time.sleep(60)
    if word == "spin":
        while True:
            pass
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "leave":
        os._exit(3)
    if word == "raise":
        raise ValueError("no such page")
    if word == "hog":
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))
    if word == "slow":
        time.sleep(0.3)
    return Extraction(drop=word, detail=str(os.getpid()), canonical=str(len(page.body)))
"""


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Every test runs on both event loops."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def hooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "child_hooks.py").write_text(HOOKS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "child_hooks:act"


def page(body: str) -> Page:
    url = "http://x.test/a"
    return Page(url=url, fetched_url=url, body=body.encode(), fetched=datetime(2026, 11, 22, tzinfo=UTC))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pid: int, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


class Opened:
    """A pool for one test, closed whatever happens."""

    def __init__(self, target: str, **how: Any) -> None:
        self.pool = Pool(target=target, **how)

    async def __aenter__(self) -> Pool:
        return self.pool

    async def __aexit__(self, *_: object) -> None:
        await self.pool.close()


async def test_the_real_extractor_answers() -> None:
    async with Opened("spiders.extract:extract", size=1) as pool:
        await pool.start()
        paragraphs = "".join(
            f"<p>Sentence number {n} of the story goes on for quite a few words.</p>" for n in range(9)
        )
        found = await pool.extract(
            page(f"<html><body><h1>A headline of a story</h1>{paragraphs}</body></html>"), OUTLET
        )
    assert [a.title for a in found.articles] == ["A headline of a story"]
    assert found.articles[0].text.startswith("Sentence number 0 of the story")


@pytest.mark.parametrize(
    ("word", "failure", "says"),
    [
        ("sleep", ChildTimeout, "no answer within 1 s"),
        ("spin", ChildTimeout, "no answer within 1 s"),
        ("crash", ChildDied, "signal 11"),
        ("leave", ChildDied, "code 3"),
        ("raise", ChildRaised, "ValueError: no such page"),
        ("hog", ChildDied, "out of memory"),
    ],
)
async def test_a_bad_page_fails_alone(hooks: str, word: str, failure: type[ChildDied], says: str) -> None:
    deadline = 1.0 if failure is ChildTimeout else 15.0
    async with Opened(hooks, size=2, deadline=deadline, memory=600 << 20) as pool:
        bad = asyncio.create_task(pool.extract(page(word), OUTLET))
        good = await asyncio.gather(*(pool.extract(page(f"ok{n}"), OUTLET) for n in range(30)))
        assert [g.drop for g in good] == [f"ok{n}" for n in range(30)]
        with pytest.raises(failure, match=says) as caught:
            await bad
        assert type(caught.value) is failure
        again = await asyncio.gather(*(pool.extract(page("slow"), OUTLET) for _ in range(2)))
        assert len({a.detail for a in again}) == 2, "both slots must work again"


async def test_a_child_killed_in_the_middle_of_a_page(hooks: str) -> None:
    async with Opened(hooks, size=2) as pool:
        pids = {int((await pool.extract(page("ok"), OUTLET)).detail)}
        work = [asyncio.create_task(pool.extract(page("slow"), OUTLET)) for _ in range(2)]
        await asyncio.sleep(0.15)
        os.kill(next(iter(pids)), signal.SIGKILL)
        done = await asyncio.gather(*work, return_exceptions=True)
        assert sorted(type(d) for d in done if not isinstance(d, Extraction)) == [ChildDied]
        assert sum(isinstance(d, Extraction) for d in done) == 1
        assert (await pool.extract(page("ok"), OUTLET)).drop == "ok"


async def test_a_child_killed_while_idle_costs_no_page(hooks: str) -> None:
    async with Opened(hooks, size=1) as pool:
        pid = int((await pool.extract(page("ok"), OUTLET)).detail)
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        assert (await pool.extract(page("ok"), OUTLET)).drop == "ok"


async def test_ten_kills_under_load_lose_only_what_was_in_flight(hooks: str) -> None:
    async with Opened(hooks, size=2) as pool:
        pids: set[int] = set()
        failures = 0

        async def one(number: int) -> str:
            nonlocal failures
            while True:
                try:
                    found = await pool.extract(page(f"n{number} " + "x" * 200_000), OUTLET)
                except ChildDied:
                    failures += 1
                    continue
                pids.add(int(found.detail))
                return found.drop

        async def killer() -> int:
            kills = 0
            while kills < 10:
                await asyncio.sleep(0.05)
                for pid in [p for p in pids if alive(p)][:1]:
                    os.kill(pid, signal.SIGKILL)
                    kills += 1
            return kills

        killing = asyncio.create_task(killer())
        numbers = 0
        while not killing.done():
            batch = range(numbers, numbers + 40)
            assert await asyncio.gather(*(one(n) for n in batch)) == [f"n{n}" for n in batch]
            numbers += 40
        assert await killing == 10
        assert failures <= 10


async def test_a_cancelled_caller_gives_its_slot_back(hooks: str) -> None:
    async with Opened(hooks, size=1) as pool:
        pid = int((await pool.extract(page("ok"), OUTLET)).detail)
        waiting = asyncio.create_task(pool.extract(page("sleep"), OUTLET))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert gone(pid), "a child with an unread answer must go"
        assert (await pool.extract(page("after"), OUTLET)).drop == "after"


async def test_children_are_recycled_and_large_pages_cross(hooks: str) -> None:
    async with Opened(hooks, size=1, recycle=3) as pool:
        found = [await pool.extract(page("ok " + "x" * 8_000_000), OUTLET) for _ in range(7)]
    assert [f.canonical for f in found] == ["8000003"] * 7
    pids = [f.detail for f in found]
    assert pids[0] == pids[1] == pids[2] != pids[3] == pids[5] != pids[6]


async def test_close_ends_children_and_pages_under_way(hooks: str) -> None:
    pool = Pool(2, target=hooks)
    pid = int((await pool.extract(page("ok"), OUTLET)).detail)
    hanging = asyncio.create_task(pool.extract(page("sleep"), OUTLET))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    await pool.close()
    await pool.close()
    with pytest.raises(ChildDied):
        await hanging
    assert time.monotonic() - started < 3.0
    assert gone(pid)
    with pytest.raises(ChildDied, match="closed"):
        await pool.extract(page("ok"), OUTLET)


async def test_a_killed_fork_server_costs_no_page(hooks: str) -> None:
    from multiprocessing import forkserver

    async with Opened(hooks, size=1) as pool:
        pid = int((await pool.extract(page("ok"), OUTLET)).detail)
        server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        os.kill(server, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        assert gone(pid)
        assert gone(server)
        assert (await pool.extract(page("ok"), OUTLET)).drop == "ok"


async def test_a_page_for_which_no_child_starts_did_not_kill_one(hooks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Opened(hooks, size=1) as pool:
        spawn = pool._spawn

        def exhausted() -> Any:
            raise BlockingIOError("Resource temporarily unavailable")

        monkeypatch.setattr(pool, "_spawn", exhausted)
        with pytest.raises(NoChild, match="temporarily unavailable"):
            await pool.extract(page("ok"), OUTLET)
        monkeypatch.setattr(pool, "_spawn", spawn)
        assert (await pool.extract(page("ok"), OUTLET)).drop == "ok"


async def test_a_hostile_front_costs_a_child_and_not_the_loop(hooks: str) -> None:
    """Nesting that the parser follows in square time, inside of C code that nothing can interrupt."""
    async with Opened(hooks, size=2, deadline=1.0) as pool:
        await pool.start()
        hostile = asyncio.create_task(pool.read(page("<html><body>" + "<div>" * 200_000), OUTLET, "front"))
        started = time.monotonic()
        good = await pool.read(page("<a href='/news/2026/11/20/one'>A headline of the long day</a>"), OUTLET, "front")
        assert time.monotonic() - started < 1.0
        assert [one.url for one in good.feed.listings] == ["http://x.test/news/2026/11/20/one"]
        with pytest.raises(ChildTimeout):
            await hostile
        feed = await pool.read(page("<rss><channel><item><link>/n/1</link></item></channel></rss>"), OUTLET, "feed")
        assert [one.url for one in feed.feed.listings] == ["http://x.test/n/1"]


async def test_an_extractor_that_cannot_be_imported_is_told() -> None:
    async with Opened("no_such_module:act", size=1) as pool:
        with pytest.raises(ChildDied, match="did not start"):
            await pool.start()


PARENT = """
import asyncio, sys
sys.path.insert(0, {hooks!r})
from datetime import UTC, datetime
from spiders.children import Pool
from tocsin.records import Listing, Outlet, Page

OUTLET = Outlet(name="x", home="http://x.test/")

def page(body):
    return Page(url="http://x.test/", fetched_url="http://x.test/", body=body, fetched=datetime(2026, 1, 1, tzinfo=UTC))

async def main():
    pool = Pool(2, target="child_hooks:act", deadline=1.0)
    found = await asyncio.gather(*(pool.extract(page(b"slow"), OUTLET) for _ in range(2)))
    print(*(f.detail for f in found), flush=True)
    await pool.extract(page(b"sleep"), OUTLET)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_children_end_with_a_killed_parent_and_ignore_ctrl_c(hooks: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(textwrap.dedent(PARENT.format(hooks=str(tmp_path))))
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(p) for p in parent.stdout.readline().split()]
        assert len(set(pids)) == 2
        for pid in pids:
            os.kill(pid, signal.SIGINT)
        time.sleep(0.2)
        assert all(alive(p) for p in pids), "children must leave Ctrl-C to their parent"
        parent.kill()
        # The idle child sees the pipe's end at once; the sleeping one is ended by its alarm (deadline + grace).
        assert sum(gone(p, 2.0) for p in pids) >= 1
        assert all(gone(p, 10.0) for p in pids)


ZONES = """
from spiders.extract import Extraction

def act(page, outlet):
    return Extraction(detail=page.fetched.isoformat(), canonical=page.listing.published.isoformat())
"""


async def test_a_time_keeps_its_zone_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past midnight in Kyiv is another day than in UTC."""
    (tmp_path / "zone_hooks.py").write_text(ZONES)
    monkeypatch.syspath_prepend(str(tmp_path))
    local = "2026-11-22T00:30:00+02:00"
    sent = msgspec.structs.replace(
        page("x"), listing=Listing(url="http://x.test/a", source="feed", published=datetime.fromisoformat(local))
    )
    pool = Pool(1, target="zone_hooks:act")
    try:
        found = await pool.extract(sent, OUTLET)
    finally:
        await pool.close()
    assert found.canonical == local
    assert found.detail == "2026-11-22T00:00:00+00:00"
