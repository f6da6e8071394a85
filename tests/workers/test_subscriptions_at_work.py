"""Subscriptions on the road: who rings, when it is due, what is muted, and what an edit changes, in each store."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.stores.filled import START, StandingClock, article, hall_over
from tocsin.records import Delivery, Muted, Subscription
from tocsin.stores.port import Store
from tocsin.subscriptions import asked, edited, new, series_of
from workers.flow import Hall, turn


@pytest.fixture
def hall(each_store: Store) -> Hall:
    """A hall over an empty store of each kind."""
    return hall_over(each_store, StandingClock())


def subscribed(hall: Hall, name: str = "s", **fields: object) -> Subscription:
    """A subscription that every article here meets, but for its filters."""
    made = new(name, "conscription", ("stdout:",), START, **fields)
    hall.store.put_subscription(made)
    return made


def carry(hall: Hall, *numbers: int, **fields: object) -> None:
    """Articles with texts of their own, from accepted to told, a minute after what was before."""
    hall.clock.at += timedelta(minutes=1)  # type: ignore[attr-defined]
    hall.store.accept([article(number, **fields) for number in numbers])
    while turn(hall):
        pass


def deliveries(hall: Hall, subscription: Subscription) -> list[Delivery]:
    """Those of all notices of a subscription, oldest alert first."""
    return [
        delivery
        for alert, notices in reversed(hall.store.alerts())
        if alert.subscription == subscription.id
        for notice in notices
        for delivery in hall.store.deliveries(notice.id)
    ]


def test_only_its_languages_and_outlets_ring(hall: Hall) -> None:
    """And a search for the whole query finds exactly what rang."""
    english, ukrainian = subscribed(hall, "en", langs=("en",)), subscribed(hall, "uk", langs=("uk",))
    two, both = subscribed(hall, "two", outlets=("two",)), subscribed(hall, "both", outlets=("one", "two"))
    carry(hall, 1)
    carry(hall, 2, outlet="two")
    carry(hall, 3, outlet="three")
    rung = {it.name: len(deliveries(hall, it)) for it in (english, ukrainian, two, both)}
    assert rung == {"en": 3, "uk": 0, "two": 1, "both": 2}
    expander = hall.rules._rules._expander
    assert {it.name: hall.store.count(expander.read(asked(it))) for it in (english, ukrainian, two, both)} == rung


def test_what_has_expired_rings_no_more(hall: Hall) -> None:
    """From that moment on, without anybody saving anything."""
    it = subscribed(hall, expires=START + timedelta(hours=1))
    carry(hall, 1)
    hall.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    carry(hall, 2)
    assert len(deliveries(hall, it)) == 1


def test_a_muted_story_is_kept_and_says_why(hall: Hall) -> None:
    """The alert has its row, nothing is sent, and the rest rings."""
    muted = Muted(what="series", key=series_of(article(1)), at=START, reason="every day")
    it = subscribed(hall, muted=(muted,))
    carry(hall, 1, 2)
    carry(hall, 3, title="An order to sign")
    silent, more, loud = deliveries(hall, it)
    assert [silent.state, more.state, loud.state] == ["muted", "muted", "waiting"]
    assert silent.error == "series muted 2026-11-22 12:00 UTC: every day"
    assert [sent.id for sent, _ in hall.store.take_deliveries(hall.clock.now(), 9, 60)] == [loud.id]
    assert len(hall.store.alerts()) == 3


def test_a_story_is_muted_before_its_correction(hall: Hall) -> None:
    """What was told stays told; the version that corrects it is not."""
    it = subscribed(hall)
    carry(hall, 1)
    ((alert, _),) = hall.store.alerts()
    hall.store.put_subscription(edited(it, START, muted=(Muted(what="story", key=alert.story, at=START),)))
    changed = article(1, text=article(1).text.replace("nobody had", "everybody had"))
    hall.clock.at += timedelta(minutes=1)  # type: ignore[attr-defined]
    hall.store.accept([msgspec.structs.replace(changed, title="Not told to sign")])
    turn(hall)
    assert [each.state for each in deliveries(hall, it)] == ["waiting", "muted"]


def test_rhythm_and_quiet_hours_are_when_it_is_due(hall: Hall) -> None:
    """START is 14:00 in Kyiv. What goes to one channel at one moment has one digest, of whichever subscription."""
    at_once, daily = subscribed(hall, "once"), subscribed(hall, "daily", every="daily", zone="Europe/Kyiv")
    other = subscribed(hall, "other", every="daily", zone="Europe/Kyiv")
    quiet = subscribed(hall, "quiet", quiet="13:00-16:00", zone="Europe/Kyiv")
    urgent = subscribed(hall, "urgent", quiet="13:00-16:00", zone="Europe/Kyiv", priority="urgent")
    carry(hall, 1, 2)
    morning = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert [it.next_try for it in deliveries(hall, daily)] == [morning, morning]
    assert [it.next_try for it in deliveries(hall, quiet)] == [datetime(2026, 11, 22, 14, tzinfo=UTC)] * 2
    assert {it.next_try for each in (at_once, urgent) for it in deliveries(hall, each)} == {None}
    assert len({it.digest for each in (daily, other) for it in deliveries(hall, each)}) == 1
    due = {sent.id for sent, _ in hall.store.deliveries_due(START + timedelta(minutes=2), 99)}
    assert due == {it.id for each in (at_once, urgent) for it in deliveries(hall, each)}


def test_a_throttle_holds_back_what_is_beyond(hall: Hall) -> None:
    """Two at once, in one batch and the next; the rest together when the hour ends, and then two more."""
    it, free = subscribed(hall, "throttled", throttle=2), subscribed(hall, "free")
    carry(hall, 1)
    carry(hall, 2, 3, 4)
    end = datetime(2026, 11, 22, 13, tzinfo=UTC)
    assert Counter(each.next_try for each in deliveries(hall, it)) == {None: 2, end: 2}
    assert len({each.digest for each in deliveries(hall, it) if each.digest}) == 1
    assert {each.next_try for each in deliveries(hall, free)} == {None}
    hall.clock.at += timedelta(hours=1)  # type: ignore[attr-defined]
    carry(hall, 5)
    assert Counter(each.next_try for each in deliveries(hall, it)) == {None: 3, end: 2}


def test_an_edit_rings_for_nothing_that_rang(hall: Hall) -> None:
    """Same id, so the same alerts: copies of a told story stay silent, and the new channel hears of new ones."""
    it = subscribed(hall)
    carry(hall, 1)
    after = edited(it, START, query="Bakhmut", name="renamed", channels=("stdout:", "file:a.jsonl"))
    hall.store.put_subscription(after)
    carry(hall, 9, text=article(1).text, outlet="two")
    assert len(deliveries(hall, it)) == 1
    carry(hall, 2)
    assert sorted(each.channel for each in deliveries(hall, after)[1:]) == ["file:a.jsonl", "stdout:"]
    assert [each.version for each in hall.store.subscription_history(it.id)] == [1]


def test_one_that_cannot_be_used_silences_no_other(hall: Hall) -> None:
    """A zone that is gone, quiet hours that nobody can read: these rest, articles go on."""
    for field, value in (("zone", "Europe/Nowhere"), ("quiet", "late"), ("outlets", ('"',))):
        hall.store.put_subscription(msgspec.structs.replace(subscribed(hall, field), **{field: value}))
    it = subscribed(hall, "whole")
    carry(hall, 1)
    assert [alert.subscription for alert, _ in hall.store.alerts()] == [it.id]
    assert hall.store.overview()["ready"] == 1
