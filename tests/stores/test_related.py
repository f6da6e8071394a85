"""Other texts about the same events: by rare names, in any alphabet, within three days; a score and nothing more."""

from datetime import UTC, datetime, timedelta

import pytest

from tocsin.addresses import address_id, article_id, canonical
from tocsin.forms import Forms
from tocsin.records import Article, derived_id
from tocsin.stores.port import Store
from tocsin.words import Words
from workers.dedupe import CANDIDATES, decide
from workers.sketch import sketch

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WORDS = Words(Forms({}))
WIRE = (
    "The bridge at Verkhniv fell at night, said Holovenko of the district. He came there with Tarasiuk at 03:40, and "
    "both saw 17 vans in the river Kalynka."
)
UKRAINIAN = (
    "Уночі впав міст, розповів Головенко. Він приїхав туди о 03:40, а за ним Тарасюк. У річці Калинка стояло 17 авто, "
    "каже поліція."
)
OTHER = "The theatre in Bilhorod opened its season with a play by Moroz, and Hanna Sydorenko sang for 200 people."


@pytest.fixture
def store(each_store: Store) -> Store:
    return each_store


def put(store: Store, url: str, text: str, lang: str = "en", at: datetime = NOON) -> Article:
    address, digest = address_id(canonical(url)), derived_id("text", text)
    article = Article(
        id=article_id(address, digest),
        address_id=address,
        url=canonical(url),
        outlet=url.split("/")[2],
        text=text,
        lang=lang,
        first_seen=at,
        text_hash=digest,
    )
    store.accept([article])
    analysed = WORDS.analyse("", text, lang)
    (claimed,) = store.claim(10, 60, at)
    drawn = sketch(claimed, analysed)
    with store.filing() as filing:
        decided = decide(claimed, drawn, filing.meet(drawn.sketch, drawn.prints, (), CANDIDATES))
        assert filing.file(decided.article, decided.sketch, drawn.prints, analysed)
    with store.publishing() as publishing:
        assert publishing.make_ready(decided.article, analysed, at)
    return decided.article


def test_a_report_in_another_alphabet_is_found(store: Store) -> None:
    wire = put(store, "https://a.example/1", WIRE)
    put(store, "https://b.example/2", OTHER)
    told = put(store, "https://c.example/3", UKRAINIAN, "uk", NOON + timedelta(hours=3))
    found = store.related(told)
    assert [article.id for article, _ in found] == [wire.id]
    assert 0.25 <= found[0][1] <= 1
    assert told.story != wire.story
    assert [article.id for article, _ in store.related(wire)] == [told.id]


def test_days_later_it_is_another_event(store: Store) -> None:
    put(store, "https://a.example/1", WIRE)
    later = put(store, "https://c.example/3", UKRAINIAN, "uk", NOON + timedelta(days=4))
    assert store.related(later) == []


def test_its_own_copies_are_not_told(store: Store) -> None:
    wire = put(store, "https://a.example/1", f"{WIRE} {OTHER}")
    copy = put(store, "https://b.example/2", f"{WIRE} {OTHER}")
    assert copy.story == wire.story
    assert store.related(wire) == []


def test_no_names_no_relatives(store: Store) -> None:
    plain = put(store, "https://a.example/1", "it rained all day and the river rose by some twenty centimetres")
    put(store, "https://b.example/2", WIRE)
    assert store.related(plain) == []
