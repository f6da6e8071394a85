"""A reader ends a channel with one click, under the public name too; looking at the page changes nothing."""

from zoneinfo import ZoneInfo

import msgspec
import pytest
from fastapi.testclient import TestClient

from tocsin.desk import create_app

PUBLIC = "https://tocsin.example.org"


@pytest.fixture
def delivery(store, made) -> str:
    """A delivery of a subscription with two channels."""
    del made
    ((alert, notices), *_) = store.alerts()
    (known,) = [it for it in store.subscriptions() if it.id == alert.subscription]
    rows = [it for notice in notices for it in store.deliveries(notice.id)]
    store.put_subscription(msgspec.structs.replace(known, channels=(rows[0].channel, "file:other.jsonl")))
    return rows[0].id


@pytest.fixture
def outside(store, made, expander, newsroom):
    """A browser that reaches the desk by the name that stands in messages."""
    app = create_app(
        store, clock=newsroom.StandingClock(), zone=ZoneInfo("Europe/Kyiv"), expander=expander, public=PUBLIC
    )
    with TestClient(app, base_url=PUBLIC) as opened:
        yield opened


def channels(store, delivery: str) -> tuple[tuple[str, ...], bool]:
    row, notice = store.delivery(delivery)
    subscription = store.subscriptions_by_id([store.alert(notice.alert).subscription]).popitem()[1]
    return tuple(it for it in subscription.channels if it == row.channel), subscription.paused


def test_one_click_ends_a_channel(store, outside: TestClient, delivery: str) -> None:
    shown = outside.get(f"/unsubscribe/{delivery}")
    assert shown.status_code == 200
    assert f'action="/unsubscribe/{delivery}"' in shown.text
    assert channels(store, delivery)[0], "to look is not to click"
    for _ in range(2):
        done = outside.post(f"/unsubscribe/{delivery}", data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert channels(store, delivery) == ((), False)
    (version,) = {it.version for it in store.subscriptions() if it.channels == ("file:other.jsonl",)}
    assert version == 2, "the history keeps what it was"


def test_the_last_channel_is_kept_and_rests(store, outside: TestClient, delivery: str) -> None:
    row, notice = store.delivery(delivery)
    known = store.subscriptions_by_id([store.alert(notice.alert).subscription]).popitem()[1]
    store.put_subscription(msgspec.structs.replace(known, channels=(row.channel,)))
    assert outside.post(f"/unsubscribe/{delivery}").status_code == 200
    assert channels(store, delivery) == ((row.channel,), True)


def test_nothing_else_is_answered_under_the_public_name(outside: TestClient) -> None:
    for path in ("/", "/alerts", "/api/v1/overview", "/search?q=x", "/unsubscribe"):
        assert outside.get(path).status_code == 421
    assert outside.get("/unsubscribe/unknown").status_code == 404
    assert outside.post("/unsubscribe/unknown").status_code == 404
    assert outside.get("/unsubscribe/x", headers={"host": "evil.example"}).status_code == 421
    assert outside.get("/unsubscribe/x", headers={"host": "tocsin.example.org:8443"}).status_code == 404


def test_without_a_public_name_only_this_machine_is_answered(client: TestClient) -> None:
    assert client.get("/unsubscribe/x", headers={"host": "tocsin.example.org"}).status_code == 421
    assert client.get("/unsubscribe/x").status_code == 404
