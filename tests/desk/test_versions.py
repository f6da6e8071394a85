"""Each version of a page is reachable, says of which moment it is, and shows word by word what changed in it."""

import msgspec
import pytest
from selectolax.lexbor import LexborHTMLParser

from tocsin.desk.versions import BLOCKS
from tocsin.records import derived_id


def page(client, path, **params):
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    return LexborHTMLParser(answer.text)


def words(node):
    return " ".join(node.text(separator=" ").split())


@pytest.fixture
def edited(client, store, words, newsroom):
    """A page with four texts, in the store, the oldest first."""
    made = newsroom.edited()
    newsroom.publish(store, words, made, {one.id: derived_id("story", made[0].id) for one in made})
    return made


def test_a_version_says_when_it_stood_there_and_what_changed(client, edited):
    first, second, third, last = (page(client, f"/article/{one.id}") for one in edited)
    assert words(first.css_first(".edition")) == (
        "Version 1 of 4, as it stood on 22 Nov, 11:30 EET . The page has changed since: version 4 ."
    )
    assert first.css_first(".changed") is None
    assert "What changed : headline changed." in words(second.css_first(".edition"))
    assert words(third.css_first(".changed .note")).startswith("It stood there on 22 Nov, 12:30 EET . Since then")
    assert words(last.css_first(".edition")).endswith(
        "What changed : back to the text of version 2; 2 paragraphs edited, 1 removed (38 words)."
    )


def test_what_changed_is_shown_word_by_word_and_escaped(client, edited):
    tree = page(client, f"/article/{edited[1].id}")
    assert [words(line) for line in tree.css(".edits dt, .edits dd")] == [
        "Headline",
        "Dnipro calls is said to call up men",
    ]
    assert [(node.tag, words(node)) for node in tree.css(".edits del, .edits ins")] == [
        ("del", "calls"),
        ("ins", "is said to call"),
    ]
    tree = page(client, f"/article/{edited[2].id}")
    assert [words(line) for line in tree.css(".edits dt")] == ["Edited", "Edited", "Added"]
    assert "More than 500 (1 < 2 & counting)" in [words(node) for node in tree.css(".edits ins")]
    assert "late" in [words(node) for node in tree.css(".edits del")]


def test_versions_are_linked_with_each_other(client, edited):
    tree = page(client, f"/article/{edited[1].id}")
    links = [link.attributes["href"] for link in tree.css(".versions a")]
    assert links == [f"/article/{one.id}" for one in (edited[3], edited[2], edited[0])]
    assert words(tree.css_first(".versions [aria-current]")) == "version 2"
    assert tree.css(".others li a") == [] or f"/article/{edited[0].id}" not in [
        link.attributes["href"] for link in tree.css(".others a")
    ]
    assert "changed since version 1, seen 2026-11-22 09:30 UTC: headline changed" in words(tree.css_first(".history"))


def test_a_hit_says_that_the_page_has_changed_since(client, edited):
    hits = page(client, "/search", q="title:men outlet:dnipro-courier").css(".results > li")
    told = [words(hit.css_first(".meta")) for hit in hits]
    assert ["changed since: version 4" in line for line in told] == [False, True, True, True, False]
    links = [link.attributes["href"] for hit in hits for link in hit.css(".meta .tag a")]
    assert links == [f"/article/{edited[3].id}"] * 3
    answer = client.get("/api/v1/search", params={"q": "title:men outlet:dnipro-courier"}).json()
    assert answer["newer"] == {one.id: edited[3].id for one in edited[:3]}


def test_a_long_change_is_cut_and_what_strangers_write_stays_text(client, store, words, newsroom):
    one = newsroom.article("old-gazette", "long", newsroom.HOSTILE[0], newsroom.HOSTILE[2], "en", 9, None)
    text = "\n\n".join(f"{attack} is note {number}" for number in range(6) for attack in newsroom.HOSTILE)
    two = newsroom.article(
        "old-gazette", "long", newsroom.HOSTILE[1], text, "en", 3, None, version=2, relation="version"
    )
    newsroom.publish(store, words, [one, two], {two.id: derived_id("story", one.id)})
    tree = page(client, f"/article/{two.id}")
    assert len(tree.css(".edits dd")) == BLOCKS + 1
    more = tree.css_first(".changed .more").text()
    assert more.startswith("And ")
    assert more.endswith(" more paragraphs.")
    assert not tree.css("script, iframe, svg, .story img")


def test_an_article_of_one_text_says_nothing_of_versions(client, made):
    tree = page(client, f"/article/{made[5].id}")
    assert not tree.css(".edition, .changed, .versions")
    assert msgspec.json.decode(client.get("/api/v1/search", params={"q": "medical"}).content)["newer"] == {}
