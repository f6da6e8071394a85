"""Messages say what met which word, when, and how far the text has spread; and outside text cannot harm a terminal."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.messages import Message, Told, followable, plain, published_line, render
from tocsin.records import Alert, Article, Hit, Notice, Story, Subscription

KYIV = ZoneInfo("Europe/Kyiv")
SEEN = datetime(2026, 11, 22, 12, 5, 12, tzinfo=UTC)
SENTENCE = "Уночі під Бахмутом тривали бої."
HIT = Hit(
    word="Bakhmut", form="Бахмутом", how="case form", field="text", sentence=SENTENCE, start=SENTENCE.index("Бахмутом")
)


def article(**changes: Any) -> Article:
    known: dict[str, Any] = {
        "id": "a1",
        "address_id": "d1",
        "url": "https://hromada.example/news/17",
        "outlet": "hromada",
        "first_seen": SEEN,
        "title": "Бої на сході",
        "lang": "uk",
        "published": datetime(2026, 11, 22, 14, 5, tzinfo=timezone(timedelta(hours=2))),
        "published_origin": "feed",
        "places": ("Bakhmut",),
        "topics": ("front line",),
    }
    return Article(**(known | changes))


def message(
    told: Article | None = None, story: Story | None = None, hits: tuple[Hit, ...] = (HIT,), **more: Any
) -> Message:
    notice = Notice(
        id="n1", alert="al1", kind="first", ordinal=1, article="a1", created=SEEN + timedelta(seconds=3), hits=hits
    )
    alert = Alert(id="al1", subscription="s1", story="st1", article="a1", created=SEEN)
    subscription = Subscription(
        id="s1", name="East", query="Bakhmut AND secretquery", channels=("stdout:",), created=SEEN - timedelta(days=1)
    )
    return render(Told(notice, alert, told or article(), more.get("subscription", subscription), story), KYIV)


def story(*outlets: str) -> Story:
    return Story(id="st1", first="a1", title="Бої", outlets=outlets, texts=len(outlets), first_seen=SEEN)


def test_outlet_title_and_address_are_told() -> None:
    lines = message().lines
    assert lines[:3] == ("East: hromada", "Бої на сході", "https://hromada.example/news/17")


def test_matched_word_is_marked_in_its_sentence_with_the_query_word_it_met() -> None:
    lines = message().lines
    assert "  Уночі під **Бахмутом** тривали бої." in lines
    assert "    Бахмутом ← Bakhmut, case form" in lines


def test_one_sentence_with_two_words_stands_once() -> None:
    other = msgspec.structs.replace(HIT, word="fighting", form="бої", how="other name", start=SENTENCE.index("бої"))
    lines = message(hits=(other, HIT)).lines
    assert [line for line in lines if "Уночі" in line] == ["  Уночі під **Бахмутом** тривали **бої**."]
    assert "    бої ← fighting, other name" in lines


def test_hit_that_stands_elsewhere_marks_nothing() -> None:
    lines = message(hits=(msgspec.structs.replace(HIT, start=2),)).lines
    assert f"  {SENTENCE}" in lines


def test_times_stand_in_the_readers_zone_with_seconds_between() -> None:
    line = next(line for line in message().lines if "→" in line)
    assert line == (
        "  published 2026-11-22 14:05 EET (14:05 +02:00 at the source, feed)"
        " → seen 2026-11-22 14:05:12 EET (12 s later) → alerted 2026-11-22 14:05:15 EET (3 s later)"
    )


def test_own_zone_of_the_source_is_kept() -> None:
    there = article(
        published=datetime(2026, 11, 22, 7, 4, 30, tzinfo=timezone(timedelta(hours=-5))), published_origin="json-ld"
    )
    assert published_line(there, KYIV) == "published 2026-11-22 14:04:30 EET (07:04 -05:00 at the source, json-ld)"


def test_date_without_zone_is_not_moved() -> None:
    line = published_line(article(published=datetime(2026, 11, 22, 9, 30), published_note="no zone on the page"), KYIV)
    assert line == "published 2026-11-22 09:30, zone unknown (feed; no zone on the page)"
    whole = next(line for line in message(article(published=datetime(2026, 11, 22, 9, 30))).lines if "→" in line)
    assert "seen 2026-11-22 14:05:12 EET → alerted" in whole, "without a zone there are no seconds between"


def test_missing_date_says_why() -> None:
    assert (
        published_line(article(published=None, published_note="only the render time"), KYIV)
        == "no date: only the render time"
    )


def test_copies_are_told_and_never_called_confirmed() -> None:
    told = message(story=story("hromada", "b", "c", "d", "e", "f"))
    assert "  One text, republished by 6 outlets (first: hromada 14:05). No independent report seen yet." in told.lines
    assert "confirmed" not in "\n".join(told.lines).lower()


def test_single_outlet_has_no_story_line() -> None:
    assert not any("One text" in line for line in message(story=story("hromada")).lines)


def test_query_is_in_no_line_and_no_link() -> None:
    told = message()
    assert "secretquery" not in told.url
    assert "secretquery" not in "\n".join(told.lines)
    assert told.payload["subscription"] == {"id": "s1", "name": "East", "query": "Bakhmut AND secretquery"}


def test_removed_subscription_still_gives_a_message() -> None:
    assert message(subscription=None).lines[0] == "(removed subscription): hromada"


def test_payload_has_what_machines_ask_for() -> None:
    line = json.loads(message(story=story("hromada", "b")).body())
    assert line["id"] == "n1"
    assert line["alert"] == "al1"
    assert line["kind"] == "first"
    assert line["schema"] == 1
    assert line["article"]["published"] == "2026-11-22T14:05:00+02:00"
    assert line["article"]["topics"] == ["front line"]
    assert line["hits"][0] | {"start": 0} == msgspec.to_builtins(HIT) | {"start": 0}
    assert line["story"] == {"id": "st1", "outlets": ["hromada", "b"], "texts": 2}
    assert line["times"]["published_to_seen_seconds"] == 12
    assert line["times"]["seen_to_alerted_seconds"] == 3


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        ("a\x1b[2Jb", "a⟨U+001B⟩[2Jb"),
        ("safe\u202egpj.exe", "safe⟨U+202E⟩gpj.exe"),
        ("one\r\ntwo\tthree\u2028four", "one two three four"),
        ("при\u00adзов", "призов"),
        ("\u2066isolated\u2069", "⟨U+2066⟩isolated⟨U+2069⟩"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\x9b31m", "⟨U+009B⟩31m"),
    ],
)
def test_what_hides_or_moves_is_shown(outside: str, shown: str) -> None:
    assert plain(outside) == shown


@given(st.text(), st.text(), st.text())
def test_no_outside_text_brings_a_control_character(title: str, outlet: str, sentence: str) -> None:
    hit = Hit(word="w", form=sentence[:3], how="as typed", field="title", sentence=sentence)
    told = message(article(title=title, outlet=outlet, url=f"https://x.example/{sentence}"), hits=(hit,))
    shown = "\n".join((told.subject, *told.lines)).replace("\n", "")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", shown)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_body_is_one_line_and_loses_nothing(title: str) -> None:
    body = message(article(title=title)).body().decode()
    assert len(body.splitlines()) == 1
    assert not re.search("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]", body)
    assert json.loads(body)["article"]["title"] == title


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "file:///etc/passwd", "https://a@b.example/", "https://", "https://x/\u202ea", "http://[x"],
)
def test_link_that_must_not_be_followed(url: str) -> None:
    assert followable(url) == ""
    told = message(article(url=url))
    assert told.url == ""
    assert any("not an address of the web" in line for line in told.lines)
