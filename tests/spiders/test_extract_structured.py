"""What a page says of itself: the JSON-LD graph, also broken; links, breadcrumbs, language; marks in the markup."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.extract import jsonld, structured
from spiders.extract.language import claimed, code_of
from spiders.extract.tree import parse


def read(head: str, body: str = "<p>x", html: str = "<html>") -> structured.Structured:
    return structured.read(parse(f"{html}<head>{head}</head><body>{body}</body></html>"))


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ('{"a":1,}', {"a": 1}),
        ('{"a":[1,,2],}', {"a": [1, 2]}),
        ('{"a": ,"b":2}', {"a": None, "b": 2}),
        ('{"a":1} // said he', {"a": 1}),
        ('{"a":"http://x // y", /* no */ "b":1,}', {"a": "http://x // y", "b": 1}),
        ('{"a":"it\\\'s"}', {"a": "it's"}),
        ('{"a":"two\nlines"}', {"a": "two\nlines"}),
        ('{"a":1}{"b":2}', [{"a": 1}, {"b": 2}]),
        ('[{"a":1} {"b":2}]', [{"a": 1}, {"b": 2}]),
        ('<!-- {"a":1} -->', {"a": 1}),
        ('//<![CDATA[\n{"a":1}\n//]]>', {"a": 1}),
        ("{&quot;a&quot;:1}", {"a": 1}),
        ('{"a":1};', {"a": 1}),
        ("", None),
        (
            '{"@type":"NewsArticle","headline":"The "old" bridge","datePublished":"2026-11-21","author":{"name":"J"}',
            {
                "@type": "NewsArticle",
                "headline": 'The "old" bridge',
                "datePublished": "2026-11-21",
                "author": {"name": "J"},
                "name": "J",
            },
        ),
        ('{"@type":"Article","headline":"Bridge \\u00e4", "x": {', {"@type": "Article", "headline": "Bridge ä"}),
    ],
)
def test_a_script_is_read_or_mended(raw: str, value: object) -> None:
    assert jsonld.load(raw) == value


@given(st.recursive(st.none() | st.text() | st.integers(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)))
def test_sound_json_is_taken_as_it_is(value: object) -> None:
    assert jsonld.load(json.dumps({"v": value})) == {"v": value}


@given(st.text(alphabet='{}[]",:\\/* <a1\n', max_size=200))
def test_any_script_is_survived(raw: str) -> None:
    jsonld.nodes_of(jsonld.load(raw))


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "raw", ['"headline":"x ' * 20_000, "[" * 50_000, "*/" + "/* " * 60_000, '"' * 100_001, "{" * 9]
)
def test_hostile_scripts_take_no_time(raw: str) -> None:
    jsonld.load(raw)


def test_references_are_resolved_across_scripts_and_what_is_said_twice_is_put_together() -> None:
    article = {"@type": "NewsArticle", "headline": "B", "author": [{"@id": "#j"}], "publisher": {"@id": "#p"}}
    people = {"@graph": [{"@id": "#j", "@type": "Person"}, {"@id": "#p", "@type": "Organization", "name": "Post"}]}
    facts = read(ld(article) + ld(people) + ld({"@id": "#j", "name": "Jane Roe"}))
    assert facts.article["author"] == [{"@id": "#j", "@type": "Person", "name": "Jane Roe"}]
    assert facts.article["publisher"]["name"] == "Post"
    assert facts.site_names == ("Post",)


def test_a_node_that_names_itself_ends() -> None:
    facts = read(ld({"@type": "Article", "@id": "#a", "author": {"@id": "#a"}}))
    assert facts.is_article


def test_text_is_plain() -> None:
    facts = read(ld({"@type": "Article", "headline": ["<em>Bridge</em> &amp;amp; river &quot;open&quot;"]}))
    assert facts.text("headline") == 'Bridge & river "open"'
    assert facts.text("nothing") == ""


def test_a_page_without_an_article_gives_its_work() -> None:
    facts = read(ld({"@graph": [{"@type": "WebPage", "name": "w"}, {"@type": "Recipe", "name": "r"}]}))
    assert (facts.article, facts.work["name"]) == ({}, "r")


def test_links_and_h1() -> None:
    head = (
        '<link rel="canonical" href="https://x.example/a"><link rel="amphtml" href="/amp/a">'
        '<link rel="alternate" hreflang="uk" href="/uk/a"><link rel="alternate" hreflang="EN-gb" href="/en/a">'
        '<link rel="alternate" type="application/rss+xml" href="/feed">'
    )
    facts = read(head, "<h1></h1><h1>A <b>bridge</b></h1>")
    assert facts.canonical == "https://x.example/a"
    assert facts.amp == "/amp/a"
    assert facts.alternates == {"uk": "/uk/a", "en-gb": "/en/a"}
    assert facts.h1 == ("A bridge",)


def crumbs(*rows: tuple[str, str]) -> str:
    items = [{"position": n, "name": name, "item": url} for n, (name, url) in enumerate(rows)]
    return ld({"@type": "BreadcrumbList", "itemListElement": items[::-1]})


@pytest.mark.parametrize(
    ("rows", "section"),
    [
        ([("Home", "https://x.example/"), ("World", "https://x.example/world/"), ("A bridge", "")], "World"),
        ([("Головна", "/"), ("Новини", "/news"), ("Культура", "/news/culture")], "Культура"),
        ([("The Post", "https://x.example/"), ("2026", "/2026"), ("11", "/2026/11")], ""),
        ([("World", "https://x.example/world"), ("Bridge", "https://x.example/a")], "World"),
        ([], ""),
    ],
)
def test_section_of_breadcrumbs(rows: list[tuple[str, str]], section: str) -> None:
    head = '<link rel="canonical" href="https://x.example/a"><meta property="og:title" content="A bridge">'
    assert read(head + crumbs(*rows)).section == section


def test_section_of_breadcrumbs_in_the_markup() -> None:
    body = '<nav class="c-breadcrumb"><a href="/">Home</a> <a href="/sport/">Sport</a> <span>A bridge</span></nav>'
    assert read("", body).section == "Sport"


@pytest.mark.parametrize(
    ("lang", "others", "language"),
    [
        ("uk-UA", [], "uk"),
        ("", ["", "ru_RU"], "ru"),
        ("en", ["uk_UA"], "uk"),
        ("en-US", ["uk", "en_US"], "en"),
        ("uk", ["en-US", "en_US"], "uk"),
        ("uk", ["ru", "ru", "ru_RU"], "ru"),
        ("uk", ["ru"], "uk"),
        ("", [], ""),
    ],
)
def test_language(lang: str, others: list[str], language: str) -> None:
    assert claimed(lang, others) == language


def test_language_from_its_places() -> None:
    own = '<link rel=canonical href="/ru/a"><link rel=alternate hreflang=ru href="/ru/a">'
    own += '<link rel=alternate hreflang=uk href="/a">'
    locale = '<meta property="og:locale" content="ru_RU">'
    assert read(own + locale, html='<html lang="uk">').language == "ru"
    assert read(ld({"@type": "Article", "inLanguage": "uk-UA"})).language == "uk"
    assert [code_of(c) for c in ("UA", "ukr", "Ukrainian", "pt_BR", "zz-top", "d", "русский")] == [
        "uk", "uk", "uk", "pt", "zz", "", "ru",
    ]  # fmt: skip


def test_marks_are_kept_in_the_order_of_the_page() -> None:
    body = (
        '<div class="Head"><h1 id=T>A</h1><span itemprop="author datePublished">x</span></div><time>now</time>'
        '<p property="schema:headline">B</p><a href="/author/jane-roe">J</a><a href="/authority">K</a>'
        '<a href="https://www.facebook.com/users/jane">F</a>'
    )
    nodes = read("", body).nodes
    assert [(n.tag, names) for n, names in nodes.named] == [("div", "head"), ("h1", "t")]
    assert sorted(nodes.props) == ["author", "datepublished", "headline"]
    assert [n.text for n in nodes.author_links] == ["J"]
    assert [n.text for n in nodes.tags["time"]] == ["now"]
    places = [nodes.place[n] for n in (*nodes.tags["h1"], *nodes.tags["time"], *nodes.author_links)]
    assert places == sorted(places)
