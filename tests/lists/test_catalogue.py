"""The shipped catalogue of outlets is well-formed, polite and not active by itself."""

import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

import spiders
from tocsin.addresses import canonical, same_site
from tocsin.records import Outlet

FILES = sorted((Path(spiders.__file__).parent / "outlets").glob("*.toml"))
FEED_HOSTS_ELSEWHERE = {"bbc-news", "bbc-russian", "sky-news", "unian", "cnn"}


def test_there_are_enough_outlets_of_each_press():
    outlets = [tomllib.loads(path.read_text("utf-8")) for path in FILES]
    assert len(outlets) >= 24
    for country, least in {"ua": 8, "ru": 6, "gb": 4, "us": 4, "de": 4, "fr": 3, "pl": 1, "es": 1}.items():
        assert sum(outlet["country"] == country for outlet in outlets) >= least, country


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outlet(path):
    data = tomllib.loads(path.read_text("utf-8"))
    assert set(data) <= set(Outlet.__struct_fields__)
    assert "active" not in data
    outlet = msgspec.convert(data, Outlet)
    assert outlet.name == path.stem
    assert outlet.title
    assert not outlet.verified
    assert outlet.pace >= 2.0
    assert outlet.every >= 600
    assert len(outlet.country) == len(outlet.lang) == 2
    if outlet.timezone:
        ZoneInfo(outlet.timezone)
    for url in (outlet.home, *outlet.feeds, *outlet.sitemaps):
        assert url.startswith("https://"), url
        assert canonical(url) == url, url
    if outlet.name not in FEED_HOSTS_ELSEWHERE:
        site = outlet.home.split("/")[2].removeprefix("www.").split(".")[-2:]
        for url in (*outlet.feeds, *outlet.sitemaps):
            assert same_site(url, "https://" + ".".join(site)), url
