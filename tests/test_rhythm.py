"""When a notice goes out: on nights when the clocks change, a digest comes once, and never not at all."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tocsin.errors import UserError
from tocsin.records import Subscription
from tocsin.rhythm import WEEKDAYS, after_quiet, clock_time, digest_id, due, moment_of, quiet_hours, zone_of

NIGHTS = [
    ("Europe/Kyiv", date(2026, 3, 29)),
    ("Europe/Kyiv", date(2026, 10, 25)),
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
]
"""Zones, and days on which their clocks change; the last one has none. Lord Howe's change by half an hour."""
MINUTE = timedelta(minutes=1)

times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 1, 15, 29, 30, 31, 45, 59)))
nights = st.sampled_from(NIGHTS)
seconds = st.integers(-3 * 86_400, 3 * 86_400)


def subscription(**fields: object) -> Subscription:
    return Subscription(
        id="s", name="s", query="a", channels=("stdout:",), created=datetime(2026, 1, 1, tzinfo=UTC), **fields
    )  # type: ignore[arg-type]


def around(night: tuple[str, date], second: int) -> datetime:
    """A moment so many seconds from the noon before the night."""
    zone, day = night
    noon = datetime.combine(day - timedelta(1), time(12), ZoneInfo(zone)).astimezone(UTC)
    return noon + timedelta(seconds=second)


def sweep(night: tuple[str, date], **fields: object) -> list[datetime]:
    """When what is made in each minute of five days is due, each moment once, in order."""
    it, start = subscription(zone=night[0], **fields), around(night, -2 * 86_400)
    found: dict[datetime, None] = {}
    for minute in range(5 * 1440):
        found[due(it, start + minute * MINUTE)] = None
    return list(found)


@settings(max_examples=400, deadline=None)
@given(nights, times, seconds, seconds, st.sampled_from(("immediate", "hourly", "daily", "weekly")))
def test_due_is_never_earlier_and_keeps_the_order(
    night: tuple[str, date], at: str, second: int, other: int, every: str
) -> None:
    """Never before it was made, behind every rhythm strictly later, and nothing overtakes."""
    it = subscription(zone=night[0], every=every, at=at, quiet="22:30-02:30")
    one, two = sorted((around(night, second), around(night, other)))
    first, last = due(it, one), due(it, two)
    assert first >= one
    assert first > one or every == "immediate"
    assert first <= last
    assert first - one <= timedelta(days=8, hours=3)


@settings(max_examples=300, deadline=None)
@given(nights, times, seconds)
@example(("Europe/Kyiv", date(2026, 3, 29)), "03:30", 50_000)
@example(("Europe/Berlin", date(2026, 10, 25)), "02:30", 50_400)
def test_a_daily_digest_has_one_moment_a_local_day(night: tuple[str, date], at: str, second: int) -> None:
    """Of the moment after the one that is due, the due one is on the next local day: none is left out, none doubled."""
    it, zone = subscription(zone=night[0], every="daily", at=at), ZoneInfo(night[0])
    ends = [due(it, around(night, second))]
    for _ in range(4):
        ends.append(due(it, ends[-1]))  # what is made at the very end belongs to the next day
    days = [end.astimezone(zone).date() for end in ends]
    assert days == [days[0] + timedelta(ahead) for ahead in range(5)]
    for end in ends:
        local = end.astimezone(zone)
        asked = datetime.combine(local.date(), clock_time(at), zone)
        skipped = asked.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != asked.replace(tzinfo=None)
        assert skipped or (local.time() == clock_time(at) and local.fold == 0)


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_all_of_five_days_goes_into_five_digests(night: tuple[str, date]) -> None:
    """Minute by minute over the night: six ends are touched, a day apart by the wall, with ids of their own."""
    for at in ("02:15", "03:30", "08:00"):
        ends = sweep(night, every="daily", at=at)
        assert len(ends) == 6
        assert len({digest_id("stdout:", end) for end in ends}) == 6
        assert all(timedelta(hours=22) < two - one < timedelta(hours=26) for one, two in itertools.pairwise(ends))


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_hours_are_hours_whatever_the_clocks_say(night: tuple[str, date]) -> None:
    """The hour that comes twice has two digests, the one that is skipped none."""
    ends = sweep(night, every="hourly")
    assert {two - one for one, two in itertools.pairwise(ends)} == {timedelta(hours=1)}


@settings(max_examples=400, deadline=None)
@given(nights, times, times, seconds)
@example(("Europe/Berlin", date(2026, 10, 25)), "22:00", "02:30", 45_000)
@example(("Europe/Berlin", date(2026, 3, 29)), "22:00", "02:30", 45_000)
@example(("Europe/Berlin", date(2026, 3, 29)), "02:01", "02:00", 0)
def test_nothing_goes_out_in_quiet_hours(night: tuple[str, date], start: str, end: str, second: int) -> None:
    """It waits until they end, and no minute longer; what is urgent does not wait."""
    if start == end:
        return
    zone, quiet, made = ZoneInfo(night[0]), quiet_hours(f"{start}-{end}"), around(night, second)
    late = due(subscription(zone=night[0], quiet=f"{start}-{end}"), made)
    assert not quiet.has(late.astimezone(zone).time())
    if late > made:
        assert quiet.has((late - timedelta(seconds=1)).astimezone(zone).time())
        minutes = int((late - made) / MINUTE)
        assert all(quiet.has((made + n * MINUTE).astimezone(zone).time()) for n in range(minutes))
    assert due(subscription(zone=night[0], quiet=f"{start}-{end}", priority="urgent"), made) == made


@pytest.mark.parametrize(
    ("zone", "day", "at", "utc"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "02:30", "2026-03-29T01:00"),  # skipped: the moment of the change
        ("Europe/Berlin", date(2026, 10, 25), "02:30", "2026-10-25T00:30"),  # twice: the first
        ("Europe/Kyiv", date(2026, 3, 29), "03:30", "2026-03-29T01:00"),
        ("Europe/Kyiv", date(2026, 10, 25), "03:30", "2026-10-25T00:30"),
        ("America/New_York", date(2026, 3, 8), "02:30", "2026-03-08T07:00"),
        ("America/New_York", date(2026, 11, 1), "01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", date(2026, 4, 5), "01:45", "2026-04-04T14:45"),
        ("Europe/Kyiv", date(2026, 7, 1), "08:00", "2026-07-01T05:00"),
    ],
)
def test_known_moments(zone: str, day: date, at: str, utc: str) -> None:
    """As the zones' own tables have them."""
    assert moment_of(day, clock_time(at), zone_of(zone)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def test_the_second_of_two_equal_times_is_quiet_too() -> None:
    """Quiet until 02:30, and the clocks go from 03:00 back to 02:00: half an hour is loud, then it is quiet again."""
    berlin, quiet = zone_of("Europe/Berlin"), quiet_hours("22:00-02:30")
    hour = [datetime(2026, 10, 25, 0, minute, tzinfo=UTC) for minute in (10, 40)]
    hour += [datetime(2026, 10, 25, 1, minute, tzinfo=UTC) for minute in (10, 40)]
    ends = [after_quiet(moment, quiet, berlin).strftime("%d %H:%M") for moment in hour]
    assert ends == ["25 00:30", "25 00:40", "25 01:30", "25 01:40"]


@pytest.mark.parametrize("weekday", WEEKDAYS)
def test_a_weekly_digest_is_on_its_day(weekday: str) -> None:
    """Seven local days apart, also over the change."""
    it, kyiv = subscription(zone="Europe/Kyiv", every="weekly", weekday=weekday, at="09:00"), ZoneInfo("Europe/Kyiv")
    end = due(it, datetime(2026, 10, 12, tzinfo=UTC))
    for _ in range(3):
        local, end = end.astimezone(kyiv), due(it, end)
        assert (local.weekday(), local.hour) == (WEEKDAYS.index(weekday), 9)
        assert end.astimezone(kyiv).date() - local.date() == timedelta(7)


def test_hourly_digests_of_the_night_are_one_in_the_morning() -> None:
    """What is due in quiet hours is due when they end, under one id."""
    it = subscription(zone="Europe/Kyiv", every="hourly", quiet="22:00-07:00")
    evening = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
    ends = {due(it, evening + hour * timedelta(hours=1)) for hour in range(8)}
    assert ends == {datetime(2026, 11, 23, 5, tzinfo=UTC)}


@given(st.lists(st.integers(0, 20_000), max_size=60), st.integers(1, 5))
def test_a_throttle_lets_so_many_an_hour_through_and_loses_none(made: list[int], most: int) -> None:
    """The first ones of an hour at once, all others together when it ends."""
    it, start = subscription(throttle=most), datetime(2026, 11, 22, tzinfo=UTC)
    for hour in range(6):
        seconds = [second for second in sorted(made) if second // 3600 == hour]
        moments = [start + timedelta(seconds=second) for second in seconds]
        ends = [due(it, moment, rung) for rung, moment in enumerate(moments)]
        assert ends[:most] == moments[:most]
        assert set(ends[most:]) <= {start + timedelta(hours=hour + 1)}
        assert [due(subscription(), moment, 99) for moment in moments] == moments


@pytest.mark.parametrize("text", ["", "24:00", "8", "8:0", "08:60", "08:00:00", "٠٨:٠٠", "8am"])
def test_no_time_of_the_day(text: str) -> None:
    with pytest.raises(UserError, match="no time of the day"):
        clock_time(text)


@pytest.mark.parametrize("text", ["22:00", "22-7", "22:00-25:00", "22:00-07:00-08:00", "22:00-22:00", "-"])
def test_no_quiet_hours(text: str) -> None:
    with pytest.raises(UserError, match="quiet hours"):
        quiet_hours(text)


@pytest.mark.parametrize(
    "name", ["", "Kyiv", "Europe/Nowhere", "../../etc/passwd", "/etc/passwd", "Europe", "\0", "x" * 9999]
)
def test_no_zone(name: str) -> None:
    with pytest.raises(UserError, match="zone"):
        zone_of(name)
