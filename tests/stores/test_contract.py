"""What every store promises, run over each store that there is."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tocsin.addresses import address_id, article_id
from tocsin.query.document import Document, times
from tocsin.query.meaning import holds
from tocsin.query.plan import All, AnyOf, Between, Has, Near, No, Often, Plan, Sequence, Stands, Together
from tocsin.records import Alert, Article, Delivery, Drop, Feed, Listing, Notice, Outlet, PageState, derived_id
from tocsin.stores import open_store
from tocsin.stores.port import Hint, Sketch, Store, alert_id, own_story
from tocsin.words import Analysed, Token

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "memory", "elastic"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "elastic":
        yield request.getfixturevalue("elastic_store")
        return
    handle = open_store("sqlite::memory:" if request.param == "memory" else f"sqlite:{tmp_path}/store.db")
    yield handle
    handle.close()


def article(number: int, text: str = "", **fields: object) -> Article:
    """An accepted article of its own address."""
    url = f"https://one.example/{number}"
    body = text or f"text {number}"
    address = address_id(url)
    made = Article(
        id=article_id(address, body),
        address_id=address,
        url=url,
        outlet="one",
        first_seen=NOW,
        title=f"Title {number}",
        text=body,
        text_hash=body,
    )
    return msgspec.structs.replace(made, **fields)


def analysed(text: str) -> Analysed:
    """Plain surface keys: the contract is about keys, not about how they are made."""
    return Analysed(
        title=(Token(("s:title",)),), text=tuple(Token((f"s:{word}", f"x:{word}")) for word in text.split())
    )


def sketch_of(it: Article) -> Sketch:
    """A sketch without shingles."""
    return Sketch(
        article=it.id,
        story=it.story,
        outlet=it.outlet,
        address_id=it.address_id,
        text_hash=it.text_hash,
        title_hash="",
        tokens=2,
        shingles=b"",
        first_seen=NOW,
    )


def filed(store: Store, *articles: Article) -> list[Article]:
    """Accept and file: each in the story that it names, or in its own."""
    store.accept(articles)
    claimed = [
        msgspec.structs.replace(it, story=it.story or own_story(it.id)) for it in store.claim(len(articles), 30, NOW)
    ]
    with store.filing() as filing:
        for it in claimed:
            assert filing.file(it, sketch_of(it), [1, 2], analysed(it.text))
    return [msgspec.structs.replace(it, state="filed") for it in claimed]


def carry(store: Store, *articles: Article) -> None:
    """Accept, file and publish."""
    ready = filed(store, *articles)
    with store.publishing() as publishing:
        for it in ready:
            assert publishing.make_ready(it, analysed(it.text), NOW)


def test_outlets_and_feeds_are_kept(store: Store) -> None:
    """Create, replace, choose by activity, remove with feeds."""
    one, two = (
        Outlet(name="one", home="https://one.example/"),
        Outlet(name="two", home="https://two.example/", active=False),
    )
    store.put_outlets([one, two])
    store.put_outlets([msgspec.structs.replace(one, pace=9.0)])
    store.put_feeds([Feed(url="https://one.example/feed", outlet="one", kind="feed")])
    assert [outlet.pace for outlet in store.outlets(active=True)] == [9.0]
    assert store.outlets(active=False) == [two]
    assert [feed.url for feed in store.feeds("one")] == ["https://one.example/feed"]
    assert store.remove_outlets(["one", "unknown"]) == 1
    assert store.feeds() == []


def test_accepting_twice_is_accepting_once(store: Store) -> None:
    """The second time nothing is new and nothing is changed."""
    page = PageState(address_id=article(1).address_id, url="https://one.example/1", outlet="one", fetched=NOW)
    assert store.accept([article(1), article(2)], [page]) == [article(1).id, article(2).id]
    assert store.accept([article(1, title="changed"), article(3)]) == [article(3).id]
    assert {it.title for it in store.claim(10, 30, NOW)} == {"Title 1", "Title 2", "Title 3"}
    assert store.pages([page.address_id, "unknown"]) == {page.address_id: page}


def test_pages_come_back_when_due(store: Store) -> None:
    """Only what is due, of the outlets asked for, the longest due first."""

    def page(number: int, due: datetime | None, outlet: str = "one") -> PageState:
        return PageState(address_id=str(number), url=f"https://x/{number}", outlet=outlet, due=due)

    late, later = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    store.put_pages([page(1, later), page(2, late), page(3, None), page(4, NOW + timedelta(1)), page(5, late, "two")])
    assert [due.address_id for due in store.pages_due(["one"], NOW, 10)] == ["2", "1"]


def test_a_claim_is_a_lease(store: Store) -> None:
    """What is leased is not given twice; when the lease is over it is, with a higher fencing number."""
    store.accept([article(1)])
    (first,) = store.claim(10, 30, NOW)
    assert store.claim(10, 30, NOW + timedelta(seconds=29)) == []
    (second,) = store.claim(10, 30, NOW + timedelta(seconds=31))
    assert (second.lease, second.attempts) == (first.lease + 1, 2)
    with store.filing() as filing:
        assert not filing.file(first, sketch_of(first), [], analysed(""))
        assert filing.file(second, sketch_of(second), [], analysed("x"))
    stored = store.tokens(second.id)
    assert stored is not None
    assert stored.keys("text") == [("s:x", "x:x")]


def test_what_was_leased_before_comes_first_and_alone(store: Store) -> None:
    """A poisoned article must not use up the attempts of those that were claimed beside it."""
    store.accept([article(number) for number in range(1, 4)])
    assert len(store.claim(10, 30, NOW)) == 3
    store.accept([article(4)])
    later = NOW + timedelta(seconds=31)
    assert [[it.title for it in store.claim(10, 30, later)] for _ in range(5)] == [
        ["Title 1"],
        ["Title 2"],
        ["Title 3"],
        ["Title 4"],
        [],
    ]


def hint(it: Article) -> Hint:
    """What a message tells of it."""
    return Hint(it.id, it.address_id)


def test_a_hint_leases_what_is_free(store: Store) -> None:
    """The named ones alone, once; what is unknown, held, ready or parked is passed over."""
    carry(store, article(9))
    store.accept([article(number) for number in range(1, 5)])
    parked, held = store.claim(2, 30, NOW)
    store.park(parked, "poison", NOW)
    hints = [hint(article(number)) for number in (1, 2, 3, 9, 77)]
    (three,) = store.claim_these(hints, 30, NOW)
    assert (three.title, three.lease, three.attempts) == ("Title 3", 1, 1)
    assert store.claim_these(hints, 30, NOW) == []
    assert store.claim_these([], 30, NOW) == []
    with store.filing() as filing:
        assert filing.file(held, sketch_of(held), [], analysed("x"))
        assert filing.file(three, sketch_of(three), [], analysed("x"))
    assert [it.title for it in store.claim(10, 30, NOW)] == ["Title 4"]


def test_a_hint_leases_what_was_leased_before_alone(store: Store) -> None:
    """A poisoned article must not use up the attempts of those that a message names beside it."""
    store.accept([article(number) for number in range(1, 4)])
    hints = [hint(article(number)) for number in range(1, 5)]
    assert len(store.claim_these(hints, 30, NOW)) == 3
    store.accept([article(4)])
    later = NOW + timedelta(seconds=31)
    found = [store.claim_these(hints, 30, later) for _ in range(5)]
    assert [it.title for it in found[0]] == ["Title 4"]
    assert sorted([it.title for it in batch] for batch in found[1:4]) == [["Title 1"], ["Title 2"], ["Title 3"]]
    assert {it.attempts for batch in found[1:4] for it in batch} == {2}
    assert found[4] == []
    store.release(found[1])
    assert [it.id for it in store.claim_these(hints, 30, later)] == [found[1][0].id]


def test_overdue_is_what_nobody_carries(store: Store) -> None:
    """After the grace what was never leased; when its lease is over what was, filed or not."""
    store.accept([article(1), article(2), article(3, first_seen=NOW + timedelta(seconds=30))])
    first, second = store.claim(2, 30, NOW)
    with store.filing() as filing:
        assert filing.file(first, sketch_of(first), [], analysed("x"))
    assert store.overdue(NOW + timedelta(seconds=29), 20, 10) == []
    later = NOW + timedelta(seconds=31)
    assert sorted(store.overdue(later, 20, 10)) == sorted([(hint(first), "filed"), (hint(second), "accepted")])
    much_later = NOW + timedelta(seconds=51)
    assert len(store.overdue(much_later, 20, 10)) == 3
    assert len(store.overdue(much_later, 20, 2)) == 2
    store.release([second])
    assert (hint(first), "filed") in store.overdue(later, 20, 10)
    assert (hint(second), "accepted") in store.overdue(later, 20, 10)


def test_filing_finds_what_was_filed(store: Store) -> None:
    """By address, by text and by fingerprints, also inside the same transaction. The rest: test_fingerprints.py."""
    store.accept([article(1), article(2)])
    one, two = store.claim(10, 30, NOW)
    story = own_story(one.id)
    with store.filing() as filing:
        assert filing.meet(sketch_of(one), [1, 2, 3], [], 5) == ([], None, [], [])
        assert filing.file(msgspec.structs.replace(one, story=story), sketch_of(one), [1, 2, 3], analysed(""))
        same = msgspec.structs.replace(sketch_of(two), text_hash=one.text_hash)
        expected = msgspec.structs.replace(sketch_of(one), story=story)
        assert filing.meet(same, [3, 4], [one.address_id], 5) == ([], expected, [expected], [expected])
        assert filing.file(msgspec.structs.replace(two, story=story), same, [3, 4], analysed(""))
    assert [it.id for it in store.members(own_story(two.id))] == [one.id, two.id]


def test_an_exception_takes_a_transaction_back(store: Store) -> None:
    """Half a batch is never kept."""
    store.accept([article(1)])
    (one,) = store.claim(10, 30, NOW)

    def fail_in_the_middle() -> None:
        with store.filing() as filing:
            filing.file(one, sketch_of(one), [1], analysed("x"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_in_the_middle()
    assert store.overview()["filed"] == 0
    assert store.tokens(one.id) is None


def word(*names: str, zone: str = "") -> Stands:
    """One word after the other."""
    return Stands((Sequence(tuple(frozenset({f"s:{name}"}) for name in names), " ".join(names)),), zone)


def test_ready_articles_are_found_and_ordered_by_arrival(store: Store) -> None:
    """Search and the reference meaning agree; newest arrival first; nothing that is not ready."""
    texts = ["alpha beta", "beta alpha gamma", "gamma", "alpha x beta", "alpha x y alpha beta beta"]
    carry(store, *[article(number, text, lang="uk" if number % 2 else "en") for number, text in enumerate(texts)])
    store.accept([article(99, "alpha")])
    alpha, beta = word("alpha").side, word("beta").side
    either = Stands((Sequence((frozenset({"s:alpha", "s:gamma"}), frozenset({"s:beta", "s:alpha"})), "either"),))
    starts = Stands((Sequence((frozenset({"s:al*", "s:gamma"}), frozenset({"s:be*"})), "al* be*"),))
    plans: list[Plan] = [
        word("alpha", "beta"),
        No(word("alpha", "beta")),
        AnyOf((word("gamma", zone="text"), Has("lang", frozenset({"uk"})))),
        either,
        starts,
        word("alpha", zone="title"),
        All((word("alpha"), No(word("gamma")))),
        All((word("alpha"), No(Near((alpha, beta), 0, ordered=True)))),
        Near((alpha, beta), 1, ordered=False),
        Near((beta, alpha), 1, ordered=True),
        Near((alpha, beta, beta), 0, ordered=True, zone="lead"),
        Together(beta, alpha),
        Often(alpha, 2),
        AnyOf((Often(beta, 2), Has("lang", frozenset({"en"})))),
        Between("seen", low=NOW),
        All((word("alpha"), Between("date"))),
    ]
    for plan in plans:
        found = [it.text for it in store.search(plan, limit=10)]
        expected = [
            it.text
            for it in store.search(None, limit=10)
            if holds(plan, Document(analysed(it.text), {"lang": (it.lang,)}, times(it)))
        ]
        assert found == expected
        assert store.count(plan) == len(expected)
    everything = store.search(None, limit=10)
    assert [it.arrival for it in everything] == sorted((it.arrival or 0 for it in everything), reverse=True)
    assert [it.id for it in store.walk()] == [it.id for it in reversed(everything)]


def test_stories_leave_one_article_each(store: Store) -> None:
    """--stories shows the newest member of each story; the story names all its outlets."""
    carry(store, article(1, "a", story="s"), article(2, "b", story="s", outlet="two"), article(3, "c"))
    assert [it.text for it in store.search(None, limit=10, stories=True)] == ["c", "b"]
    assert [it.text for it in store.search(None, limit=10, stories=True, before=2)] == []
    only_a = word("a", zone="text")
    assert [it.text for it in store.search(only_a, limit=10, stories=True)] == ["a"]
    story = store.story("s")
    assert story is not None
    assert (story.outlets, story.texts) == (("one", "two"), 2)


def test_alerts_and_their_deliveries_are_an_outbox(store: Store) -> None:
    """A delivery waits until it is due, keeps its attempts, and is created once."""
    carry(store, article(1))
    name = alert_id("s", "t")
    alert = Alert(id=name, subscription="s", story="t", article=article(1).id, created=NOW)
    notice = Notice(id="n", alert=name, kind="first", ordinal=1, article=article(1).id, created=NOW)
    delivery = Delivery(id="d", notice="n", channel="stdout:")
    for _ in range(2):
        with store.publishing() as publishing:
            publishing.put_alert(alert)
            publishing.put_notice(notice, [delivery])
            assert publishing.alerts_of({("s", "t"), ("s", "u")}) == {("s", "t"): alert}
    assert store.deliveries_due(NOW, 10) == [(delivery, notice)]
    later = msgspec.structs.replace(delivery, attempts=1, next_try=NOW + timedelta(minutes=1), error="down")
    store.put_deliveries([later])
    assert store.deliveries_due(NOW, 10) == []
    assert store.deliveries_due(NOW + timedelta(minutes=2), 10) == [(later, notice)]
    store.put_deliveries([msgspec.structs.replace(later, state="delivered")])
    assert store.deliveries_due(NOW + timedelta(days=2), 10) == []
    assert [(found.id, [n.id for n in notices]) for found, notices in store.alerts()] == [(name, ["n"])]


def test_a_delivery_is_taken_by_one(store: Store) -> None:
    """Who took it has it for the lease, longer if it is kept; what a dead one took comes back; a result ends it."""
    carry(store, article(1))
    name = alert_id("s", "t")
    alert = Alert(id=name, subscription="s", story="t", article=article(1).id, created=NOW)
    notice = Notice(id="n", alert=name, kind="first", ordinal=1, article=article(1).id, created=NOW)
    rows = [Delivery(id=it, notice="n", channel=f"file:{it}") for it in ("a", "b", "c")]
    with store.publishing() as publishing:
        publishing.put_alert(alert)
        publishing.put_notice(notice, rows)
    _, b, c = rows

    def taken(seconds: float, limit: int = 10, without: tuple[str, ...] = ()) -> list[str]:
        found = store.take_deliveries(NOW + timedelta(seconds=seconds), limit, 15, without)
        assert all(of == notice and it in rows for it, of in found)
        return sorted(it.id for it, _ in found)

    assert taken(0, without=("file:a", "file:b")) == ["c"]
    assert taken(1, limit=1) != taken(1)
    assert taken(2) == []
    assert store.deliveries_due(NOW + timedelta(seconds=2), 10) == []
    store.keep_deliveries(["a"], NOW + timedelta(seconds=10), 15)
    store.put_deliveries([msgspec.structs.replace(b, state="delivered")])
    store.put_deliveries([msgspec.structs.replace(b, error="told late by one whose lease was over")])
    assert [it.state for it in store.deliveries("n")].count("delivered") == 1
    store.keep_deliveries(["b"], NOW, 15)
    assert taken(17) == ["c"]
    assert taken(26) == ["a"]
    store.put_deliveries([c])
    assert taken(27) == ["c"]


def test_an_alert_counts_the_copies_that_met_it(store: Store) -> None:
    """Once each, under whichever id of the story; versions are no copies."""
    stories = own_story(article(1).id), own_story(article(4).id)
    members = [
        article(1, story=stories[0]),
        article(2, story=stories[0], relation="copy"),
        article(3, story=stories[0], relation="version"),
        article(4, story=stories[1], relation="copy"),
    ]
    ready = filed(store, *members)
    with store.filing() as filing:
        filing.join(*stories)
    name = alert_id("s", stories[0])
    first = Alert(id=name, subscription="s", story=stories[0], article=members[0].id, created=NOW)
    for it in ready:
        with store.publishing() as publishing:
            assert publishing.make_ready(it, analysed("x"), NOW)
            root = publishing.roots({it.story, "unknown"})
            assert root == {it.story: stories[0], "unknown": "unknown"}
            known = publishing.alerts_of({("s", it.story), ("t", it.story)})
            assert known == ({} if it is ready[0] else {("s", it.story): known[("s", it.story)]})
            if known:
                publishing.put_match(known[("s", it.story)], it)
            else:
                publishing.put_alert(first)
    assert [(found.id, found.copies) for found, _ in store.alerts()] == [(name, 2)]
    assert store.told() == {"s": (1, 2)}


def test_a_version_may_ring_first(store: Store) -> None:
    """What was added to a text may be what somebody asked for; a later copy is a further one."""
    story = own_story(article(1).id)
    version, copy = filed(store, article(3, story=story, relation="version"), article(2, story=story, relation="copy"))
    first = Alert(id=alert_id("s", story), subscription="s", story=story, article=version.id, created=NOW)
    for it in (version, copy):
        with store.publishing() as publishing:
            assert publishing.make_ready(it, analysed("x"), NOW)
            publishing.put_alert(first) if it is version else publishing.put_match(first, it)
    assert [(found.id, found.copies) for found, _ in store.alerts(limit=600)] == [(first.id, 1)]
    assert store.told() == {"s": (1, 1)}


def test_two_workers_that_ring_at_once_ring_once(store: Store) -> None:
    """Both found no alert of the story: the faster one's stands, the other's article is a copy of it."""
    story = own_story(article(1).id)
    one, two = filed(store, article(1, story=story), article(2, story=story, relation="copy"))
    name = alert_id("s", story)
    with store.publishing() as slow, store.publishing() as fast:
        for publishing, it in ((slow, one), (fast, two)):
            assert publishing.make_ready(it, analysed("x"), NOW)
            assert publishing.alerts_of({("s", story)}) == {}
            publishing.put_alert(Alert(id=name, subscription="s", story=story, article=it.id, created=NOW))
            notice = Notice(id="n", alert=name, kind="first", ordinal=1, article=it.id, created=NOW)
            publishing.put_notice(notice, [Delivery(id="d", notice="n", channel="stdout:")])
    ((alert, notices),) = store.alerts()
    assert (alert.article, alert.copies, [it.article for it in notices]) == (two.id, 1, [two.id])
    assert len(store.deliveries("n")) == 1
    assert store.overview()["ready"] == 2


def test_nothing_vanishes_without_a_reason(store: Store) -> None:
    """A drop and a parked article are counted by reason, and found again by their address."""
    url = "https://one.example/1?utm_source=x"
    store.drop([Drop(at=NOW, room="spiders", reason="text too short", url=url, outlet="one")])
    store.accept([article(2)])
    (two,) = store.claim(1, 30, NOW)
    store.park(two, "poison", NOW)
    assert store.overview()["drops"] == {"text too short": 1, "poison": 1}
    assert store.overview()["parked"] == 1
    assert [line["what"] for line in store.why("http://www.one.example/1")] == [
        "left out by the spiders: text too short"
    ]


def test_a_date_that_a_feed_tells_later_is_taken(store: Store) -> None:
    """Undated articles get it in every state, also one that a worker holds; a dated one keeps its own."""
    dated = article(3, published=NOW - timedelta(days=3))
    carry(store, article(1))
    store.accept([article(2), dated])
    held, _ = store.claim(10, 30, NOW)
    listing = Listing(url="", source="feed", published=NOW - timedelta(hours=1))
    store.date_undated({article(number).address_id: listing for number in (1, 2, 3)})
    with store.filing() as filing:
        assert filing.file(held, sketch_of(held), [], analysed(""))
    found = store.articles([article(number).id for number in (1, 2, 3)])
    times = {it.title: (it.published, it.published_origin) for it in found.values()}
    assert times == {
        "Title 1": (listing.published, "feed"),
        "Title 2": (listing.published, "feed"),
        "Title 3": (dated.published, ""),
    }


def test_pruning_says_first_what_it_does(store: Store) -> None:
    """A dry run removes nothing; the run removes just that; what an alert told of stays."""
    carry(store, article(1, "old"))
    (evidence,) = filed(store, article(2, "evidence"))
    name = alert_id("s", evidence.story)
    with store.publishing() as publishing:
        assert publishing.make_ready(evidence, analysed("evidence"), NOW)
        publishing.put_alert(Alert(id=name, subscription="s", story=evidence.story, article=evidence.id, created=NOW))
        publishing.put_notice(Notice(id="n", alert=name, kind="first", ordinal=1, article=evidence.id, created=NOW), [])
    much_later = NOW + timedelta(days=500)
    assert store.prune(much_later, dry_run=True)["articles"] == 1
    assert store.count(None) == 2
    store.prune(much_later, dry_run=False)
    assert [it.text for it in store.search(None, limit=9)] == ["evidence"]
    assert store.check() == "ok"


def _race(url: str, queue: "multiprocessing.Queue[list[str]]") -> None:
    store = open_store(url)
    got: list[str] = []
    while claimed := store.claim(5, 60, NOW):
        got += [it.id for it in claimed]
    queue.put(got)


def test_two_workers_never_hold_the_same_lease(tmp_path: Path) -> None:
    """Two processes drain one store: each article is claimed by exactly one."""
    url = f"sqlite:{tmp_path}/store.db"
    store = open_store(url)
    store.accept([article(number) for number in range(300)])
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    workers = [context.Process(target=_race, args=(url, queue)) for _ in range(2)]
    for worker in workers:
        worker.start()
    claimed = queue.get(timeout=60) + queue.get(timeout=60)
    for worker in workers:
        worker.join(60)
    assert len(claimed) == len(set(claimed)) == 300


def test_derived_ids_do_not_run_together() -> None:
    """The parts of an id are kept apart."""
    assert derived_id("a", "bc") != derived_id("ab", "c")
