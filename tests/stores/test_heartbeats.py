"""Who is at work on a store: heard of on both kinds of leases, silent when it hangs, gone when it ends in order."""

from pathlib import Path

import pytest

from tests.logged import log_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.settings import Settings
from tocsin.stores import heartbeats
from tocsin.stores.heartbeats import DAY, LEASE, SILENT, Heart, rooms
from tocsin.stores.leases import Leases, open_leases


class Running(SystemClock):
    """Its seconds go on when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_lease_tells_how_long_ago_it_was_taken_also_when_it_is_over(leases: Leases) -> None:
    leases.take("room a", "one", 60)
    leases.take("other", "one", 60)
    assert leases.heard("room", 60) == {"room a": pytest.approx(0, abs=2)}
    # For so many seconds it was not given: as if it had been taken so much earlier.
    assert leases.heard("room", 30) == {"room a": 0}
    assert leases.heard("room", 90) == {"room a": pytest.approx(30, abs=2)}


def test_what_is_forgotten_leaves_nothing(leases: Leases) -> None:
    leases.take("room a", "one", 60)
    leases.forget("room a", "two")
    assert leases.heard("room", 60)
    leases.forget("room a", "one")
    leases.forget("room a", "one")
    assert leases.heard("room", 60) == {}
    assert leases.held("") == {}


def test_a_process_is_heard_of_until_it_ends(place: tuple[str, str], leases: Leases) -> None:
    """It beats as its loop comes round, and no more often than is needed."""
    clock = Running()
    heart = Heart.open("workers", Settings(store=place[0], redis=place[1]), clock)
    assert rooms(leases) == [], "not before its loop came round"
    heart.beat()
    (room,) = rooms(leases)
    assert (room.room, room.silent) == ("workers", False)
    leases.forget(heart._name, heart._name)
    heart.beat()
    assert rooms(leases) == []
    clock.seconds += heartbeats.BEAT
    heart.beat()
    assert len(rooms(leases)) == 1
    heart.end()
    assert rooms(leases) == []
    heart.beat()
    heart.end()


def test_one_that_was_not_heard_of_is_silent_and_forgotten_after_a_day(leases: Leases, place: tuple[str, str]) -> None:
    for number, ago in enumerate((SILENT - 5, SILENT + 5, DAY + 5)):
        # Taken for less, it looks as if it had been taken so much earlier.
        leases.take(name := f"room spiders host {number} x", name, LEASE + 100_000 - ago)
    aged = {name: 100_000 + ago for name, ago in leases.heard("room", LEASE).items()}
    assert set(aged)
    leases.heard = lambda beginning, seconds: (  # type: ignore[method-assign]
        type(leases).heard(leases, beginning, seconds + 100_000)
    )
    known = rooms(leases)
    assert [(room.process, room.silent) for room in known] == [(0, False), (1, True)]
    heart = Heart("workers", leases, SystemClock())
    heart.end()
    opened = open_leases(*place)
    assert len(opened.heard("room", LEASE)) == 2
    opened.close()


def test_work_goes_on_where_nobody_can_be_told(tmp_path: Path) -> None:
    """It is said once, and not tried again at each round."""

    class Gone:
        tried = 0

        def take(self, *_: object) -> int:
            self.tried += 1
            raise UserError("Redis does not answer.")

        heard = take

        def close(self) -> None:
            pass

    clock, gone = Running(), Gone()
    heart = Heart("workers", gone, clock)  # type: ignore[arg-type]
    with log_of(heartbeats) as said:
        for _ in range(4):
            heart.beat()
            clock.seconds += heartbeats.PAUSE / 2
        assert gone.tried == 2
        heart.end()
    assert len(said) == 1
    # Elasticsearch without a Redis: there is no place to say it.
    silent = Heart.open("workers", Settings(store="elastic+http://unused:9200/x", data_dir=tmp_path), clock)
    silent.beat()
    silent.end()


def test_who_started_it_sees_each_round(tmp_path: Path) -> None:
    with (tmp_path / "pulse").open("wb") as pulse:
        before = (tmp_path / "pulse").stat().st_mtime_ns
        Heart("workers", None, SystemClock(), pulse.fileno()).beat()
        assert (tmp_path / "pulse").stat().st_mtime_ns > before
