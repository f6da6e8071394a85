"""The JSON API answers with the records of the glossary; the feed is valid Atom; bad input is refused in words."""

from datetime import datetime

import msgspec
from lxml import etree

from tocsin.records import Alert, Article, Delivery, Notice

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def test_search_gives_records_and_pages_by_arrival(client, made, store):
    first = client.get("/api/v1/search", params={"q": "conscription OR призыв", "limit": 2}).json()
    assert first["count"] == 5
    got = msgspec.convert(first["articles"], list[Article])
    assert store.articles([made[7].id])[made[7].id] == got[0]
    assert [one.id for one in got] == [made[7].id, made[6].id]
    rest = client.get("/api/v1/search", params={"q": "conscription OR призыв", "before": first["next_before"]}).json()
    assert [one["id"] for one in rest["articles"]] == [made[5].id, made[2].id, made[1].id]
    assert rest["next_before"] is None


def test_a_bad_query_gives_its_column(client):
    answer = client.get("/api/v1/search", params={"q": "Bakhmut AND )"})
    assert answer.status_code == 400
    assert answer.json()["column"] == 13
    assert answer.json()["error"]
    assert client.get("/api/v1/search", params={"q": "x" * 4097}).status_code == 400
    assert client.get("/api/v1/search", params={"limit": 100_000}).json()["error"].startswith("The parameter limit")


def test_alerts_carry_notices_and_deliveries_without_secrets(client):
    alerts = client.get("/api/v1/alerts").json()["alerts"]
    assert len(alerts) == 3
    for alert in alerts:
        msgspec.convert(alert, Alert)
        for notice in alert["notices"]:
            msgspec.convert(notice, Notice)
            msgspec.convert(notice["deliveries"], list[Delivery])
    channels = {
        delivery["channel"] for alert in alerts for notice in alert["notices"] for delivery in notice["deliveries"]
    }
    assert channels == {"stdout:", "https://hooks.example/services/…/…", "file:/var/lib/tocsin/alerts.jsonl"}


def test_an_article_and_the_counts(client, made, store):
    answer = client.get(f"/api/v1/article/{made[4].id}")
    assert answer.headers["content-type"] == "application/json"
    assert msgspec.json.decode(answer.content, type=Article) == store.articles([made[4].id])[made[4].id]
    assert client.get("/api/v1/article/none").status_code == 404
    assert "error" in client.get("/api/v1/nothing").json()
    counts = client.get("/api/v1/overview").json()
    assert counts["ready"] == 8
    assert counts["drops"]["already known"] == 207


def test_a_search_is_an_atom_feed(client, made):
    answer = client.get("/feeds/search.atom", params={"q": "conscription"})
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = etree.fromstring(answer.content)
    assert feed.xpath("string(a:title)", namespaces=ATOM) == "Tocsin: conscription"
    entries = feed.xpath("a:entry", namespaces=ATOM)
    assert [entry.xpath("string(a:id)", namespaces=ATOM) for entry in entries] == [
        f"urn:tocsin:article:{made[place].id}" for place in (7, 6, 5, 1)
    ]
    for entry in entries:
        assert entry.xpath("count(a:author/a:name)", namespaces=ATOM) == 1
        assert datetime.fromisoformat(entry.xpath("string(a:updated)", namespaces=ATOM)).tzinfo
    # A date without a zone is no Atom date: it is left out.
    assert [entry.xpath("count(a:published)", namespaces=ATOM) for entry in entries] == [1, 1, 1, 0]
    assert client.get("/feeds/search.atom", params={"q": "("}).status_code == 400


def test_a_quiet_search_is_a_feed_that_does_not_change(client):
    feed = etree.fromstring(client.get("/feeds/search.atom", params={"q": "nobodywrotethis"}).content)
    assert feed.xpath("count(a:entry)", namespaces=ATOM) == 0
    assert feed.xpath("string(a:updated)", namespaces=ATOM) == "2026-01-01T00:00:00+00:00"
