"""One meaning: thousands of queries × thousands of articles, asked of all back-ends, with no difference allowed.

The reference (``bench/reference.py``), the matcher with all plans in it, the search of the embedded store, and the
search of a real Elasticsearch must name the same articles. The reference in turn is held against the plain recursion of
``tests/query/reference.py``: for each query over an article that meets it, or one that merely has some of its words.
Queries come from ``bench/queries.py`` and from the matching workload beside the project; texts are real ones of all
languages and the press's stories, enriched by the road's own step, with attributes and times that want to differ.
Prints what was asked and every difference; exits 1 where there is one.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.corpus import SHARED
from bench.elastic_server import running
from bench.ground import INDEX, NOW, Ground, chosen, fill_index, fill_store, laid, posted, press
from bench.matching import workload
from bench.queries import Made, QueryMaker
from bench.reference import Sheet
from tests.query.reference import Text, means
from tocsin.query import elastic
from tocsin.query import plan as p
from tocsin.query.elastic_places import TooWideError
from tocsin.query.expand import fixed
from tocsin.query.match import Matcher
from tocsin.query.parse import QueryError
from tocsin.query.plan import Plan
from tocsin.records import Article
from tocsin.stores.sqlite import SqliteStore

PLAIN_MOST = 2000
"""Tokens of the longest article that the plain recursion is asked of."""
BATCH = 40
"""Queries of one request to Elasticsearch."""
Met = int
"""Numbers of articles as bits."""


class Difference(NamedTuple):
    """An article on which the back-ends do not agree."""

    query: Made
    article: Article
    verdicts: dict[str, bool]


class Outcome(NamedTuple):
    """What came of it: the answers by back-end, and the queries that Elasticsearch calls too wide."""

    answers: dict[str, list[Met]]
    too_wide: frozenset[int]


def main() -> int:
    """Ask, compare, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--queries", type=int, default=10_000, help="of our own generator; a fifth more of the workload"
    )
    parser.add_argument("--articles", type=int, default=2_000, help="real ones; the press's stories come on top")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--elastic", default="", help="address of a server, or none; one is started otherwise")
    asked = parser.parse_args()
    if not SHARED.is_dir():
        print("Not run: the shared texts are not beside the project.")
        return 0
    started = time.perf_counter()
    ground = laid([*chosen(asked.articles, asked.seed), *press()], asked.seed)
    made = list(QueryMaker(ground.articles, ground.lists, NOW, asked.seed).make(asked.queries))
    made += workload_queries(ground, asked.queries // 5, asked.seed)
    plans = [ground.expander.read(query.text) for query in made]
    print(
        f"{len(made):,} queries, {len(ground.articles):,} articles ({time.perf_counter() - started:.0f} s)", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="tocsin-equivalence-") as folder, _server(asked.elastic) as address:
        outcome = ask(ground, plans, Path(folder) / "store.db", address)
        differing = held_against_plain(ground, plans, outcome.answers["reference"], asked.seed)
    differences = list(compared(ground, made, outcome))
    tell(made, ground, outcome, differences)
    print(f"the reference differs from the plain recursion on {len(differing)} of {len(made):,} pairs")
    for query, number in differing[:5]:
        print(f"  {made[query].text}\n    on {ground.articles[number].url}")
    print(f"{time.perf_counter() - started:.0f} s in all")
    return 1 if differences or differing else 0


@contextlib.contextmanager
def _server(wanted: str) -> Iterator[str]:
    if wanted:
        yield "" if wanted == "none" else wanted
        return
    with running("1g") as address:
        yield address


def workload_queries(ground: Ground, number: int, seed: int) -> list[Made]:
    """Subscriptions of the workload tool, without the few that our language refuses."""
    found = []
    for text in workload(ground.articles, number + number // 20, seed):
        try:
            ground.expander.read(text)
        except QueryError:
            continue
        found.append(Made("workload", text))
    return found[:number]


def ask(ground: Ground, plans: Sequence[Plan], path: Path, address: str) -> Outcome:
    """All plans of all back-ends, two processes at a time; without an address, not of Elasticsearch."""
    half = len(plans) // 2
    fill_store(ground, path)
    jobs: list[tuple[str, Callable[[], list[Met]]]] = [
        ("reference", lambda: by_reference(ground, plans[:half])),
        ("reference", lambda: by_reference(ground, plans[half:])),
        ("matcher", lambda: by_matcher(ground, plans)),
        ("SQLite", lambda: by_sqlite(ground, plans[:half], path)),
        ("SQLite", lambda: by_sqlite(ground, plans[half:], path)),
    ]
    wide: list[int] = []
    if address:
        wide = [number for number, plan in enumerate(plans) if is_too_wide(plan)]
        with httpx.Client(base_url=address, timeout=300) as client:
            fill_index(ground, client)
        # The longest first: its work is done by the server, beside all others.
        jobs.insert(0, ("Elasticsearch", lambda: by_elastic(ground, plans, frozenset(wide), address)))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        done = pool.map(lambda job: (job[0], _in_child(*job)), jobs)
        answers: dict[str, list[Met]] = {}
        for name, found in done:
            answers[name] = answers.get(name, []) + found
    return Outcome(answers, frozenset(wide))


def _in_child(name: str, job: Callable[[], list[Met]]) -> list[Met]:
    """The answers of a job that runs in a process of its own, which sees everything that is here."""
    started = time.perf_counter()
    mine, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_answer, args=(theirs, job))
    child.start()
    theirs.close()
    try:
        found: list[Met] = mine.recv()
    except EOFError:
        raise RuntimeError(f"{name}: its process ended without an answer") from None
    child.join()
    print(f"  {name}: {len(found):,} queries in {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    return found


def _answer(where: Connection, job: Callable[[], list[Met]]) -> None:
    where.send(job())


def bits(numbers: Iterable[int]) -> Met:
    """Numbers as bits."""
    return sum(1 << number for number in numbers)


def _numbers(met: Met) -> list[int]:
    return [number for number, bit in enumerate(reversed(f"{met:b}")) if bit == "1"]


def by_reference(ground: Ground, plans: Sequence[Plan]) -> list[Met]:
    """Which articles meet each plan, by the reference."""
    reference = ground.reference()
    return [bits(reference.meets(plan)) for plan in plans]


def by_matcher(ground: Ground, plans: Sequence[Plan]) -> list[Met]:
    """The same, by one matcher that has all the plans."""
    matcher = Matcher({str(number): plan for number, plan in enumerate(plans)})
    met = [0] * len(plans)
    for number, names in enumerate(matcher.match_all(ground.documents)):
        for name in names:
            met[int(name)] |= 1 << number
    return met


def by_sqlite(ground: Ground, plans: Sequence[Plan], path: Path) -> list[Met]:
    """The same, by the embedded store's search."""
    store = SqliteStore.open(str(path))
    by_id = {it.id: number for number, it in enumerate(ground.articles)}
    return [bits(by_id[it.id] for it in store.search(fixed(plan, NOW), limit=10**6)) for plan in plans]


def by_elastic(ground: Ground, plans: Sequence[Plan], wide: frozenset[int], address: str) -> list[Met]:
    """The same, by the server's search; of those that are too wide for it, none.

    Raises RuntimeError with the server's words where it cannot answer.
    """
    met = [0] * len(plans)
    numbers = [number for number in range(len(plans)) if number not in wide]
    with httpx.Client(base_url=address, timeout=300) as client:
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            lines: list[object] = []
            for number in batch:
                query = elastic.query(fixed(plans[number], NOW))
                lines += [{}, {"size": len(ground.articles), "_source": False, "query": query}]
            answers = posted(client, f"/{INDEX}/_msearch?max_concurrent_searches=2", lines)["responses"]
            for number, answer in zip(batch, answers, strict=True):
                if "error" in answer:
                    raise RuntimeError(f"query {number}: {str(answer['error'])[:2000]}")
                met[number] = bits(int(hit["_id"]) for hit in answer["hits"]["hits"])
    return met


def is_too_wide(plan: Plan) -> bool:
    """Whether a plan asks for more words at places than Elasticsearch looks up at once."""
    try:
        elastic.query(fixed(plan, NOW))
    except TooWideError:
        return True
    return False


def held_against_plain(ground: Ground, plans: Sequence[Plan], met: Sequence[Met], seed: int) -> list[tuple[int, int]]:
    """Pairs of query and article on which the reference and the plain recursion differ."""
    half = len(plans) // 2
    halves = ((0, half), (half, len(plans)))
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        jobs = [lambda low=low, high=high: unlike(ground, plans, met, (low, high), seed) for low, high in halves]
        return [pair for found in pool.map(lambda job: _in_child("plain recursion", job), jobs) for pair in found]


def _plainly(sheet: Sheet) -> Text:
    title, text = list(map(set, sheet.title)), list(map(set, sheet.text))
    return Text(title, text, list(sheet.sentences), sheet.attributes, sheet.times, NOW)


def unlike(
    ground: Ground, plans: Sequence[Plan], met: Sequence[Met], between: tuple[int, int], seed: int
) -> list[tuple[int, int]]:
    """Of the plans between two numbers, the pairs on which the reference and the plain recursion differ."""
    dice, reference = random.Random(seed), ground.reference()
    short = {n for n, it in enumerate(ground.analysed) if len(it.title) + len(it.text) <= PLAIN_MOST}
    known: dict[int, Text] = {}
    found = []
    for query in range(*between):
        meeting = short.intersection(_numbers(met[query]))
        asked = p.AnyOf(tuple(p.Stands((p.Sequence((keys,), ""),)) for keys in p.steps(plans[query])))
        missing = (short & reference.meets(asked)) - meeting or short - meeting
        number = dice.choice(sorted(meeting if query % 2 and meeting else missing or meeting))
        if number not in known:
            known[number] = _plainly(ground.sheet(number))
        if means(plans[query], known[number]) != bool(met[query] >> number & 1):
            found.append((query, number))
    return found


def compared(ground: Ground, made: Sequence[Made], outcome: Outcome) -> Iterator[Difference]:
    """Every article on which the back-ends do not agree."""
    for number, query in enumerate(made):
        given = {
            name: met[number]
            for name, met in outcome.answers.items()
            if name != "Elasticsearch" or number not in outcome.too_wide
        }
        doubtful = 0
        for met in given.values():
            doubtful |= met ^ given["reference"]
        for article in _numbers(doubtful):
            verdicts = {name: bool(met >> article & 1) for name, met in given.items()}
            yield Difference(query, ground.articles[article], verdicts)


def tell(made: Sequence[Made], ground: Ground, outcome: Outcome, differences: Sequence[Difference]) -> None:
    """Counts by construct, then the differences."""
    asked, found, hits = Counter[str](), Counter[str](), Counter[str]()
    for query, met in zip(made, outcome.answers["reference"], strict=True):
        asked[query.construct] += 1
        found[query.construct] += met > 0
        hits[query.construct] += met.bit_count()
    wrong = Counter(difference.query.construct for difference in differences)
    print(f"{'construct':24}{'queries':>9}{'with hits':>11}{'hits':>11}{'differences':>13}")
    for construct in sorted(asked):
        print(f"{construct:24}{asked[construct]:9,}{found[construct]:11,}{hits[construct]:11,}{wrong[construct]:13,}")
    print(f"{'all':24}{len(made):9,}{found.total():11,}{hits.total():11,}{len(differences):13,}")
    print(f"back-ends: {', '.join(outcome.answers)}; {len(made) * len(ground.articles):,} pairs each")
    if outcome.too_wide:
        print(f"{len(outcome.too_wide)} queries are too wide for Elasticsearch, which says so: not compared there")
    for difference in differences[:20]:
        said = ", ".join(f"{name} {'yes' if yes else 'no'}" for name, yes in difference.verdicts.items())
        print(f"\n{difference.query.construct}: {difference.query.text}\n  {said}\n  on {difference.article.url}")
        print(f"  [{difference.article.lang}] {difference.article.title}")


if __name__ == "__main__":
    sys.exit(main())
