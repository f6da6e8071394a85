"""What the store on Elasticsearch does when its server is busy, full, read-only, cut off, or killed."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from spiders.ledger import Ledger
from tests.services.elastic_server import Server
from tests.services.faulty import PRODUCT, Answer, Asked, Fault, Relay, answering, cut, first_is_busy, unheard, well
from tests.stores.test_contract import NOW
from tests.stores.test_contract import article as plain
from tests.workers.test_flow import HandClock, another, article, subscribe
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.errors import Away, UserError
from tocsin.records import Drop, PageState
from tocsin.stores.elastic import ElasticStore, schema, server
from tocsin.stores.elastic.opening import opened
from tocsin.stores.redis import RedisFingerprints
from workers import __main__ as workers
from workers.flow import MAX_ATTEMPTS, turn

IMPATIENT = (1000.0,)
"""A first pause that is longer than all patience."""
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def relay(elasticsearch: str) -> Iterator[Relay]:
    """What stands between the store and its server."""
    return Relay(elasticsearch)


@pytest.fixture
def store(elastic_store: ElasticStore, relay: Relay, shared_fingerprints: RedisFingerprints) -> Iterator[ElasticStore]:
    """An empty store whose server is reached over the relay."""
    with answering(relay) as address:
        handle = opened(f"elastic+{address}/contract")
        yield ElasticStore(handle, shared_fingerprints)
        handle.close()


def refused(store: ElasticStore) -> list[str]:
    """Why what was put aside was refused."""
    store.server.refresh("*")
    return [row.source["reason"] for row in store.server.found(schema.REFUSED, {"query": {"match_all": {}}})]


EACH = [
    [unheard(429), first_is_busy(503)],
    [first_is_busy(429), unheard(503)],
    [cut],
    [unheard(502), cut, cut],
    [first_is_busy(429), cut],
]


@pytest.mark.parametrize("each", EACH, ids=range(len(EACH)))
def test_whatever_befalls_each_write_the_road_ends_as_it_should(
    store: ElasticStore, relay: Relay, each: list[Fault], monkeypatch: pytest.MonkeyPatch
):
    """Every single write of the road meets these faults before it is answered well."""
    monkeypatch.setattr(server, "_PAUSES", (0.01,))
    pattern = cycle([*each, well])
    relay.faults = [next(pattern) for _ in range(300)]
    subscribe(store, "conscription")
    texts = [article("1"), article("2", "reserves"), article("3", outlet="two")]
    assert store.accept(texts) == [it.id for it in texts]
    assert [it.title for it in store.latest([it.address_id for it in texts]).values()] == ["Told to sign"] * 3
    store.drop([Drop(at=NOW, room="spiders", reason="too short", url="https://x/")])
    hall = another(store)
    store.server.refresh("*")
    assert turn(hall) == 3
    store.server.refresh("*")
    found = store.search(None, limit=9)
    assert {it.id for it in found} == {it.id for it in texts}
    assert [it.attempts for it in found] == [1, 1, 1]
    assert len({it.arrival for it in found}) == 3
    ((_, notices),) = store.alerts()
    assert [len(store.deliveries(notice.id)) for notice in notices] == [1]
    assert store.overview()["drops"] == {"too short": 1}
    assert refused(store) == []
    assert relay.met > 8


@pytest.mark.parametrize("fault", [unheard(503), cut], ids=["unheard", "cut"])
@pytest.mark.parametrize("after", range(4))
def test_an_end_in_the_middle_of_acceptance_is_begun_again(
    store: ElasticStore, relay: Relay, monkeypatch: pytest.MonkeyPatch, after: int, fault: Fault
):
    """Whichever write is the last one, afterwards the newest text of the address is what a page is compared with."""
    store.accept([plain(1, "before")])
    new = replace(plain(1, "after"), first_seen=NOW + timedelta(hours=1))
    page = PageState(address_id=new.address_id, url=new.url, outlet="one", fetched=NOW)
    monkeypatch.setattr(server, "_PAUSES", IMPATIENT)
    relay.faults = [*[well] * after, *[fault] * 9]
    with contextlib.suppress(Away):
        store.accept([new], [page])
    relay.faults = []
    stands = store.latest([new.address_id]).get(new.address_id)
    store.server.refresh("*")
    known = store.articles([new.id])
    # As the spiders ask: what is known and not the newest would be taken for a text that returns.
    assert stands is None or (stands.id == new.id) == (new.id in known)
    store.accept([new], [page])
    assert store.latest([new.address_id])[new.address_id].id == new.id
    assert store.pages([page.address_id]) == {page.address_id: page}
    store.server.refresh("*")
    assert len(store.claim(9, 30, NOW)) == 2


def test_a_write_of_somebody_else_is_not_taken_for_ours(store: ElasticStore, relay: Relay):
    """A conflict after a cut line is ours only where what stands there is what was to be written."""
    store.accept([plain(1)])
    store.server.refresh("*")
    (held,) = store.claim(1, 30, NOW)

    def overtaken(asked: Asked, then: object) -> Answer:
        elsewhere.server.refresh("*")
        (again,) = elsewhere.claim(1, 30, NOW + timedelta(seconds=31))
        assert again.lease == held.lease + 1
        return None

    elsewhere = ElasticStore(opened(f"elastic+http://{relay._behind}/contract"), store.fingerprints)
    relay.faults = [overtaken]
    store.park(held, "ours", NOW)
    store.server.refresh("*")
    assert store.articles([held.id])[held.id].state == "accepted"
    assert store.overview()["drops"] == {}
    elsewhere.server.close()


def test_a_busy_server_is_named_when_patience_ends(store: ElasticStore, relay: Relay, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server, "_PAUSES", IMPATIENT)
    relay.faults = [first_is_busy(429)] * 50
    with pytest.raises(Away, match="is too busy: es_rejected_execution_exception"):
        store.accept([plain(1)])
    relay.faults = []
    assert store.accept([plain(1)]) == [plain(1).id]


def test_what_is_more_than_the_server_takes_at_a_time_goes_in_parts(
    store: ElasticStore, relay: Relay, monkeypatch: pytest.MonkeyPatch
):
    """A server whose limit on what is being written is small refuses each larger request, for ever."""
    monkeypatch.setattr(server, "_PAUSES", (0.01,))
    sizes: list[int] = []

    def small(asked: Asked, then: object) -> Answer:
        sizes.append(len(asked[3]))
        return unheard(429)(asked, then) if len(asked[3]) > 30_000 else then(asked)  # type: ignore[operator, arg-type]

    texts = [article(str(number), f"conscripts {number * 7919} " * 30) for number in range(12)]
    relay.faults = [small] * 300
    assert store.accept(texts) == [it.id for it in texts]
    assert max(sizes) > 30_000
    relay.faults = []
    store.server.refresh("*")
    assert set(store.articles([it.id for it in texts])) == {it.id for it in texts}


BLOCKS = {
    "the index": ("/contract-*/_settings", {"index.blocks.read_only": True}, "was set read-only"),
    "the disk": (
        "/contract-*/_settings",
        # What the server sets by itself at the flood stage of a disk.
        {"index.blocks.read_only_allow_delete": True},
        "its disk is almost full",
    ),
    "the cluster": ("/_cluster/settings", {"persistent": {"cluster.blocks.read_only": True}}, "was set read-only"),
}


@pytest.mark.parametrize("which", BLOCKS)
def test_a_block_is_told_in_a_sentence_and_goes_by_itself(store: ElasticStore, elasticsearch: str, which: str):
    path, body, sentence = BLOCKS[which]
    store.accept([article("1")])
    store.server.refresh("*")
    hall = another(store, clock := HandClock())
    held = store.claim(1, 30, clock.now())
    assert held

    def set_block(to: dict[str, object]) -> None:
        assert httpx.put(f"{elasticsearch}{path}", json=to, timeout=30).status_code == 200

    set_block(body)
    try:
        begun = time.monotonic()
        for write in (lambda: store.accept([article("2", "reserves")]), lambda: store.release(held)):
            with pytest.raises(Away, match=sentence):
                write()
        clock.over_the_lease()
        with pytest.raises(Away, match=sentence):
            turn(hall)
        assert time.monotonic() - begun < 10
    finally:
        set_block({name: dict.fromkeys(value) if isinstance(value, dict) else None for name, value in body.items()})
    store.accept([article("2", "reserves")])
    while turn(hall):
        pass
    store.server.refresh("*")
    assert {it.state for it in store.search(None, limit=9)} == {"ready"}
    assert store.count(None) == 2
    assert store.overview()["drops"] == {}


def test_who_may_not_write_is_told_and_no_article_is_parked(store: ElasticStore, relay: Relay):
    denial = {"type": "security_exception", "reason": "action [indices:data/write/bulk] is unauthorized for [x]"}

    def fault(asked: Asked, then: object) -> Answer:
        item = {"index": {"_index": "i", "_id": "1", "status": 403, "error": denial}}
        return 200, PRODUCT, httpx.Response(200, json={"items": [item]}).content

    relay.faults = [fault]
    with pytest.raises(UserError, match=r"does not allow it: action .* stands in docs/scale\.md"):
        store.accept([plain(1)])
    assert refused(store) == []


def test_an_outage_is_no_article_s_fault(store: ElasticStore, monkeypatch: pytest.MonkeyPatch):
    """What a worker holds while the server goes away is given back when it is there again, before anything else."""
    store.accept([article("1")])
    store.server.refresh("*")
    hall = another(store)

    def away(*_: object, **__: object) -> None:
        raise Away("It is away.")

    for _ in range(MAX_ATTEMPTS + 2):
        with monkeypatch.context() as patch:

            def leave(*_: object, patch: pytest.MonkeyPatch = patch) -> None:
                patch.setattr(store.server, "write", away)
                away()

            patch.setattr("workers.flow.publish", leave)
            with pytest.raises(Away):
                turn(hall)
        assert [it.id for it in store.owed] == [article("1").id]
    assert turn(hall) == 1
    store.server.refresh("*")
    overview = store.overview()
    assert (overview["ready"], overview["parked"]) == (1, 0)
    assert store.versions(article("1").address_id)[0].attempts == 1


def test_an_index_that_is_still_starting_passes_for_no_empty_one(store: ElasticStore, monkeypatch: pytest.MonkeyPatch):
    """What cannot be read now is asked for again, and never taken for missing."""
    store.accept([plain(1)])
    asked = store.server.ask
    starting = {"type": "no_shard_available_action_exception", "reason": "No shard available"}
    times = iter([True, True])

    def ask(method: str, path: str, body: object = None, **more: object) -> object:
        told = asked(method, path, body, **more)
        if path.startswith("/_mget") and next(times, False):
            told["docs"][0] = {"_index": "i", "_id": told["docs"][0]["_id"], "error": starting}
        return told

    monkeypatch.setattr(store.server, "ask", ask)
    assert store.latest([plain(1).address_id])[plain(1).address_id].id == plain(1).id
    monkeypatch.setattr(server, "_PAUSES", IMPATIENT)
    times = iter([True] * 9)
    with pytest.raises(Away, match="No shard available"):
        store.latest([plain(1).address_id])


def test_a_kill_of_the_server_loses_nothing_and_needs_no_hand(
    elastic_store: ElasticStore,
    elasticsearch_server: Server,
    redis: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Spiders and workers are in the middle of it, and their patience is over before the server is back."""
    monkeypatch.setattr(server.Server, "patience", 5.0)
    url = f"elastic+{elasticsearch_server.address}/contract"
    stop = threading.Event()
    acknowledged: list[str] = []
    subscribe(elastic_store, "conscription")

    async def crawl() -> None:
        ledger = Ledger(ElasticStore.open(url), gather=0.0)
        number = 0
        while not stop.is_set():
            number += 1
            acknowledged.extend(await ledger.write(articles=[article(str(number), f"conscripts {number * 7919}")]))
            await asyncio.sleep(0.05)
        await ledger.close()

    def work() -> None:
        store = ElasticStore.open(url, redis)
        workers.run(store, settings.load(data_dir=tmp_path), SystemClock(), once=False, stopped=done.is_set)

    done = threading.Event()
    rooms = [threading.Thread(target=asyncio.run, args=(crawl(),)), threading.Thread(target=work)]
    for room in rooms:
        room.start()
    try:
        _until(lambda: len(acknowledged) > 20)
        elasticsearch_server.kill()
        elasticsearch_server.start()
        back = time.monotonic()
        before = len(acknowledged)
        _until(lambda: len(acknowledged) > before + 20)
        stop.set()
        rooms[0].join(60)
        _until(lambda: _ready(elastic_store) == len(acknowledged))
        assert time.monotonic() - back < 120
    finally:
        stop.set()
        done.set()
        for room in rooms:
            room.join(60)
    assert not any(room.is_alive() for room in rooms)
    found = [it.id for it in elastic_store.walk()]
    assert sorted(found) == sorted(acknowledged)
    assert elastic_store.overview()["drops"] == {}


def _ready(store: ElasticStore) -> int:
    return store.count(None)


def _until(holds: object, seconds: float = 100) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.1)
