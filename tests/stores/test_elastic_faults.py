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
from tests.stores.test_contract import NOW, analysed, sketch_of
from tests.stores.test_contract import article as plain
from tests.workers.test_flow import HandClock, another, article, subscribe
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.errors import Away, UserError
from tocsin.records import Alert, Article, Drop, Notice, PageState
from tocsin.stores.elastic import ElasticStore, schema, server
from tocsin.stores.elastic.opening import opened
from tocsin.stores.port import alert_id, own_story
from tocsin.stores.redis import RedisFingerprints
from workers import __main__ as workers
from workers.flow import turn

TOO_LARGE = 2**63
"""No number that the mapping takes."""
MONTH = "contract-articles-2026.11"


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


# ---- what a document does to itself alone


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"version": TOO_LARGE}, "document_parsing_exception"),
        ({"text": "half of a \ud83d pair"}, "it has no form in JSON"),
    ],
)
def test_a_text_that_is_refused_is_put_aside_and_no_other(store: ElasticStore, bad: dict[str, object], reason: str):
    poison = plain(2, **bad)
    new = store.accept([plain(1), poison, plain(3)])
    assert new == [plain(1).id, plain(3).id]
    (told,) = refused(store)
    assert told.startswith(reason)
    (row,) = store.server.found(schema.REFUSED, {"query": {"match_all": {}}})
    assert row.source["record"]["id"] == poison.id
    assert store.accept([plain(2)]) == [plain(2).id]


def test_a_row_that_is_refused_on_its_road_is_parked_with_the_reason(store: ElasticStore):
    store.accept([plain(number) for number in range(1, 6)])
    store.server.refresh("*")
    one, two, three, four, five = (
        replace(it, story=own_story(it.id)) for it in sorted(store.claim(9, 30, NOW), key=lambda it: it.title)
    )
    with store.filing() as filing:
        for it in (one, replace(two, version=TOO_LARGE), three, replace(four, title="\ud83d"), five):
            filing.file(it, sketch_of(it), [1, 2], analysed(it.text))
    with store.publishing() as publishing:
        for it in (one, three, replace(five, generation=TOO_LARGE)):
            publishing.make_ready(replace(it, state="filed"), analysed(it.text), NOW)
    store.server.refresh("*")
    assert {it.title: it.state for it in store.articles([it.id for it in (one, two, three, four, five)]).values()} == {
        "Title 1": "ready", "Title 2": "parked", "Title 3": "ready", "Title 4": "parked", "Title 5": "parked",
    }  # fmt: skip
    reasons = store.overview()["drops"]
    assert sum(reasons.values()) == 3
    assert all(reason.startswith("the store refuses it: ") for reason in reasons)


def test_an_alert_that_is_refused_leaves_a_row_that_says_so(store: ElasticStore):
    store.accept([plain(1)])
    store.server.refresh("*")
    (one,) = store.claim(1, 30, NOW)
    with store.publishing() as publishing:
        publishing.make_ready(replace(one, state="filed"), analysed("x"), NOW)
        alert = Alert(id=alert_id("s", "t"), subscription="s", story="\ud83d", article=one.id, created=NOW)
        publishing.put_alert(alert)
        publishing.put_notice(Notice("n", alert.id, "first", 1, one.id, NOW), [])
    assert [told[:23] for told in refused(store)] == ["it has no form in JSON:"]
    assert store.articles([one.id])[one.id].state == "ready"


def test_a_drop_that_is_refused_stops_no_crawl(store: ElasticStore):
    store.drop([Drop(at=NOW, room="spiders", reason="r", url="https://x/", outlet="\ud83d")])
    assert len(refused(store)) == 1


# ---- what the server does


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
    monkeypatch.setattr(server.Server, "patience", 0.0)
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
    monkeypatch.setattr(server.Server, "patience", 0.5)
    relay.faults = [first_is_busy(429)] * 50
    with pytest.raises(Away, match="is too busy: es_rejected_execution_exception"):
        store.accept([plain(1)])
    relay.faults = []
    assert store.accept([plain(1)]) == [plain(1).id]


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
    monkeypatch.setattr(server.Server, "patience", 0.3)
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
    monkeypatch.setattr(server.Server, "patience", 1.0)
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
    _until(lambda: len(acknowledged) > 20)
    elasticsearch_server.kill()
    elasticsearch_server.start()
    back = time.monotonic()
    before = len(acknowledged)
    _until(lambda: len(acknowledged) > before + 20)
    stop.set()
    rooms[0].join(30)
    _until(lambda: _ready(elastic_store) == len(acknowledged))
    assert time.monotonic() - back < 120
    done.set()
    rooms[1].join(30)
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


# ---- the mapping


def test_every_field_of_an_article_is_in_the_mapping():
    """Mappings are strict: a field that is new in the record must be made known there, with a migration."""
    mapping = schema.templates("x")["x-articles"]["template"]["mappings"]
    assert mapping["dynamic"] == "strict"
    assert set(Article.__struct_fields__) - set(mapping["properties"]) == set()


def test_what_was_acknowledged_is_on_the_disk_and_goes_with_one_machine_or_two(
    elastic_store: ElasticStore, elasticsearch: str
):
    elastic_store.accept([plain(1)])
    told = httpx.get(f"{elasticsearch}/contract-*/_settings?flat_settings=true", timeout=30).json()
    assert MONTH in told
    assert {
        (it["settings"]["index.translog.durability"], it["settings"]["index.auto_expand_replicas"])
        for it in told.values()
    } == {("request", "0-1")}


def test_values_at_their_limits_come_back_equal(elastic_store: ElasticStore):
    lines = ("слово " * 20 + "\n\n") * 50_000
    odd = [
        plain(1, text=lines[: 10 * 1024 * 1024 // 2]),
        plain(2, tags=("x" * 33_000, "", "я" * 33_000), section="y" * 40_000),
        plain(3, text="a\x00b", title="\x00", outlet=""),
        plain(4, title="", text=" ", lang="", url="", authors=("",)),
        plain(5, published=NOW.replace(tzinfo=None, microsecond=999_999)),
        plain(6, published=NOW.replace(year=1), modified=NOW.replace(year=9999)),
        plain(7, published=NOW.replace(year=1, tzinfo=None), modified=NOW.replace(year=9999, tzinfo=None)),
        plain(8, places=("Ö" * 10_000, "")),
        plain(9, text="\U0010ffff\ufffe\u2028\u202e", version=2**63 - 1),
        plain(10, title="z" * 100_000, cited=("c" * 300,) * 10),
    ]
    assert elastic_store.accept(odd) == [it.id for it in odd]
    claimed = {it.id: it for it in elastic_store.claim(20, 30, NOW)}
    assert {it.id: replace(claimed[it.id], lease=0, attempts=0, lease_until=None) for it in odd} == {
        it.id: it for it in odd
    }
    with elastic_store.filing() as filing:
        for it in claimed.values():
            known = replace(it, story=own_story(it.id))
            assert filing.file(known, sketch_of(known), [], analysed(it.text[:100_000]))
    with elastic_store.publishing() as publishing:
        for it in claimed.values():
            publishing.make_ready(replace(it, story=own_story(it.id), state="filed"), analysed(it.text[:100_000]), NOW)
    found = {it.id: it for it in elastic_store.walk()}
    assert {name: (it.text, it.tags, it.published, it.modified) for name, it in found.items()} == {
        it.id: (it.text, it.tags, it.published, it.modified) for it in odd
    }
    assert elastic_store.overview()["drops"] == {}
