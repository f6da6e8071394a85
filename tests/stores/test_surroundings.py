"""What the machine does to a store: a full disk, a clock that is set back, a damaged file, a copy that breaks off."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tocsin.errors import UserError
from tocsin.records import Article
from tocsin.stores import open_store

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def article(number: int, text: str = "short") -> Article:
    """One of many."""
    return Article(
        id=str(number), address_id=str(number), url=f"https://a.example/{number}", outlet="a", first_seen=NOW, text=text
    )


@contextmanager
def no_file_over(size: int) -> Iterator[None]:
    """A limit on files stands for a disk that is full. Python ignores the signal; the write fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_one_sentence_and_the_store_goes_on(tmp_path: Path) -> None:
    """What was stored before stays, what failed is taken back, and the same connection works once there is room."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.accept([article(1)])
    big = article(2, "word " * 1_000_000)
    with no_file_over(2_000_000), pytest.raises(UserError, match="disk is full") as caught:
        store.accept([big])
    assert caught.value.code == 1
    assert store.overview()["accepted"] == 1
    assert store.accept([big]) == ["2"]


def test_sqlite_says_full_itself(tmp_path: Path) -> None:
    """SQLite takes the transaction back on its own then; nobody may take it back twice."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    pages = store.db.one("PRAGMA page_count")
    store.db.one(f"PRAGMA max_page_count = {pages + 5}")
    with pytest.raises(UserError, match="disk is full"):
        store.accept([article(1, "word " * 100_000)])
    assert store.accept([article(2)]) == ["2"]


def test_a_backup_that_breaks_off_leaves_no_file(tmp_path: Path) -> None:
    """Half a backup would look like one."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.accept([article(1, "word " * 1_000_000)])
    (tmp_path / "backup").mkdir()
    with no_file_over(1_000_000), pytest.raises(UserError, match="disk is full"):
        store.backup(tmp_path / "backup" / "tocsin.db")
    assert list((tmp_path / "backup").iterdir()) == []
    store.backup(tmp_path / "backup" / "tocsin.db")
    assert open_store(f"sqlite:{tmp_path}/backup/tocsin.db").check() == "ok"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """A store of which the end is missing."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.accept([article(number, "word " * 1000) for number in range(200)])
    store.close()
    whole = (tmp_path / "tocsin.db").read_bytes()
    (tmp_path / "tocsin.db").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(UserError, match=r"damaged.*restore"):
        open_store(f"sqlite:{tmp_path}/tocsin.db").overview()


def test_a_clock_set_back_holds_no_lease_for_ever(tmp_path: Path) -> None:
    """A lease that ends later than any that this clock gives is over; one given a moment ago is not."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.accept([article(1)])
    store.claim(20, 30, NOW)
    assert store.claim(20, 30, NOW - timedelta(seconds=2)) == []
    (again,) = store.claim(20, 30, NOW - timedelta(hours=1))
    assert (again.lease, again.attempts) == (2, 2)


def test_a_released_article_is_free_and_its_attempt_does_not_count(tmp_path: Path) -> None:
    """Given back under its own lease only."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    store.accept([article(1)])
    (first,) = store.claim(20, 30, NOW)
    store.release([first])
    (second,) = store.claim(20, 30, NOW)
    assert (second.lease, second.attempts) == (2, 1)
    store.release([first])
    assert store.claim(20, 30, NOW) == []


def test_what_is_no_web_address_has_a_history_of_its_own(tmp_path: Path) -> None:
    """An imported line may have an id only."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    assert store.why("some-id") == []
