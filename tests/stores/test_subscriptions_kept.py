"""What every store promises of subscriptions, run over each store that there is."""

from datetime import UTC, datetime, timedelta

import msgspec

from tocsin.records import Alert, Muted, Subscription
from tocsin.stores.port import Store, alert_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def subscription(number: int, **fields: object) -> Subscription:
    """A subscription with nothing but what it must have."""
    made = Subscription(id=f"s{number}", name=f"n{number}", query="drone", channels=("stdout:",), created=NOW)
    return msgspec.structs.replace(made, **fields)


def test_subscriptions_are_kept_whole(each_store: Store) -> None:
    """With everything that can be set; each change of the set has a generation of its own."""
    before = each_store.generation()
    full = subscription(
        1, every="weekly", at="07:30", weekday="friday", zone="Europe/Kyiv", quiet="22:00-07:00", priority="urgent",
        throttle=3, langs=("uk", "no"), outlets=("one",), expires=NOW, tells=(), grown_at=(5, 20), shows="words:9",
        muted=(Muted(what="story", key="t", at=NOW, reason="old"),), template="{title}", evidence=True, spike=True,
        owner="me", version=7, changed=NOW,
    )  # fmt: skip
    each_store.put_subscriptions([subscription(2), full])
    assert each_store.subscriptions() == [full, subscription(2)]
    assert each_store.generation() == before + 1


def test_each_edit_of_a_subscription_keeps_the_former_one(each_store: Store) -> None:
    """In order, also what was removed, and also where it was made again; what is put again as it is is no edit."""
    first = subscription(1)
    second = subscription(1, query="tank", version=2, changed=NOW + timedelta(minutes=1))
    third = subscription(1, query="gun", version=3, changed=NOW + timedelta(minutes=2))
    for it in (first, first, second, second, third):
        each_store.put_subscriptions([it, subscription(2)])
    assert each_store.subscription_history("s1") == [first, second]
    assert each_store.subscription_history("s2") == each_store.subscription_history("unknown") == []
    assert each_store.remove_subscription("s1")
    assert not each_store.remove_subscription("s1")
    assert each_store.subscription_history("s1") == [first, second, third]
    again = subscription(1, created=NOW + timedelta(hours=1))
    each_store.put_subscription(again)
    each_store.put_subscription(msgspec.structs.replace(again, query="bell", version=2))
    assert each_store.subscription_history("s1") == [first, second, third, again]
    assert [it.query for it in each_store.subscriptions()] == ["bell", "drone"]


def test_alerts_of_an_hour_are_counted(each_store: Store) -> None:
    """Those of one subscription, from the moment on, gathered ones among them and none twice."""

    def alert(number: int, name: str = "s", at: datetime = NOW) -> Alert:
        story = f"t{number}"
        return Alert(id=alert_id(name, story), subscription=name, story=story, article="a", created=at)

    with each_store.publishing() as publishing:
        publishing.put_alert(alert(1, at=NOW - timedelta(seconds=1)))
        publishing.put_alert(alert(2))
        publishing.put_alert(alert(3, "other"))
    with each_store.publishing() as publishing:
        assert publishing.rung_since("s", NOW) == 1
        publishing.put_alert(alert(4))
        assert publishing.rung_since("s", NOW) == 2
        assert publishing.rung_since("s", NOW - timedelta(hours=1)) == 3
        assert publishing.rung_since("nobody", NOW) == 0
