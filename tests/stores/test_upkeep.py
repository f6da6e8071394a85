"""Second tries, and what is told of a store at work: the same on each."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.stores.filled import START, StandingClock, article, fill, four_with_lags, hall_over
from tocsin.records import Drop
from tocsin.stores.port import Store
from workers.flow import file, turn

if TYPE_CHECKING:
    from tocsin.stores.elastic import ElasticStore

NOW = START + timedelta(hours=1)
LATER = NOW + timedelta(hours=1)
REASONS = ("the workers failed on it three times", "the store refuses it: too long", "the workers failed, again")


@pytest.fixture
def parked(each_store: Store) -> Store:
    """A store with an article for each reason."""
    each_store.accept([article(number) for number in range(len(REASONS))])
    for it, reason in zip(each_store.claim(9, 30, START), REASONS, strict=True):
        each_store.park(it, reason, START)
    return each_store


def test_a_dry_run_only_says_what_it_would_do(parked: Store) -> None:
    assert parked.requeue("", NOW, dry_run=True) == (dict.fromkeys(sorted(REASONS), 1), {}, 0)
    assert parked.requeue("WORKERS", NOW, dry_run=True).parked.keys() == {REASONS[0], REASONS[2]}
    assert parked.overview()["parked"] == 3


def test_parked_articles_go_the_whole_road_again(parked: Store) -> None:
    """Those with the reason alone, as if they were fresh; the history of each tells of it, and no count of drops."""
    before = parked.overview()["drops"]
    assert parked.requeue("workers failed", NOW, dry_run=False).parked.keys() == {REASONS[0], REASONS[2]}
    assert parked.requeue("workers failed", NOW, dry_run=False) == ({}, {}, 0)
    counts = parked.overview()
    assert (counts["accepted"], counts["parked"], counts["drops"]) == (2, 1, before)
    assert {(it.attempts, it.reason, it.state) for it in parked.on_their_way()} == {(0, "", "accepted")}
    lines = [(line["what"], line["detail"]) for line in parked.why(article(0).url)]
    assert ("taken up again", f"was: {REASONS[0]}") in lines
    clock = StandingClock()
    assert turn(hall_over(parked, clock)) == 2
    assert parked.overview()["ready"] == 2
    assert [it.id for it in parked.walk()] == [article(0).id, article(2).id]


def test_a_worker_of_before_writes_nothing(each_store: Store) -> None:
    """Whoever held the article when it was parked by another one does not hold it now."""
    each_store.accept([article(1)])
    (old,) = each_store.claim(1, 30, START)
    (new,) = each_store.claim(1, 30, START + timedelta(minutes=1))
    each_store.park(new, "poison", START)
    each_store.requeue("", NOW, dry_run=False)
    each_store.park(old, "late", NOW)
    each_store.park(new, "late", NOW)
    assert each_store.overview()["parked"] == 0
    (again,) = each_store.claim(1, 30, LATER)
    assert again.lease > new.lease
    assert again.attempts == 1


def test_what_arrives_after_a_second_try_is_behind_what_readers_have_seen(elastic_store: "ElasticStore") -> None:
    """It had got its number before the server refused it; a reader who goes on behind the others must not miss it."""
    hall = hall_over(elastic_store, StandingClock())
    elastic_store.accept([article(1)])
    (filed,) = file(hall, elastic_store.claim(1, 30, START))
    with elastic_store.publishing() as publishing:
        publishing.make_ready(filed.article, filed.analysed, START)
        publishing._arrivals()
        publishing._arriving.clear()
    elastic_store.park(filed.article, "the store refuses it", START)
    elastic_store.accept([article(2)])
    turn(hall)
    (other,) = elastic_store.walk()
    elastic_store.requeue("", NOW, dry_run=False)
    turn(hall)
    assert [it.id for it in elastic_store.walk(after=other.arrival or 0)] == [article(1).id]


def test_refused_rows_are_written_again(elastic_store: "ElasticStore") -> None:
    """What is taken now goes its road; what is refused once more stays, with its reason."""
    from tocsin.stores.elastic import rows, schema
    from tocsin.stores.elastic.server import Write

    store = elastic_store
    partition = store.partition("2026.11")
    good_write = Write("create", partition, article(1).id, rows.accepted(article(1)))
    bad_write = Write("create", store.server.name(schema.OUTLETS), "x", {"active": "perhaps"})
    store.put_aside([(good_write, "mapping"), (bad_write, "mapping")])
    assert store.requeue("", NOW, dry_run=True) == ({}, {"mapping": 2}, 0)
    assert store.requeue("mapping", NOW, dry_run=False) == ({}, {"mapping": 2}, 1)
    assert [it.id for it in store.on_their_way()] == [article(1).id]
    assert store.latest([article(1).address_id]).keys() == {article(1).address_id}
    assert store.server.count(schema.REFUSED, {"match_all": {}}) == 1


def test_traffic_tells_what_moves_and_what_stands(each_store: Store) -> None:
    fill(each_store)
    counts = each_store.overview()
    assert (counts["alerts"], counts["notices"], counts["waiting"]) == (10, 12, 22)
    now = START + timedelta(minutes=9)
    told = each_store.traffic(now, START - timedelta(hours=12))
    assert told["heard"] == ["one", "two"]
    assert told["oldest"] == {"accepted": _seen(5), "filed": _seen(5)}
    assert (told["leased"], told["refused"]) == (0, 0)
    assert told["drops_today"] == {
        "text too short": 3,
        "no text": 1,
        "the workers failed on it three times": 1,
    }
    assert told["deliveries"].keys() == {"https://hooks.example/${HOOK}", "stdout:"}
    sums = {state: sum(it[state] for it in told["deliveries"].values()) for state in ("waiting", "failed")}
    assert sums == {"waiting": 22, "failed": 1}
    assert told["per_minute"]["seen"] > 1
    each_store.drop([Drop(at=START - timedelta(days=1), room="spiders", reason="old", url="https://one.example/z")])
    assert "old" not in each_store.traffic(now, START - timedelta(hours=12))["drops_today"]


def _seen(minutes: int) -> object:
    stamp = START + timedelta(minutes=minutes)
    return pytest.approx(stamp, abs=timedelta(milliseconds=1))


def test_nothing_moves_in_an_empty_store(each_store: Store) -> None:
    told = each_store.traffic(START, START)
    assert told["oldest"] == {"accepted": None, "filed": None}
    assert told["per_minute"] == {"seen": 0.0, "ready": 0.0}
    assert told["deliveries"] == {}
    assert all(lag == {"of": 0} for lag in each_store.lags(START).values())


def test_lags_tell_each_stretch_of_the_road(each_store: Store) -> None:
    """Dates without a zone tell nothing of it."""
    clock = StandingClock()
    four_with_lags(each_store, clock)
    lags = each_store.lags(START)
    assert lags["published → seen"] == {"of": 3, "p50": 120, "p95": 120}
    assert lags["seen → ready"] == {"of": 4, "p50": 20, "p95": 30}
    assert lags["ready → told"] == {"of": 0}
