"""The hall: every article becomes ready or parked once, whatever ends in the middle, and rings for whom it should."""

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from tests.stores.filled import START, StandingClock
from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.errors import UserError
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.records import Article, Subscription, derived_id
from tocsin.stores.port import Store, own_story
from tocsin.words import Analysed, Words
from workers.enrich import Enricher
from workers.flow import LEASE_SECONDS, MAX_ATTEMPTS, Hall, file, publish, turn
from workers.rules import RuleBook

if TYPE_CHECKING:
    from tocsin.stores.elastic import ElasticStore
    from tocsin.stores.redis import RedisFingerprints

WORDS = Words.open(settings.load().cache_dir)
LISTS = load()
EXPANDER = Expander(WORDS, LISTS)
TEXT = "Officials said on Sunday that the {} near Bakhmut had been told to sign, and that nobody had signed so far."


class HandClock(StandingClock):
    """A clock that is set by hand."""

    def over_the_lease(self) -> None:
        self.at += timedelta(seconds=LEASE_SECONDS + 1)


class Poisoned(Enricher):
    """The real enrichment, which fails on some addresses as a bug of ours would."""

    def enrich(self, article: Article) -> tuple[Article, Analysed]:
        if "poison" in article.url:
            raise ZeroDivisionError
        return super().enrich(article)


@pytest.fixture
def hall(each_store: Store) -> Hall:
    """A hall over an empty store of each kind."""
    return another(each_store)


def another(store: Store, clock: HandClock | None = None) -> Hall:
    """A worker as it is after a restart: nothing in memory, the same store."""
    return Hall(store, clock or HandClock(), Poisoned(WORDS, EXPANDER, LISTS), RuleBook(store, EXPANDER))


def article(path: str, word: str = "conscripts", outlet: str = "one") -> Article:
    """An accepted article."""
    url = f"https://{outlet}.example/{path}"
    text = " ".join(TEXT.format(f"{word} of group {number}") for number in range(5))
    digest = derived_id("text", text)
    address = address_id(url)
    return Article(
        id=article_id(address, digest), address_id=address, url=url, outlet=outlet, first_seen=START,
        title="Told to sign", text=text, text_hash=digest,
    )  # fmt: skip


def subscribe(store: Store, query: str, *, paused: bool = False) -> None:
    """A subscription to standard output."""
    name = derived_id("subscription", query)
    store.put_subscription(
        Subscription(id=name, name=query, query=query, channels=("stdout:",), created=START, paused=paused)
    )


def test_one_turn_carries_to_the_end(hall: Hall) -> None:
    """Accepted → ready: enriched, searchable, alerted; a second turn finds nothing."""
    store = hall.store
    subscribe(store, "conscription")
    store.accept([article("1")])
    assert turn(hall) == 1
    (ready,) = store.search(EXPANDER.read("Bakhmut topic:conscription"), limit=9)
    assert (ready.state, ready.lang, ready.places) == ("ready", "en", ("Bakhmut",))
    assert (ready.arrival or 0) > 0
    ((alert, (notice,)),) = store.alerts()
    assert notice.hits[0].how == "family conscript"
    assert [delivery.state for delivery in store.deliveries(notice.id)] == ["waiting"]
    assert turn(hall) == 0
    assert alert.article == ready.id


def test_a_copy_is_counted_and_not_told(hall: Hall) -> None:
    """One first notice for a text, whoever republishes it; its copies are a number."""
    store = hall.store
    subscribe(store, "conscription")
    store.accept([article("1"), article("2", outlet="two"), article("3", outlet="three")])
    turn(hall)
    ((alert, notices),) = store.alerts()
    assert (alert.copies, len(notices)) == (2, 1)
    assert [it.relation for it in store.members(alert.story)] == ["original", "copy", "copy"]


def test_an_end_between_the_stretches_loses_and_doubles_nothing(hall: Hall) -> None:
    """Filed, then the worker is gone: another one publishes from the stored tokens, once."""
    store, clock = hall.store, HandClock()
    subscribe(store, "conscription")
    store.accept([article("1")])
    file(hall, store.claim(20, LEASE_SECONDS, clock.now()))
    assert store.overview()["filed"] == 1
    successor = another(store, clock)
    assert turn(successor) == 0
    clock.over_the_lease()
    assert turn(successor) == 1
    assert store.count(EXPANDER.read("conscripts")) == 1
    assert len(store.alerts()) == 1


def test_a_stretch_done_twice_makes_nothing_twice(hall: Hall) -> None:
    """Two workers with the same articles in hand: the one that lost its lease writes nothing."""
    store, clock = hall.store, HandClock()
    subscribe(store, "conscription")
    store.accept([article("1")])
    slow = file(hall, store.claim(20, LEASE_SECONDS, clock.now()))
    clock.over_the_lease()
    assert turn(another(store, clock)) == 1
    (before,) = store.search(None, limit=9)
    publish(hall, slow)
    publish(hall, slow)
    assert store.search(None, limit=9) == [before]
    ((alert, notices),) = store.alerts()
    assert (alert.copies, len(notices)) == (0, 1)


def test_a_poisoned_article_stops_only_itself(hall: Hall) -> None:
    """The others are ready at once; it comes back alone, and is parked with a reason when its attempts are used up."""
    store, clock = hall.store, HandClock()
    worker = another(store, clock)
    store.accept([article("1"), article("poison", "reserves"), article("3", "cadets")])
    turn(worker)
    assert store.overview()["ready"] == 2
    for _ in range(MAX_ATTEMPTS):
        clock.over_the_lease()
        assert turn(worker) == 1
    assert store.overview()["parked"] == 1
    assert store.overview()["drops"] == {"the workers failed on it three times": 1}
    clock.over_the_lease()
    assert turn(worker) == 0


def test_a_subscription_applies_from_when_it_was_saved(hall: Hall) -> None:
    """What was filed before stays untold; what comes after is told; a paused one is silent."""
    store = hall.store
    before = store.generation()
    store.accept([article("1")])
    turn(hall)
    subscribe(store, "conscription")
    subscribe(store, "Bakhmut", paused=True)
    assert store.alerts() == []
    store.accept([article("2", "conscripts and cadets of another unit", outlet="two")])
    turn(hall)
    assert [alert.subscription for alert, _ in store.alerts()] == [derived_id("subscription", "conscription")]
    assert [it.generation for it in store.search(None, limit=9)] == [store.generation(), before]


def test_a_query_that_went_bad_silences_no_other(hall: Hall) -> None:
    """A place that was taken from the lists: that subscription rests, the rest ring."""
    store = hall.store
    subscribe(store, "place:Atlantis")
    subscribe(store, "conscription")
    store.accept([article("1")])
    turn(hall)
    assert len(store.alerts()) == 1


def test_a_later_text_of_one_address_is_a_version(hall: Hall) -> None:
    """The story stays, the version counts up, and nobody is told twice."""
    store = hall.store
    subscribe(store, "conscription")
    store.accept([article("1")])
    turn(hall)
    text = article("1").text + " Correction: an earlier form gave another number."
    digest = derived_id("text", text)
    changed = msgspec.structs.replace(
        article("1"), id=article_id(article("1").address_id, digest), text=text, text_hash=digest
    )
    store.accept([changed])
    turn(hall)
    second, first = store.search(None, limit=9)
    assert (first.version, second.version, second.relation) == (1, 2, "version")
    assert first.story == second.story
    ((alert, notices),) = store.alerts()
    assert (alert.copies, len(notices)) == (0, 1)


def test_a_full_disk_is_no_article_s_fault(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the store cannot be written, no article is parked for it."""
    hall.store.accept([article("1")])

    def full(*_: object) -> None:
        raise UserError("The store cannot be written: its disk is full.", 1)

    with monkeypatch.context() as patch:
        patch.setattr("workers.flow.publish", full)
        for _ in range(MAX_ATTEMPTS + 2):
            with pytest.raises(UserError, match="full"):
                turn(hall)
    while turn(hall):
        pass
    overview = hall.store.overview()
    assert (overview["ready"], overview["parked"]) == (1, 0)


def test_lost_fingerprints_are_restored_before_anything_is_filed(
    elastic_store: "ElasticStore", shared_fingerprints: "RedisFingerprints"
) -> None:
    """Filing waits, the store fills them again by itself, and what was known before is known again."""
    hall = another(elastic_store)
    elastic_store.accept([article("1"), article("2", "reserves")])
    assert turn(hall) == 2
    shared_fingerprints._client.flushall()
    elastic_store.accept([article("3", outlet="two")])
    assert turn(hall) == 0
    (waiting,) = elastic_store.on_their_way()
    assert (waiting.state, waiting.attempts) == ("accepted", 0)
    assert turn(hall) == 1
    copy = elastic_store.articles([article("3", outlet="two").id])[article("3", outlet="two").id]
    assert (copy.relation, copy.story) == ("copy", own_story(article("1").id))


def test_who_meets_a_restoring_worker_waits_for_it(
    elastic_store: "ElasticStore", shared_fingerprints: "RedisFingerprints"
) -> None:
    """Only one fills them; if it dies, another one does after a minute."""
    shared_fingerprints._client.flushall()
    shared_fingerprints._client.set("{contract}:rebuilding", b"", ex=60)
    hall = another(elastic_store)
    elastic_store.accept([article("1")])
    assert [turn(hall), turn(hall)] == [0, 0]
    shared_fingerprints._client.delete("{contract}:rebuilding")
    assert [turn(hall), turn(hall)] == [0, 1]
