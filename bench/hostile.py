"""Queries that are meant to do harm: the refused ones, and the worst of those that are accepted.

Refusals are timed as a reader meets them: parsed, looked up in the lists, and answered with a sentence. The accepted
ones are asked of a hundred thousand articles (``bench/large.py``) in the embedded store, and of a real Elasticsearch
with the same articles; most are made so that little or nothing meets them, because then all must be looked at. Prints
two tables; exits 1 where a refusal takes longer than 50 ms or where 95 of 100 answers of a shape take longer than 1 s.
"""

import argparse
import contextlib
import itertools
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import httpx
from rich.progress import Progress

from bench.corpus import SHARED
from bench.elastic_server import running
from bench.large import NOW, opened, shuffled, store_path
from tests.query.test_hostile import HOSTILE
from tocsin import settings
from tocsin.lists import load
from tocsin.query import elastic
from tocsin.query.document import attributes, times
from tocsin.query.elastic_fields import MAPPING, SETTINGS, document
from tocsin.query.elastic_places import TooWideError
from tocsin.query.expand import Expander, fixed
from tocsin.query.parse import QueryError
from tocsin.query.plan import Plan
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Words

REFUSAL = 0.050
"""Seconds of CPU that a refusal may take."""
ANSWER = 1.0
"""Seconds within which 95 of 100 answers of a shape must come."""
SHOWN = 20
"""Articles of a page of results."""
RARE = "Melitopol"

Ask = Callable[[Plan], int]
"""How many articles come back for a plan."""


def main() -> int:
    """Refuse, ask, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3, help="how often each query is asked")
    parser.add_argument("--elastic", default="", help="address of a server, or none; one is started otherwise")
    parser.add_argument("--only", default="", help="shapes whose name has this in it")
    asked = parser.parse_args()
    expander = Expander(Words.open(settings.load().cache_dir), load())
    late = refusals(expander)
    if not SHARED.is_dir():
        print("The accepted ones are not asked: the shared texts are not beside the project.")
        return 1 if late else 0
    store = opened(asked.articles)
    print(
        f"\nThe embedded store: {asked.articles:,} articles, {store_path(asked.articles).stat().st_size / 1e6:,.0f} MB"
    )
    made = {name: several for name, several in shapes().items() if asked.only in name}
    late += accepted(expander, made, asked.times, lambda plan: len(store.search(plan, limit=SHOWN)))
    if asked.elastic != "none":
        with _server(asked.elastic) as address, httpx.Client(base_url=address, timeout=120) as client:
            print(f"\nElasticsearch: {fill_index(client, store, asked.articles):,.0f} MB")
            late += accepted(expander, made, asked.times, lambda plan: _found(client, plan))
    store.close()
    print(f"\n{len(late)} too slow" + (f": {', '.join(late)}" if late else ""))
    return 1 if late else 0


@contextlib.contextmanager
def _server(wanted: str) -> Iterator[str]:
    if wanted:
        yield wanted
        return
    with running("1g") as address:
        yield address


def refusals(expander: Expander) -> list[str]:
    """Ask each hostile text five times, print the median, name those that are accepted or refused too late."""
    late = []
    print(f"{'hostile text':32}{'bytes':>9}{'ms':>7}  refused because")
    for name, text in HOSTILE.items():
        took, why = [], ""
        for _ in range(5):
            started = time.process_time()
            try:
                expander.read(text)
            except QueryError as error:
                why = f"{error.what} (column {error.column})"
            took.append(time.process_time() - started)
        size = len(text.encode("utf-8", "surrogatepass"))
        print(f"{name:32}{size:9,}{1e3 * statistics.median(took):7.1f}  {_printable(why)[:100] or 'ACCEPTED'}")
        if not why or statistics.median(took) > REFUSAL:
            late.append(name)
    return late


def _printable(text: str) -> str:
    return "".join(ch if ch.isprintable() and not 0xD800 <= ord(ch) < 0xE000 else "?" for ch in text)


def shapes() -> dict[str, list[str]]:
    """The worst accepted queries, some of each shape, by what is bad about them."""
    dice = random.Random(7)
    sample = list(itertools.islice(shuffled(load(), 2), 1500))
    words = Words.open(settings.load().cache_dir)
    counted: dict[str, Counter[str]] = {"en": Counter(), "uk": Counter(), "ru": Counter()}
    for it in sample:
        if it.lang in counted:
            analysed = words.analyse(it.title, it.text, it.lang)
            counted[it.lang].update(token.keys[0][2:] for token in analysed.text)
    by_lang = {
        lang: [word for word, _ in several.most_common(600) if _is_plain(word)] for lang, several in counted.items()
    }
    found: dict[str, list[str]] = {}
    for lang, common in by_lang.items():
        # Of some languages the texts are few: what is missing is taken from another.
        for shape, text in _of_words([*common, *by_lang["en" if lang != "en" else "ru"]], dice).items():
            found.setdefault(shape, []).append(text)
    mixed = [word for several in zip(*(by_lang[lang][:200] for lang in by_lang), strict=False) for word in several]
    found["200 words, any of them"] = [_any(mixed[:200]), _any(mixed[200:400])]
    found["200 words, all of them"] = [" ".join(mixed[:200]), " ".join(by_lang["en"][:200])]
    found["twenty beginnings"] = [
        " OR ".join("in* co* re* de* pr* st* ma* se* th* an* пр* по* на* за* ви* пе* ра* об* від* со*".split()),
        " ".join("in* co* re* de* pr* st* ma* se* th* an* ha* wh* wi* fo* be* ar* su* un* mo* ca*".split()),
    ]
    beside = {
        f"{name}, and a rare word": [f"({text}) {RARE}" for text in several]
        for name, several in found.items()
        if not name.startswith("200")
    }
    return found | beside


def _is_plain(word: str) -> bool:
    """Whether a word is one word of a query, and no operator."""
    return word.isalpha() and len(word) > 1 and word not in ("and", "or", "not", "to", "near", "sent")


def _of_words(common: Sequence[str], dice: random.Random) -> dict[str, str]:
    """Each shape once, of the most frequent words of a language."""
    a, b, c, d = common[:4]
    some = common[20:80]
    x, y = dice.sample(common[:30], 2)
    return {
        "one very common word": a,
        "a beginning": f"{b[:2]}*",
        "beginnings, all of them": f"{a[:2]}* {b[:2]}* {c[:2]}* {d[:2]}*",
        "NEAR/50 of common words": f"{a} NEAR/50 {b}",
        "NEAR/0 of common words": f"{x} NEAR/0 {y}",
        "NEAR of a word and itself": f"{a} NEAR/0 {a}",
        "ordered, far": f'"{a} {b}"~50',
        "ordered, five words": f'"{a} {b} {c} {d} {a}"~50',
        "ordered, ten words, near": f'"{" ".join(common[:10])}"~5',
        "SENT of common words": f"{a} SENT {b}",
        "SENT of common phrases": f'"{a} {b}" SENT "{c} {d}"',
        "SENT of beginnings": f"{a[:2]}* SENT {b[:2]}*",
        "NEAR of beginnings": f"{a[:2]}* NEAR/0 {b[:2]}*",
        "atleast50": f"atleast50({common[8]})",
        "atleast50 of ten": f"atleast50{_any(common[40:50])}",
        "atleast of beginnings": f"atleast50({some[0][:2]}* OR {some[1][:2]}*)",
        "twenty deep": _nested(some),
        "sixty NEAR, any of them": " OR ".join(f"({x} NEAR/3 {y})" for x, y in itertools.pairwise(common[100:161])),
        "twenty NEAR, all of them": " ".join(f"({x} NEAR/50 {y})" for x, y in itertools.pairwise(common[:21])),
        "ninety words NEAR ninety": f"{_any(common[10:100])} NEAR/1 {_any(common[100:190])}",
        "NOT of common words alone": f"NOT {a} NOT {b} NOT {c}",
        "NOT of a NEAR alone": f"NOT ({a} NEAR/50 {b})",
        "a NEAR and not another": f"({a} NEAR/20 {b}) NOT ({a} NEAR/50 {c})",
        "lead of common words": f"lead:({a} {b} {c} {d})",
        "lead and a NEAR in it": f"lead:({x} NEAR/0 {y})",
        "title of common words": f"title:({a} {b} {c} {d})",
        "a phrase": f'"{a} {b} {c}"',
        "a phrase with beginnings": f'"{a[:2]}* {b[:2]}*"',
        "a phrase of five beginnings": f'"{" ".join(word[:2] + "*" for word in common[:5])}"',
        "a common word of no outlet": f"{a} outlet:nobody",
        "a NEAR of no outlet": f"({a} NEAR/50 {b}) outlet:nobody",
        "a common word of one outlet": f"{a} outlet:outlet-7",
        "a NEAR of one author": f"({a} SENT {b}) author:smith",
        "a common word, long ago": f"{a} date:<2000-01-01",
        "a NEAR, long ago": f"({a} NEAR/50 {b}) date:<2000-01-01",
        "a place and a day": f'{a} place:"Donetsk Oblast" date:2026-03-01',
        "a common word or a filter": f"({a} SENT {b}) OR outlet:outlet-7",
        "a rare filter or a NEAR": f"(kind:gallery OR ({x} NEAR/0 {y})) lang:fr",
        "a filter alone": "lang:xx",
        "all but filters": "-lang:en -lang:uk -lang:ru -lang:de -kind:article -outlet:outlet-1",
    }


def _any(words: Iterable[str]) -> str:
    return f"({' OR '.join(words)})"


def _nested(words: Sequence[str]) -> str:
    query = words[0]
    for number, word in enumerate(words[1:19]):
        query = f"({query} {'NEAR/30' if not number else 'AND' if number % 2 else 'OR'} {word})"
    return query


def accepted(expander: Expander, made: dict[str, list[str]], times: int, ask: Ask) -> list[str]:
    """Ask each query so often and print how long a shape takes; names of the shapes that take too long."""
    late = []
    print(f"{'accepted query':44}{'hits':>5}{'p50, ms':>9}{'p95, ms':>9}")
    for name, several in made.items():
        took, hits = list[float](), 0
        for text in several:
            try:
                plan = fixed(expander.read(text), NOW)
                for _ in range(times):
                    started = time.perf_counter()
                    hits = max(hits, ask(plan))
                    took.append(time.perf_counter() - started)
            except (QueryError, TooWideError) as error:
                print(f"{name:44}refused: {error}")
        if not took:
            continue
        slow = statistics.quantiles(took, n=20, method="inclusive")[18] if len(took) > 1 else took[0]
        mark = "  TOO SLOW" if slow > ANSWER else ""
        print(f"{name:44}{hits:5}{1e3 * statistics.median(took):9.0f}{1e3 * slow:9.0f}{mark}", flush=True)
        if mark:
            late.append(name)
    return late


def _found(client: httpx.Client, plan: Plan) -> int:
    asked = {
        "query": elastic.query(plan), "_source": False, "size": SHOWN, "sort": [{"times.seen": "desc"}],
        "track_total_hits": False,
    }  # fmt: skip
    answer = client.post("/hostile/_search?request_cache=false", json=asked).json()
    if "error" in answer:
        raise RuntimeError(json.dumps(answer["error"])[:1000])
    return len(answer["hits"]["hits"])


def fill_index(client: httpx.Client, store: SqliteStore, number: int) -> float:
    """The same articles into Elasticsearch, unless they are there; megabytes that they take."""
    there = client.get("/hostile/_count").json().get("count", 0)
    if there != number:
        client.delete("/hostile")
        layout = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1", **SETTINGS}
        client.put("/hostile", json={"settings": layout, "mappings": dict(MAPPING)}).raise_for_status()
        with Progress() as progress:
            task = progress.add_task("articles into Elasticsearch", total=number)
            rest = store.walk()
            while batch := list(itertools.islice(rest, 200)):
                lines: list[object] = []
                for it in batch:
                    analysed = store.tokens(it.id) or Analysed((), ())
                    values = {name: {value.casefold() for value in found} for name, found in attributes(it).items()}
                    lines += [{"index": {}}, document(analysed, values, times(it))]
                body = "".join(json.dumps(line) + "\n" for line in lines).encode()
                answer = client.post("/hostile/_bulk", content=body, headers={"content-type": "application/x-ndjson"})
                if answer.json()["errors"]:
                    raise RuntimeError(f"Elasticsearch refused articles: {answer.text[:500]}")
                progress.advance(task, len(batch))
        client.post("/hostile/_refresh").raise_for_status()
    size: int = client.get("/hostile/_stats/store").json()["_all"]["primaries"]["store"]["size_in_bytes"]
    return size / 1e6


if __name__ == "__main__":
    sys.exit(main())
