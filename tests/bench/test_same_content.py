"""The comparison behind ``make bench-same-output`` finds what must not differ, and lets pass what may."""

from datetime import UTC, datetime

import msgspec
import pytest

from bench.same_content import Kept, Line, compared
from bench.same_output import told
from tocsin.records import Alert, Article, Hit, Notice
from tocsin.stores.port import own_story

NOW = datetime(2026, 3, 4, tzinfo=UTC)
HITS = {name: (Hit(word="told", form="told", how="as typed", field="text", sentence=name),) for name in "abcd"}
PASSAGES = {name: {"s": HITS[name]} for name in "abc"} | {"d": {}}


def article(name: str, first: str, relation: str = "copy") -> Article:
    """A text in the story that another one began."""
    return Article(
        id=name, address_id=name, url=f"https://{name}.example/", outlet=name, first_seen=NOW, title=name, text=name,
        text_hash=name, state="ready", story=own_story(first), relation="original" if name == first else relation,
    )  # fmt: skip


def rung(name: str, story: str, copies: int = 0, of: str = "s") -> tuple[Alert, list[Notice]]:
    """An alert that a text made."""
    alert = Alert(id=f"{of}{story}", subscription=of, story=own_story(story), article=name, created=NOW, copies=copies)
    notice = Notice(
        id=f"n{of}{story}", alert=alert.id, kind="first", ordinal=1, article=name, created=NOW, hits=HITS[name]
    )
    return alert, [notice]


def side(first: str = "a", second: str = "b") -> Kept:
    """Two texts that are one story, one that is its own, and one that nobody asked for."""
    articles = {it.id: it for it in (article("a", first), article("b", first), article("c", "c"), article("d", "d"))}
    story = {"a": frozenset("ab"), "b": frozenset("ab"), "c": frozenset("c"), "d": frozenset("d")}
    return Kept(
        articles, story, {name: it.story for name, it in articles.items()}, [rung(first, first, 1), rung("c", "c")]
    )


def wrong(one: Kept, other: Kept) -> dict[str, Line]:
    return {line.what: line for line in compared(one, other, PASSAGES) if line.differing and not line.free}


def test_who_came_first_may_differ() -> None:
    """Another root, another text that rang: told as such, and not held against the road."""
    lines = [*compared(side("a"), side("b"), PASSAGES)]
    assert told(lines) == 0
    free = {line.what for line in lines if line.differing}
    assert free == {"id of the story", "story as frozen at filing", "relation to it", "the text that rang"}


def test_equal_sides_differ_in_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(compared(side(), side(), PASSAGES)) == 0
    assert "may" not in capsys.readouterr().out


def test_each_true_difference_is_found() -> None:
    """One thing is changed at a time."""
    good = side()
    changed = msgspec.structs.replace
    lost = Kept(*({name: it for name, it in kept.items() if name != "d"} for kept in good[:3]), good.alerts)
    assert [*wrong(good, lost)] == ["articles: words, names, topics, state", "stories: which texts are one"]
    poor = good._replace(articles=good.articles | {"a": changed(good.articles["a"], people=("Somebody",))})
    assert [*wrong(good, poor)] == ["articles: words, names, topics, state"]
    split = good._replace(story=good.story | {"a": frozenset("a"), "b": frozenset("b")})
    assert "stories: which texts are one" in wrong(good, split)
    named = good._replace(root=good.root | dict.fromkeys("ab", own_story("elsewhere")))
    assert [*wrong(good, named)] == ["stories not called by their first text"]
    silent = good._replace(alerts=good.alerts[:1])
    assert "who is told of which story (second)" in wrong(good, silent)
    twice = good._replace(alerts=[*good.alerts, rung("b", "b")])
    assert "told twice of one story (second)" in wrong(good, twice)
    asked = good._replace(alerts=[*good.alerts, rung("d", "d")])
    assert "who is told of which story (second)" in wrong(good, asked)
    alert, (notice,) = good.alerts[0]
    shown = good._replace(alerts=[(alert, [changed(notice, hits=HITS["c"])]), good.alerts[1]])
    assert [*wrong(good, shown)] == ["passages that a message shows (second)"]
    counted = good._replace(alerts=[(changed(alert, copies=2), [notice]), good.alerts[1]])
    assert [*wrong(good, counted)] == ["texts counted to an alert (second)"]
    numbered = good._replace(articles=good.articles | {"a": changed(good.articles["a"], version=2)})
    assert [*wrong(good, numbered)] == ["versions numbered otherwise than 1, 2 … (second)"]
