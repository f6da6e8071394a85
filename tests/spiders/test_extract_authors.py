"""Who wrote a text: the places that name authors, which of them is believed, and names cleaned of all the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.extract import authors, structured, title
from spiders.extract.people import names_in
from spiders.extract.tree import parse

TEXT = "<p>The first paragraph of a text stands here, and it is long enough to be one.</p>" * 3


def found(head: str, body: str, listed: tuple[str, ...] = ()) -> authors.Authors:
    root = parse(f"<html><head><title>Title of it here</title>{head}</head><body>{body}</body></html>")
    facts = structured.read(root)
    return authors.choose(root, facts, title.choose(root, facts).node, listed)


def names(head: str, body: str, listed: tuple[str, ...] = ()) -> tuple[str, ...]:
    return found(head, body, listed).names


def ld(*nodes: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(nodes[0] if len(nodes) == 1 else nodes)}</script>'


H1 = "<h1>Title of it here</h1>"


@pytest.mark.parametrize(
    ("head", "body", "wanted"),
    [
        ('<meta name="author" content="By Jane Roe and John Doe">', H1, ("Jane Roe", "John Doe")),
        ("", H1 + '<a rel="author" href="/a">Jane Roe</a>', ("Jane Roe",)),
        ("", H1 + '<span itemprop="author">Jane Roe</span>', ("Jane Roe",)),
        ("", H1 + '<span itemprop="author" itemscope><meta itemprop="name" content="Jane Roe"></span>', ("Jane Roe",)),
        ("", H1 + '<div class="byline">By Jane Roe, Defence correspondent</div>', ("Jane Roe",)),
        ("", H1 + "<p>Автор: Ірина Савчук і Петро Гук</p>", ("Ірина Савчук", "Петро Гук")),
        ("", H1 + '<p><a href="/author/jane-roe/">Jane Roe</a> | 4 May 2026</p>', ("Jane Roe",)),
        ("", H1 + '<div class="ArticleHead_authorName__x1">Jane Roe</div>', ("Jane Roe",)),
        ("", H1 + '<div class="h-card p-author">Jane Roe</div>', ("Jane Roe",)),
        ("", H1 + "<ul><li><b>Autorin/Autor</b> Jana Albers</li></ul>", ("Jana Albers",)),
        ("", H1 + TEXT + "<p><em>Текст: Марія Коваль</em></p>", ("Марія Коваль",)),
        ("", H1 + TEXT + '<p align="right"><i>Пётр Соснин</i></p>', ("Пётр Соснин",)),
        ("", H1 + "<p><strong>Mohloai Mpesi</strong></p>" + TEXT, ("Mohloai Mpesi",)),
        ('<meta name="author" content="https://facebook.com/post">', H1, ()),
        (ld({"@type": "Article", "author": ["Jane Roe", {"name": "John Doe"}]}), H1, ("Jane Roe", "John Doe")),
        (ld({"@type": "Article", "author": {"givenName": "Jane", "familyName": "Roe"}}), H1, ("Jane Roe",)),
        (ld({"@type": "WebPage", "author": {"name": "Jane Roe"}}), H1, ("Jane Roe",)),
    ],
)
def test_places_that_name_authors(head: str, body: str, wanted: tuple[str, ...]) -> None:
    assert names(head, body) == wanted


def test_an_author_by_reference() -> None:
    graph = [
        {"@type": "Article", "headline": "Title of it here", "author": {"@id": "#jane"}},
        {"@type": "Person", "@id": "#jane", "name": "Jane Roe"},
    ]
    assert found(ld({"@graph": graph}), H1) == authors.Authors(("Jane Roe",), "json-ld")
    assert names(ld(graph[0]) + ld(graph[1]), H1) == ("Jane Roe",)


def test_a_person_in_print_beats_an_organisation_in_the_head() -> None:
    head = ld({"@type": "Article", "author": {"@type": "Organization", "name": "The Post"}})
    assert names(head, H1 + '<span class="author">By Jane Roe, Lille</span>') == ("Jane Roe",)
    assert names(head, H1) == ("The Post",)


def test_a_byline_that_says_more_is_the_fuller_one() -> None:
    head = ld({"@type": "Article", "author": {"name": "Jane Roe"}})
    byline = '<p class="byline">By <a href="/author/1">Jane Roe</a> and <a href="/author/2">John Doe</a></p>'
    assert found(head, H1 + byline) == authors.Authors(("Jane Roe", "John Doe"), "byline")
    assert names(head, H1 + '<p class="byline">By Petra Kern and Till Menke</p>') == ("Jane Roe",)


def test_a_user_name_is_the_last_resort() -> None:
    head = '<meta name="author" content="jroe77">'
    assert names(head, H1 + '<p class="byline">By Jane Roe</p>') == ("Jane Roe",)
    assert names(head, H1) == ("jroe77",)
    assert names('<meta name="author" content="admin">', H1) == ()


@pytest.mark.parametrize(
    "stranger",
    [
        '<div class="comments"><div class="comment"><span class="author">Angry Reader</span></div></div>',
        '<div itemprop="comment"><span itemprop="author">Angry Reader</span></div>',
        '<aside class="related"><a class="author" href="/author/x">Petra Kern</a></aside>',
        '<figure><figcaption><span class="author">Photo Maker</span></figcaption></figure>',
        '<div class="author">Edited by Petra Kern</div>',
        '<div class="author">Photo: Petra Kern</div>',
        (
            "<p>The prize went to <a href='/author/petra-kern'>Petra Kern</a>, who wrote a long book about the bridge,"
            " and to two others whom the jury did not want to name before the autumn.</p>"
        ),
        "<p>By building the Long Bridge the council, which had no money left, made itself no friends at all.</p>",
        '<p>Watch it on <a href="https://www.youtube.com/user/petra-kern">Petra Kern</a></p>',
    ],
)
def test_who_did_not_write_it(stranger: str) -> None:
    assert names("", H1 + TEXT + stranger) == ()


def test_names_of_a_list_below_are_not_added_to_the_byline() -> None:
    rows = "".join(
        f'<article><h3>Another headline number {n} of the day</h3><span class="author">Name Stranger</span></article>'
        for n in range(5)
    )
    byline = '<p class="byline">By <span class="author-name">Jane Roe</span></p>'
    assert names("", H1 + byline + TEXT + f"<section>{rows}</section>") == ("Jane Roe",)


def test_the_feed_names_the_author_where_the_page_does_not() -> None:
    assert found("", H1, ("Jane Roe",)) == authors.Authors(("Jane Roe",), "feed")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("By Jane Roe, Defence correspondent", ["Jane Roe"]),
        ("Jane Roe | The Jersey Journal", ["Jane Roe"]),
        ("Jane Roe USA TODAY", ["Jane Roe"]),
        ("Jane ROE", ["Jane ROE"]),
        ("JANE O'NEIL-ROE", ["Jane O'Neil-Roe"]),
        ("Jane Roe, MD, PhD", ["Jane Roe"]),
        ("Doe, Jane", ["Jane Doe"]),
        ("Jane Doe, Doe, Jane", ["Jane Doe"]),
        ("Robert Roe, Jr.", ["Robert Roe, Jr."]),
        ("Chris E Hayner", ["Chris E Hayner"]),
        ("Jane Roe in Berlin", ["Jane Roe"]),
        ("Jane Roe for The Post", ["Jane Roe"]),
        ("jane.roe@post.example Jane Roe", ["Jane Roe"]),
        ("Jane Roe @janeroe", ["Jane Roe"]),
        ("James O&amp;#039;Neil", ["James O'Neil"]),
        ("Von Jana Albers und Till Menke", ["Jana Albers", "Till Menke"]),
        ("Ein Gastbeitrag von Jana Albers", ["Jana Albers"]),
        ("VonJana Albers", ["Jana Albers"]),
        ("Par Anne Petit et Luc Roux", ["Anne Petit", "Luc Roux"]),
        ("Por María Peña y Juan Gil", ["María Peña", "Juan Gil"]),
        ("Autor: Jan Kowalski i Anna Nowak", ["Jan Kowalski", "Anna Nowak"]),
        ("Текст: Олена Марчук та Іван Петрович Гук", ["Олена Марчук", "Іван Петрович Гук"]),
        ("Авторы: Анна Белова и Пётр Соснин", ["Анна Белова", "Пётр Соснин"]),
        ("Олена Марчук, кореспондентка", ["Олена Марчук"]),
        ("Олена Марчук, Укрінформ", ["Олена Марчук"]),
        ("журналіст Іван Гук", ["Іван Гук"]),
        ("Ґалаґан Юрій", ["Ґалаґан Юрій"]),
        ("Ursula von der Leyen", ["Ursula von der Leyen"]),
        ("Di Maria Rossi", ["Di Maria Rossi"]),
        ("배윤경 기자", ["배윤경"]),
        ("(责编：牛镛、岳弘彬)", ["牛镛", "岳弘彬"]),
        ("Redaktion", ["Redaktion"]),
        ("Staff and news service reports", ["Staff and news service reports"]),
        ("Morgan & Morgan", ["Morgan & Morgan"]),
        ("AFP", ["AFP"]),
        ("Matthias", ["Matthias"]),
        ("Photo: Jane Roe", []),
        ("Reviewed by Jane Roe", []),
        ("No author", []),
        ("View all posts", []),
        ("https://post.example/jane", []),
        ("12 May 2026", []),
    ],
)
def test_names_of_a_line(line: str, wanted: list[str]) -> None:
    assert [n.text for n in names_in(line)] == wanted


def test_what_the_site_is_called_is_no_person() -> None:
    assert [n.sort for n in names_in("Jane Roe", frozenset(["janeroe"]))] == ["organisation"]


@given(st.text(max_size=120), st.booleans())
def test_any_line_gives_clean_names(line: str, declared: bool) -> None:
    for name in names_in(line, declared=declared):
        assert name.text.strip() == name.text != ""
        assert len(name.text) <= 100


@pytest.mark.timeout(10)
def test_marks_without_end_are_no_burden() -> None:
    rows = '<span class="author">By x</span><a href="/author/aa">y</a>' * 20_000
    assert isinstance(names("", H1 + f"<div class=author>{rows}</div>"), tuple)
    assert isinstance(names("", H1 + "<p>By x " * 20_000), tuple)
