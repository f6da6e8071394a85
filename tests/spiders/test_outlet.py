"""Proves that outlets survive the way through TOML, CSV and OPML, and that each mistake is one helpful sentence."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.outlet import _from_toml, _to_toml, catalogue, read_outlets, write_outlets
from spiders.outletfields import slug
from spiders.outletforms import from_csv, from_opml
from tocsin.errors import UserError
from tocsin.records import Outlet

FULL = Outlet(
    name="free-post",
    home="https://post.example/",
    title='The "Free" Post \\ Пост',
    country="ua",
    lang="uk",
    timezone="Europe/Kyiv",
    feeds=("https://post.example/rss?a=1&b=2",),
    sitemaps=("https://post.example/news.xml",),
    sections=("https://post.example/war",),
    pace=0.5,
    every=60.0,
    proxy="http://127.0.0.1:8118",
    verified=True,
    active=False,
)
SMALL = Outlet(name="small", home="http://127.0.0.1:8000/")


def test_toml_carries_every_field(tmp_path):
    write_outlets(tmp_path / "all.toml", [FULL, SMALL])
    assert read_outlets(tmp_path / "all.toml") == [FULL, SMALL]


def test_csv_carries_name_home_feeds_and_pace(tmp_path):
    write_outlets(tmp_path / "all.csv", [FULL, SMALL])
    first, second = read_outlets(tmp_path / "all.csv")
    assert (first.name, first.home, first.feeds, first.pace) == (FULL.name, FULL.home, FULL.feeds, FULL.pace)
    assert second == SMALL


def test_opml_carries_home_and_feeds(tmp_path):
    write_outlets(tmp_path / "all.opml", [FULL])
    (one,) = read_outlets(tmp_path / "all.opml")
    assert (one.home, one.feeds, one.title) == (FULL.home, FULL.feeds, FULL.title)
    assert one.name == "the-free-post-post"


def test_a_folder_is_all_its_toml_files(tmp_path):
    (tmp_path / "b.toml").write_text('name = "b"\nhome = "https://b.example/"\n')
    (tmp_path / "a.toml").write_text('name = "a"\nhome = "https://a.example/"\n')
    (tmp_path / "notes.txt").write_text("no outlet")
    assert [one.name for one in read_outlets(tmp_path)] == ["a", "b"]


def test_the_catalogue_is_inactive_and_without_doubles():
    outlets = catalogue()
    assert not any(one.active for one in outlets)
    assert len({one.name for one in outlets}) == len(outlets)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.toml", "name = ", "not valid TOML"),
        ("x.toml", 'name = "a"\nhome = "https://a.example/"\ncolour = "red"', "'colour' is unknown"),
        ("x.toml", 'name = "a"', "'home' is missing"),
        ("x.toml", 'name = "a"\nhome = "ftp://a.example/"', "home must be an address that starts with http"),
        ("x.toml", 'name = "a"\nhome = "file:///etc/passwd"', "home must be an address"),
        ("x.toml", 'name = "a"\nhome = "https://a.example/"\npace = "fast"', "pace must be a number of seconds"),
        ("x.toml", 'name = "a"\nhome = "https://a.example/"\npace = nan', "pace must be a number of seconds"),
        ("x.toml", 'name = "a"\nhome = "https://a.example/"\nactive = 1', "active must be true or false"),
        ("x.toml", 'name = "a"\nhome = "https://a.example/"\nfeeds = "https://a.example/rss"', "feeds must be a list"),
        ("x.toml", 'name = "Big Name"\nhome = "https://a.example/"', "such as 'big-name'"),
        ("x.toml", 'outlet = [{name = "a", home = "https://a.example/"}]\npace = 1', "'pace' stands beside"),
        ("x.toml", "[[outlet]]\nname = 'a'\nhome = 'https://a.example'\n" * 2, "'a' stands twice"),
        ("x.csv", "", "the file is empty"),
        ("x.csv", "a,https://a.example/\n", "line 1: the header line is missing"),
        ("x.csv", "name,home,colour\n", "column 3: 'colour' is unknown"),
        ("x.csv", "name,home,pace\na,https://a.example/,fast\n", "line 2, column 3: pace must be a number"),
        ("x.csv", "name,home\na,https://a.example/\nb\n", "line 3: there are 1 cells, the header has 2"),
        ("x.csv", 'name,home\n"a,https://a.example/\n', "not valid CSV"),
        ("x.csv", "name,home\na,nowhere\n", "line 2: home must be an address"),
        ("x.opml", "<opml><body>", "not valid XML"),
        ("x.opml", "<opml><body/></opml>", "no <outline>"),
        ("x.opml", '<!DOCTYPE o [<!ENTITY x "y">]><opml/>', "declares XML entities"),
        ("x.opml", '<opml><body>\n<outline xmlUrl="javascript:x"/></body></opml>', "line 2: xmlUrl must be an address"),
        ("x.json", "{}", "not from '.json'"),
    ],
)
def test_every_mistake_is_one_sentence_that_says_where(tmp_path, name, text, says):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_outlets(path)
    message = str(caught.value)
    assert says in message
    assert name in message
    assert "\n" not in message.split("not valid TOML", maxsplit=1)[0]
    assert caught.value.code == 2


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path / "none.csv"):
        with pytest.raises(UserError, match="there is no such file"):
            read_outlets(path)
    with pytest.raises(UserError, match=r"holds no \*.toml"):
        read_outlets(tmp_path)
    with pytest.raises(UserError, match="choose one of these endings"):
        write_outlets(tmp_path / "x.json", [SMALL])
    (tmp_path / "latin.csv").write_bytes(b"name,home\n\xe9,x\n")
    with pytest.raises(UserError, match="not UTF-8"):
        read_outlets(tmp_path / "latin.csv")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_title_goes_through_toml(title):
    outlet = msgspec.structs.replace(SMALL, title=title.strip())
    assert _from_toml(_to_toml([outlet]), "x.toml") == [outlet]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_text_breaks_the_readers(text):
    for reader in (_from_toml, from_csv, from_opml):
        for whole in (text, "name,home\n" + text, "<opml><body>" + text):
            try:
                reader(whole, "x")
            except UserError as error:
                assert str(error)  # noqa: PT017


def test_slugs():
    assert slug("Українська правда") == "ukrainska-pravda"
    assert slug("!!!") == "outlet"
