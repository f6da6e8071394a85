"""The matcher at 10,000 and 100,000 subscriptions, beside a yardstick: what finding the words of the same texts costs.

Texts are real ones (``bench/corpus.py``); subscriptions come from the matching workload beside the project, which this
project did not write, made from other texts than those that are matched. All runs on one processor, in one process, and
ratios are what counts: these machines are shared. Prints a table; exits 1 where a figure falls short of what is asked.
"""

import argparse
import gc
import os
import random
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.corpus import SHARED, texts
from bench.judges import loaded
from tocsin import settings
from tocsin.lists import load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.match import Matcher
from tocsin.query.meaning import holds
from tocsin.query.parse import QueryError, parse
from tocsin.query.plan import Plan, condensed
from tocsin.records import Article
from tocsin.words import Analysed, Words
from workers.rules import RARE

ASKED = {
    "analysis ÷ yardstick": (4.0, "most"),
    "analysis + matching ÷ yardstick, 10,000": (5.5, "most"),
    "analysis + matching ÷ yardstick, 100,000": (10.0, "most"),
    "verified ÷ hits, 100,000": (1.25, "most"),
    "add one, ms": (1.0, "most"),
    "remove one, ms": (1.0, "most"),
    "load 100,000, s of CPU": (5.0, "most"),
    "memory of 100,000, MiB": (300.0, "most"),
}
WORD = re.compile(r"[^\W_]+(?:['\u2019\u02bc][^\W_]+)*")
SAMPLE = 300
"""Past articles of which frequencies are counted, as the workers do."""
COUNTRIES = ("ua", "ru", "us", "gb", "de")


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    if not SHARED.is_dir():
        print("Not run: the shared texts are not beside the project.")
        return 0
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return judge(measure(arguments.seed, arguments.rounds))


def workload(articles: list[Article], number: int, seed: int) -> list[str]:
    """Queries of the matching workload, from these articles, with our names for its fields."""
    module = loaded(SHARED / "bench/matching_workload.py")
    rows = [
        {"id": it.id, "title": it.title, "body": it.text, "source": it.outlet, "lang": it.lang}
        | {"country": it.outlet_country}
        for it in articles
    ]
    made = module.Generator(rows, module.simple_analyse, seed).make(number)
    return [re.sub(r"\bcountry:", "outlet_country:", row["query"]) for row in made]


def understood(queries: list[str], number: int) -> list[str]:
    """The first queries that our language understands: it refuses a few that the workload's own reads as one word."""
    good, refused = [], 0
    for text in queries:
        try:
            parse(text)
        except QueryError as error:
            refused += 1
            print(f"refused: {text}: {error}") if refused < 3 else None
            continue
        good.append(text)
    print(f"{refused} of {len(queries)} queries are refused")
    return good[:number]


def cpu(work: Callable[[], Any]) -> float:
    """Seconds of CPU."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(seed: int, rounds: int) -> dict[str, float]:
    """All figures by name."""
    dice = random.Random(seed)
    articles = [_placed(it, dice) for it in texts()]
    dice.shuffle(articles)
    cut = len(articles) * 6 // 10
    past, new = articles[:cut], articles[cut:]
    words = Words.open(settings.load().cache_dir)
    queries = understood(workload(past, 101_000, seed), 100_000)
    shares = _shares([words.analyse(it.title, it.text, it.lang) for it in past[-SAMPLE:]])
    expander = Expander(words, load())
    print(
        f"{len(new)} articles of {statistics.mean(len(it.text) for it in new):.0f} characters, {len(queries)} queries"
    )
    figures: dict[str, float] = {}
    small = Matcher({str(n): expander.read(text) for n, text in enumerate(queries[:10_000])}, _frequency(shares))
    before, sizes = _resident(), len(queries)
    fresh = Expander(words, load())
    gc.collect()
    large = Matcher(frequency=_frequency(shares))

    def fill() -> None:
        for number, plan in enumerate([fresh.read(text) for text in queries]):
            large.add(str(number), plan)

    # As the workers do: nothing of it is garbage, and nothing of it ever will be.
    gc.disable()
    figures["load 100,000, s of CPU"] = cpu(fill)
    gc.enable()
    gc.collect()
    gc.freeze()
    figures["memory of 100,000, MiB"] = _resident() - before
    _speed(figures, words, new, {10_000: small, sizes: large}, rounds)
    _changes(figures, large, fresh, queries, new, words)
    _naive(words, new[:40], {str(n): fresh.read(text) for n, text in enumerate(queries[:10_000])}, small)
    return figures


def _yardstick(new: list[Article]) -> None:
    for it in new:
        for line in (it.title, it.text):
            [word.casefold() for word in WORD.findall(line)]


def _analysis(words: Words, new: list[Article]) -> None:
    for it in new:
        words.analyse(it.title, it.text, it.lang)


def _both(words: Words, new: list[Article], matcher: Matcher) -> int:
    """Analyse and match; the number of hits."""
    return sum(len(matcher.match(Document.of(it, words.analyse(it.title, it.text, it.lang)))) for it in new)


def _speed(
    figures: dict[str, float], words: Words, new: list[Article], matchers: dict[int, Matcher], rounds: int
) -> None:
    """The yardstick, analysis and matching in turn, so that a slow minute of the machine slows them all."""
    _analysis(words, new)
    hits = {size: _both(words, new, matcher) for size, matcher in matchers.items()}
    for matcher in matchers.values():
        matcher.verified = 0
    work = [partial(_yardstick, new), partial(_analysis, words, new)]
    work += [partial(_both, words, new, matcher) for matcher in matchers.values()]
    rows = [[cpu(each) for each in work] for _ in range(rounds)]
    unit, analysis = (1e6 * min(row[place] for row in rows) / len(new) for place in (0, 1))
    print(f"yardstick {unit:.0f} µs an article, analysis {analysis:.0f} µs")
    figures["analysis ÷ yardstick"] = statistics.median(row[1] / row[0] for row in rows)
    for place, (size, matcher) in enumerate(matchers.items(), 2):
        figures[f"analysis + matching ÷ yardstick, {size:,}"] = statistics.median(row[place] / row[0] for row in rows)
        figures[f"verified ÷ hits, {size:,}"] = matcher.verified / rounds / hits[size]
        each, met = 1e6 * min(row[place] for row in rows) / len(new), hits[size] / len(new)
        print(f"{size:>7,} subscriptions: {each:.0f} µs an article, {met:.1f} hits")


def _changes(
    figures: dict[str, float],
    matcher: Matcher,
    expander: Expander,
    queries: list[str],
    new: list[Article],
    words: Words,
) -> None:
    """Adding and removing one, while articles go on coming."""
    added = list[float]()
    for number, it in zip(range(300), cycle(new), strict=False):
        plan = expander.read(queries[-1 - number])
        matcher.match(Document.of(it, words.analyse(it.title, "", "en")))
        added.append(cpu(partial(matcher.add, f"new {number}", plan)))
    removed = [cpu(partial(matcher.remove, f"new {number}")) for number in range(300)]
    figures["add one, ms"] = 1e3 * statistics.quantiles(added, n=100)[98]
    figures["remove one, ms"] = 1e3 * statistics.quantiles(removed, n=100)[98]


def _naive(words: Words, new: list[Article], plans: dict[str, Plan], matcher: Matcher) -> None:
    """Every subscription evaluated for every article: what the hooks save, and that they lose nothing."""
    short = {name: condensed(plan) for name, plan in plans.items()}
    documents = [Document.of(it, words.analyse(it.title, it.text, it.lang)) for it in new]
    expected: list[set[str]] = []
    seconds = cpu(lambda: expected.extend({n for n, p in short.items() if holds(p, it)} for it in documents))
    found = [set(matcher.match(it)) for it in documents]
    print(f"naive loop over 10,000: {1e6 * seconds / len(new):,.0f} µs an article; the same hits: {found == expected}")
    if found != expected:
        sys.exit("the matcher and the naive loop differ")


def _placed(it: Article, dice: random.Random) -> Article:
    import msgspec

    return msgspec.structs.replace(it, outlet_country=dice.choice(COUNTRIES))


def _shares(analysed: Iterable[Analysed]) -> dict[str, float]:
    counts: dict[str, int] = {}
    number = 0
    for it in analysed:
        number += 1
        for key in {key for token in {*it.title, *it.text} for key in token.keys}:
            counts[key] = counts.get(key, 0) + 1
    return {key: count / number for key, count in counts.items() if count > 1}


def _frequency(shares: dict[str, float]) -> Callable[[str], float]:
    return lambda key: 0.5 if "=" in key else shares.get(key, RARE)


def _resident() -> float:
    """MiB of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize() / 2**20


def judge(figures: dict[str, float]) -> int:
    """Print the table; 1 where a figure falls short."""
    short = 0
    for name, value in figures.items():
        asked, _ = ASKED.get(name, (float("inf"), ""))
        short += value > asked
        print(f"{name:45} {value:8.2f}" + (f"   asked: at most {asked:g}" if name in ASKED else ""))
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
