"""What a subscription may be, and what it is just now."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tocsin.errors import UserError
from tocsin.query.parse import parse
from tocsin.records import Article, Muted, Subscription
from tocsin.subscriptions import asked, edited, muting, name_for, new, series_of, silenced, state_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
IT = new("east", "Bakhmut OR Soledar", ("stdout:",), NOW)


def article(title: str, outlet: str = "one", story: str = "s1") -> Article:
    return Article(
        id="a", address_id="b", url="https://a.example/", outlet=outlet, first_seen=NOW, title=title, story=story
    )


def understood(query: str) -> object:
    if "Atlantis" in query:
        raise UserError("no list has the place")
    return parse(query)


def test_rows_of_before_are_read_as_they_were() -> None:
    """A row that an older version wrote has nothing of the new fields, and means what it meant."""
    row = b'{"id":"x","name":"n","query":"q","channels":["stdout:"],"created":"2026-11-22T12:00:00Z","paused":true}'
    read = msgspec.json.decode(row, type=Subscription)
    assert (read.paused, read.every, read.langs, read.version, read.tells) == (
        True, "immediate", (), 1, ("added", "corrected", "gone"),
    )  # fmt: skip


def test_an_edit_keeps_the_id_and_counts() -> None:
    """Also where the name changes; what changes nothing is no edit."""
    later = NOW + timedelta(hours=1)
    after = edited(IT, later, name="west", query="drone   and", every="daily")
    assert (after.id, after.version, after.changed, after.query) == (IT.id, 2, later, "drone AND and")
    assert edited(IT, later, query="Bakhmut OR   Soledar") is IT
    assert edited(after, later, paused=True).version == 3


def test_what_is_broken_can_be_paused_and_mended() -> None:
    """A query that can no longer be read stands in nobody's way."""
    broken = msgspec.structs.replace(IT, query="a AND (")
    assert state_of(broken, NOW, understood).standing == "broken"
    assert "column" in state_of(broken, NOW, understood).reason
    assert edited(broken, NOW, paused=True).paused
    assert edited(broken, NOW, query="a").query == "a"
    with pytest.raises(UserError, match="column"):
        edited(broken, NOW, every="daily")


@pytest.mark.parametrize(
    ("fields", "standing"),
    [
        ({}, "active"),
        ({"paused": True}, "paused"),
        ({"expires": NOW}, "expired"),
        ({"expires": NOW + timedelta(1)}, "active"),
        ({"expires": NOW, "paused": True}, "expired"),
        ({"query": "place:Atlantis", "paused": True}, "broken"),
        ({"zone": "Europe/Nowhere"}, "broken"),
        ({"quiet": "late"}, "broken"),
    ],
)
def test_the_state_is_derived(fields: dict[str, object], standing: str) -> None:
    found = state_of(msgspec.structs.replace(IT, **fields), NOW, understood)
    assert found.standing == standing
    assert (found.reason == "") == (standing in ("active", "paused"))


def test_the_whole_query_has_languages_and_outlets() -> None:
    """It is a query of the language, in which the OR of the reader's own does not eat the rest."""
    it = edited(IT, NOW, langs=("uk", "no"), outlets=("one", "two.three"))
    assert str(parse(asked(it))) == (
        "(Bakhmut OR Soledar) AND (lang:uk OR lang:no) AND (outlet:one OR outlet:two.three)"
    )
    assert asked(IT) == IT.query


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": " "}, "named"),
        ({"name": "a\nb"}, "named"),
        ({"name": "x" * 201}, "named"),
        ({"query": "-sport"}, "Add a word"),
        ({"query": "a AND"}, "column"),
        ({"channels": ()}, "no channel"),
        ({"every": "yearly"}, "immediate, hourly, daily or weekly"),
        ({"at": "8"}, "time of the day"),
        ({"weekday": "caturday"}, "weekday"),
        ({"zone": "Kyiv"}, "IANA"),
        ({"quiet": "22-7"}, "22:00-07:00"),
        ({"priority": "high"}, "urgent"),
        ({"throttle": -1}, "0 for no limit"),
        ({"langs": ("ukr",)}, "two letters"),
        ({"outlets": ('a" OR b',)}, "outlets list"),
        ({"outlets": tuple(f"o{number}" for number in range(300))}, "languages and outlets"),
        ({"expires": datetime(2026, 1, 1)}, "no zone"),
        ({"tells": ("first",)}, "added, grown"),
        ({"grown_at": (5,)}, "add grown"),
        ({"tells": ("grown",), "grown_at": (1,)}, "from 2"),
        ({"shows": "words:0"}, "words:N"),
        ({"template": "{title.__class__}"}, "stands for nothing"),
        ({"template": "{title!r}"}, "stands for nothing"),
        ({"template": "{title:>9999999999}"}, "stands for nothing"),
        ({"template": "{0}"}, "stands for nothing"),
        ({"template": "{}"}, "stands for nothing"),
        ({"template": "{title"}, "not understood"),
        ({"template": "x" * 4001}, "characters"),
    ],
)
def test_what_may_not_be_is_said(fields: dict[str, object], words: str) -> None:
    """In a sentence that names the thing."""
    with pytest.raises(UserError, match=r"\A[^\n]+\Z") as caught:
        edited(IT, NOW, **fields)
    assert words in str(caught.value)


def test_templates_may_have_placeholders_and_braces() -> None:
    made = edited(IT, NOW, template="{title}: {url} {{as it is}}")
    assert made.template.endswith("{{as it is}}")


def test_the_parts_of_a_series_have_one_key() -> None:
    """Whatever the day; another outlet's, and another title, is another."""
    key = series_of(article("Russian Offensive Campaign Assessment, November 26, 2026"))
    assert key == series_of(article("Russian offensive campaign assessment, December 3"))
    assert key != series_of(article("Russian offensive campaign assessment", "two"))
    assert key != series_of(article("Russian offensive in winter"))
    assert series_of(article("Ситуація на фронті станом на 26 листопада")) == series_of(
        article("Ситуація на фронті станом на 1 грудня 2026")
    )
    assert series_of(article("26.11.2026")) == series_of(article("")) == ""


def test_a_muted_story_is_muted_under_each_of_its_ids() -> None:
    """Also when it proved to be one with an older one after it was muted."""
    muted = edited(IT, NOW, muted=(Muted(what="story", key="s1", at=NOW, reason="enough"),))
    assert silenced(muted, article("a"), {}) == "story muted 2026-11-22 12:00 UTC: enough"
    assert silenced(muted, article("a", story="s2"), {}) == ""
    assert silenced(muted, article("a", story="s2"), {"s1": "s0", "s2": "s0"})
    daily = edited(IT, NOW, muted=(Muted(what="series", key="one:daily", at=NOW),))
    assert silenced(daily, article("Daily, 3 May"), {}) == "series muted 2026-11-22 12:00 UTC"
    assert silenced(daily, article("3 May"), {}) == ""
    assert muting(daily, Muted(what="series", key="one:daily", at=NOW + timedelta(1))) == daily.muted


def test_a_long_query_gives_a_name_of_its_own() -> None:
    """As long as a name may be, and another one for another query."""
    long, other = (" OR ".join(f"word{number}" for number in range(size)) for size in (150, 151))
    assert len(name_for(long)) <= 200
    assert name_for(long) != name_for(other)
    assert new(name_for(long), long, ("stdout:",), NOW).name == name_for(long)
    assert name_for("a\n b") == "a b"
