"""What every store promises, run over each store that there is: today the embedded one."""

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
from tocsin.stores.port import Sketch, own_story
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Token

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """An empty store."""
    handle = open_store(f"sqlite:{tmp_path}/store.db")
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


def carry(store: SqliteStore, *articles: Article) -> None:
    """Accept, file and publish."""
    store.accept(articles)
    claimed = store.claim(100, 30, NOW)
    with store.filing() as filing:
        for it in claimed:
            storied = msgspec.structs.replace(it, story=it.story or it.id)
            assert filing.file(storied, sketch_of(storied), [1, 2], analysed(it.text))
    with store.publishing() as publishing:
        for it in claimed:
            ready = msgspec.structs.replace(it, state="filed", story=it.story or it.id)
            assert publishing.make_ready(ready, analysed(it.text), NOW)


def test_outlets_and_feeds_are_kept(store: SqliteStore) -> None:
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


def test_accepting_twice_is_accepting_once(store: SqliteStore) -> None:
    """The second time nothing is new and nothing is changed."""
    page = PageState(address_id=article(1).address_id, url="https://one.example/1", outlet="one", fetched=NOW)
    assert store.accept([article(1), article(2)], [page]) == [article(1).id, article(2).id]
    assert store.accept([article(1, title="changed"), article(3)]) == [article(3).id]
    assert {it.title for it in store.claim(10, 30, NOW)} == {"Title 1", "Title 2", "Title 3"}
    assert store.pages([page.address_id, "unknown"]) == {page.address_id: page}


def test_pages_come_back_when_due(store: SqliteStore) -> None:
    """Only what is due, of the outlets asked for, the longest due first."""

    def page(number: int, due: datetime | None, outlet: str = "one") -> PageState:
        return PageState(address_id=str(number), url=f"https://x/{number}", outlet=outlet, due=due)

    late, later = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    store.put_pages([page(1, later), page(2, late), page(3, None), page(4, NOW + timedelta(1)), page(5, late, "two")])
    assert [due.address_id for due in store.pages_due(["one"], NOW, 10)] == ["2", "1"]


def test_a_claim_is_a_lease(store: SqliteStore) -> None:
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


def test_what_was_leased_before_comes_first_and_alone(store: SqliteStore) -> None:
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


def test_filing_finds_what_was_filed(store: SqliteStore) -> None:
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


def test_an_exception_takes_a_transaction_back(store: SqliteStore) -> None:
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


def test_ready_articles_are_found_and_ordered_by_arrival(store: SqliteStore) -> None:
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


def test_stories_leave_one_article_each(store: SqliteStore) -> None:
    """--stories shows the newest member of each story; the story names all its outlets."""
    carry(store, article(1, "a", story="s"), article(2, "b", story="s", outlet="two"), article(3, "c"))
    assert [it.text for it in store.search(None, limit=10, stories=True)] == ["c", "b"]
    assert [it.text for it in store.search(None, limit=10, stories=True, before=2)] == []
    only_a = word("a", zone="text")
    assert [it.text for it in store.search(only_a, limit=10, stories=True)] == ["a"]
    story = store.story("s")
    assert story is not None
    assert (story.outlets, story.texts) == (("one", "two"), 2)


def test_alerts_and_their_deliveries_are_an_outbox(store: SqliteStore) -> None:
    """A delivery waits until it is due, keeps its attempts, and is created once."""
    carry(store, article(1))
    alert = Alert(id="a", subscription="s", story="t", article=article(1).id, created=NOW)
    notice = Notice(id="n", alert="a", kind="first", ordinal=1, article=article(1).id, created=NOW)
    delivery = Delivery(id="d", notice="n", channel="stdout:")
    for _ in range(2):
        with store.publishing() as publishing:
            publishing.put_alert(alert)
            publishing.put_notice(notice, [delivery])
            assert publishing.alert_of("s", "t") == alert
    assert store.deliveries_due(NOW, 10) == [(delivery, notice)]
    later = msgspec.structs.replace(delivery, attempts=1, next_try=NOW + timedelta(minutes=1), error="down")
    store.put_delivery(later)
    assert store.deliveries_due(NOW, 10) == []
    assert store.deliveries_due(NOW + timedelta(minutes=2), 10) == [(later, notice)]
    store.put_delivery(msgspec.structs.replace(later, state="delivered"))
    assert store.deliveries_due(NOW + timedelta(days=2), 10) == []
    assert [(found.id, [n.id for n in notices]) for found, notices in store.alerts()] == [("a", ["n"])]
    with store.publishing() as publishing:
        publishing.put_alert(msgspec.structs.replace(alert, copies=3))
        publishing.put_alert(msgspec.structs.replace(alert, id="b", story="u", copies=2))
    assert store.told() == {"s": (2, 5)}


def test_nothing_vanishes_without_a_reason(store: SqliteStore) -> None:
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


def test_a_date_that_a_feed_tells_later_is_taken(store: SqliteStore) -> None:
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


def test_pruning_says_first_what_it_does(store: SqliteStore) -> None:
    """A dry run removes nothing; the run removes just that; what an alert told of stays."""
    carry(store, article(1, "old"), article(2, "evidence"))
    with store.publishing() as publishing:
        publishing.put_notice(
            Notice(id="n", alert="a", kind="first", ordinal=1, article=article(2, "evidence").id, created=NOW), []
        )
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
