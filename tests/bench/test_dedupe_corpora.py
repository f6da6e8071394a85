"""The corpora of ``make bench-dedupe`` are what they say: seven tellings an event, one form a bulletin, none borrowed.

A bench judges no better than its texts: an independent report that borrows more than the quote, or a denial that is not
one, would make a right algorithm fail and a wrong one pass.
"""

import gzip
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bench import dedupe_bulletins
from bench.dedupe_events import CHANGES, Event, documents, events, followed_up, rows
from bench.dedupe_judge import GOLD, Figure, least, none_of, pairs

SHARED = Path(__file__).parents[3] / "shared/data/dedup/wikinews_edit.dev.jsonl.gz"
NEGATIONS = {"not", "no", "nor", "не", "нет", "ни", "немає", "none"}
ALL = events()
each = pytest.mark.parametrize("event", ALL, ids=lambda event: f"{event.lang}-{event.name}")


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.casefold())


def runs(text: str, length: int) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[at : at + length]) for at in range(len(said) - length + 1)}


def sentences(text: str) -> set[str]:
    return {part.strip() for part in re.split(r"(?<=[.!?])\s+|\n", text) if len(words(part)) > 4}


def told(event: Event) -> dict[str, str]:
    return {row["kind"]: row["text"] for row in documents(event)}


def test_sixty_events_in_three_languages() -> None:
    assert Counter(event.lang for event in ALL) == {"en": 26, "uk": 18, "ru": 16}
    assert {(event.lang, event.other) for event in ALL} == {
        (a, b) for a in ("en", "uk", "ru") for b in ("en", "uk", "ru") if a != b
    }
    assert len({(event.lang, event.name) for event in ALL}) == len(ALL)


@each
def test_wire_and_quote_have_the_size_of_news(event: Event) -> None:
    wire = "\n".join(event.wire.paragraphs)
    assert 100 <= len(words(wire)) <= 350
    assert 45 <= len(words(event.quote)) <= 75
    assert wire.count(event.quote) == 1


@each
def test_an_independent_report_shares_the_quote_alone(event: Event) -> None:
    texts = told(event)
    assert event.quote in texts["independent"]
    own = texts["independent"].replace(event.quote, "\n")
    assert len(words(own)) >= 30
    assert not runs(own, 8) & runs(texts["wire"], 8)


@each
def test_a_denial_is_the_wire_and_a_not(event: Event) -> None:
    texts = told(event)
    before, after = Counter(words(texts["wire"])), Counter(words(texts["denial"]))
    assert sum((after - before)[word] for word in NEGATIONS) >= 1
    assert sum((before - after).values()) <= 16
    assert event.texts["denial"].title != event.wire.title


@each
def test_a_followup_is_news_above_pasted_background(event: Event) -> None:
    wire, followup = event.wire.paragraphs, followed_up(event).paragraphs
    pasted = [line for line in followup if line in wire]
    own = [line for line in followup if line not in wire]
    assert 2 <= len(pasted) <= 3
    assert 2 <= len(own) <= 4
    assert followup == (*own, *pasted)
    assert not runs("\n".join(own), 8) & runs("\n".join(wire), 8)


@each
def test_a_rewrite_keeps_a_part_of_the_wire(event: Event) -> None:
    texts = told(event)
    wire, rewrite = sentences(texts["wire"]), sentences(texts["rewrite"])
    assert 0.2 <= len(wire & rewrite) / len(rewrite) <= 0.75
    assert event.quote not in texts["rewrite"]


@each
def test_a_translation_names_its_original_in_time(event: Event) -> None:
    by_kind = {row["kind"]: row for row in documents(event)}
    wire, translation = by_kind["wire"], by_kind["translation"]
    later = datetime.fromisoformat(translation["published"]) - datetime.fromisoformat(wire["published"])
    assert timedelta(0) < later <= timedelta(hours=6)
    assert translation["alternates"] == [wire["url"]]
    assert translation["outlet"] == wire["outlet"]
    assert translation["lang"] != wire["lang"]
    assert len(event.texts["translation"].paragraphs) == len(event.wire.paragraphs)
    assert not [kind for kind, row in by_kind.items() if kind != "translation" and "alternates" in row]


def test_a_republication_is_changed_in_all_the_usual_ways() -> None:
    done = Counter(change.__name__ for changes in CHANGES for change in changes)
    assert set(done) == {"_headline", "_line_before", "_line_behind", "_typographic", "_trimmed", "_dateline"}
    for event in ALL:
        copy, wire = told(event)["republication"], told(event)["wire"]
        kept = runs(wire, 4) & runs(copy, 4)
        assert len(kept) >= 0.7 * len(runs(wire, 4))
    assert any("“" in told(event)["republication"] for event in ALL)


def test_no_two_events_share_a_sentence() -> None:
    owner: dict[str, str] = {}
    for row in rows():
        if row["kind"] != "republication":
            for sentence in sentences(row["text"]):
                assert owner.setdefault(sentence, row["event"]) == row["event"], sentence


def test_documents_come_in_order_under_names_of_their_own() -> None:
    for made in (rows(), dedupe_bulletins.rows()):
        assert [row["published"] for row in made] == sorted(row["published"] for row in made)
        assert len({row["id"] for row in made}) == len({row["url"] for row in made}) == len(made)
        assert all(row["outlet"].endswith(".example") and row["outlet"] in row["url"] for row in made)


def test_twenty_bulletins_sixty_days_and_no_two_alike() -> None:
    made = dedupe_bulletins.rows()
    first = [row for row in made if row["id"].endswith("-0")]
    assert set(Counter(row["kind"] for row in first).values()) == {60}
    assert len({row["kind"] for row in first}) == 20
    assert {row["lang"] for row in first} == {"en", "uk", "ru"}
    assert len({row["text"] for row in first}) == len(first)
    assert not [row["id"] for row in made if re.search(r"[{}@|]", row["text"].replace(" | ", " "))]


def test_only_copies_share_a_group() -> None:
    made = dedupe_bulletins.rows()
    original = {row["group"]: row for row in made if row["id"].endswith("-0")}
    copies = [row for row in made if not row["id"].endswith("-0")]
    assert 300 <= len(copies) <= 800
    for row in copies:
        assert original[row["group"]]["text"] in row["text"]
        assert original[row["group"]]["outlet"] != row["outlet"]
        assert original[row["group"]]["published"] < row["published"]


def test_bulletins_are_the_same_for_a_seed() -> None:
    assert dedupe_bulletins.rows(seed=1, days=3) == dedupe_bulletins.rows(seed=1, days=3)
    assert dedupe_bulletins.rows(seed=1, days=3) != dedupe_bulletins.rows(seed=2, days=3)


@pytest.mark.skipif(not SHARED.is_file(), reason="the shared texts are not beside the project")
def test_nothing_is_taken_from_the_shared_texts() -> None:
    theirs: set[tuple[str, ...]] = set()
    with gzip.open(SHARED, "rt", encoding="utf-8") as file:
        for line in file:
            theirs |= runs(json.loads(line)["text"], 9)
    for row in [*rows(), *dedupe_bulletins.rows(days=2)]:
        assert not runs(row["text"], 9) & theirs, row["id"]


def test_pairs_and_figures_judge() -> None:
    gold = {"a": "1", "b": "1", "c": "2", "d": "2"}
    assert pairs(gold, {"a": "x", "b": "x", "c": "y", "d": "z"}) == (1.0, 0.5)
    assert pairs(gold, dict.fromkeys(gold, "x")) == (2 / 6, 1.0)
    assert pairs(gold, {name: name for name in gold}) == (1.0, 0.0)
    assert least("p", "w", 0.989, 0.99) == Figure("p", "w", "0.98900", "≥ 0.990", short=True)
    assert not least("p", "w", 0.99, 0.99).short
    assert none_of("p", "w", 1, 60).short
    assert not none_of("p", "w", 0, 60).short
    assert set(GOLD) & set(dedupe_bulletins.rows(days=1)[0]) == {"group", "kind"}
