"""Proves that an outlet's rules override piece by piece, by their dates, and that mistakes in them are told."""

import re
from datetime import UTC, date, datetime

import pytest

from spiders.extract import extract
from spiders.extract.rules import is_for, paragraphs
from spiders.extract.selectors import compiled
from spiders.extract.tree import parse
from spiders.outlet import _from_toml, read_outlets, write_outlets
from spiders.rulebook import read_rules
from tocsin.errors import UserError
from tocsin.records import HttpFacts, Outlet, Page, Rule
from tocsin.stores import open_store

FILLER = "The council met on Tuesday evening and spoke for three hours about the bridge over the river. "
PAGE = f"""<html lang="en"><head><title>Wrong words | Site</title><meta property="og:title" content="Wrong words">
<meta property="article:published_time" content="2026-03-01T08:00:00Z"></head><body>
<h1 class="logo">Site of the council</h1>
<div class="head"><h2 class="real">The bridge will be
 closed in May</h2>
<span class="when" data-at="2026-03-02T09:30:00+02:00">two days ago</span>
<span class="by">By <a href="/p/1">Anna Kovalenko</a> and <a href="/p/2">Petro Lys</a></span>
<b class="rubric">City</b><img class="lead" src="/i/bridge.jpg"></div>
<div class="text"><p>{FILLER}Cars take the
 old road.</p><div class="promo">Ten bridges you must see before winter comes</div><p>{FILLER}Buses too.</p>
<figure><figcaption>The bridge. Photo by nobody</figcaption></figure></div>
<div class="stream"><p>{FILLER * 5}This belongs to the next article altogether.</p></div></body></html>"""
RULE = Rule(
    title="h2.real",
    body="div.text",
    drop=("div.promo",),
    date=".when@data-at",
    authors=".by a",
    section="b.rubric",
    image="img.lead",
)
FETCHED = datetime(2026, 3, 10, 12, tzinfo=UTC)


def page_of(text: str = PAGE, url: str = "https://a.example/news/the-bridge-will-be-closed") -> Page:
    return Page(url=url, fetched_url=url, body=text.encode(), fetched=FETCHED, http=HttpFacts(status=200))


def outlet_of(*rules: Rule) -> Outlet:
    return Outlet(name="a", home="https://a.example/", timezone="Europe/Kyiv", rules=rules)


def read(*rules: Rule, text: str = PAGE):
    (article,) = extract(page_of(text), outlet_of(*rules)).articles
    return article


def given(article) -> dict[str, int]:
    return dict(article.extraction.ruled)


def test_every_piece_by_its_rule():
    found = read(RULE)
    assert found.title == "The bridge will be closed in May"
    assert found.text.split("\n\n") == [f"{FILLER}Cars take the old road.", f"{FILLER}Buses too."]
    assert found.published == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
    assert found.authors == ("Anna Kovalenko", "Petro Lys")
    assert (found.section, found.lead_image) == ("City", "https://a.example/i/bridge.jpg")
    facts = found.extraction
    assert (facts.title_origin, facts.text_origin, found.published_origin) == ("rule", "rule", "rule")
    assert facts.dates[0].origin == "rule"
    assert [one.verdict for one in facts.dates].count("chosen") == 1
    assert any("Ten bridges" in line for line in facts.dropped)
    assert given(found) == dict.fromkeys(("drop", "title", "body", "date", "authors", "section", "image"), 1)


@pytest.mark.parametrize("piece", ["title", "body", "date", "authors", "section", "image"])
def test_a_rule_that_finds_nothing_leaves_the_general_reading(piece):
    general, found = read(), read(Rule(**{piece: ".no-such-thing"}))
    assert given(found) == {}
    same = ("title", "text", "published", "published_origin", "authors", "section", "lead_image")
    assert [getattr(found, key) for key in same] == [getattr(general, key) for key in same]


def test_the_newest_layout_of_the_day_comes_first_piece_by_piece():
    old = Rule(title="h1.logo", section="b.rubric")
    new = Rule(since=date(2026, 2, 1), title="h2.real", section=".gone")
    later = Rule(since=date(2026, 4, 1), title="b.rubric")
    for rules in ((old, new, later), (later, new, old)):
        found = read(*rules)
        assert found.title == "The bridge will be closed in May"
        assert found.section == "City"
        assert given(found) == {"title": rules.index(new) + 1, "section": rules.index(old) + 1}


def test_the_newest_layout_begins_on_its_day():
    rule = Rule(since=FETCHED.date(), title="h2.real")
    assert given(read(rule)) == {"title": 1}


def test_a_date_of_tomorrow_is_refused_from_a_rule_too():
    found = read(RULE, text=PAGE.replace("2026-03-02T09:30", "2027-03-02T09:30"))
    assert found.published == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert found.extraction.dates[0].verdict == "in the future"
    assert "date" not in given(found)


def test_a_printed_date_is_read_in_the_outlets_zone():
    text = PAGE.replace("two days ago", "2 березня 2026, 09:30")
    assert read(Rule(date=".when"), text=text).published == datetime(2026, 3, 2, 7, 30, tzinfo=UTC)


def test_a_relative_date_is_read_too():
    text = PAGE.replace("two days ago", "вчора, 09:30")
    assert read(Rule(date=".when"), text=text).published == datetime(2026, 3, 9, 7, 30, tzinfo=UTC)


def test_what_is_dropped_is_in_no_text_of_the_general_reading():
    assert "next article" in read().text
    found = read(Rule(drop=(".stream",)))
    assert "next article" not in found.text
    assert "Buses too." in found.text
    assert any("next article" in line or FILLER[:40] in line for line in found.extraction.dropped)


def test_the_page_itself_is_never_dropped():
    assert read(Rule(drop=("body", "html"))).text == read().text


@pytest.mark.parametrize(
    ("pages", "yes", "no"),
    [
        ("", "https://a.example/x", None),
        ("/news/", "https://a.example/news/1", "https://a.example/sport/news/1"),
        ("/*/news/", "https://a.example/uk/news/1", "https://a.example/news/1"),
        ("https://a.example/news", "https://a.example/news/1?x=1", "https://b.example/news/1"),
        ("/a*b*c", "/a--b--c-and-more", "/a--c--b"),
    ],
)
def test_pages_a_rule_is_for(pages, yes, no):
    assert is_for(pages, yes)
    assert no is None or not is_for(pages, no)


def test_a_rule_for_other_pages_is_not_asked():
    assert given(read(Rule(pages="/sport/", title="h2.real"), Rule(pages="/news/", title="b.rubric"))) == {"title": 2}


def test_nested_finds_are_read_once():
    found = read(Rule(body="div.text, div.text p"))
    assert found.text.count("Buses too.") == 1


def test_paragraphs_follow_blocks_not_source_lines():
    node = parse("<p>one\n two <b>three</b><br>four<div>five<script>x</script> six</div>").find("body")
    assert paragraphs(node) == ["one two three", "four", "five six"]


def test_values_of_elements_without_text():
    root = parse('<html><head><meta name="d" content="2026"></head><body><img src="/a.png" data-src="/b.png"></body>')
    for written, value in (("meta[name=d]", "2026"), ("img", "/a.png"), ("img@data-src", "/b.png"), ("img@none", "")):
        selector = compiled(written)
        assert [selector.says(node) for node in selector.find(root)] == [value]


# ---- in files


def test_rules_survive_toml_and_the_store(tmp_path):
    outlet = outlet_of(
        RULE, Rule(since=date(2026, 1, 1), pages="/uk/", title='h1[class="a\\"b"]', modified="time@datetime")
    )
    write_outlets(tmp_path / "a.toml", [outlet, Outlet(name="b", home="https://b.example/")])
    assert read_outlets(tmp_path / "a.toml") == [outlet, Outlet(name="b", home="https://b.example/")]
    store = open_store(f"sqlite:{tmp_path}/t.db")
    store.put_outlets([outlet])
    assert store.outlets() == [outlet]
    store.close()


def test_one_outlet_with_rules_below_it():
    (outlet,) = _from_toml(
        'name = "a"\nhome = "https://a.example/"\n[[rules]]\nsince = 2026-01-01\ndrop = ".ad"\n'
        '[[rules]]\nbody = "#t"\n',
        "a.toml",
    )
    assert outlet.rules == (Rule(since=date(2026, 1, 1), drop=(".ad",)), Rule(body="#t"))


def test_the_examples_of_the_documentation_are_outlets(root, tmp_path):
    blocks = re.findall(r"```toml\n(.*?)```", (root / "docs/outlets.md").read_text(), re.DOTALL)
    outlets = [_from_toml(block, "docs/outlets.md")[0] for block in blocks]
    (ruled,) = [one for one in outlets if one.rules]
    text = f"""<h1 class=headline>The bridge</h1><time class=published datetime="2026-03-02T09:30:00+02:00"></time>
    <p class=byline><a>Anna Kovalenko</a></p><div class=article-text><p>{FILLER * 5}</p><p class=promo>x</p></div>"""
    page = page_of(text, "https://example.org/uk/news/the-bridge-will-be-closed")
    (article,) = extract(page, ruled).articles
    assert given(article) == {"drop": 2, "title": 2, "body": 2, "date": 2, "authors": 2}


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"title": "h1..x"}, ["rule 1", "title", "h1..x", "CSS selector"]),
        ({"title": "h1:hover-ish"}, ["title", "h1:hover-ish"]),
        ({"title": "@href"}, ["title", "no selector before the @"]),
        ({"body": "p@class"}, ["body", "not attributes", "@class"]),
        ({"drop": [".a", "]"]}, ["drop", "']'"]),
        ({"drop": [1]}, ["drop", "list of selectors"]),
        ({"titel": "h1"}, ["'titel'", "unknown", "title"]),
        ({"title": 5}, ["title", "quotation marks"]),
        ({"since": "2026-01-01", "title": "h1"}, ["since", "without quotation marks"]),
        ({"since": datetime(2026, 1, 1, tzinfo=UTC), "title": "h1"}, ["since", "a day"]),
        ({"pages": "news", "title": "h1"}, ["pages", "begin with /"]),
        ({"since": date(2026, 1, 1)}, ["no selector"]),
        ({"title": "h1" * 400}, ["title", "longer than"]),
    ],
)
def test_mistakes_are_one_helpful_sentence(table, words):
    with pytest.raises(UserError) as told:
        read_rules([table], "a.toml")
    message = str(told.value)
    assert "\n" not in message
    for word in ["a.toml", *words]:
        assert word in message


def test_rules_that_are_no_tables():
    for value in ({"title": "h1"}, "h1", [1]):
        with pytest.raises(UserError, match=r"\[\[rules\]\]"):
            read_rules(value, "a.toml")
