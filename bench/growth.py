"""What an article costs the workers when few are stored, and when very many are: file → ready → alerts.

    python -m bench.growth [--sizes 10000,1000000] [--only sqlite|elastic]

A store is filled (``bench.filling``: short texts of the words of real ones, spread over the 400 days for which
articles are kept, a third of them with an alert), and at each size the next two thousand articles, a quarter of them
real and the others of the outlet simulator, take the workers' own road under three thousand subscriptions. What was
measured at one size stays in the store of the next. Of each stretch the CPU of the worker's process is told, and the
time by the clock without that in which the worker was ready and other programs had the processor, so that what
remains is its own work and its waiting for the disk or for a server. Prints a table; exits 1 where an article costs
more than 1.5 times what it did at the first size.

A million on SQLite takes some 25 minutes; two hundred thousand on Elasticsearch ten.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

import msgspec

from bench.corpus import SHARED, texts
from bench.dedupe_stream import simulated
from bench.filling import Vocabulary, fill
from bench.matching import understood, workload
from tests.services import elastic_server, redis_server
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.records import Article, Subscription
from tocsin.stores import open_store
from tocsin.stores.port import Store
from tocsin.stores.retention import RETENTION
from workers.flow import BATCH, LEASE_SECONDS, Hall, file, publish
from workers.opening import open_hall

MOST = 1.5
"""Times what an article cost at the first size."""
SIZES = {"sqlite": (10_000, 1_000_000), "elastic": (10_000, 200_000)}
SUBSCRIPTIONS = 3_000
MEASURED = 2_000
SIMULATED = 3_300
WARM = 200
STRETCHES = ("accept", "claim", "enrich", "file", "publish")


class Moment:
    """A clock that starts at some moment and goes on as fast as others."""

    def __init__(self, start: datetime) -> None:
        self._start, self._begun = start, time.monotonic()

    def now(self) -> datetime:
        """Calendar time."""
        return self._start + timedelta(seconds=self.monotonic() - self._begun)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()


class Spent:
    """Seconds of the clock and of CPU, by stretch, for one article of each batch."""

    def __init__(self) -> None:
        self.walls: dict[str, list[float]] = defaultdict(list)
        self.cpus: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def on(self, stretch: str, articles: int) -> Iterator[None]:
        """Measure a stretch of a batch."""
        wall, cpu = time.perf_counter() - _kept_waiting(), time.process_time()
        yield
        self.walls[stretch].append((time.perf_counter() - _kept_waiting() - wall) / articles)
        self.cpus[stretch].append((time.process_time() - cpu) / articles)


def _kept_waiting() -> float:
    """Seconds for which this thread was ready to run, and did not; 0 where the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    return 0.0


class Point(NamedTuple):
    """What an article costs at one size, in milliseconds by stretch."""

    stored: int
    wall: dict[str, float]
    cpu: dict[str, float]

    @staticmethod
    def of(stored: int, spent: Spent) -> "Point":
        """Of the CPU the mean; of the clock the middle: half of the batches are faster."""
        wall = {name: 1e3 * median(spent.walls[name]) for name in STRETCHES}
        return Point(stored, wall, {name: 1e3 * mean(spent.cpus[name]) for name in STRETCHES})


def main() -> int:
    """Fill, measure, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="", help="articles stored, separated by commas")
    parser.add_argument("--only", default="", choices=["sqlite", "elastic"], help="one store alone")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print("Not run: the shared sets of texts are not beside the project.")
        return 0
    given = tuple(int(size) for size in arguments.sizes.split(",") if size)
    short: list[str] = []
    with tempfile.TemporaryDirectory(prefix="tocsin-growth-") as folder:
        past, new = _parted(Path(folder))
        if arguments.only != "elastic":
            store = open_store(f"sqlite:{folder}/store.db")
            short += told("SQLite", _curve(store, past, new, given or SIZES["sqlite"]))
            store.close()
        server, redis = elastic_server.home(), redis_server.program()
        if arguments.only != "sqlite" and server and redis:
            with elastic_server.running(server, "2g") as address, redis_server.running(redis) as fast:
                store = open_store(f"elastic+{address}/growth", fast)
                short += told("Elasticsearch", _curve(store, past, new, given or SIZES["elastic"]))
                store.close()
        elif arguments.only != "sqlite":
            print("Elasticsearch: not measured, it or Redis is not here")
    return int(bool(short))


def _parted(folder: Path) -> tuple[list[Article], list[Article]]:
    """Articles whose words and queries are used, and those that are measured: real ones and simulated ones."""
    real, dice = texts(), random.Random(1)
    dice.shuffle(real)
    half = len(real) // 2
    new = real[half:] + simulated(folder, SIMULATED)
    dice.shuffle(new)
    return real[:half], new


def _curve(store: Store, past: list[Article], new: list[Article], sizes: Sequence[int]) -> list[Point]:
    """The cost at each size."""
    subscriptions = _subscriptions(past)
    store.put_subscriptions(subscriptions)
    if store.fingerprints:
        store.fingerprints.rebuild([], [])
    hall = open_hall(store, settings.load(), SystemClock())
    vocabulary = Vocabulary(map(hall.enricher.analyse, past), seed=1)
    number = min(MEASURED, len(new) // len(sizes) - WARM)
    age, end = RETENTION["articles"], SystemClock().now()
    stored, points = 0, []
    for place, size in enumerate(sizes):
        until = end - (len(sizes) - 1 - place) * age
        begun = time.perf_counter()
        stored += fill(store, vocabulary.texts(until - age, until, size - stored), subscriptions)
        _say(f"{stored:,} stored, {time.perf_counter() - begun:.0f} s")
        hall = open_hall(store, settings.load(), Moment(until))
        hall.rules.current()
        ours, new = new[: WARM + number], new[WARM + number :]
        _measured(hall, ours[:WARM])
        points.append(Point.of(stored, _measured(hall, ours[WARM:])))
        stored += len(ours)
        _say(f"measured: {sum(points[-1].cpu.values()):.2f} ms of CPU, {sum(points[-1].wall.values()):.2f} ms")
    return points


def _subscriptions(past: list[Article]) -> list[Subscription]:
    queries = understood(workload(past, SUBSCRIPTIONS + 200, 1), SUBSCRIPTIONS)
    return [
        Subscription(id=f"s{number:05}", name=query, query=query, channels=("stdout:",), created=SystemClock().now())
        for number, query in enumerate(queries)
    ]


def _measured(hall: Hall, articles: Sequence[Article]) -> Spent:
    """Carry articles as ``workers.flow.carry`` does, stretch by stretch."""
    spent, now = Spent(), hall.clock.now()
    fresh = [msgspec.structs.replace(article, first_seen=now) for article in articles]
    for start in range(0, len(fresh), BATCH):
        batch = fresh[start : start + BATCH]
        with spent.on("accept", len(batch)):
            hall.store.accept(batch)
    while articles:
        with spent.on("claim", BATCH):
            claimed = hall.store.claim(BATCH, LEASE_SECONDS, hall.clock.now())
        if not claimed:
            if not any(hall.store.on_their_way()):
                break
            # Searches do not see all yet.
            time.sleep(0.2)
            continue
        with spent.on("enrich", len(claimed)):
            made = {it.id: hall.enricher.enrich(it) for it in claimed}
        ready_made = hall._replace(enricher=_Made(hall.enricher, made))
        with spent.on("file", len(claimed)):
            filed = file(ready_made, claimed)
        with spent.on("publish", len(filed)):
            publish(ready_made, filed)
    return spent


class _Made:
    """An enricher that has done its work already."""

    def __init__(self, enricher: Any, made: dict[str, Any]) -> None:
        self.words, self._made = enricher.words, made

    def enrich(self, article: Article) -> Any:
        """What was made of it."""
        return self._made[article.id]


def told(store: str, points: Sequence[Point]) -> list[str]:
    """Print the table of a store. Returns what grew too much."""
    print(f"\n{store}, ms an article: CPU (clock)")
    print(f"{'stored':>10} " + " ".join(f"{name:>15}" for name in (*STRETCHES, "all")))
    for point in points:
        print(
            f"{point.stored:10,} "
            + " ".join(f"{_all(point.cpu, name):6.2f} ({_all(point.wall, name):6.2f})" for name in (*STRETCHES, "all"))
        )
    first, last = points[0], points[-1]
    of: dict[str, Callable[[Point], dict[str, float]]] = {"CPU": lambda it: it.cpu, "clock": lambda it: it.wall}
    short = []
    print(
        f"{'ratio':>10} "
        + " ".join(
            "{:6.2f} ({:6.2f})".format(*(_all(it(last), name) / _all(it(first), name) for it in of.values()))
            for name in (*STRETCHES, "all")
        )
    )
    for kind, it in of.items():
        if (ratio := _all(it(last), "all") / _all(it(first), "all")) > MOST:
            short.append(f"{store}: {ratio:.2f} times the {kind} of the first size, asked {MOST} at most")
    for line in short:
        print("NOT REACHED:", line)
    return short


def _all(by: dict[str, float], name: str) -> float:
    return sum(by.values()) if name == "all" else by[name]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
