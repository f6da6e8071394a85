"""What the workers' road costs: from accepted to alerted, with 10,000 subscriptions, on SQLite and on Elasticsearch.

Articles are real ones, subscriptions those of the matching workload beside the project, made from other texts. Only the
workers' own CPU is counted, not that of the servers. A worker is a process of its own and begins to be measured when it
is warm. Prints a table; exits 1 where a figure falls short of what is asked.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.corpus import SHARED, texts
from bench.dedupe_stream import SIMULATOR, simulated
from bench.matching import understood, workload
from tests.services import elastic_server, redis_server
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.records import Article, Subscription
from tocsin.stores import open_store
from tocsin.stores.port import Store
from workers.flow import turn
from workers.opening import open_hall

ASKED = {
    "articles/s per core, SQLite": (200.0, "least"),
    "CPU on Elasticsearch ÷ on SQLite": (1.5, "most"),
    "CPU with 2 workers ÷ with 1": (1.15, "most"),
    "write lock held, %": (40.0, "most"),
    "bulk ÷ the bare client's": (0.8, "least"),
}
SUBSCRIPTIONS = 10_000
SIMULATED = 3_000
"""Simulated articles that are carried, and as many again of which queries are made."""
WARM = 200
"""Articles that are carried before the measuring begins: words are looked up for the first time then."""
_WAIT = 300.0


class Place(NamedTuple):
    """Where a store is."""

    url: str
    redis: str = ""

    def open(self) -> Store:
        """Open it."""
        return open_store(self.url, self.redis)


class Spent(NamedTuple):
    """What one worker used."""

    carried: int
    cpu: float
    """Seconds."""
    wall: float
    locked: float
    """Seconds in which it held the write lock."""
    alerts: int


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=["sqlite", "elastic"], help="one store alone")
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print("Not run: the shared texts are not beside the project.")
        return 0
    past, new = _parted(arguments.seed)
    subscriptions = _subscriptions(past, arguments.seed)
    print(f"{len(new)} articles of {_mean(new):,.0f} characters, {len(subscriptions)} subscriptions")
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="tocsin-engine-") as folder:
        if arguments.only != "elastic":
            _sqlite(figures, Path(folder), new, subscriptions)
            _simulated(figures, Path(folder), arguments.seed)
        server, redis = elastic_server.home(), redis_server.program()
        if arguments.only != "sqlite" and server and redis:
            with elastic_server.running(server, "2g") as address, redis_server.running(redis) as fast:
                _elastic(figures, Place(f"elastic+{address}/engine", fast), new, subscriptions)
        elif arguments.only != "sqlite":
            print("Elasticsearch: not measured, it or Redis is not here")
    return judge(figures)


def _parted(seed: int) -> tuple[list[Article], list[Article]]:
    """Articles of which queries are made, and those that are carried; each of these as if accepted just now."""
    articles = texts()
    random.Random(seed).shuffle(articles)
    cut = len(articles) // 2
    return articles[:cut], articles[cut:]


def _subscriptions(past: list[Article], seed: int) -> list[Subscription]:
    queries = understood(workload(past, SUBSCRIPTIONS + 200, seed), SUBSCRIPTIONS)
    return [
        Subscription(id=f"s{number:05}", name=query, query=query, channels=("stdout:",), created=SystemClock().now())
        for number, query in enumerate(queries)
    ]


def _sqlite(figures: dict[str, float], folder: Path, new: list[Article], subscriptions: list[Subscription]) -> None:
    (one,) = measured(Place(f"sqlite:{folder}/one.db"), new, subscriptions, 1)
    figures["articles/s per core, SQLite"] = one.carried / one.cpu
    figures["CPU ms an article, SQLite"] = 1e3 * one.cpu / one.carried
    figures["alerts an article"] = one.alerts / one.carried
    two = measured(Place(f"sqlite:{folder}/two.db"), new, subscriptions, 2)
    figures["CPU with 2 workers ÷ with 1"] = _cpu(two) / _cpu([one])
    figures["write lock held, %"] = 100 * sum(it.locked for it in two) / max(it.wall for it in two)


def _simulated(figures: dict[str, float], folder: Path, seed: int) -> None:
    """The same with texts of the outlet simulator, which write of the same things over and over, as outlets do."""
    if not SIMULATOR.is_file():
        return
    articles = simulated(folder, 2 * SIMULATED)
    past, new = articles[:SIMULATED], articles[SIMULATED:]
    print(f"{len(new)} simulated articles of {_mean(new):,.0f} characters")
    (one,) = measured(Place(f"sqlite:{folder}/simulated.db"), new, _subscriptions(past, seed), 1)
    figures["simulated articles/s per core, SQLite"] = one.carried / one.cpu
    figures["alerts a simulated article"] = one.alerts / one.carried


def _mean(articles: list[Article]) -> float:
    return sum(len(it.text) for it in articles) / len(articles)


def _elastic(figures: dict[str, float], place: Place, new: list[Article], subscriptions: list[Subscription]) -> None:
    (one,) = measured(place, new, subscriptions, 1)
    figures["CPU ms an article, Elasticsearch"] = 1e3 * one.cpu / one.carried
    if "CPU ms an article, SQLite" in figures:
        figures["CPU on Elasticsearch ÷ on SQLite"] = 1e3 * one.cpu / one.carried / figures["CPU ms an article, SQLite"]
    figures["bulk ÷ the bare client's"] = _bulk(place)


def _cpu(workers: Sequence[Spent]) -> float:
    """Seconds of CPU an article."""
    return sum(it.cpu for it in workers) / sum(it.carried for it in workers)


def measured(place: Place, new: Sequence[Article], subscriptions: Sequence[Subscription], workers: int) -> list[Spent]:
    """Accept all, carry all with so many workers at once, and what each of them used."""
    store = place.open()
    if shared := store.fingerprints:
        shared.rebuild([], [])
    store.put_subscriptions(subscriptions)
    for start in range(0, len(new), 500):
        store.accept(new[start : start + 500])
    store.close()
    context = multiprocessing.get_context("spawn")
    barrier, queue = context.Barrier(workers), context.Queue()
    crew = [context.Process(target=_work, args=(place, WARM // workers, barrier, queue)) for _ in range(workers)]
    for worker in crew:
        worker.start()
    spent = [Spent(*queue.get(timeout=_WAIT)) for _ in crew]
    for worker in crew:
        worker.join()
    return spent


def _work(place: Place, warm: int, barrier: Any, queue: Any) -> None:
    """One worker: until nothing is waiting."""
    store = place.open()
    hall = open_hall(store, settings.load(), SystemClock())
    hall.rules.current()
    # A worker that has run for a day has met the words of its languages.
    for article in _parted(1)[0]:
        hall.enricher.analyse(article)
    barrier.wait(_WAIT)
    while warm > 0:
        warm -= turn(hall)
    barrier.wait(_WAIT)
    with _locks(store) as locked:
        carried, cpu, wall = 0, time.process_time(), time.perf_counter()
        while moved := turn(hall):
            carried += moved
        used = time.process_time() - cpu, time.perf_counter() - wall
    alerts = sum(stories + copies for stories, copies in store.told().values())
    queue.put((carried, *used, locked[0], alerts))
    store.close()


@contextmanager
def _locks(store: Store) -> Iterator[list[float]]:
    """How long the write lock is held within the block, in seconds; nothing where the store has none."""
    held = [0.0]
    database = getattr(store, "db", None)
    if database is None:
        yield held
        return
    write: Callable[[], Any] = database.write

    @contextmanager
    def timed() -> Iterator[Any]:
        with write() as cursor:
            started = time.perf_counter()
            yield cursor
            # The commit belongs to it: the block ends after it.
        held[0] += time.perf_counter() - started

    database.write = timed
    yield held
    database.write = write


def _bulk(place: Place) -> float:
    """Documents a second that our writing reaches, ÷ those of the client's own ``parallel_bulk`` with one thread."""
    from elasticsearch.helpers import parallel_bulk

    from tocsin.stores.elastic import ElasticStore
    from tocsin.stores.elastic.server import Write

    store = place.open()
    assert isinstance(store, ElasticStore)
    found = [row.source for row in store.server.each("articles", {"query": {"match_all": {}}, "sort": ["_shard_doc"]})]
    index = store.server.name("articles-bulk")
    ratios = []
    for _ in range(3):
        started = time.perf_counter()
        writes = [Write("index", index, str(number), row) for number, row in enumerate(found)]
        store.server.write(writes, at_once=True)
        ours = time.perf_counter() - started
        actions = ({"_op_type": "index", "_index": index, "_id": str(n), "_source": row} for n, row in enumerate(found))
        started = time.perf_counter()
        for _, _ in parallel_bulk(store.server.client, actions, thread_count=4, chunk_size=500):
            pass
        ratios.append((time.perf_counter() - started) / ours)
    store.close()
    return sorted(ratios)[1]


def judge(figures: dict[str, float]) -> int:
    """Print the table; 1 where a figure falls short."""
    short = 0
    for name, value in figures.items():
        asked, kind = ASKED.get(name, (0.0, ""))
        bad = (kind == "most" and value > asked) or (kind == "least" and value < asked)
        short += bad
        print(f"{name:36} {value:10.2f}  {f'asked: at {kind} {asked}' if kind else ''}{'  SHORT' if bad else ''}")
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main())
