"""The same articles on SQLite and on Elasticsearch: equal articles, stories and alerts, compared by content.

    python -m bench.same_output [--articles 3000] [--only one|many]

Three thousand articles of the outlet simulator (which this project did not write) with all kinds of copies go the whole
way through the workers' road, under subscriptions to two of their own words each:

- *one*: on each store by one process, in the order of the file. Everything must be equal, to the last id.
- *many*: on SQLite by one process that asks the store, and on Elasticsearch by Celery workers, which are given hints by
  a broker while a spider's ledger accepts. What depends on who came first may differ, and is told; the rest must not.

Prints what differs; exits 1 where anything does that must not.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.celery_road import carried, crew, feed
from bench.dedupe_stream import SIMULATOR, simulated
from bench.same_content import OWN, Kept, Line, Passages, compared, kept
from spiders.ledger import BATCH
from tests.services import elastic_server, redis_server
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.records import Article, Subscription
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.port import Store
from workers.flow import restore, turn
from workers.opening import open_hall

ARTICLES = 3_000
SUBSCRIPTIONS = 12
RANK = 300
"""Words that are more frequent in headlines ask for too much."""
WORKERS = 2
CHILDREN = 2
"""Children of each: four processes that carry articles at once."""
EXAMPLES = 3
CHANNEL = "file:alerts.jsonl"
SENT = 4
"""Every so-manieth subscription has a channel: what is sent is proven by fewer."""


def main() -> int:
    """Carry, compare, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--only", default="", choices=["one", "many"], help="one comparison alone")
    arguments = parser.parse_args()
    server, redis = elastic_server.home(), redis_server.program()
    if not SIMULATOR.is_file() or not server or not redis:
        print("Not run: the simulator, Elasticsearch or Redis is not here.")
        return 0
    short = 0
    with tempfile.TemporaryDirectory(prefix="tocsin-same-") as name:
        folder = Path(name)
        articles = simulated(folder, arguments.articles)
        subscriptions = _subscriptions(articles)
        here = open_store(f"sqlite:{folder}/store.db")
        _carry(here, articles, subscriptions)
        ours = kept(here)
        with elastic_server.running(server) as address, redis_server.running(redis) as fast:
            if arguments.only != "many":
                there = open_store(f"elastic+{address}/same", fast)
                _carry(there, articles, subscriptions)
                short += _to_the_last(here, there)
                there.close()
            if arguments.only != "one":
                chosen = Settings(
                    data_dir=folder / "many", store=f"elastic+{address}/many", redis=fast,
                    broker=fast.replace("/0", "/1"), processes=CHILDREN,
                )  # fmt: skip
                theirs = _carried_by_many(chosen, articles, subscriptions)
                known = Passages(here, subscriptions)
                passages = {it.id: known.of(it) for it in ours.articles.values()}
                short += told(compared(ours, theirs, passages))
                short += _lines(
                    folder / "many" / "alerts.jsonl", theirs, {it.id for it in subscriptions if it.channels}
                )
        here.close()
    return int(short > 0)


def _subscriptions(articles: list[Article]) -> list[Subscription]:
    """Queries of two words of the headlines, from the most frequent ones down."""
    words = Counter(word for it in articles for word in {*re.findall(r"[^\W\d_]{5,}", it.title.casefold())})
    rare = [word for word, _ in words.most_common(RANK + 2 * SUBSCRIPTIONS)][RANK:]
    queries = [f"{one} {other}" for one, other in zip(rare[:SUBSCRIPTIONS], rare[SUBSCRIPTIONS:], strict=False)]
    now = SystemClock().now()
    return [
        Subscription(
            id=f"s{number:03}",
            name=query,
            query=query,
            created=now,
            channels=(CHANNEL,) if number % SENT == 0 else (),
        )
        for number, query in enumerate(queries)
    ]


def _carry(store: Store, articles: list[Article], subscriptions: list[Subscription]) -> None:
    """Accept all and carry all, in this process, in order."""
    store.put_subscriptions(subscriptions)
    hall = open_hall(store, settings.load(), SystemClock())
    # As many at a time as a crawler accepts: more are on their way to Elasticsearch in several requests at once, and
    # which of them comes first is open.
    for start in range(0, len(articles), BATCH):
        store.accept(articles[start : start + BATCH])
    restore(hall)
    # A turn may carry nothing and not be the last: searches do not see all yet.
    while turn(hall) or any(store.on_their_way()):
        pass


def _carried_by_many(chosen: Settings, articles: list[Article], subscriptions: list[Subscription]) -> Kept:
    """What stands in the store at the end, carried by Celery workers while it is accepted."""
    store = open_store(chosen.store_url, chosen.redis)
    store.put_subscriptions(subscriptions)
    begun = time.monotonic()
    with crew(chosen, WORKERS):
        feed(store, chosen, articles)
        accepted = time.monotonic() - begun
        carried(store, len(articles))
    print(
        f"{WORKERS * CHILDREN} Celery processes: {len(articles):,} articles accepted in {accepted:.0f} s, all ready"
        f" and told after {time.monotonic() - begun:.0f} s"
    )
    found = kept(store)
    store.close()
    return found


def _to_the_last(here: Store, there: Store) -> int:
    """Compare what one process carried on each store. Returns how much differs."""
    ours, theirs, short = _everything(here), _everything(there), 0
    for kind, mine in ours.items():
        other = theirs[kind]
        names = mine.keys() | other.keys()
        differing = [name for name in sorted(names) if mine.get(name) != other.get(name)]
        told_of = [f"{name} {'; '.join(_differences(mine.get(name, {}), other.get(name, {})))}" for name in differing]
        short += told([Line(f"{kind}, by one process each", len(mine), len(other), told_of)])
    return short


def _everything(store: Store) -> dict[str, dict[str, dict[str, Any]]]:
    """By kind and id."""
    return {
        "articles": {it.id: _content(it) for it in store.walk()},
        "stories": dict(_stories(store)),
        "alerts": {
            alert.id: {
                "article": alert.article,
                "story": alert.story,
                "copies": alert.copies,
                "told": [(it.kind, it.ordinal, it.article) for it in notices],
                "hits": [it.hits for it in notices if it.kind == "first"],
            }
            for alert, notices in store.alerts(limit=10_000)
        },
    }


def _content(article: Article) -> dict[str, Any]:
    return {name: value for name, value in article.to_dict().items() if name not in OWN}


def _stories(store: Store) -> Iterator[tuple[str, dict[str, Any]]]:
    for root in sorted({store.root(it.story) for it in store.walk()}):
        story = store.story(root)
        if story is not None:
            it = story.to_dict()
            yield root, {name: it[name] for name in ("texts", "outlets", "languages", "copies", "versions", "title")}


def _differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name in one.keys() | other.keys():
        if one.get(name) != other.get(name):
            yield f"{name}: {str(one.get(name))[:80]!r} and {str(other.get(name))[:80]!r}"


def _lines(path: Path, theirs: Kept, sent: set[str]) -> int:
    """What the channel was given: each notice once. Returns how many are missing or there twice."""
    lines = Counter(json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines())
    notices = {it.id for alert, every in theirs.alerts if alert.subscription in sent for it in every}
    wrong = [name for name in notices | lines.keys() if lines[name] != 1 or name not in notices]
    return told([Line("lines in the channel, one for each notice", len(notices), lines.total(), wrong)])


def told(lines: Iterable[Line]) -> int:
    """Print lines with examples. Returns how much differs that must not."""
    short = 0
    for line in lines:
        number = len(line.differing)
        short += 0 if line.free else number
        verdict = f"{number} differ" + (" (may: depends on who came first)" if line.free and number else "")
        print(f"{line.what:48} {line.one:6,} {line.other:6,}  {verdict}")
        for example in line.differing[:EXAMPLES]:
            print("   ", example[:400])
    return short


if __name__ == "__main__":
    sys.exit(main())
