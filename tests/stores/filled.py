"""A small store with a row of every kind and in every state, made by the road itself."""

from datetime import UTC, datetime, timedelta

import msgspec

from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.records import Article, Drop, Feed, Listing, Outlet, PageState, Subscription, derived_id
from tocsin.stores.port import Store
from tocsin.words import Words
from workers.enrich import Enricher
from workers.flow import LEASE_SECONDS, Hall, file, turn
from workers.rules import RuleBook

START = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
TEXT = (
    "Officials in Bakhmut said on Sunday that the {word} of group {number} had been told to sign, and nobody had. "
    "A lawyer of the {number}th district explained why the list number {number} was not shown to anybody."
)


class StandingClock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


def article(number: int, *, text: str = "", at: datetime = START, **fields: object) -> Article:
    """An accepted article of its own address and, where nothing else is said, of its own text."""
    url = f"https://one.example/{number}"
    body = text or " ".join(TEXT.format(word="conscripts", number=100 * number + n) for n in range(4))
    address, digest = address_id(url), derived_id("text", body)
    made = Article(
        id=article_id(address, digest), address_id=address, url=url, outlet="one", first_seen=at,
        title=f"Told to sign, again: {number}", text=body, text_hash=digest,
    )  # fmt: skip
    return msgspec.structs.replace(made, **fields)


def hall_over(store: Store, clock: StandingClock) -> Hall:
    """A hall over a store, its words and lists as they are shipped."""
    words, lists = Words.open(settings.load().cache_dir), load()
    expander = Expander(words, lists)
    return Hall(store, clock, Enricher(words, expander, lists), RuleBook(store, expander))


def fill(store: Store) -> None:
    """Fill an empty store."""
    clock = StandingClock()
    store.put_outlets(
        Outlet(name=name, home=f"https://{name}.example/", active=name != "three") for name in ("one", "two", "three")
    )
    store.put_feeds(
        [
            Feed(url="https://one.example/feed", outlet="one", kind="feed", checked=START, listed=3),
            Feed(url="https://two.example/feed", outlet="two", kind="sitemap", failures=2, error="it answers 500"),
        ]
    )
    for query, paused in (("conscription", False), ("Bakhmut", False), ("dragon", True)):
        store.put_subscription(
            Subscription(
                id=derived_id("subscription", query), name=query, query=query, created=START, paused=paused,
                channels=("stdout:", "https://hooks.example/${HOOK}"),
            )
        )  # fmt: skip
    # One was edited since.
    dragon = next(it for it in store.subscriptions() if it.name == "dragon")
    store.put_subscription(msgspec.structs.replace(dragon, every="daily", version=2, changed=START))
    hall = hall_over(store, clock)
    for number in range(1, 6):
        clock.at += timedelta(minutes=1)
        original = article(number, at=clock.at, published=clock.at - timedelta(minutes=7))
        page = PageState(
            address_id=original.address_id, url=original.url, outlet="one", status=200, fetched=clock.at,
            listing=Listing(url=original.url, source="feed", title="listed", published=datetime(2026, 11, 22, 13)),
        )  # fmt: skip
        copies = [
            article(10 * number + n, text=original.text, at=clock.at, outlet="two", first_seen=clock.at)
            for n in range(number % 3)
        ]
        store.accept([original, *copies], [page])
        while turn(hall):
            pass
    # The second version of a page, and a story that proved to be one with another.
    edited = article(1, text=article(1).text + "\n\n" + TEXT.format(word="recruits", number=7), at=clock.at)
    store.accept([msgspec.structs.replace(edited, title="Told to sign: corrected")])
    turn(hall)
    with store.filing() as filing:
        filing.join(*(it.story for it in list(store.articles([article(4).id, article(5).id]).values())))
    _send(store, clock)
    _stop_halfway(store, hall, clock)
    store.drop([Drop(at=clock.at, room="spiders", reason="text too short", url="https://one.example/x")] * 3)
    store.drop(
        [Drop(at=START, room="spiders", reason="no text", url="https://two.example/y", outlet="two", detail="-")]
    )


def _send(store: Store, clock: StandingClock) -> None:
    """Of the deliveries one is sent, one has failed for good and one waits for its second attempt."""
    (one, _), (two, _), (three, _) = store.deliveries_due(clock.now(), 100)[:3]
    store.put_deliveries([msgspec.structs.replace(one, state="delivered", attempts=1, delivered=clock.at)])
    store.put_deliveries([msgspec.structs.replace(two, state="failed", attempts=9, error="it answers 410")])
    later = clock.at + timedelta(minutes=3)
    store.put_deliveries([msgspec.structs.replace(three, attempts=1, next_try=later, error="it does not answer")])


def _stop_halfway(store: Store, hall: Hall, clock: StandingClock) -> None:
    """One article is parked, one filed and left, one tried and given up, one fresh."""
    store.accept([article(80, at=clock.at)])
    store.park(store.claim(1, LEASE_SECONDS, clock.now())[0], "the workers failed on it three times", clock.now())
    store.accept([article(81, at=clock.at)])
    file(hall, store.claim(1, LEASE_SECONDS, clock.now()))
    store.accept([article(82, at=clock.at)])
    store.release(store.claim(1, LEASE_SECONDS, clock.now()))
    clock.at += timedelta(minutes=1)
    store.accept([article(number, at=clock.at) for number in range(83, 86)])
    clock.at += timedelta(seconds=2 * LEASE_SECONDS)


def four_with_lags(store: Store, clock: StandingClock) -> None:
    """Texts published 1 to 4 minutes before they were seen, the last without a zone, and ready after 10 to 40 s."""
    hall = hall_over(store, clock)
    for number in range(1, 5):
        it = article(number, at=START, published=START - timedelta(minutes=number))
        it = msgspec.structs.replace(it, published=it.published.replace(tzinfo=None)) if number == 4 else it
        store.accept([it])
        clock.at = START + timedelta(seconds=10 * number)
        turn(hall)
