"""What must hold after a run: source list, store and the receiver's log are compared."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from bench.faults.given import Given
from bench.faults.receiver import Receiver
from bench.faults.table import Found
from tocsin.records import Article
from tocsin.stores.port import Store


class _Expected(NamedTuple):
    subscription: str
    story: str
    """The id that stands for it today."""


def judged(store: Store, given: Given, receiver: Receiver, left_out: int = 0) -> Found:
    """Compare. Raises UserError where the store cannot be asked.

    ``left_out``: pages that are to be left out with a reason, and are.
    """
    ready = list(store.walk())
    by_id = {article.id: article for article in ready}
    listed = {item.article.id: item.article for item in given.items}
    missing = [article for name, article in listed.items() if name not in by_id]
    parked = sum(article.state == "parked" for article in store.articles([it.id for it in missing]).values())
    joined = dict(store.joined())
    roots = {name: _root(article.story, joined) for name, article in by_id.items()}
    expected = {
        _Expected(subscription, roots[name])
        for subscription, names in given.expected.items()
        for name in names
        if name in roots
    }
    told = _told(receiver, roots)
    ids = Counter(name for names in told.values() for name in names)
    return Found(
        articles=len(ready),
        lost=len(missing) - parked - left_out,
        doubled=_doubled(ready),
        parked=parked,
        alerts=len(expected),
        missing=len(expected - told.keys()),
        twice=sum(len(names) > 1 for names in told.values()) + sum(number > 1 for number in ids.values()),
        repeats=len(receiver.log) - len({it.id for it in receiver.log}),
    )


def _doubled(ready: list[Article]) -> int:
    """Rows under one id, rows of one address with one text, and numbers of arrival that were given twice."""
    ids = Counter(it.id for it in ready)
    texts = Counter((it.address_id, it.text_hash, it.title) for it in ready)
    arrivals = Counter(it.arrival for it in ready)
    return max(sum(number - 1 for number in counted.values()) for counted in (ids, texts, arrivals))


def _told(receiver: Receiver, roots: Mapping[str, str]) -> dict[_Expected, set[str]]:
    """By what was told of, the ids under which it came first."""
    found: dict[_Expected, set[str]] = {}
    for told in list(receiver.log):
        if told.body.get("kind") == "first":
            article = told.body["article"]["id"]
            pair = _Expected(told.body["subscription"]["id"], roots.get(article, article))
            found.setdefault(pair, set()).add(told.id)
    return found


def _root(story: str, joined: Mapping[str, str]) -> str:
    while story in joined:
        story = joined[story]
    return story
