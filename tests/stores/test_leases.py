"""What both kinds of leases promise."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from tocsin.clock import SystemClock
from tocsin.stores.leases import Leases, open_leases, prefix_of
from tocsin.stores.sqlite.leases import SqliteLeases


def test_one_has_it_and_the_other_has_not(leases: Leases) -> None:
    token = leases.take("beat", "one", 60)
    assert token > 0
    assert leases.take("beat", "two", 60) == 0
    assert leases.take("other", "two", 60) > 0
    assert leases.take("beat", "one", 60) == token
    assert leases.keep("beat", "one", 60)
    assert not leases.keep("beat", "two", 60)
    assert leases.held("b") == {"beat": "one"}
    assert leases.held("") == {"beat": "one", "other": "two"}


def test_what_is_given_back_is_free_and_its_token_grows(leases: Leases) -> None:
    first = leases.take("beat", "one", 60)
    leases.give_back("beat", "two")
    assert leases.take("beat", "two", 60) == 0
    leases.give_back("beat", "one")
    assert leases.held("") == {}
    assert not leases.keep("beat", "one", 60)
    second = leases.take("beat", "two", 60)
    assert second > first
    leases.give_back("beat", "two")
    assert leases.take("beat", "two", 60) > second


def test_a_lease_ends_by_itself(leases: Leases) -> None:
    first = leases.take("beat", "dead", 0.2)
    assert leases.take("beat", "two", 60) == 0
    time.sleep(0.3)
    assert leases.held("") == {}
    assert not leases.keep("beat", "dead", 60)
    assert leases.take("beat", "two", 60) > first


def test_many_are_taken_in_one_go(leases: Leases) -> None:
    """What another one has stays with it; giving back takes nothing from others."""
    assert leases.take_all([], "one", 60) == set()
    assert leases.take("b", "two", 60)
    assert leases.take_all(["a", "b", "c"], "one", 60) == {"a", "c"}
    assert leases.take_all(["a", "c", "d"], "one", 60) == {"a", "c", "d"}
    leases.give_all_back(["a", "b"], "one")
    assert leases.held("") == {"b": "two", "c": "one", "d": "one"}


def test_of_many_at_once_one_gets_it(place: tuple[str, str]) -> None:
    def attempt(number: int) -> int:
        mine = open_leases(*place)
        token = mine.take("beat", f"owner {number}", 60)
        mine.close()
        return token

    open_leases(*place).close()
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(attempt, range(16)))
    assert sum(token > 0 for token in tokens) == 1


def test_a_clock_that_is_set_back_holds_nothing_for_ever(tmp_path: Path) -> None:
    class Early(SystemClock):
        def now(self):
            return super().now() - timedelta(days=1)

    path = str(tmp_path / "store.db")
    before = SqliteLeases.open(path)
    token = before.take("beat", "one", 60)
    assert SqliteLeases.open(path, Early()).take("beat", "two", 60) > token


def test_the_prefix_is_what_stands_behind_the_port() -> None:
    assert prefix_of("elastic+https://user:pa%2Fss@host:9200/desk?ca=/etc/ca.pem") == "desk"
    assert prefix_of("elastic+http://host:9200") == "tocsin"
