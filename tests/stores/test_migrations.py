"""A store that an older version wrote opens with this one, whole. The files in `frozen/` never change."""

import gzip
from pathlib import Path

import apsw
import pytest

from tocsin import settings
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.stores import open_store
from tocsin.stores.sqlite.connection import VERSION
from tocsin.words import Words
from workers.reindex import reindex

FROZEN = sorted((Path(__file__).parent / "frozen").glob("v*.db.gz"))


@pytest.fixture(params=FROZEN, ids=lambda path: path.name.partition(".")[0])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store as a version left it."""
    path = tmp_path / "tocsin.db"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def version_of(path: Path) -> int:
    """The number of the last migration that a file has seen."""
    return int(next(iter(apsw.Connection(str(path)).execute("PRAGMA user_version")))[0])


def test_everything_is_there_and_found(old: Path) -> None:
    """Articles, words, stories, alerts, outlets and subscriptions of the old store."""
    before = version_of(old)
    store = open_store(f"sqlite:{old}")
    words = Words.open(settings.load().cache_dir)
    expander = Expander(words, load())
    assert reindex(store, words, lambda _: None) == (3 if before < 2 else 0)
    assert store.check() == "ok"
    assert [outlet.name for outlet in store.outlets()] == ["one"]
    assert [subscription.name for subscription in store.subscriptions()] == ["conscription"]
    assert [it.outlet for it in store.search(expander.read("Bakhmut"), limit=9)] == ["two", "two", "one"]
    assert [it.relation for it in store.search(expander.read("conscription"), limit=9)] == ["copy", "original"]
    ((alert, (notice,)),) = store.alerts()
    assert alert.copies == 1
    assert [delivery.state for delivery in store.deliveries(notice.id)] == ["delivered"]
    store.close()
    assert version_of(old) == VERSION
    assert old.with_name(f"tocsin.db.v{before}.bak").exists() == (before < VERSION)


def test_every_version_is_frozen() -> None:
    """Whoever raises the version freezes a store of it."""
    assert [path.name for path in FROZEN] == [f"v{number}.db.gz" for number in range(1, VERSION + 1)]
