"""Several crawlers of one store: each host is one's alone, all hosts are somebody's, whoever comes, goes or dies."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spiders.share import LEASE, Share, host_of
from tocsin.errors import UserError
from tocsin.records import Outlet
from tocsin.stores.sqlite.leases import SqliteLeases

HOSTS = {f"{number}.example" for number in range(60)}


class HandClock:
    """Both times are moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 26, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def crawler(tmp_path: Path, clock: HandClock) -> Callable[..., Share]:
    """Makes a crawler's share over one store."""

    def made(*, picked: bool = False) -> Share:
        return Share(SqliteLeases.open(str(tmp_path / "store.db"), clock), clock, picked=picked)

    return made


def turn(share: Share, hosts: set[str] = HOSTS) -> set[str]:
    """One round, as the spider makes it."""
    return share.take(share.wanted(hosts))


def outlet(host: str) -> Outlet:
    return Outlet(name=host, home=f"https://www.{host}/news")


def test_one_has_all_and_two_share(crawler: Callable[..., Share]) -> None:
    """A newcomer gets its part when the other has let go of it; nothing is ever with both."""
    one, two = crawler(), crawler()
    assert turn(one) == HOSTS
    assert turn(two) == set()
    left = turn(one)
    right = turn(two)
    assert left | right == HOSTS
    assert not left & right
    assert 15 <= len(left) <= 45
    assert (turn(one), turn(two)) == (left, right)


def test_what_a_dead_one_had_is_taken_within_a_minute(crawler: Callable[..., Share], clock: HandClock) -> None:
    one, two = crawler(), crawler()
    turn(one)
    turn(two)
    turn(one)
    turn(two)
    for _ in range(12):
        clock.seconds += 5
        turn(two)
    assert turn(two) == HOSTS
    assert not one.holds(outlet("1.example")), "should it wake up, it asks nobody"
    assert two.holds(outlet("1.example"))


def test_who_ends_leaves_everything_at_once(crawler: Callable[..., Share]) -> None:
    one, two = crawler(), crawler()
    turn(one)
    one.end()
    assert turn(two) == HOSTS


def test_who_crawls_a_few_outlets_takes_what_is_free(crawler: Callable[..., Share]) -> None:
    picked, other = crawler(picked=True), crawler()
    some = {"1.example", "2.example"}
    assert turn(picked, some) == some
    assert turn(other) == HOSTS - some
    assert turn(crawler(picked=True), some | {"3.example"}) == set()


def test_leases_that_cannot_be_asked_stop_nobody(
    crawler: Callable[..., Share], clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one has stays; who never could ask crawls all."""
    one, two = crawler(), crawler()
    turn(one)
    turn(two)
    mine = turn(one)

    def down(*_: object) -> None:
        raise UserError("Redis does not answer.", 1)

    for name in ("take", "take_all", "give_all_back", "held"):
        monkeypatch.setattr(SqliteLeases, name, down)
    clock.seconds += 2 * LEASE
    assert turn(one) == mine
    assert all(one.holds(outlet(host)) == (host in mine) for host in HOSTS)
    assert turn(crawler()) == HOSTS


def test_outlets_of_one_host_stay_together() -> None:
    assert host_of(outlet("1.example")) == host_of(Outlet(name="other", home="http://1.example/sport")) == "1.example"
