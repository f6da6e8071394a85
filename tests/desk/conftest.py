"""A desk over a real store that a small newsroom has filled."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from tocsin.desk import create_app
from tocsin.lists import load as load_lists
from tocsin.query.expand import Expander
from tocsin.settings import load
from tocsin.stores import open_store
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Words


@pytest.fixture(scope="session")
def newsroom() -> ModuleType:
    """The module beside this file."""
    spec = importlib.util.spec_from_file_location("desk_newsroom", Path(__file__).with_name("newsroom.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def words() -> Words:
    return Words.open(load().cache_dir)


@pytest.fixture(scope="session")
def expander(words: Words) -> Expander:
    return Expander(words, load_lists())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(f"sqlite:{tmp_path}/tocsin.db")
    yield opened
    opened.close()


@pytest.fixture
def made(store, words, expander, newsroom):
    """The newsroom's articles, in the store, in order of arrival."""
    return newsroom.fill(store, words, expander)


@pytest.fixture
def client(store, made, expander, newsroom) -> Iterator[TestClient]:
    """A browser without scripts, in Kyiv."""
    app = create_app(store, clock=newsroom.StandingClock(), zone=ZoneInfo("Europe/Kyiv"), expander=expander)
    with TestClient(app, base_url="http://127.0.0.1:8765") as opened:
        yield opened
