"""Blocks of a page, the trees that judge them, and the repairs of what they chose."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.extract.blocks import Block, blocks_of
from spiders.extract.forest import Forest, forest, read_forest
from spiders.extract.repair import repaired
from spiders.extract.traits import NAMES, Known, Reading, traits_of
from spiders.extract.tree import Node, parse

FOLDED = sorted(Path(__file__).parents[2].glob("bench/forests/*.json"))
ONE, TWO = (
    "The ferry left the quay at noon with forty passengers, two dogs and the post, said the harbour master.",
    "It came back in the evening, since the channel had silted up and the pilot did not like the look of it.",
)


def body(html: str) -> Node:
    root = parse(f"<html><body>{html}</body></html>")
    assert root is not None
    return root.find("body")


def blocks(html: str) -> list[Block]:
    return blocks_of(body(html))


def texts(html: str) -> list[str]:
    return [block.text for block in blocks(html)]


def kept_of(html: str, chosen: set[str], title: str = "", host: str = "") -> list[str]:
    """Texts that the repairs leave, where the trees chose these words' blocks."""
    found = blocks(html)
    at = [i for i, block in enumerate(found) if any(block.text.startswith(one) for one in chosen)]
    words = next((block.words for block in found if block.text == title), ())
    return [found[i].text for i in repaired(found, at, words, host)]


def test_a_block_is_what_no_element_and_no_break_divides() -> None:
    assert texts("<div>one <b>two</b><p>three</p>four</div>five") == ["one two", "three", "four", "five"]
    assert texts("<p>one<br>two<br><br>three</p>") == ["one", "two", "three"]
    assert [block.breaks for block in blocks("<p>one<br>two<br><br>three</p><p>four</p>")] == [0, 1, 2, 0]


def test_shares_of_a_block() -> None:
    (block,) = blocks('<p><a href="/x">abcd</a><b>efgh</b></p>')
    assert (block.link, block.bold, block.italic) == (0.5, 0.5, 0.0)
    assert (block.words, block.count) == (("abcdefgh",), 1)


@pytest.mark.parametrize(
    "unseen",
    [
        "<div hidden>gone</div>",
        '<div style="color: red; display : none">gone</div>',
        '<div aria-hidden="true">gone</div>',
        "<script>gone</script>",
        '<section><h4>gone</h4><form><input type="email"></form></section>',
    ],
)
def test_what_a_reader_does_not_see_is_no_block(unseen: str) -> None:
    assert texts(f"<p>{ONE}</p>{unseen}<p>{TWO}</p>") == [ONE, TWO]


def test_a_text_that_a_script_will_show_is_one() -> None:
    assert texts(f'<div style="display:none"><p>{ONE}</p><p>{TWO}</p></div><p>Menu</p>') == [ONE, TWO, "Menu"]


def test_the_mark_of_a_footnote_is_no_word() -> None:
    assert texts('<p>the year<sup><a href="#1">1</a></sup>, and E=mc<sup>2</sup></p>') == ["the year, and E=mc2"]


@pytest.mark.parametrize("path", [None, *FOLDED], ids=lambda p: p.name if p else "shipped")
def test_trees_speak_of_the_traits_that_there_are(path: Path | None) -> None:
    """Traits are numbered in the trees: after a change of traits they have to be trained again."""
    trees = read_forest(path.read_bytes()) if path else forest()
    assert trees.traits == NAMES
    assert len(trees.trees) == 200


def test_the_bench_has_trees_for_every_fold() -> None:
    assert [path.stem for path in FOLDED] == ["0", "1", "2", "3", "4"]


def test_a_chance_is_the_sum_of_the_leaves_reached() -> None:
    trees = Forest(("a", "b"), ((0, 1.0, -1.0, (1, 0.5, 0.5, 2.0)), 1.0))
    assert trees.chance([1.0, 0.0]) == pytest.approx(0.5)
    assert trees.chance([1.1, 0.5]) == pytest.approx(0.8176, abs=1e-4)
    assert trees.chance([1.1, 0.6]) == pytest.approx(0.9526, abs=1e-4)


def test_what_is_sure_early_is_not_asked_further() -> None:
    unasked = (9, 0.0, 0.0, 0.0)
    assert Forest((), (0.2,) * 30 + (unasked,)).chance([]) > 0.9
    with pytest.raises(IndexError):
        Forest((), (0.0,) * 30 + (unasked,)).chance([])


def known(html: str, base: list[str]) -> list[list[float] | None]:
    tree = body(html)
    return traits_of(blocks_of(tree), tree, Known((), (), Reading([]), Reading(base), Reading([])))


def test_every_trait_has_its_name() -> None:
    rows = known(f'<h1>Title</h1><article class="post-body"><p>{ONE}</p></article><a href="/x">other</a>', [ONE])
    row = rows[1]
    assert row is not None
    assert len(row) == len(NAMES)
    told = dict(zip(NAMES, row, strict=True))
    assert (told["vote"], told["is p"], told["in article"], told["sentence end"]) == (1.0, 1.0, 2, 1.0)
    assert rows[2] is None, "a link that nothing speaks for"


@given(
    st.lists(
        st.sampled_from(["<p>", "<div class='a'>", "</div>", "<br>", "text ", "<td>", "<ul><li>", "<b>"]), max_size=40
    )
)
def test_any_page_has_traits(pieces: list[str]) -> None:
    tree = body("".join(pieces))
    found = blocks_of(tree)
    rows = traits_of(found, tree, Known((), (), Reading([]), Reading([]), Reading([])))
    assert len(rows) == len(found)
    assert all(0 <= forest().chance(row) <= 1 for row in rows if row is not None)


def test_a_reading_is_asked_by_triples_or_by_lines() -> None:
    reading = Reading(["One two three four.", "Five"])
    assert reading.share(("one", "two", "three")) == 1.0
    assert reading.share(("two", "three", "nine")) == 0.0
    assert (reading.share(("five",)), reading.share(("four",))) == (1.0, 0.0)


def test_the_next_article_is_cut_off() -> None:
    page = (
        f'<div><div class="h"><h1 class="t">First title of all</h1></div><p>{ONE}</p></div>'
        f'<div><div class="h"><h1 class="t">Second title of all</h1></div><p>{TWO}</p></div>'
    )
    assert kept_of(page, {ONE, TWO}, "First title of all") == [ONE]
    parts = f"<h1 class='t'>First title of all</h1><p>{ONE}</p><h1>A part of the text</h1><p>{TWO}</p>"
    assert kept_of(parts, {ONE, TWO}, "First title of all") == [ONE, TWO], "a heading of another make"


def test_subheads_stay_and_headings_of_boxes_go() -> None:
    page = f"<div><p>{ONE}</p><h3>Night</h3><p>{TWO}</p><section><h3>Timeline</h3><ul><li>x</li></ul></section></div>"
    assert kept_of(page, {ONE, TWO, "Timeline"}) == [ONE, "Night", TWO]


def test_a_table_beside_the_text_stays_whole() -> None:
    table = "<table><tr><td>Tanks</td><td>4 112</td></tr><tr><td>Guns</td><td>9 806</td></tr></table>"
    assert kept_of(f"<div><p>{ONE}</p>{table}</div>", {ONE}) == [ONE, "Tanks", "4 112", "Guns", "9 806"]
    assert kept_of(f"<div><p>{ONE}</p></div><div>{table}</div>", {ONE}) == [ONE]


@pytest.mark.parametrize(
    "extra",
    [
        "<aside>Know more of the quay and its keepers</aside>",
        "<p>3 comments</p><p>Know more of the quay and its keepers</p>",
        '<p><a href="/other">Know more of the quay and its keepers</a></p>',
        '<p><a href="https://www.x.example/other">Know more of the quay and its keepers</a></p>',
    ],
)
def test_asides_comments_and_calls_go(extra: str) -> None:
    assert kept_of(f"<div><p>{ONE}</p><p>{TWO}</p>{extra}</div>", {ONE, TWO, "Know"}, host="x.example") == [ONE, TWO]


def test_no_repair_costs_most_of_the_text() -> None:
    assert kept_of(f"<aside><p>{ONE}</p><p>{TWO}</p></aside>", {ONE, TWO}) == [ONE, TWO]
    away = '<p><a href="https://y.example/">Know more of the quay and its keepers</a></p>'
    assert kept_of(f"<p>{ONE}</p>{away}<p>{TWO}</p>", {ONE, TWO, "Know"}, host="x.example")[1].startswith("Know")


def test_one_column_of_a_layout_is_the_text() -> None:
    column = f"{ONE}<br>{TWO}<br>{ONE} Again."
    page = f"<table><tr><td>Weather: fair</td><td>{column}</td><td>Advert</td></tr></table>"
    assert kept_of(page, {ONE, TWO, "Weather", "Advert"}) == [ONE, TWO, f"{ONE} Again."]
