"""Dedupe joins what is one text and keeps apart what merely looks alike, over the real store.

A wrong join silences an alert and a missed one repeats it, so both sides are tested.
"""

import gzip
import importlib.util
import json
import random
import struct
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.addresses import address_id, article_id, canonical
from tocsin.forms import Forms
from tocsin.records import Article, Kind, derived_id
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Words
from workers.dedupe import CANDIDATES, decide
from workers.sketch import sketch

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WORDS = Words(Forms({}))


def prose(seed: int, words: int) -> str:
    """Sentences that have next to nothing in common with those of another seed."""
    dice = random.Random(seed)
    syllables = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "du"]
    return " ".join("".join(dice.choices(syllables, k=3)) for _ in range(words)) + "."


class Road:
    """The stretch from accepted to filed, one article at a time."""

    def __init__(self, path: Path) -> None:
        self.store = SqliteStore.open(str(path))

    def put(
        self,
        url: str,
        text: str,
        *,
        title: str = "",
        at: datetime = NOON,
        kind: Kind = "article",
        lang: str = "en",
        alternates: Sequence[str] = (),
    ) -> Article:
        url = canonical(url.partition("#")[0]) + ("#" + url.partition("#")[2] if "#" in url else "")
        text_hash = derived_id("text", " ".join(text.casefold().split()))
        address = address_id(url)
        article = Article(
            id=article_id(address, text_hash),
            address_id=address,
            url=url,
            outlet=url.split("/")[2],
            title=title,
            text=text,
            lang=lang,
            first_seen=at,
            text_hash=text_hash,
            kind=kind,
        )
        self.store.accept([article])
        claimed = {found.id: found for found in self.store.claim(10_000, 1e10, at)}
        analysed = WORDS.analyse(title, text, "en")
        drawn = sketch(article, analysed)
        with self.store.filing() as filing:
            others = [address_id(canonical(other)) for other in alternates]
            decided = decide(claimed[article.id], drawn, filing.meet(drawn.sketch, drawn.prints, others, CANDIDATES))
            assert decided.sketch.story == decided.article.story
            assert filing.file(decided.article, decided.sketch, drawn.prints, analysed)
            for other in decided.joins:
                filing.join(decided.article.story, other)
        return decided.article


@pytest.fixture
def road(tmp_path: Path) -> Iterator[Road]:
    opened = Road(tmp_path / "road.db")
    yield opened
    opened.store.close()


def test_a_new_text_is_a_story_of_its_own(road: Road) -> None:
    first, other = road.put("https://a.example/1", prose(1, 200)), road.put("https://b.example/2", prose(2, 200))
    assert (first.relation, first.version, first.story) == ("original", 1, derived_id("story", first.id))
    assert other.relation == "original"
    assert other.story != first.story


def test_another_text_at_one_address_is_its_next_version(road: Road) -> None:
    texts = [prose(1, 80), prose(1, 80) + " " + prose(2, 60), prose(3, 90)]
    found = [road.put("https://a.example/1", text) for text in texts]
    assert [(article.relation, article.version) for article in found] == [
        ("original", 1),
        ("version", 2),
        ("version", 3),
    ]
    assert len({article.story for article in found}) == 1


def test_the_same_text_elsewhere_is_a_copy(road: Road) -> None:
    first = road.put("https://a.example/1", prose(1, 120), title="Their headline")
    copy = road.put("https://b.example/1", prose(1, 120).upper(), title="Our headline", at=NOON + timedelta(days=30))
    assert (copy.relation, copy.version, copy.story) == ("copy", 1, first.story)


def test_a_wall_is_no_copy_of_another_page_with_the_same_wall(road: Road) -> None:
    wall = "Please enable JavaScript and cookies to continue reading this page."
    one = road.put("https://a.example/1", wall, title="Shelling of the port")
    two = road.put("https://a.example/2", wall, title="Elections in the region")
    same = road.put("https://b.example/3", wall, title="Shelling of the port")
    assert two.story != one.story
    assert (same.relation, same.story) == ("copy", one.story)


def test_boilerplate_around_a_text_and_a_cut_end_leave_it_a_copy(road: Road) -> None:
    text = prose(1, 300)
    first = road.put("https://a.example/1", text)
    framed = road.put("https://b.example/1", f"{prose(7, 20)}\n\n{text}\n\n{prose(8, 30)}", title="Other words")
    cut = road.put("https://c.example/1", " ".join(text.split()[:120]))
    assert (framed.relation, framed.story) == ("copy", first.story)
    assert (cut.relation, cut.story) == ("copy", first.story)


def test_a_copy_with_much_of_its_own_says_so(road: Road) -> None:
    first = road.put("https://a.example/1", prose(1, 200))
    grown = road.put("https://b.example/1", prose(1, 200) + "\n\n" + prose(2, 150))
    assert (grown.relation, grown.story) == ("copy with additions", first.story)


def test_half_of_a_text_is_too_little(road: Road) -> None:
    first = road.put("https://a.example/1", prose(1, 200))
    other = road.put("https://b.example/1", " ".join(prose(1, 200).split()[:70]) + " " + prose(2, 130))
    assert other.story != first.story


def test_bulletins_of_two_days_differ_in_their_numbers(road: Road) -> None:
    def bulletin(day: int, losses: int) -> str:
        return (
            f"{prose(1, 60)} Losses on {day} March: {losses} men, {losses * 3} guns, {losses * 7} tanks. {prose(2, 60)}"
        )

    monday = road.put("https://a.example/1", bulletin(14, 761), title="Losses")
    tuesday = road.put("https://a.example/2", bulletin(15, 812), title="Losses", at=NOON + timedelta(days=1))
    copied = road.put("https://b.example/1", prose(9, 8) + " " + bulletin(15, 812), at=NOON + timedelta(days=1))
    assert tuesday.story != monday.story
    assert (copied.relation, copied.story) == ("copy", tuesday.story)


def test_after_days_nearly_everything_must_agree(road: Road) -> None:
    first = road.put("https://a.example/1", prose(1, 200))
    late = NOON + timedelta(hours=73)
    alike = road.put("https://b.example/1", " ".join(prose(1, 200).split()[:150]) + " " + prose(2, 50), at=late)
    whole = road.put("https://c.example/1", prose(1, 200) + " " + prose(3, 5), at=late)
    assert alike.story != first.story
    assert whole.story == first.story


def test_entries_of_a_live_blog_are_not_joined_by_their_background(road: Road) -> None:
    background = prose(1, 80)
    one = road.put("https://a.example/live#1", f"{prose(2, 50)}\n\n{background}", kind="entry")
    two = road.put("https://a.example/live#2", f"{prose(3, 50)}\n\n{background}", kind="entry")
    again = road.put("https://a.example/live#3", f"{prose(3, 50)}\n\n{background} {prose(4, 2)}", kind="entry")
    assert two.story != one.story
    assert again.story == two.story


def test_a_live_page_does_not_swallow_what_stands_in_it(road: Road) -> None:
    page = road.put("https://a.example/live", "\n\n".join(prose(seed, 100) for seed in (1, 2, 3)), kind="live")
    entry = road.put("https://a.example/live#1", prose(1, 100), kind="entry")
    elsewhere = road.put("https://b.example/1", prose(2, 100))
    assert len({page.story, entry.story, elsewhere.story}) == 3


def test_deciding_twice_decides_the_same(road: Road) -> None:
    first = road.put("https://a.example/1", prose(1, 120))
    drawn = sketch(first, WORDS.analyse("", first.text, "en"))
    with road.store.filing() as filing:
        undecided = msgspec.structs.replace(first, story="", relation="original")
        again = decide(undecided, drawn, filing.meet(drawn.sketch, drawn.prints, (), CANDIDATES)).article
    assert (again.story, again.relation, again.version) == (first.story, first.relation, first.version)


def test_case_forms_are_not_folded_but_case_and_spelling_are() -> None:
    def shingles(text: str) -> bytes:
        article = Article(id="1", address_id="1", url="https://a.example/", outlet="a", first_seen=NOON, text=text)
        return sketch(article, WORDS.analyse("", text, "ru"))[0].shingles

    assert shingles("ЁЛКА стоит у двери") == shingles("елка стоит у две\u00adри")
    assert shingles("ёлки стоят у двери") != shingles("ёлка стоит у двери")


@given(st.lists(st.sampled_from("one two three four five six seven".split()), max_size=400))
def test_prints_are_the_smallest_shingles_of_any_text(words: list[str]) -> None:
    text = " ".join(words)
    article = Article(id="1", address_id="1", url="https://a.example/", outlet="a", first_seen=NOON, text=text)
    drawn, prints, _ = sketch(article, WORDS.analyse("", text, "en"))
    shingles = struct.unpack(f"<{len(drawn.shingles) // 4}I", drawn.shingles)
    assert drawn.tokens == len(words)
    assert list(shingles) == sorted(set(shingles))
    assert prints == shingles[: len(prints)]
    assert len(prints) == min(len(shingles), max(24, min(64, len(shingles) // 12)))
    assert bool(shingles) == bool(words)


def test_years_and_single_digits_are_no_evidence() -> None:
    text = "In 2024 some 1,250 men and 7 guns, 3.5 tonnes, 41.32 hryvnias on 02.04.2026 at 8:33"
    text += "; 19.5, 2024,5, 1..12 (1999)."
    article = Article(id="1", address_id="1", url="https://a.example/", outlet="a", first_seen=NOON, text=text)
    numbers = sketch(article, WORDS.analyse("", text, "en"))[0].numbers
    assert set(numbers) == {"1,250", "3.5", "41.32", "02.04.2026", "8:33", "19.5", "2024,5", "12"}


def test_the_developers_half_of_the_edited_articles(road: Road, shared: Path) -> None:
    """Pair F1 .992 (P 1.0, R .984) when this was written."""
    gold = shared / "data" / "dedup" / "wikinews_edit.dev.jsonl.gz"
    script = shared / "bench" / "score_dedup.py"
    with gzip.open(gold, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    seen: dict[str, str] = {}
    stories = {}
    for row in rows:
        key = address_id(canonical(row["url"])) + " ".join(row["text"].casefold().split())
        if key not in seen:
            seen[key] = road.put(
                row["url"], row["text"], title=row["title"], at=datetime.fromisoformat(row["published"])
            ).story
        stories[row["id"]] = seen[key]
    spec = importlib.util.spec_from_file_location("score_dedup", script)
    assert spec
    assert spec.loader
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    figures = scorer.score({row["id"]: row["group"] for row in rows}, stories)
    print(figures)
    assert figures["pair_f1"] >= 0.985
    assert figures["pair_p"] >= 0.995
    assert figures["b3_f1"] >= 0.985


WIRE = (
    "The harbour authority of Sosnovka closed the outer quay on Monday, its spokesman Ivan Holub said. The order was "
    "signed at 14:20 and concerns 37 vessels. Pilots will board ships at the second buoy until further notice. The "
    "ferry to Marivka leaves from the northern pier, and tickets that were bought before remain valid. Divers looked "
    "at the damaged dolphin for two hours and found a crack of 85 centimetres. The port handled 412 thousand tonnes "
    "of grain in the autumn, more than in the year before. Fishermen complained that nobody had told them of the order."
)


def test_a_denial_is_no_copy(road: Road) -> None:
    wire = road.put("https://a.example/1", WIRE)
    denial = road.put("https://b.example/2", WIRE.replace("tickets that were bought", "tickets that were not bought"))
    twice = road.put("https://c.example/3", WIRE + " The order ends on Friday.")
    assert denial.story != wire.story
    assert twice.story == wire.story


def test_a_negation_that_both_have_parts_nobody(road: Road) -> None:
    text = WIRE.replace("nobody had told", "nobody had not told") + " " + WIRE.replace("Monday", "Tuesday")
    assert road.put("https://b.example/2", text[: len(WIRE)]).story == road.put("https://c.example/3", text).story


def test_the_bulletin_of_another_day_is_no_copy(road: Road) -> None:
    other = WIRE
    for number in ("14:20", "37", "85", "412"):
        other = other.replace(number, str(int(number.replace(":", "")) + 11))
    assert road.put("https://a.example/1", WIRE).story != road.put("https://a.example/2", other).story


def test_the_same_sentences_of_other_people_are_no_copy(road: Road) -> None:
    other = WIRE.replace("Sosnovka", "Kamianka").replace("Ivan Holub", "Petro Moroz").replace("Marivka", "Bilhorod")
    assert road.put("https://a.example/1", WIRE).story != road.put("https://a.example/2", other).story


def test_a_shared_statement_makes_no_copy(road: Road) -> None:
    statement = "“" + prose(7, 70) + "”"
    one = road.put("https://a.example/1", f"{prose(1, 60)} {statement} {prose(2, 20)}")
    other = road.put("https://b.example/2", f"{prose(3, 60)} {statement} {prose(4, 20)}")
    assert one.story != other.story
    whole = road.put("https://c.example/3", f"{prose(1, 60)} {statement} {prose(2, 20)} {prose(9, 5)}")
    assert whole.story == one.story


def test_a_follow_up_with_pasted_background_is_no_copy(road: Road) -> None:
    parts = [prose(seed, 50) for seed in range(6)]
    wire = road.put("https://a.example/1", "\n\n".join(parts))
    later = road.put("https://a.example/2", "\n\n".join([*(prose(seed, 50) for seed in (20, 21, 22, 23)), *parts[3:]]))
    assert later.story != wire.story


def test_most_of_a_text_below_a_new_top_is_no_copy(road: Road) -> None:
    """Unless it holds the other one whole: then somebody has written an introduction."""
    parts = [prose(seed, 50) for seed in range(6)]
    wire = road.put("https://a.example/1", "\n\n".join(parts))
    top = [prose(20, 50), prose(21, 25)]
    assert road.put("https://b.example/2", "\n\n".join([*top, *parts[2:4]])).story != wire.story
    introduced = road.put("https://c.example/3", "\n\n".join([*top, *parts]))
    assert (introduced.story, introduced.relation) == (wire.story, "copy with additions")


def test_a_quotation_that_only_one_of_them_has_counts(road: Road) -> None:
    """A short report that is mostly a statement is not held by a text without the statement."""
    parts, statement = [prose(1, 50), prose(2, 50)], "“" + prose(7, 90) + "”"
    wire = road.put("https://a.example/1", "\n\n".join([parts[0], statement, parts[1]]))
    later = road.put("https://b.example/2", "\n\n".join([prose(20, 90), *parts]), at=NOON + timedelta(hours=20))
    assert later.story != wire.story


def test_an_object_behind_a_negation_may_have_another_case(road: Road) -> None:
    before, behind = prose(1, 60), prose(2, 60)
    said = f"{before} Зловмисники викрали персональні дані клієнтів цього банку, повідомили там. {behind}"
    denied = said.replace("викрали персональні дані", "не викрали персональних даних")
    assert road.put("https://a.example/1", said).story != road.put("https://b.example/2", denied).story


def test_a_denial_in_the_last_words_is_found(road: Road) -> None:
    said = f"{prose(1, 60)} The mayor said on Tuesday evening that he would not resign."
    denied = said.replace("would not resign", "would resign")
    assert road.put("https://a.example/1", said).story != road.put("https://b.example/2", denied).story


def test_one_outlets_texts_of_two_days_are_a_series(road: Road) -> None:
    """What would be a copy elsewhere, or on the same day, is the next bulletin; the very same text remains a copy."""
    parts = [prose(seed, 20) for seed in range(10)]
    monday = road.put("https://a.example/1", "\n\n".join(parts))
    tuesday = "\n\n".join([*parts[:3], prose(20, 20), prose(21, 20), *parts[5:]])
    day = timedelta(hours=24)
    assert road.put("https://a.example/2", tuesday, at=NOON + day).story != monday.story
    assert road.put("https://a.example/3", "\n\n".join(parts) + " Updated.", at=NOON + day).story == monday.story
    assert road.put("https://b.example/4", "\n\n".join(parts[:8]), at=NOON + day).story == monday.story


def test_a_copy_with_additions_says_how_much(road: Road) -> None:
    wire = road.put("https://a.example/1", prose(1, 300))
    longer = road.put("https://b.example/2", f"{prose(1, 300)} {prose(2, 90)}")
    shorter = road.put("https://c.example/3", prose(1, 300)[:900])
    assert (longer.story, longer.relation) == (wire.story, "copy with additions")
    assert longer.kin
    assert longer.kin.added >= 90
    assert (shorter.story, shorter.relation) == (wire.story, "copy")
    assert shorter.kin
    assert shorter.kin.article in (wire.id, longer.id)


def test_what_an_outlet_prints_below_everything_joins_nothing(road: Road) -> None:
    plate = prose(99, 80)
    stories = {road.put(f"https://a.example/{n}", f"{prose(n, 70)} {plate}").story for n in range(8)}
    assert len(stories) == 8


def test_a_translation_joins_the_story_of_its_outlet(road: Road) -> None:
    wire = road.put("https://a.example/en/1", WIRE)
    later = NOON + timedelta(hours=2)
    text = prose(5, 100)
    told = road.put("https://a.example/uk/1", text, lang="uk", at=later, alternates=["https://a.example/en/1"])
    assert (told.story, told.relation) == (wire.story, "translation")
    assert told.kin
    assert told.kin.article == wire.id


@pytest.mark.parametrize(
    ("url", "lang", "hours"),
    [("https://b.example/1", "uk", 1), ("https://a.example/us/1", "en", 1), ("https://a.example/uk/1", "uk", 7)],
    ids=["another outlet", "the same language", "too late"],
)
def test_other_alternates_are_no_translations(road: Road, url: str, lang: str, hours: int) -> None:
    wire = road.put("https://a.example/en/1", WIRE)
    when = NOON + timedelta(hours=hours)
    other = road.put(url, prose(5, 100), lang=lang, at=when, alternates=["https://a.example/en/1"])
    assert other.story != wire.story


def test_two_stories_that_prove_to_be_one_are_told_under_the_older_id(road: Road) -> None:
    first, second = prose(1, 200), prose(2, 200)
    one, two = road.put("https://a.example/1", first), road.put("https://b.example/2", second)
    assert one.story != two.story
    both = road.put("https://c.example/3", f"{first} {second}")
    assert both.story == one.story
    story = road.store.story(two.story)
    assert story
    assert story.texts == 3
    assert {member.id for member in road.store.members(one.story)} == {one.id, two.id, both.id}
    assert road.put("https://d.example/4", f"{second} {prose(3, 10)}").story == one.story, (
        "the root is frozen from now on"
    )


def test_why_says_it_in_one_sentence(road: Road) -> None:
    road.put("https://a.example/1", prose(1, 300))
    road.put("https://b.example/2", prose(1, 300)[:900])
    for article in road.store.claim(10, 30, NOON + timedelta(days=400)):
        with road.store.publishing() as publishing:
            publishing.make_ready(article, WORDS.analyse("", article.text, "en"), NOON)
    said = [line["detail"] for line in road.store.why("https://b.example/2") if line["what"] == "ready"]
    assert said
    assert "99 % of its words stand in https://a.example/1" in said[0]
