"""What a scrape of the desk's metrics costs over a large store, and whether it disturbs who writes there.

    python -m bench.scrape [--articles 100000]

A store on SQLite is filled (``bench.filling``): articles over 400 days, a third of them told, as many drops over
30 days, 400 outlets with three feeds each, 5,000 deliveries that wait, 3,000 articles of the last hour. The desk is
asked for ``/metrics`` and ``/ready`` as a process of its own. Of it the CPU is told, and the time by the clock; beside
it leases are written, each a transaction of its own, alone and while scrapes follow each other without a pause.

Exits 1 where a scrape takes more than 100 ms of CPU, or writes are slowed: half of them to more than twice the time and
a millisecond. Takes three minutes, most of them to fill the store.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from bench.filling import Vocabulary, fill
from tocsin.clock import SystemClock
from tocsin.records import Delivery, Drop, Feed, Outlet, Subscription
from tocsin.stores.leases import open_leases
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Token

MOST_MS = 100.0
"""CPU of a scrape."""
OUTLETS, WAITING, LATELY, SCRAPES, WRITES = 400, 5_000, 3_000, 30, 300
REASONS = ("text too short", "robots.txt disallows", "no text", "not a text page", "too old")


class Desk(NamedTuple):
    """The desk as a process."""

    process: "subprocess.Popen[bytes]"
    url: str

    def ask(self, path: str) -> float:
        """Seconds until all of it was there."""
        begun = time.perf_counter()
        try:
            urllib.request.urlopen(self.url + path, timeout=60).read()
        except urllib.error.HTTPError as error:
            error.read()
        return time.perf_counter() - begun

    def cpu(self) -> float:
        """Seconds of CPU that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def desk_over(store: str, folder: str) -> Iterator[Desk]:
    """A desk at a free port."""
    command = [sys.executable, "-m", "tocsin.desk", "--store", store, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TOCSIN_DATA_DIR": folder}) as process:
        assert process.stdout
        yield Desk(process, json.loads(process.stdout.readline())["url"])
        process.terminate()


def filled(path: str, articles: int, now: datetime) -> None:
    """Fill the store."""
    store, dice = SqliteStore.open(path), random.Random(1)
    words = [tuple(Token((f"s:w{dice.randrange(20_000)}",)) for _ in range(300)) for _ in range(300)]
    texts = [Analysed(title=it[:8], text=it, sentences=(10,)) for it in words]
    told = [Subscription(id=f"s{n}", name="", query="", channels=("stdout:",), created=now) for n in range(3_000)]
    fill(store, Vocabulary(texts, 1).texts(now - timedelta(days=400), now, articles), told)
    step = timedelta(days=30) / articles
    for start in range(0, articles, 1_000):
        store.drop(
            Drop(
                at=now - timedelta(days=30) + step * number, room="spiders", reason=dice.choice(REASONS),
                url=f"https://outlet1.example/left/{number}", outlet="outlet1",
            )
            for number in range(start, start + 1_000)
        )  # fmt: skip
    store.put_outlets(Outlet(name=f"outlet{n}", home=f"https://outlet{n}.example/") for n in range(OUTLETS))
    store.put_feeds(
        Feed(url=f"https://outlet{n}.example/{k}", outlet=f"outlet{n}", kind="feed", checked=now)
        for n in range(OUTLETS)
        for k in range(3)
    )
    _freshen(store, now)
    store.close()


def _freshen(store: SqliteStore, now: datetime) -> None:
    """Let the newest have come within the hour, and some of what was told wait."""
    rows = store.db.rows("SELECT record FROM deliveries LIMIT ?", (WAITING,))
    deliveries = [msgspec.json.decode(record, type=Delivery) for (record,) in rows]
    with store.db.write() as cursor:
        cursor.executemany(
            "UPDATE deliveries SET state = 'waiting', record = ? WHERE id = ?",
            [(msgspec.structs.replace(it, state="waiting", attempts=2).to_json(), it.id) for it in deliveries],
        )
        cursor.execute(
            "UPDATE articles SET ready_at = ?1 - seq % 3000, first_seen = ?1 - seq % 3000 - 5"
            " WHERE seq > (SELECT max(seq) FROM articles) - ?2",
            (now.timestamp(), LATELY),
        )
        cursor.execute(
            "UPDATE alerts SET created = ?1 WHERE id IN (SELECT id FROM alerts ORDER BY created DESC LIMIT ?2)",
            (now.timestamp() - 600, LATELY // 3),
        )


def written(store: str) -> Callable[[], list[float]]:
    """What writes so many leases, and tells the seconds of each, in order."""
    leases = open_leases(store)

    def write() -> list[float]:
        took = []
        for _ in range(WRITES):
            begun = time.perf_counter()
            leases.take("bench", "scrape", 5)
            took.append(time.perf_counter() - begun)
            time.sleep(0.005)
        return sorted(took)

    return write


def main() -> int:
    """Fill, ask, tell."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--articles", type=int, default=100_000)
    articles = parser.parse_args().articles
    with tempfile.TemporaryDirectory(prefix="tocsin-scrape-") as folder:
        path, store = f"{folder}/store.db", f"sqlite:{folder}/store.db"
        filled(path, articles, SystemClock().now())
        with desk_over(store, folder) as desk:
            return _measured(desk, store, articles)


def _scrape_until(desk: Desk, ended: threading.Event) -> None:
    while not ended.is_set():
        desk.ask("metrics")


def _measured(desk: Desk, store: str, articles: int) -> int:
    short = []
    first = desk.ask("metrics")
    print(f"{articles:,} articles, the first scrape {first * 1e3:.0f} ms")
    for path in ("metrics", "ready"):
        before = desk.cpu()
        took = sorted(desk.ask(path) for _ in range(SCRAPES))
        cpu = (desk.cpu() - before) / SCRAPES * 1e3
        print(
            f"/{path:8} CPU {cpu:6.1f} ms, clock: half within {median(took) * 1e3:.1f} ms, best {took[0] * 1e3:.1f} ms"
        )
        if cpu > MOST_MS:
            short.append(f"/{path} takes {cpu:.0f} ms of CPU, asked {MOST_MS:.0f} at most")
    write, ended = written(store), threading.Event()
    alone = write()
    busy = threading.Thread(target=_scrape_until, args=(desk, ended))
    busy.start()
    beside = write()
    ended.set()
    busy.join()
    for name, took in (("alone", alone), ("beside scrapes", beside)):
        print(f"writes {name:15} half within {median(took) * 1e3:.1f} ms, 99 % {took[int(WRITES * 0.99)] * 1e3:.1f} ms")
    if median(beside) > 2 * median(alone) + 0.001:
        short.append("writes are slowed by scrapes")
    for line in short:
        print("NOT REACHED:", line)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
