"""The judge of ``make soak`` tells growth from noise, and its looks see what is there."""

import os
import random
from datetime import timedelta
from pathlib import Path

import pytest

from bench.growth import STRETCHES, Point
from bench.growth import told as told_growth
from bench.soak_clock import Calendar
from bench.soak_judge import Limit, judged, slope, told
from bench.soak_look import LIMITS, SqliteLook, looked, processes
from tocsin.stores import open_store

LIMIT = {"MB": Limit(0.03, 2.0), "kept": None}


def samples(*values: float, name: str = "MB: one") -> list[dict[str, float]]:
    return [{name: value} for value in values]


def verdict(*values: float, name: str = "MB: one") -> bool:
    (found,) = judged(samples(*values, name=name), LIMIT)
    return found.grows


def test_a_steady_leak_is_found() -> None:
    """Also where it is small beside the level, and begins late; noise, warming up and one jump are none."""
    dice = random.Random(1)
    noise = [dice.uniform(-1, 1) for _ in range(24)]
    assert verdict(*[100 + 0.6 * hour + noise[hour] for hour in range(24)])
    assert verdict(*[100 + max(0, hour - 12) for hour in range(24)])
    assert not verdict(*[100 + noise[hour] for hour in range(24)])
    assert not verdict(*[min(100, 20 * hour) + noise[hour] for hour in range(24)])
    assert not verdict(*[100 + (hour > 8) * 2.5 for hour in range(24)])
    assert not verdict(*[200 - hour for hour in range(24)])
    assert not verdict(*[100 + 5 * hour for hour in range(24)], name="kept")


def test_what_nobody_has_thought_of_is_refused() -> None:
    """A series without a limit, with gaps, or too short is no proof of anything."""
    with pytest.raises(ValueError, match="nobody has said"):
        judged(samples(*range(9), name="new: table"), LIMIT)
    with pytest.raises(ValueError, match="not there all the time"):
        judged([*samples(1.0, name="other"), *samples(*range(9))], LIMIT)
    with pytest.raises(ValueError, match="nine are needed"):
        judged(samples(1, 2, 3, 4, 5), LIMIT)


def test_the_line_is_that_of_least_squares() -> None:
    assert slope([1, 3, 5, 7]) == 2
    assert slope([5]) == 0
    assert slope([0, 1, 0, 1, 0]) == 0


def test_a_growing_series_fails_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(judged(samples(*[100 + hour for hour in range(24)]), LIMIT)) == 1
    assert "GROWS" in capsys.readouterr().out


def test_every_table_of_a_store_has_a_limit(tmp_path: Path) -> None:
    """A table that is added without a word on whether it may grow fails the soak at once."""
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:{path}")
    sample = looked([processes("own", {}), SqliteLook(path)()])
    store.close()
    assert len(judged([sample] * 9, LIMITS)) == len(sample)
    assert sample["descriptors: own"] > 3
    assert sample["MB: own"] > 10


def test_descriptors_that_stay_open_are_seen() -> None:
    before = looked([processes("own", {})])
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
    try:
        assert looked([processes("own", {})])["descriptors: own"] == before["descriptors: own"] + 3
    finally:
        for descriptor in opened:
            os.close(descriptor)


def test_a_calendar_jumps_for_all_who_share_it(tmp_path: Path) -> None:
    one, other = Calendar(tmp_path / "calendar"), Calendar(tmp_path / "calendar")
    before = other.now()
    one.jump(timedelta(days=60))
    assert other.now() - before > timedelta(days=60)
    assert other.now() - before < timedelta(days=60, minutes=1)


def test_growth_of_one_stretch_or_of_all_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """By CPU and by the clock."""
    flat = dict.fromkeys(STRETCHES, 2.0)
    assert told_growth("x", [Point(10, flat, flat), Point(1_000, flat, flat)]) == []
    slow = flat | {"file": 8.0}
    assert len(told_growth("x", [Point(10, flat, flat), Point(1_000, slow, flat)])) == 1
    assert len(told_growth("x", [Point(10, flat, flat), Point(1_000, slow, slow)])) == 2
    assert "NOT REACHED" in capsys.readouterr().out
