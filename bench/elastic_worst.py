"""The worst queries that the language accepts, on a real Elasticsearch: how long they take, and what an index weighs.

Articles are made of the sentences of real ones (``bench/corpus.py``), shuffled, so that there may be any number; words
are taken from the most frequent of them. Prints a table; exits 1 where 95 of 100 answers take longer than a second.
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator

import httpx

from bench.corpus import texts
from bench.elastic_server import running
from tocsin import settings
from tocsin.lists import load
from tocsin.query import elastic
from tocsin.query.elastic_fields import MAPPING, document
from tocsin.query.elastic_places import TooWideError
from tocsin.query.expand import Expander
from tocsin.words import Analysed, Token, Words

ASKED = 1.0
"""Seconds in which 95 of 100 answers must come."""
BATCH = 500


def main() -> None:
    """Index, ask, tell."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--articles", type=int, default=100_000)
    wanted.add_argument("--times", type=int, default=5, help="how often each query is asked")
    options = wanted.parse_args()
    words = Words.open(settings.load().cache_dir)
    analysed = [words.analyse(it.title, it.text, it.lang) for it in texts(3000)]
    with running() as address, httpx.Client(base_url=address, timeout=120) as client:
        weight = fill(client, itertools.islice(shuffled(analysed), options.articles))
        print(f"{options.articles:,} articles, {weight * 1000 / options.articles:.1f} MB for 1,000")
        slow = ask(client, Expander(words, load()), queries(analysed), options.times)
    sys.exit(1 if slow > ASKED else 0)


def shuffled(analysed: list[Analysed]) -> Iterator[Analysed]:
    """Any number of articles out of the sentences of some."""
    rng = random.Random(4)
    sentences: list[tuple[Token, ...]] = []
    for it in analysed:
        bounds = [0, *it.sentences, len(it.text)]
        sentences += [it.text[start:end] for start, end in itertools.pairwise(bounds)]
    titles = [it.title for it in analysed]
    while True:
        chosen = rng.choices(sentences, k=rng.randint(5, 30))
        starts = tuple(itertools.accumulate(map(len, chosen)))[:-1]
        yield Analysed(rng.choice(titles), tuple(itertools.chain.from_iterable(chosen)), tuple(sorted({*starts} - {0})))


def fill(client: httpx.Client, articles: Iterable[Analysed]) -> float:
    """Index articles; megabytes that they take."""
    one_shard = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
    client.put("/articles", json={"settings": one_shard, "mappings": dict(MAPPING)}).raise_for_status()
    rest = iter(articles)
    while batch := list(itertools.islice(rest, BATCH)):
        lines = (line for it in batch for line in ({"index": {}}, document(it, {}, {})))
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        answer = client.post("/articles/_bulk", content=body, headers={"content-type": "application/x-ndjson"})
        if answer.json()["errors"]:
            sys.exit(f"Elasticsearch refused articles: {answer.text[:500]}")
    client.post("/articles/_refresh").raise_for_status()
    size: int = client.get("/articles/_stats/store").json()["_all"]["primaries"]["store"]["size_in_bytes"]
    return size / 1e6


def queries(analysed: list[Analysed]) -> dict[str, str]:
    """Queries by what is bad about them."""
    counted = Counter(token.keys[0][2:] for it in analysed for token in it.text)
    common = [word for word, _ in counted.most_common(1500) if word.isalpha() and len(word) > 2]
    some = common[200:400]
    pairs = [f'"{a} {b}"' for a, b in itertools.pairwise(common[:60])]
    a, b, c = common[:3]

    def any_of(words: Iterable[str]) -> str:
        return f"({' OR '.join(words)})"

    return {
        "two very common words near": f"{a} NEAR/50 {b}",
        "the same, side by side": f"{a} NEAR/0 {b}",
        "in one sentence": f"{a} SENT {b}",
        "fifty times": f"atleast50({a})",
        "fifty times one of ten": f"atleast50{any_of(common[:10])}",
        "twenty times a word or phrase": f'atleast20({a} OR "{b} {c}")',
        "a phrase of common words": f'"{a} {b} {c}"',
        "200 words": " OR ".join(some),
        "40 words near 40": f"{any_of(some[:40])} NEAR/50 {any_of(some[40:80])}",
        "40 words and 40 in a sentence": f"{any_of(some[:40])} SENT {any_of(some[40:80])}",
        "five phrases near five": f"{any_of(pairs[:5])} NEAR/50 {any_of(pairs[5:10])}",
        "thirty phrases": " OR ".join(pairs[:30]),
        "thirty distances": " OR ".join(f"({x} NEAR/20 {y})" for x, y in zip(some[:30], some[30:60], strict=True)),
        "two letters and all": "in* AND co* AND пр* AND за*",
        "beginnings near": "in* NEAR/50 co*",
        "many beginnings": " OR ".join(f"{x}{y}*" for x in "abcdef" for y in "aeiou"),
        "twenty deep": nested(some[:20]),
        "ten words within fifty": f'"{" ".join(some[:10])}"~50',
        "none of it": f"NOT ({a} NEAR/3 {b})",
    }


def nested(words: list[str]) -> str:
    """Parentheses within parentheses, AND and OR by turns."""
    query = words[0]
    for number, word in enumerate(words[1:19]):
        query = f"({query} {'AND' if number % 2 else 'OR'} {word})"
    return query


def ask(client: httpx.Client, expander: Expander, asked: dict[str, str], times: int) -> float:
    """Ask each query so often and print how long it took; seconds of the 95th of 100 answers."""
    took = []
    print(f"{'query':34} {'hits':>8} {'median, ms':>11} {'longest':>8}")
    for name, text in asked.items():
        try:
            query = elastic.query(expander.read(text))
        except TooWideError as error:
            print(f"{name:34} {error}")
            continue
        here = []
        for _ in range(times):
            start = time.perf_counter()
            answer = client.post(
                "/articles/_search?request_cache=false", json={"query": query, "_source": False}
            ).json()
            here.append(time.perf_counter() - start)
            if "error" in answer:
                sys.exit(f"{name}: {json.dumps(answer['error'])[:500]}")
        took += here
        hits = answer["hits"]["total"]["value"]
        print(f"{name:34} {hits:8,} {statistics.median(here) * 1000:11.0f} {max(here) * 1000:8.0f}", flush=True)
    slow = statistics.quantiles(took, n=100)[94]
    print(f"95 of 100 answers within {slow:.2f} s (asked: {ASKED:.0f} s)")
    return slow


if __name__ == "__main__":
    main()
