"""The texts of one address one after the other: which is the newest, and what changed when."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tocsin.addresses import address_id, article_id
from tocsin.records import Article, derived_id
from tocsin.stores.port import Sketch, Store, own_story
from tocsin.words import Analysed, Token

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = "The council met late on Monday and agreed that the old bridge must be closed until spring."
SECOND = "Engineers had warned for years that the steel would not bear another winter of heavy traffic."


@pytest.fixture
def store(each_store: Store) -> Store:
    """An empty store of each kind."""
    return each_store


def text(url: str, version: int, title: str, body: str) -> Article:
    """One text of an address, an hour after the one before."""
    address, hashed = address_id(url), derived_id("text", body)
    return Article(
        id=article_id(address, hashed, title), address_id=address, url=url, outlet="one", title=title, text=body,
        text_hash=hashed, version=version, first_seen=NOW + timedelta(hours=version),
    )  # fmt: skip


def carry(store: Store, *articles: Article, ready: bool = True) -> None:
    """Accept and file, and publish where it is to be ready."""
    analysed = Analysed(title=(), text=(Token(("s:word",)),))
    store.accept(articles)
    filed = [msgspec.structs.replace(it, story=own_story(it.id)) for it in store.claim(len(articles), 30, NOW)]
    with store.filing() as filing:
        for it in filed:
            sketch = Sketch(
                article=it.id, story=it.story, outlet="one", address_id=it.address_id, text_hash=it.text_hash,
                title_hash="", tokens=2, shingles=b"", first_seen=NOW,
            )  # fmt: skip
            assert filing.file(it, sketch, [1], analysed)
    if ready:
        with store.publishing() as publishing:
            for it in filed:
                assert publishing.make_ready(msgspec.structs.replace(it, state="filed"), analysed, NOW)


def test_a_text_is_the_newest_until_another_one_is_ready(store: Store) -> None:
    url = "https://one.example/1"
    one, two, three, four = (text(url, number, f"Title {number}", FIRST) for number in range(1, 5))
    other = text("https://one.example/2", 1, "Title", FIRST)
    carry(store, one, other)
    assert store.newer([one.id, other.id, "unknown"]) == {}
    carry(store, two)
    carry(store, three, ready=False)
    store.accept([four])
    newest = store.newer([one.id, two.id, three.id, four.id, other.id])
    assert {name: it.id for name, it in newest.items()} == {one.id: two.id}
    assert [it.id for it in store.versions(one.address_id)] == [one.id, two.id, three.id]


def test_why_tells_what_changed_from_text_to_text(store: Store) -> None:
    url = "https://one.example/1"
    carry(store, text(url, 1, "Bridge closed", FIRST))
    carry(store, text(url, 2, "Bridge closed for good", FIRST))
    carry(store, text(url, 3, "Bridge closed for good", f"{FIRST}\n\n{SECOND}"))
    told = [(line["at"], line["what"], line["detail"]) for line in store.why(url) if line["what"].startswith("version")]
    assert told == [
        ("2026-11-22T14:00:00+00:00", "version 2",
         "changed since version 1, seen 2026-11-22 13:00 UTC: headline changed"),
        ("2026-11-22T15:00:00+00:00", "version 3",
         "changed since version 2, seen 2026-11-22 14:00 UTC: 1 paragraph added (16 words)"),
    ]  # fmt: skip
