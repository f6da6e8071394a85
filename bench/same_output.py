"""The same articles on SQLite and on Elasticsearch: equal articles, stories and alerts, compared by content.

Three thousand articles of the outlet simulator (which this project did not write) with all kinds of copies go the whole
way through the workers' road on each store, under subscriptions to two of their own words each. Prints what differs;
exits 1 where anything does.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.dedupe_stream import SIMULATOR, stream
from tests.services import elastic_server, redis_server
from tocsin import settings
from tocsin.cli.jsonl import read_articles
from tocsin.clock import SystemClock
from tocsin.records import Article, Subscription
from tocsin.stores import open_store
from tocsin.stores.port import Store
from workers.flow import restore, turn
from workers.opening import open_hall

ARTICLES = 3_000
SUBSCRIPTIONS = 12
RANK = 300
"""Words that are more frequent in headlines ask for too much."""
_OWN = frozenset({"arrival", "generation", "lease", "lease_until", "attempts", "first_seen"})
"""Fields that tell of the way and not of the article: numbers of a store, times of the run."""


def main() -> int:
    """Carry, compare, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    arguments = parser.parse_args()
    server, redis = elastic_server.home(), redis_server.program()
    if not SIMULATOR.is_file() or not server or not redis:
        print("Not run: the simulator, Elasticsearch or Redis is not here.")
        return 0
    with tempfile.TemporaryDirectory(prefix="tocsin-same-") as folder:
        articles = _articles(Path(folder), arguments.articles)
        subscriptions = _subscriptions(articles)
        ours = _carried(open_store(f"sqlite:{folder}/store.db"), articles, subscriptions)
        with elastic_server.running(server) as address, redis_server.running(redis) as fast:
            theirs = _carried(open_store(f"elastic+{address}/same", fast), articles, subscriptions)
    short = 0
    for kind, here in ours.items():
        there = theirs[kind]
        other = [name for name in here.keys() & there.keys() if here[name] != there[name]]
        differing = len(here.keys() ^ there.keys()) + len(other)
        short += differing
        print(f"{kind:10} {len(here):6,} on SQLite, {len(there):6,} on Elasticsearch, {differing} differ")
        for name in other[:3]:
            print("  ", name, *_differences(here[name], there[name]))
    return int(short > 0)


def _articles(folder: Path, number: int) -> list[Article]:
    path = folder / "articles.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in stream()[:number])
    # Of one moment, so that both stores carry them in the order of the file.
    now = SystemClock().now()
    return [msgspec.structs.replace(article, first_seen=now) for _, article in read_articles(path)]


def _subscriptions(articles: list[Article]) -> list[Subscription]:
    """Queries of two words of the headlines, from the most frequent ones down."""
    words = Counter(word for it in articles for word in {*re.findall(r"[^\W\d_]{5,}", it.title.casefold())})
    rare = [word for word, _ in words.most_common(RANK + 2 * SUBSCRIPTIONS)][RANK:]
    queries = [f"{one} {other}" for one, other in zip(rare[:SUBSCRIPTIONS], rare[SUBSCRIPTIONS:], strict=False)]
    now = SystemClock().now()
    return [
        Subscription(id=f"s{number:03}", name=query, query=query, channels=("stdout:",), created=now)
        for number, query in enumerate(queries)
    ]


def _carried(
    store: Store, articles: list[Article], subscriptions: list[Subscription]
) -> dict[str, dict[str, dict[str, Any]]]:
    """What stands in the store at the end, by kind and id."""
    store.put_subscriptions(subscriptions)
    hall = open_hall(store, settings.load(), SystemClock())
    for start in range(0, len(articles), 500):
        store.accept(articles[start : start + 500])
    restore(hall)
    # A turn may carry nothing and not be the last: searches do not see all yet.
    while turn(hall) or any(store.on_their_way()):
        pass
    found = {
        "articles": {it.id: _content(it) for it in store.walk()},
        "stories": dict(_stories(store)),
        "alerts": {
            alert.id: {
                "article": alert.article,
                "story": alert.story,
                "copies": alert.copies,
                "told": [it.article for it in notices],
            }
            for alert, notices in store.alerts(limit=10_000)
        },
    }
    store.close()
    return found


def _content(article: Article) -> dict[str, Any]:
    return {name: value for name, value in article.to_dict().items() if name not in _OWN}


def _stories(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    for root in sorted({store.root(it.story) for it in store.walk()}):
        story = store.story(root)
        if story is not None:
            told = story.to_dict()
            yield root, {name: told[name] for name in ("texts", "outlets", "languages", "copies", "versions", "title")}


def _differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name, value in one.items():
        if value != other.get(name):
            yield f"{name}: {str(value)[:80]!r} and {str(other.get(name))[:80]!r}"


if __name__ == "__main__":
    sys.exit(main())
