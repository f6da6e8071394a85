"""Copies that come at once: exactly one is the first, with two to eight worker processes, on SQLite and on Redis.

    python -m bench.dedupe_race [--rounds 10000] [--only sqlite|redis]

In a round every worker has a copy of one text, word for word or with a sentence of its own, and files it as
``workers.flow.file`` does. Workers wait for each other before every fifth round. Then workers are killed (SIGKILL) in
the middle: what they left undone is done again, as a lease that is over would have it, and one more copy of each text
must find all of them in one story. Ten thousand rounds take some four minutes on SQLite and two on Redis.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import NamedTuple

from tests.services import redis_server
from tocsin.records import Article, derived_id
from tocsin.stores.port import Fingerprints
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Token
from workers.dedupe import CANDIDATES, decide
from workers.sketch import sketch

ROUNDS = 1_000
WORKERS = (2, 4, 8)
TOGETHER = 5
KILLS = 20
KILLED_ROUNDS = 400
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


class Filed(NamedTuple):
    """What a worker decided: the text, whose copy, the relation and the story."""

    text: str
    copy: int
    relation: str
    story: str


def copy_of(text: str, copy: int) -> tuple[Article, Analysed]:
    """A text as one outlet has it: every second one adds some words of its own."""
    dice = random.Random(text)
    words = ["".join(dice.choices("aeioklmnrstv", k=6)) for _ in range(80)]
    if copy % 2:
        words += [f"{word}{copy}" for word in ("as", "we", "have", "learnt", "from", "readers", "today")]
    name = derived_id("race", text, str(copy))
    article = Article(
        id=name, address_id=name, url=f"https://outlet{copy}.example/{text}", outlet=f"outlet{copy}",
        first_seen=_NOON, text=" ".join(words), text_hash=derived_id("text", *words),
    )  # fmt: skip
    return article, Analysed(title=(), text=tuple(Token((f"s:{word}",)) for word in words))


class Store:
    """Fingerprints of one kind, opened by a process for itself."""

    def __init__(self, address: str) -> None:
        if address.startswith("redis:"):
            from tocsin.stores.redis import RedisFingerprints

            self._redis: Fingerprints = RedisFingerprints.open(address)
            self._store = None
        else:
            self._store = SqliteStore.open(address)
            # Who comes first does not depend on the disk's having it.
            self._store.db.connection.pragma("synchronous", "off")

    def filing(self) -> AbstractContextManager[Fingerprints]:
        """One transaction, where there are any."""
        return self._store.filing() if self._store else contextlib.nullcontext(self._redis)


def file(store: Store, text: str, copy: int) -> Filed:
    """As ``workers.flow.file`` does it."""
    article, analysed = copy_of(text, copy)
    drawn = sketch(article, analysed)
    with store.filing() as known:
        decided = decide(article, drawn, known.meet(drawn.sketch, drawn.prints, (), CANDIDATES))
        known.settle(article.id, decided.article.story)
        for other in decided.joins:
            known.join(decided.article.story, other)
    return Filed(text, copy, decided.article.relation, decided.article.story)


def work(address: str, copy: int, texts: Sequence[str], barrier: Barrier | None, results: Path) -> None:
    """A worker: its copies of all texts. A line is written when an article is filed, as a whole or not at all."""
    store = Store(address)
    output = os.open(results, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for at in range(0, len(texts), TOGETHER):
        if barrier:
            barrier.wait(120)
        for text in texts[at : at + TOGETHER]:
            os.write(output, ("\t".join(map(str, file(store, text, copy))) + "\n").encode())


def read(results: Path) -> Iterator[Filed]:
    """What workers have written."""
    for line in results.read_text().splitlines() if results.exists() else ():
        text, copy, relation, story = line.split("\t")
        yield Filed(text, int(copy), relation, story)


def race(address: str, folder: Path, workers: int, rounds: int) -> int:
    """Rounds whose copies do not have exactly one first."""
    texts = [f"race-{workers}-{number}" for number in range(rounds)]
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(workers), folder / f"race-{workers}"
    processes = [context.Process(target=work, args=(address, copy, texts, barrier, results)) for copy in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    firsts = Counter(filed.text for filed in read(results) if filed.relation == "original")
    return sum(firsts[text] != 1 for text in texts)


def killed(address: str, folder: Path, workers: int = 4) -> tuple[int, int]:
    """Kills, and texts that are not one story of one first text after the next copy."""
    texts = [f"killed-{number}" for number in range(KILLED_ROUNDS)]
    context = multiprocessing.get_context("spawn")
    dice, kills = random.Random(9), 0
    results = folder / "killed"
    running = {}
    while True:
        done = {(filed.text, filed.copy) for filed in read(results)}
        for copy in range(workers):
            left = [text for text in texts if (text, copy) not in done]
            if left and not (copy in running and running[copy].is_alive()):
                running[copy] = context.Process(target=work, args=(address, copy, left, None, results))
                running[copy].start()
        alive = [process for process in running.values() if process.is_alive()]
        if not alive:
            break
        time.sleep(dice.uniform(0.02, 0.3))
        if kills < KILLS and (found := len(done)) and found < len(texts) * workers:
            os.kill(dice.choice(alive).pid or 0, signal.SIGKILL)
            kills += 1
    store = Store(address)
    stories, firsts = defaultdict(set), Counter[str]()
    for text in texts:
        file(store, text, workers)
    with store.filing() as known:
        for filed in read(results):
            stories[filed.text].add(known.root(filed.story))
            firsts[filed.text] += filed.relation == "original"
    return kills, sum(len(stories[text]) != 1 or firsts[text] > 1 for text in texts)


def part(rounds: int = ROUNDS, only: str = "") -> list[str]:
    """Run, print the table, and return what falls short."""
    failures = []
    server = redis_server.program()
    print(f"{'store':8} {'workers':>7} {'rounds':>7} {'not one first':>14} {'seconds':>8}")
    with tempfile.TemporaryDirectory(prefix="tocsin-race-") as name, contextlib.ExitStack() as stack:
        addresses = {"sqlite": str(Path(name) / "race.db")}
        if server and only != "sqlite":
            addresses["redis"] = stack.enter_context(redis_server.running(server))
            from tocsin.stores.redis import RedisFingerprints

            RedisFingerprints.open(addresses["redis"]).rebuild((), ())
        for kind, address in addresses.items():
            if only in {"", kind}:
                folder = Path(name) / kind
                folder.mkdir()
                Store(address)
                failures += _raced(kind, address, folder, rounds)
    if not server:
        print("redis: not here")
    return failures


def _raced(kind: str, address: str, folder: Path, rounds: int) -> Iterator[str]:
    for workers in WORKERS:
        some = rounds // len(WORKERS) + (rounds % len(WORKERS) if workers == WORKERS[0] else 0)
        start = time.perf_counter()
        wrong = race(address, folder, workers, some)
        print(f"{kind:8} {workers:7} {some:7} {wrong:14} {time.perf_counter() - start:8.1f}", flush=True)
        if wrong:
            yield f"{kind}, {workers} workers: {wrong} of {some} rounds have not exactly one first"
    start = time.perf_counter()
    kills, wrong = killed(address, folder)
    print(f"{kind:8} {'4':>7} {KILLED_ROUNDS:7} {wrong:14} {time.perf_counter() - start:8.1f}  after {kills} kills")
    if wrong:
        yield f"{kind}: {wrong} of {KILLED_ROUNDS} texts are not one story after kills"


def main() -> int:
    """Race, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds on each store")
    parser.add_argument("--only", default="", choices=["sqlite", "redis"], help="one store alone")
    arguments = parser.parse_args()
    short = part(arguments.rounds, arguments.only)
    for line in short:
        print("NOT REACHED:", line)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
