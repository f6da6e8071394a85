"""Whom a text meets, and which stories are one: the same on SQLite and on Redis, whoever comes when."""

import itertools
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.services import redis_server
from tocsin.forms import Forms
from tocsin.records import Article, derived_id
from tocsin.stores import open_store, packing
from tocsin.stores.packing import packed, unpacked
from tocsin.stores.port import FIRST, NEWEST, ONCE, Fingerprints, FingerprintsMissing, Met, Sketch, own_story
from tocsin.stores.sqlite import SqliteStore, fingerprints
from tocsin.words import Words
from workers.rebuild import rebuild
from workers.sketch import sketch

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LIMIT = 24


class EachInItsOwn:
    """The embedded store's fingerprints, each call in a transaction of its own, as by so many workers."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        with self.store.filing() as filing:
            return filing.meet(sketch, prints, alternates, limit)

    def settle(self, article: str, story: str) -> None:
        with self.store.filing() as filing:
            filing.settle(article, story)

    def join(self, story: str, other: str) -> None:
        with self.store.filing() as filing:
            filing.join(story, other)

    def root(self, story: str) -> str:
        with self.store.filing() as filing:
            return filing.root(story)


@pytest.fixture
def in_sqlite(tmp_path: Path) -> Iterator[Fingerprints]:
    store = open_store(f"sqlite:{tmp_path}/store.db")
    store.db.connection.pragma("synchronous", "off")
    yield EachInItsOwn(store)
    store.close()


@pytest.fixture
def in_redis(redis: str) -> Fingerprints:
    from tocsin.stores.redis import RedisFingerprints

    made = RedisFingerprints.open(redis)
    made._client.flushall()
    assert made.rebuild([], [])
    return made


@pytest.fixture(params=["sqlite", "redis"])
def known(request: pytest.FixtureRequest) -> Fingerprints:
    """Empty fingerprints of each kind."""
    found: Fingerprints = request.getfixturevalue(f"in_{request.param}")
    return found


def drawn(name: str, *, address: str = "", text: str = "", at: datetime = NOW) -> Sketch:
    """A text of its own address and hash, if nothing else is said."""
    article = derived_id("test", name)
    return Sketch(
        article=article,
        story="",
        outlet="one",
        address_id=address or f"address of {name}",
        text_hash=text or derived_id("text", name),
        title_hash="",
        tokens=2,
        shingles=b"",
        first_seen=at,
    )


def own(name: str) -> str:
    return own_story(drawn(name).article)


def named(name: str, story: str = "", **fields: object) -> Sketch:
    """The sketch as it is met."""
    return msgspec.structs.replace(drawn(name, **fields), story=story or own(name))


def test_a_text_meets_those_before_it(known: Fingerprints) -> None:
    """By its address in order, by its text, by what it shares, and at the addresses of its other languages."""
    assert known.meet(drawn("a", address="here"), [1, 2, 3], [], LIMIT) == Met([], None, [], [])
    known.meet(drawn("b", address="here", text="said"), [3, 9], ["there"], LIMIT)
    known.meet(drawn("c", address="there", text="said"), [7], [], LIMIT)
    known.meet(drawn("d", address="there"), [], [], LIMIT)
    met = known.meet(drawn("e", address="here", text="said"), [1, 3, 9, 7, 9_999], ["there", "nowhere"], LIMIT)
    a, b = named("a", address="here"), named("b", address="here", text="said")
    c, d = named("c", address="there", text="said"), named("d", address="there")
    assert met == Met([a, b], b, [b, a, c], [d])
    e = named("e", address="here", text="said")
    assert known.meet(drawn("f"), [2, 9], [], 1).near == [e]


def test_texts_without_a_hash_are_not_the_same(known: Fingerprints) -> None:
    """An empty hash says nothing."""
    for name in "ab":
        assert known.meet(msgspec.structs.replace(drawn(name), text_hash=""), [], [], LIMIT).same is None


def test_its_own_id_is_the_same_registration(known: Fingerprints) -> None:
    """A worker died between registering and filing: whoever does it again meets whom the first one met."""
    known.meet(drawn("a", text="x"), [1], [], LIMIT)
    first = known.meet(drawn("b", text="x"), [1, 2], [], LIMIT)
    known.meet(drawn("c", text="x"), [1, 2], [], LIMIT)
    assert known.meet(drawn("b", text="x"), [1, 2], [], LIMIT) == first
    assert known.meet(drawn("a", text="x"), [1], [], LIMIT) == Met([], None, [], [])
    assert [it.article for it in known.meet(drawn("d"), [1, 2], [], LIMIT).near] == [
        drawn(name).article for name in "cba"
    ]


def test_the_older_story_stands_for_both(known: Fingerprints) -> None:
    """Whichever is named first; what was joined before comes along; and it is met under the id of the root."""
    for name in "abcd":
        known.meet(drawn(name), [1], [], LIMIT)
    known.join(own("d"), own("c"))
    known.settle(drawn("d").article, own("c"))
    assert known.root(own("d")) == own("c")
    known.join(own("b"), own("d"))
    known.settle(drawn("b").article, own("a"))
    assert [known.root(own(name)) for name in "abcd"] == [own("a")] * 4
    assert {it.story for it in known.meet(drawn("e"), [1], [], LIMIT).near} == {own("a")}
    assert known.root("never heard of") == "never heard of"


def test_a_story_that_is_forgotten_is_older(known: Fingerprints) -> None:
    """Its first text has left the store; its id was told to readers."""
    known.meet(drawn("a"), [1], [], LIMIT)
    known.settle(drawn("a").article, "an old story")
    assert known.root(own("a")) == "an old story"
    assert [it.story for it in known.meet(drawn("b"), [1], [], LIMIT).near] == ["an old story"]


def test_old_texts_are_no_candidates(known: Fingerprints) -> None:
    """A text is one for forty-five days; also after a long silence, and in whatever order texts of a day come."""
    for name, days in (("old", 0), ("later", 95), ("new", 125), ("late", 94)):
        known.meet(drawn(name, at=NOW + timedelta(days)), [1, 2], [], LIMIT)
    met = known.meet(drawn("now", at=NOW + timedelta(126)), [1, 2], [], LIMIT)
    assert [it.article for it in met.near] == [drawn(name).article for name in ("late", "new", "later")]
    met = known.meet(drawn("then", at=NOW + timedelta(142)), [1, 2], [], LIMIT)
    assert [it.article for it in met.near] == [drawn(name).article for name in ("now", "late", "new")]


def test_a_habit_of_speech_is_no_likeness(known: Fingerprints, monkeypatch) -> None:
    """Of those that share it the first ones and the newest are known: the others are found by what is their own."""
    monkeypatch.setattr(fingerprints, "_TURNS", 1 << 10)
    monkeypatch.setattr(fingerprints, "_ROUND", 1 << 6)
    for number in range(150):
        known.meet(drawn(str(number)), [1, 2, 1_000 + number], [], 0)
    kept = [*range(149, 149 - NEWEST, -1), *range(FIRST - 1, -1, -1)]
    met = known.meet(drawn("x"), [1, 2], [], 200)
    assert [it.article for it in met.near] == [drawn(str(number)).article for number in kept]
    met = known.meet(drawn("y"), [1, 2, 1_070], [], 3)
    assert [it.article for it in met.near] == [drawn(name).article for name in ("x", "149", "148")]
    met = known.meet(drawn("z"), [1, 1_070, 1_071], [], 200)
    assert met.near[0].article == drawn("y").article
    assert len(met.near) == 1 + ONCE


def test_one_fingerprint_is_enough_for_some_days(known: Fingerprints) -> None:
    """Chance has as many of them as there are texts."""
    known.meet(drawn("a"), [1, 2, 3], [], 0)
    assert known.meet(drawn("b", at=NOW + timedelta(2)), [3, 10], [], LIMIT).near == [named("a")]
    assert known.meet(drawn("c", at=NOW + timedelta(4)), [2, 11], [], LIMIT).near == []
    assert known.meet(drawn("d", at=NOW + timedelta(4)), [1, 2], [], LIMIT).near[0].article == drawn("a").article


def test_the_newest_are_preferred(known: Fingerprints) -> None:
    """Of texts that share as much, the copies of today come before those of weeks ago."""
    for number in range(30):
        known.meet(drawn(str(number), at=NOW + timedelta(number)), [1, 2, 3], [], 0)
    met = known.meet(drawn("x", at=NOW + timedelta(30)), [1, 2, 3], [], LIMIT)
    assert [it.article for it in met.near] == [drawn(str(number)).article for number in range(29, 29 - LIMIT, -1)]


def test_buckets_are_bounded(in_sqlite) -> None:
    """Neither those of the file nor those in memory grow with what all texts share."""
    for number in range(400):
        in_sqlite.meet(drawn(str(number)), [1, 2], [], 0)
    fresh = in_sqlite.store.db.fresh.buckets
    assert {len(data) for data in fresh.values()} == {6 * (FIRST + NEWEST)}


def test_nobody_is_lost_among_many(known: Fingerprints, monkeypatch) -> None:
    """Fingerprints move between tables and buckets as they become many; each text is met as before."""
    monkeypatch.setattr(fingerprints, "_TURNS", 1 << 10)
    monkeypatch.setattr(fingerprints, "_ROUND", 1 << 6)
    dice = random.Random(6)
    texts = {str(number): dice.sample(range(1 << 32), 12) for number in range(600)}
    for name, prints in texts.items():
        known.meet(drawn(name), prints, [], 0)
    for name in dice.sample(sorted(texts), 200):
        met = known.meet(drawn(f"copy of {name}"), texts[name][:4], [], 1)
        assert [it.article for it in met.near] == [drawn(name).article]


class Worker:
    """One article on its way: registered, decided, settled, joined; each a step, and anything may come between."""

    def __init__(self, known: Fingerprints, name: str, prints: Sequence[int]) -> None:
        self.known, self.sketch, self.prints = known, drawn(name), prints
        self.story = ""
        self.joins: list[str] = []

    def step(self, number: int) -> None:
        """Meet and decide; settle; join what was found to be one. Alike is what shares a fingerprint."""
        if number == 0:
            near = self.known.meet(self.sketch, self.prints, [], LIMIT).near
            stories = list(dict.fromkeys(it.story for it in near))
            self.story, self.joins = (stories or [own_story(self.sketch.article)])[0], stories[1:]
        elif number == 1:
            self.known.settle(self.sketch.article, self.story)
        else:
            for other in self.joins:
                self.known.join(self.story, other)


def components(count: int, edges: Sequence[tuple[int, int]]) -> list[set[int]]:
    """What is connected, in a graph of so many."""
    found = [{one} for one in range(count)]
    for one, two in edges:
        first, second = (next(it for it in found if end in it) for end in (one, two))
        if first is not second:
            found.remove(second)
            first |= second
    return found


_case = itertools.count(1)


def check(known: Fingerprints, count: int, edges: Sequence[tuple[int, int]], order: Sequence[int]) -> None:
    """Carry texts of which some pairs are alike in an order of steps; what is connected must be one story.

    ``order`` names a text for each step. The story is the one of the text that was registered first, and of texts that
    are all alike exactly one is the first.
    """
    case = next(_case)
    pairs = {pair: case * 100 + at for at, pair in enumerate(edges)}
    workers = [
        Worker(
            known, f"{case} {one}", [shared + more for pair, shared in pairs.items() if one in pair for more in (0, 50)]
        )
        for one in range(count)
    ]
    done = [0] * count
    for one in order:
        workers[one].step(done[one])
        done[one] += 1
    registered = list(dict.fromkeys(order))
    for group in components(count, edges):
        first = min(group, key=registered.index)
        story = own_story(workers[first].sketch.article)
        assert {known.root(own_story(workers[one].sketch.article)) for one in group} == {story}
        assert {known.root(workers[one].story) for one in group} == {story}
        if len([pair for pair in edges if pair[0] in group]) == len(group) * (len(group) - 1) // 2:
            assert [one for one in group if workers[one].story == own_story(workers[one].sketch.article)] == [first]


def orders(count: int, steps: int) -> Iterator[tuple[int, ...]]:
    """All orders in which the steps of so many may come."""

    def going_on(left: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if not any(left):
            yield ()
        for one in range(count):
            if left[one]:
                for rest in going_on((*left[:one], left[one] - 1, *left[one + 1 :])):
                    yield (one, *rest)

    return going_on((steps,) * count)


GRAPHS = [[], [(0, 1)], [(0, 1), (1, 2)], [(0, 1), (0, 2)], [(0, 2), (1, 2)], [(0, 1), (0, 2), (1, 2)]]


def test_the_order_of_two_workers_does_not_matter(known: Fingerprints) -> None:
    """All interleavings of two copies."""
    for order in orders(2, 3):
        check(known, 2, [(0, 1)], order)


@pytest.mark.parametrize("edges", GRAPHS, ids=str)
def test_the_order_of_three_workers_does_not_matter(known: Fingerprints, edges) -> None:
    """All interleavings of registering and settling, where settling and joining are one step's work."""
    for order in orders(3, 2):
        # The second step of each is followed at once by its third.
        seen: list[int] = []
        for one in order:
            seen += [one] if seen.count(one) == 0 else [one, one]
        check(known, 3, edges, seen)


@given(data=st.data())
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_many_workers_does_not_matter(known: Fingerprints, data) -> None:
    """Two to four texts, any pairs of them alike, any order of all their steps."""
    count = data.draw(st.integers(2, 4))
    pairs = list(itertools.combinations(range(count), 2))
    edges = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    order = data.draw(st.permutations([one for one in range(count) for _ in range(3)]))
    check(known, count, edges, order)


hashes = st.lists(st.integers(0, (1 << 32) - 1), max_size=400, unique=True).map(sorted)


def as_bytes(numbers: Sequence[int]) -> bytes:
    return b"".join(number.to_bytes(4, "little") for number in numbers)


@given(shingles=hashes, quoted=hashes, names=hashes, hashed=st.text(), id=st.sampled_from(["ab", "aB", "0", "x"]))
def test_a_packed_sketch_comes_back_whole(shingles, quoted, names, hashed, id) -> None:
    """Beside one that shares all of it, whatever the hashes are, and whatever the ids look like."""
    beginnings = [number >> 8 for number in (*shingles, *quoted)]
    assume(len(set(beginnings)) == len(beginnings))
    sketch = msgspec.structs.replace(
        drawn("a"), story="s", lang="uk", address_id=id, text_hash=hashed, numbers=("1,5", "20"),
        shingles=as_bytes(shingles), quoted=as_bytes(quoted), names=as_bytes(names),
    )  # fmt: skip
    assert unpacked(packed(sketch), "s", sketch) == sketch


@given(ours=hashes, theirs=hashes, both=hashes)
def test_a_packed_sketch_shares_what_it_shared(ours, theirs, both) -> None:
    """Beside a text of which some hashes are its own: what both have, and next to nothing else."""

    def of(numbers: Sequence[int]) -> Sketch:
        return msgspec.structs.replace(drawn("a"), shingles=as_bytes(sorted({*numbers})))

    one, other = of([*ours, *both]), of([*theirs, *both])
    kept = unpacked(packed(other), "", one).shingles
    found = {int.from_bytes(kept[at : at + 4], "little") for at in range(0, len(kept), 4)}
    alike = {number >> 8 for number in (*ours, *both)} & {number >> 8 for number in (*theirs, *both)}
    assert ({*ours, *both} & {*theirs, *both}) <= found
    assert {number >> 8 for number in found & {*ours, *both}} <= alike


def test_what_an_older_version_packed_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that were squeezed by zlib, in the store's file or in Redis."""
    dice = random.Random(3)
    sketch = msgspec.structs.replace(
        drawn("a"), story="s", shingles=as_bytes(sorted(dice.sample(range(0, 1 << 32, 256), 900)))
    )
    now = packed(sketch)
    monkeypatch.setattr(packing, "_counted", lambda steps: zlib.compress(steps, 1, -15))
    before = packed(sketch)
    assert unpacked(before, "s", sketch) == unpacked(now, "s", sketch) == sketch
    assert len(now) < len(before)


def test_redis_says_that_it_has_forgotten(in_redis) -> None:
    """Flushed, or back from an older snapshot: filing waits until the texts of the store are there again."""
    in_redis.meet(drawn("a"), [1, 2], [], LIMIT)
    in_redis._client.flushall()
    with pytest.raises(FingerprintsMissing):
        in_redis.meet(drawn("b"), [1], [], LIMIT)
    assert in_redis.rebuild([(named("a", "old"), [1, 2]), (named("c"), [1, 2])], [(own("c"), "old")])
    assert [it.story for it in in_redis.meet(drawn("b"), [1, 2], [], LIMIT).near] == ["old", "old"]
    in_redis._client.hset("{tocsin}:state", "epoch", "another run of the server")
    in_redis._checked = False
    with pytest.raises(FingerprintsMissing):
        in_redis.meet(drawn("d"), [1], [], LIMIT)


def test_redis_is_rebuilt_from_a_store(in_redis, tmp_path: Path) -> None:
    """What was filed is met again, ready or not, under its story; what was only accepted is not."""
    store = open_store(f"sqlite:{tmp_path}/store.db")
    text = " ".join(f"word{at}" for at in range(60))
    words = Words(Forms({}))
    for number in range(4):
        it = Article(
            id=derived_id("a", str(number)), address_id=str(number), url=f"https://one.example/{number}", outlet="one",
            first_seen=NOW, text=text, text_hash=str(number),
        )  # fmt: skip
        store.accept([it])
        if number == 3:
            break
        (claimed,) = store.claim(1, 30, NOW)
        filed = msgspec.structs.replace(claimed, story=own_story(derived_id("a", "0")))
        analysed = words.analyse("", text, "en")
        with store.filing() as filing:
            drawing = sketch(filed, analysed)
            assert filing.file(filed, drawing.sketch, drawing.prints, analysed)
        if number < 2:
            with store.publishing() as publishing:
                assert publishing.make_ready(msgspec.structs.replace(filed, state="filed"), analysed, NOW)
    in_redis._client.flushall()
    assert rebuild(store, in_redis, words, NOW - timedelta(90))
    met = in_redis.meet(drawn("x"), drawing.prints, ["3"], LIMIT)
    assert [it.article for it in met.near] == [derived_id("a", str(number)) for number in (2, 1, 0)]
    assert {it.story for it in met.near} == {own_story(derived_id("a", "0"))}
    assert met.alternates == []
    store.close()


def test_one_rebuilds_at_a_time(in_redis) -> None:
    """The second one is told so, and goes on waiting."""
    in_redis._client.set("{tocsin}:rebuilding", "")
    assert not in_redis.rebuild([], [])


def test_nothing_in_redis_grows_without_bounds(in_redis) -> None:
    """No value has more than some thousand bytes or entries, whatever many texts share; and all share one hash tag."""
    for number in range(400):
        in_redis.meet(drawn(str(number), address="live", text="wall"), [1, 2, *range(9_000, 9_020)], [], 1)
    client = in_redis._client
    for name in client.scan_iter():
        assert name.startswith(b"{tocsin}:")
        if client.type(name) == b"hash":
            assert client.hlen(name) < 200
        else:
            assert client.strlen(name) < 4_096
    met = in_redis.meet(drawn("x", address="live", text="wall"), [], [], 1)
    assert met.same is not None
    assert [met.same.article, met.address[0].article, met.address[-1].article] == [
        drawn(name).article for name in ("0", "0", "399")
    ]
    assert len(met.address) == 256


def test_redis_forgets(in_redis) -> None:
    """What left the window is swept away, and new texts of another day are met as before."""
    client = in_redis._client
    for number in range(300):
        in_redis.meet(drawn(str(number)), [number * 7 + at for at in range(7)], [], 1)
    full = int(client.hget("{tocsin}:state", "postings"))
    for number in range(300):
        in_redis.meet(drawn(f"new {number}", at=NOW + timedelta(60)), [5], [], 1)
    kept = sum(client.strlen(name) for name in client.scan_iter(match="{tocsin}:b:*")) // 7
    assert kept == int(client.hget("{tocsin}:state", "postings")) < 0.7 * full
    assert [it.article for it in in_redis.meet(drawn("x", at=NOW + timedelta(60)), [5], [], 1).near] == [
        drawn("new 299").article
    ]


def test_redis_forgets_texts_and_joins(in_redis) -> None:
    """After twice the window; a join of texts that it never knew goes by itself."""
    client = in_redis._client
    for number in range(40):
        in_redis.meet(drawn(str(number)), [number], [], 1)
        in_redis.settle(drawn(str(number)).article, own("0"))
    in_redis.join("never", "heard of")
    for number in range(30):
        in_redis.meet(drawn(f"new {number}", at=NOW + timedelta(89)), [5], [], 1)
    assert in_redis.root(own("39")) == own("0")
    for number in range(30):
        in_redis.meet(drawn(f"newer {number}", at=NOW + timedelta(91)), [5], [], 1)
    assert in_redis.root(own("39")) == own("39")
    assert len([*client.scan_iter(match="{tocsin}:d:*")]) == 60
    (left,) = client.scan_iter(match="{tocsin}:r:*")
    assert client.ttl(left) > 0


def test_redis_as_a_cluster(needs, free_port) -> None:
    """All keys of a script have one slot, so that a cluster takes it."""
    from tocsin.stores.redis import RedisFingerprints

    server = redis_server.program()
    needs(server, "Redis")
    with redis_server.running(server, "--cluster-enabled", "yes", "--cluster-port", str(free_port)) as address:
        made = RedisFingerprints.open(address)
        made._client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        until = time.monotonic() + 20
        while made._client.execute_command("CLUSTER INFO")["cluster_state"] != "ok" and time.monotonic() < until:
            time.sleep(0.05)
        assert made.rebuild([], [])
        for name in "ab":
            met = made.meet(drawn(name), range(200), [], LIMIT)
        assert [it.article for it in met.near] == [drawn("a").article]
