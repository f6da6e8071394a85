"""Rows on Elasticsearch: one that is refused stops only itself, and what is stored comes back as it was."""

import httpx
import pytest
from msgspec.structs import replace

from tests.stores.test_contract import NOW, analysed, sketch_of
from tests.stores.test_contract import article as plain
from tocsin.records import Alert, Article, Drop, Notice
from tocsin.stores.elastic import ElasticStore, schema
from tocsin.stores.port import alert_id, own_story

pytestmark = pytest.mark.timeout(300)

TOO_LARGE = 2**63
"""No number that the mapping takes."""


def refused(store: ElasticStore) -> list[str]:
    """Why what was put aside was refused."""
    store.server.refresh("*")
    return [row.source["reason"] for row in store.server.found(schema.REFUSED, {"query": {"match_all": {}}})]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"version": TOO_LARGE}, "document_parsing_exception"),
        ({"text": "half of a \ud83d pair"}, "it has no form in JSON"),
    ],
)
def test_a_text_that_is_refused_is_put_aside_and_no_other(
    elastic_store: ElasticStore, bad: dict[str, object], reason: str
):
    poison = plain(2, **bad)
    new = elastic_store.accept([plain(1), poison, plain(3)])
    assert new == [plain(1).id, plain(3).id]
    (told,) = refused(elastic_store)
    assert told.startswith(reason)
    (row,) = elastic_store.server.found(schema.REFUSED, {"query": {"match_all": {}}})
    assert row.source["record"]["id"] == poison.id
    assert elastic_store.accept([plain(2)]) == [plain(2).id]


def test_a_row_that_is_refused_on_its_road_is_parked_with_the_reason(elastic_store: ElasticStore):
    elastic_store.accept([plain(number) for number in range(1, 6)])
    elastic_store.server.refresh("*")
    one, two, three, four, five = (
        replace(it, story=own_story(it.id)) for it in sorted(elastic_store.claim(9, 30, NOW), key=lambda it: it.title)
    )
    with elastic_store.filing() as filing:
        for it in (one, replace(two, version=TOO_LARGE), three, replace(four, title="\ud83d"), five):
            filing.file(it, sketch_of(it), [1, 2], analysed(it.text))
    with elastic_store.publishing() as publishing:
        for it in (one, three, replace(five, generation=TOO_LARGE)):
            publishing.make_ready(replace(it, state="filed"), analysed(it.text), NOW)
    elastic_store.server.refresh("*")
    found = elastic_store.articles([it.id for it in (one, two, three, four, five)])
    assert {it.title: it.state for it in found.values()} == {
        "Title 1": "ready", "Title 2": "parked", "Title 3": "ready", "Title 4": "parked", "Title 5": "parked",
    }  # fmt: skip
    reasons = elastic_store.overview()["drops"]
    assert sum(reasons.values()) == 3
    assert all(reason.startswith("the store refuses it: ") for reason in reasons)


def test_an_alert_that_is_refused_leaves_a_row_that_says_so(elastic_store: ElasticStore):
    elastic_store.accept([plain(1)])
    elastic_store.server.refresh("*")
    (one,) = elastic_store.claim(1, 30, NOW)
    with elastic_store.publishing() as publishing:
        publishing.make_ready(replace(one, state="filed"), analysed("x"), NOW)
        alert = Alert(id=alert_id("s", "t"), subscription="s", story="\ud83d", article=one.id, created=NOW)
        publishing.put_alert(alert)
        publishing.put_notice(Notice("n", alert.id, "first", 1, one.id, NOW), [])
    assert [told[:23] for told in refused(elastic_store)] == ["it has no form in JSON:"]
    assert elastic_store.articles([one.id])[one.id].state == "ready"


def test_a_drop_that_is_refused_stops_no_crawl(elastic_store: ElasticStore):
    elastic_store.drop([Drop(at=NOW, room="spiders", reason="r", url="https://x/", outlet="\ud83d")])
    assert len(refused(elastic_store)) == 1


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
    assert "contract-articles-2026.11" in told
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
