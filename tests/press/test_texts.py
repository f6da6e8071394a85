"""Proves that the press's stories are many, whole and unlike each other, and the special ones are there."""

import random
import re
from datetime import UTC, datetime
from itertools import combinations, pairwise

import pytest

from tocsin.press.schedule import FIXED, STORIES, Item, plan
from tocsin.press.weave import Writer, fixed, live, shingles

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def items() -> tuple[Item, ...]:
    """The whole plan of the default seed."""
    return plan(START, 1, 1.0)


@pytest.fixture(scope="module")
def originals(items: tuple[Item, ...]) -> list[Item]:
    """Stories once each: of a wire story only the first copy."""
    seen: set[str] = set()
    chosen = []
    for item in items:
        if item.kind == "article" and item.text.title not in seen:
            seen.add(item.text.title)
            chosen.append(item)
    return chosen


def test_there_are_three_hundred_stories(items: tuple[Item, ...]) -> None:
    """300 stories, 25 for each of twelve outlets, not counting what has to be dropped."""
    kept = [item for item in items if item.kind == "article" and not item.dropped]
    assert len(kept) == STORIES == 300
    share = {site: sum(item.site == site for item in kept) for site in {item.site for item in kept}}
    assert len(share) == 12
    assert set(share.values()) == {25}
    assert {item.text.lang for item in kept} == {"en", "uk", "ru"}


@pytest.mark.parametrize("seed", [1, 7])
def test_no_two_stories_look_alike(seed: int) -> None:
    """Any two stories share less than 30 % of the shorter one's word 4-shingles."""
    texts = {item.text.title: shingles(item.text.paragraphs) for item in plan(START, seed, 1.0) if item.text.paragraphs}
    worst = max(
        (len(a & b) / min(len(a), len(b)), one, other) for (one, a), (other, b) in combinations(texts.items(), 2)
    )
    assert worst[0] < 0.3, worst


def test_titles_and_texts_have_a_newspapers_size(originals: list[Item]) -> None:
    """Titles of 5 to 14 words, 4 to 12 paragraphs, at least 60 words, no title twice."""
    assert len(originals) == STORIES + 12 - 4  # twelve behind robots.txt, four copies of agency texts
    for item in originals:
        assert 5 <= len(item.text.title.split()) <= 14, item.text.title
        assert 4 <= len(item.text.paragraphs) <= 12, item.text.title
        assert len(" ".join(item.text.paragraphs).split()) >= 60, item.text.title


def test_no_slot_is_left_and_no_alphabet_is_foreign(originals: list[Item]) -> None:
    """Every slot is filled, and a story keeps to the letters of its language."""
    foreign = {"en": r"[А-яЁёІіЇїЄєҐґ]", "uk": r"[ЫыЭэЪъЁё]|[A-Za-z]", "ru": r"[ІіЇїЄєҐґ]|[A-Za-z]"}
    for item in originals:
        whole = "\n".join((item.text.title, *item.text.paragraphs, *item.text.corrected))
        assert not re.search(r"[{}|→\[\]]|\s[,.]|  ", whole), whole
        assert not re.search(foreign[item.text.lang], whole), whole


def test_special_stories_say_only_what_they_should() -> None:
    """One says only *conscripts*, one only *Бахмутом*; prizes and calls to action stand beside the call-up."""
    stories = {name: "\n".join((text.title, *text.paragraphs)) for name, text in fixed().items()}
    assert set(re.findall(r"\w*conscript\w*", stories["conscripts-only"], re.IGNORECASE)) == {
        "Conscripts",
        "conscripts",
    }
    assert re.findall(r"\w*бахмут\w*", stories["bakhmutom-only"], re.IGNORECASE) == ["Бахмутом"]
    for name in ("prize-one", "prize-two"):
        assert re.search(r"(?i)\bприз(ы|а)?\b", stories[name])
    for name in ("call-one", "call-two"):
        assert re.search(r"(?i)\bпризыв", stories[name])
        assert not re.search(r"(?i)призывник|повестк|мобилиз|военком", stories[name])
    for place in ("Chasiv Yar", "Kostiantynivka", "Kupiansk", "Rostov-on-Don", "Luhansk", "Stakhanov"):
        assert any(place in text for text in stories.values()), place


def test_the_subscriptions_of_the_demo_are_met_within_eight_seconds(items: tuple[Item, ...]) -> None:
    """Fresh stories on conscripts and Бахмутом come at once; fresh ones go on for minutes at 1.5 to 3 s."""
    early = [item for item in items if 0 <= (item.published - START).total_seconds() <= 8 and item.kind == "article"]
    told = "\n".join(" ".join(item.text.paragraphs) for item in early)
    assert "onscripts" in told
    assert "Бахмутом" in told
    fresh = [(item.published - START).total_seconds() for item in items if item.published >= START]
    assert max(fresh) > 300
    assert max(b - a for a, b in pairwise(fresh)) <= 4
    before = [item for item in items if item.published < START and item.kind == "article" and not item.dropped]
    assert 60 <= len(before) <= 100
    assert min((item.published - START).total_seconds() for item in before) > -48 * 3600


def test_a_wire_story_is_one_text_in_three_houses(items: tuple[Item, ...]) -> None:
    """Copies differ only by each outlet's own words, and come seconds to tens of seconds apart."""
    for wire in ("norvik-1", "norvik-2"):
        copies = [item for item in items if item.wire == wire]
        assert len({item.site for item in copies}) == 3
        gaps = [(b.published - a.published).total_seconds() for a, b in pairwise(copies)]
        assert all(5 <= gap <= 60 for gap in gaps)
        runs = [shingles(item.paragraphs(item.published)) for item in copies]
        for one, other in combinations(runs, 2):
            assert 0.8 < len(one & other) / min(len(one), len(other)) < 1


def test_the_same_start_and_seed_give_the_same_press() -> None:
    """Nothing depends on the process: two plans are equal, another seed writes other stories."""
    assert plan(START, 3, 2.0) == plan(START, 3, 2.0)
    ours = {item.text.title for item in plan(START, 3, 1.0)}
    theirs = {item.text.title for item in plan(START, 4, 1.0)}
    assert len(ours & theirs) < len(ours) / 2


def test_tied_choices_fall_alike() -> None:
    """Title and lead of a generated story agree where they are tied: the same medal, the same direction."""
    writer = Writer("en", random.Random(2))
    for _ in range(60):
        text = writer.write("sport")
        medal = re.search(r"\b(silver|bronze|gold) at", text.title)
        if medal:
            assert medal[1] in text.paragraphs[0]


def test_every_fixed_story_is_used_once_or_as_a_wire() -> None:
    """No written story is forgotten in the schedule; the live blog has its entries."""
    assert {name for name, *_ in FIXED} | {"cookie-wall", "gallery"} == set(fixed())
    assert len(live()[1]) == 16
