"""The pages show what the store has: texts, dates with their origin, words that met, copies, reasons, deliveries."""

from datetime import UTC

import pytest
from fastapi.testclient import TestClient
from selectolax.lexbor import LexborHTMLParser

from tocsin.clock import SystemClock
from tocsin.desk import create_app


def page(client, path, status=200, **params):
    answer = client.get(path, params=params or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return LexborHTMLParser(answer.text)


def words(node):
    return " ".join(node.text(separator=" ").split())


def test_the_overview_counts_and_lists_stories_once(client):
    tree = page(client, "/")
    figures = {words(box.css_first("dt")): words(box.css_first("dd")) for box in tree.css(".figures > div")}
    assert figures == {
        "texts": "6",
        "copies": "2",
        "versions": "0",
        "alerts": "3",
        "outlets": "6",
        "pages fetched": "8",
    }
    assert len(tree.css(".stories .title")) == 6
    first = words(tree.css_first(".stories li"))
    assert first.startswith(
        "Dnipro calls up men who missed their medical boards Dnipro Courier English 22 Nov, 16:05 EET"
    )
    assert first.endswith("in 3 outlets")


def test_the_overview_says_what_was_left_out_and_which_outlet_fails(client):
    tree = page(client, "/")
    side = words(tree.css_first(".side"))
    assert "already known 207" in side
    assert "robots.txt forbids it 31" in side
    health = words(tree.css_first(".health"))
    assert "1 of 1 failing: HTTP 502 since 13:58" in health
    assert "switched off" in health


def test_an_empty_store_has_all_pages(store, expander):
    app = create_app(store, clock=SystemClock(), zone=UTC, expander=expander)
    with TestClient(app, base_url="http://localhost") as client:
        for path in ("/", "/search", "/search?q=word", "/alerts", "/why", "/why?url=https://a.example/b"):
            assert client.get(path).status_code == 200, path
        assert "Nothing has arrived yet" in client.get("/").text


def test_a_search_finds_case_forms_across_languages_and_marks_them(client):
    tree = page(client, "/search", q="Bakhmut")
    (result,) = tree.css(".results > li")
    assert [words(mark) for mark in result.css("h2 mark")] == ["Бахмутом"]
    assert result.css_first("h2").attributes["lang"] == "uk"
    assert "Бахмутом ← Bakhmut" in words(result)
    assert "Бахмуті" in [words(mark) for mark in result.css(".snippet mark")]
    assert "1 article meets" in words(tree.css_first(".found"))


def test_the_last_page_leads_to_no_older_one(client, monkeypatch):
    monkeypatch.setattr("tocsin.desk.pages.PER_PAGE", 4)
    first = page(client, "/search")
    assert len(first.css(".results > li")) == 4
    last = page(client, first.css_first("a[rel=next]").attributes["href"])
    assert len(last.css(".results > li")) == 4
    assert last.css_first("a[rel=next]") is None


def test_a_copy_names_whose_copy_it_is(client, made):
    tree = page(client, "/search", q="conscription lang:en")
    lines = [words(line) for line in tree.css(".results .meta")]
    assert any("copy of Dnipro Courier" in line for line in lines)
    assert any("copy with additions of Dnipro Courier" in line for line in lines)
    assert f"/article/{made[5].id}" in [link.attributes["href"] for link in tree.css(".meta .copy a")]


def test_one_result_for_each_story(client):
    assert len(page(client, "/search", q="medical boards").css(".results > li")) == 3
    assert len(page(client, "/search", q="medical boards", stories="1").css(".results > li")) == 1


def test_dates_stand_in_the_readers_zone_with_the_original_on_hover(client):
    moscow = page(client, "/search", q="outlet:svobodny-list").css_first(".results time")
    assert words(moscow) == "22 Nov, 11:30 EET"
    assert "2026-11-22 12:30+03:00" in moscow.attributes["title"]
    naive = page(client, "/search", q="outlet:frontier-times prisoners").css_first(".results")
    assert words(naive.css_first("time")) == "20 Nov, 17:40 zone unknown"
    none = page(client, "/search", q="outlet:ranok-kyiv").css_first(".nodate")
    assert words(none) == "no date: the only date on the page is the day of the visit"


def test_places_and_topics_narrow_the_query(client):
    tree = page(client, "/search", q="Dnipro OR Kyiv")
    link = next(link for link in tree.css(".chips a.place") if "Kryvyi Rih" in words(link))
    assert link.attributes["href"] == "/search?q=%28Dnipro+OR+Kyiv%29+place%3A%22Kryvyi+Rih%22"
    assert len(page(client, link.attributes["href"]).css(".results > li")) == 3


def test_older_articles_are_one_link_away_and_none_is_skipped(client, store, words, newsroom):
    more = [
        newsroom.article("harbour-post", f"n/{number}", f"Note {number}", f"Tugboat number {number}.", "en", 1, None)
        for number in range(60)
    ]
    newsroom.publish(store, words, more)
    seen, path = [], "/search?q=tugboat"
    while path:
        tree = page(client, path)
        seen += [link.text(strip=True) for link in tree.css(".results h2 a")]
        older = tree.css_first(".pager a[rel=next]")
        path = older.attributes["href"] if older else ""
    assert seen == [f"Note {number}" for number in reversed(range(60))]


@pytest.mark.parametrize(
    ("query", "column", "at"),
    [("Bakhmut AND )", 13, ")"), ("(Bakhmut", 1, "("), ("Бахмут OR", 10, ""), ("nofield:x", 1, "n")],
)
def test_a_bad_query_is_shown_with_its_column_and_stays_typed(client, query, column, at):
    tree = page(client, "/search", 400, q=query)
    assert tree.css_first("#q").attributes["value"] == query
    assert words(tree.css_first(".problem")).startswith(f"Column {column}: ")
    assert tree.css_first(".here").text().strip() == at
    before = tree.css_first(".pointed code").text()[: column - 1]
    assert before == query[: column - 1]
    assert not tree.css(".results")


def test_an_unknown_place_is_a_bad_query_too(client):
    tree = page(client, "/search", 400, q='place:"Nowhere at all"')
    assert "Nowhere at all" in words(tree.css_first(".problem"))


def test_a_query_of_more_than_four_kilobytes_is_refused_in_words(client):
    tree = page(client, "/search", 400, q="я" * 2049)
    assert "4,098 bytes" in words(tree.css_first(".problem"))
    assert client.get("/search", params={"q": "я" * 2048}).status_code == 200


def test_an_alert_shows_what_met_when_and_who_was_told(client):
    tree = page(client, "/alerts")
    first, second, third = tree.css(".alerts > li")
    assert words(first.css_first(".rang")) == "Call-up"
    assert "conscripts ← conscription" in words(first.css_first(".met"))
    assert [words(mark) for mark in first.css("blockquote mark")] == ["conscripts"]
    assert [words(step) for step in first.css(".steps li")] == [
        "published 22 Nov, 16:05 EET json-ld",
        "seen 22 Nov, 16:08:00 EET 2 min later",
        "alerted 22 Nov, 16:08:02 EET 2 s later",
    ]
    copies = (
        "One text, republished by 3 outlets (first: Dnipro Courier 22 Nov, 16:08 EET). No independent report seen yet."
    )
    assert words(first.css_first(".copies")) == copies
    assert second.css_first(".copies") is None
    assert "Бахмутом ← Bakhmut" in words(second)
    assert "waiting https://hooks.example/services/…/… after 3 attempts" in words(second.css_first(".sent"))
    assert "призыв" in words(third.css_first(".met"))


def test_an_article_shows_text_ledger_facts_and_copies(client, made):
    tree = page(client, f"/article/{made[5].id}", q="conscription OR recruit")
    assert [words(mark) for mark in tree.css(".text mark")] == ["conscripts", "recruits"]
    assert len(tree.css(".text p")) == 3
    ledger = [words(line) for line in tree.css(".ledger table tbody tr")]
    assert "json-ld 2026-11-22T16:05:12+02:00 chosen" in ledger
    assert "text 22 November 2026 the day of the visit: a clock of the page" in ledger
    assert len(tree.css(".others li")) == 2
    assert "READ MORE: Ten ways to heat a flat" in words(tree.css_first(".dropped"))
    assert "original of story" in words(tree.css_first(".history"))


def test_why_tells_the_history_and_hides_webhook_secrets(client, made):
    tree = page(client, "/why", url=made[4].url)
    assert "ready" in words(tree.css_first(".history"))
    assert "https://hooks.example/services/…/…" in words(tree)
    assert "SECRET" not in tree.html
    assert "Nothing is known of" in words(page(client, "/why", url="https://unknown.example/x"))
    assert page(client, "/why", url="not an address").css_first(".problem")


def test_what_does_not_exist_or_changes_something_is_refused_in_words(client):
    assert "no such page" in words(page(client, "/article/0123", 404))
    assert page(client, "/nothing/here", 404)
    assert page(client, "/search", 400, q="x", before="0")
    assert page(client, "/alerts", 400, limit="many")
    assert client.post("/search", data={"q": "x"}).status_code == 405
    assert client.head("/").status_code == 200


def test_a_page_that_is_kept_fresh_says_so_and_can_be_stopped(client):
    assert not page(client, "/alerts").css("meta[http-equiv]")
    tree = page(client, "/alerts", live="1")
    assert tree.css_first("meta[http-equiv=refresh]").attributes["content"] == "15"
    assert "Stop" in words(tree.css_first(".live"))
