"""Retention leaves nothing behind of what it removes, takes nothing that is still needed, and keeps nobody waiting."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stores.filled import START, StandingClock, article, hall_over
from tocsin.records import Article, Subscription
from tocsin.stores import open_store
from tocsin.stores.elastic import ElasticStore
from tocsin.stores.elastic.server import Write
from tocsin.stores.port import Store, own_story
from tocsin.stores.sqlite import SqliteStore
from workers.flow import turn

LATER = START + timedelta(days=300)
OVER = START + timedelta(days=401)
"""When what was seen at the start is past its time, and what was seen later is not."""
OF_A_TEXT = ("articles", "arrivals", "tokens", "tags", "sketches", "aliases", "words_docsize")
"""Tables with rows that are made for a text and have no purpose without it."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(f"sqlite:{tmp_path}/store.db")
    assert isinstance(opened, SqliteStore)
    yield opened
    opened.close()


def carry(store: Store, *articles: Article) -> list[Article]:
    """To the end of the road, at the time at which the last one was seen."""
    clock = StandingClock()
    clock.at = articles[-1].first_seen
    store.accept(articles)
    hall = hall_over(store, clock)
    while turn(hall):
        pass
    return [store.articles([it.id])[it.id] for it in articles]


def rows(store: SqliteStore) -> dict[str, int]:
    return {table: int(store.db.one(f"SELECT count(*) FROM {table}")) for table in OF_A_TEXT}


def test_nothing_is_left_of_texts_that_are_past_their_time(store: SqliteStore) -> None:
    """More than go at once, copies among them; and numbers of arrival are not given anew."""
    text = article(0).text
    copies = [article(1_000 + number, text=text) for number in range(3)]
    carried = carry(store, *(article(number) for number in range(250)), *copies)
    assert {it.relation for it in carried[-3:]} == {"copy"}
    assert rows(store)["aliases"] >= 3
    assert store.prune(OVER, dry_run=True)["articles"] == 253
    assert rows(store)["articles"] == 253
    assert store.prune(OVER, dry_run=False)["articles"] == 253
    assert rows(store) == dict.fromkeys(OF_A_TEXT, 0)
    (new,) = carry(store, article(2_000, at=OVER))
    assert new.arrival == 254


def test_what_a_story_is_one_with_is_known_while_a_text_is_called_by_it(store: SqliteStore) -> None:
    """The first text of a story goes, its copies stay one; with the last of them the rest goes as well."""
    first, copy = article(1), article(2, text=article(1).text)
    carry(store, first, copy)
    # A story that was told under the id of the copy, before it was found to be one with the other.
    with store.db.write() as cursor:
        cursor.execute("UPDATE articles SET story = ? WHERE id = ?", (own_story(copy.id), copy.id))
    late = article(3, at=LATER)
    carry(store, late)
    with store.db.write() as cursor:
        cursor.execute("UPDATE articles SET story = ? WHERE id = ?", (own_story(copy.id), late.id))
    store.prune(OVER, dry_run=False)
    assert rows(store)["articles"] == 1
    assert store.root(own_story(copy.id)) == own_story(first.id)
    store.prune(LATER + timedelta(days=401), dry_run=False)
    assert rows(store) == dict.fromkeys(OF_A_TEXT, 0)


def test_what_was_told_stays_with_all_that_belongs_to_it(store: SqliteStore) -> None:
    """Evidence: its words, its arrival, and what its story is one with."""
    store.put_subscription(Subscription(id="s", name="s", query="evidence", channels=(), created=START))
    text = article(1).text + " This is evidence."
    told, _ = carry(store, article(1, text=text), article(2, text=text))
    store.prune(OVER, dry_run=False)
    assert [it.id for it in store.search(None, limit=9)] == [told.id]
    assert store.tokens(told.id) is not None
    kept = rows(store)
    assert kept.pop("tags") > 0
    assert kept == {**dict.fromkeys(kept, 1), "aliases": 0}
    ((alert, _),) = store.alerts()
    assert store.root(alert.story) == told.story


def test_others_write_meanwhile(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each transaction removes some; one that ends in the middle is gone on with by the next call."""
    carry(store, *(article(number) for number in range(450)))
    began = 0
    write = store.db.write

    def counted():
        nonlocal began
        began += 1
        if began == 3:
            raise KeyboardInterrupt
        return write()

    monkeypatch.setattr(store.db, "write", counted)
    with pytest.raises(KeyboardInterrupt):
        store.prune(OVER, dry_run=False)
    assert rows(store)["articles"] == 50
    assert store.check() == "ok"
    assert store.prune(OVER, dry_run=False)["articles"] == 50
    assert rows(store) == dict.fromkeys(OF_A_TEXT, 0)


def test_on_elasticsearch_too_nothing_is_left(elastic_store: ElasticStore) -> None:
    """Arrivals, months, and what stories are one with: as long as a text is called by it, and no longer."""
    store = elastic_store
    first, copy = article(1), article(2, text=article(1).text)
    carry(store, first, copy)
    late = carry(store, article(3, at=LATER))[0]
    place = next(iter(store.rows_of([late.id]).values())).place
    store.server.write([Write("update", place, late.id, {"story": own_story(copy.id)})], seen=True)

    def left() -> dict[str, int]:
        return {name: store.server.count(name, {"match_all": {}}) for name in ("articles-*", "arrivals", "stories")}

    assert left() == {"articles-*": 3, "arrivals": 3, "stories": 1}
    assert store.prune(OVER, dry_run=False)["articles"] == 2
    assert left() == {"articles-*": 1, "arrivals": 1, "stories": 1}
    assert store.root(own_story(copy.id)) == own_story(first.id)
    assert store.prune(LATER + timedelta(days=401), dry_run=False)["articles"] == 1
    assert left() == {"articles-*": 0, "arrivals": 0, "stories": 0}
