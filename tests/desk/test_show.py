"""What a reader sees of a record: times, links, channels, narrowed queries, marked words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tocsin.desk import show
from tocsin.desk.marking import every, marked
from tocsin.records import Hit

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KYIV = show.Lens(ZoneInfo("Europe/Kyiv"), NOW)


def test_a_time_is_shown_in_the_readers_zone_with_summer_time():
    assert KYIV.moment(datetime(2026, 7, 1, 9, tzinfo=UTC)).text == "1 Jul, 12:00 EEST"
    assert KYIV.moment(datetime(2025, 12, 31, 22, 30, tzinfo=UTC)).text == "1 Jan, 00:30 EET"
    assert KYIV.moment(datetime(2024, 2, 29, 9, tzinfo=UTC), seconds=True).text == "29 Feb 2024, 11:00:00 EET"


def test_a_time_without_a_zone_is_not_moved():
    shown = KYIV.moment(datetime(2026, 6, 30, 9))
    assert shown.text == "30 Jun, 09:00 zone unknown"
    assert shown.iso == "2026-06-30T09:00:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s later"), (119, "119 s later"), (120, "2 min later"), (3 * 3600, "3 h later"), (86_400 * 9, "9 d later"),
     (-300, "5 min before")],
)  # fmt: skip
def test_a_gap_is_said_in_one_unit(seconds, text):
    assert show.gap(NOW, NOW + timedelta(seconds=seconds)) == text


def test_a_gap_from_an_unknown_time_is_not_said():
    assert show.gap(None, NOW) == ""
    assert show.gap(datetime(2026, 7, 1), NOW) == ""


def test_a_query_is_narrowed_without_changing_its_meaning():
    assert show.narrowed("a OR b", "place", "Bakhmut") == "/search?q=%28a+OR+b%29+place%3ABakhmut"
    assert show.narrowed("", "topic", "front line") == "/search?q=topic%3A%22front+line%22"
    assert show.narrowed("a", "place", 'Q"uote') == "/search?q=a+place%3A%22Q+uote%22"
    assert show.narrowed("a place:Bakhmut", "place", "Bakhmut") == "/search?q=a+place%3ABakhmut"


@pytest.mark.parametrize(
    ("code", "is_"), [("uk", "uk"), ("sr-Latn", "sr-Latn"), ("", None), ("en x", None), ("Englisch!", None)]
)
def test_a_language_is_named_to_the_browser_where_it_is_one(code, is_):
    assert show.lang_attribute(code) == is_


def test_words_that_met_are_marked_once_and_overlaps_are_left():
    hits = tuple(Hit(word=word, form=form, how="", field="text", start=start)
                 for word, form, start in [("ab", "a b", 0), ("b", "b", 2), ("d", "d", 6), ("x", "x", 99)])  # fmt: skip
    parts = marked("a b c d", hits)
    assert [(part.text, part.word) for part in parts] == [("a b", "ab"), (" c ", ""), ("d", "d")]
    assert "".join(part.text for part in parts) == "a b c d"


def test_every_form_is_marked_but_never_inside_a_word():
    parts = every("Art, art. Start C++ art", {"art": "art", "C++": "c"})
    assert [part.text for part in parts if part.word] == ["art", "C++", "art"]
    assert "".join(part.text for part in parts) == "Art, art. Start C++ art"
