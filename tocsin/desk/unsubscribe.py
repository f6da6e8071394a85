"""``/unsubscribe/ID``: ends a channel of a subscription for whoever got a message through it (RFC 8058).

The id is that of the delivery, which stands in the message alone. Looking at the page changes nothing: mail programs
look at links by themselves. It is the only request that changes anything, and the only one that is answered under the
public name of the desk.
"""

from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from tocsin.addresses import masked
from tocsin.desk.pages import Pages
from tocsin.desk.reading import Desk, DeskStore
from tocsin.records import Subscription
from tocsin.subscriptions import without

PATH = "/unsubscribe/"


def router(desk: Desk, pages: Pages) -> APIRouter:
    """Its two routes."""
    routes = APIRouter(prefix=PATH.rstrip("/"), include_in_schema=False)

    @routes.get("/{delivery}", response_class=HTMLResponse)
    async def ask(delivery: str) -> HTMLResponse:
        """The question, with a button."""
        known = await desk.ask(lambda store: _of(store, delivery))
        if known is None:
            raise HTTPException(404)
        subscription, channel = known
        return pages.unsubscribe(subscription.name, masked(channel), f"{PATH}{delivery}")

    @routes.post("/{delivery}")
    async def end(delivery: str) -> PlainTextResponse:
        """One click. Done twice it is done once."""
        known = await desk.ask(lambda store: _of(store, delivery))
        if known is None:
            raise HTTPException(404)
        subscription, channel = known
        await desk.ask(lambda store: _end(store, subscription, channel, desk.lens().now))
        return PlainTextResponse(f"{masked(channel)} hears no more of {subscription.name}.\n")

    return routes


def _of(store: DeskStore, delivery: str) -> tuple[Subscription, str] | None:
    """The subscription and the channel of a delivery; None where either is no longer there."""
    found = store.delivery(delivery)
    alert = store.alert(found[1].alert) if found else None
    if found is None or alert is None:
        return None
    subscription = store.subscriptions_by_id([alert.subscription]).get(alert.subscription)
    return None if subscription is None else (subscription, found[0].channel)


def _end(store: DeskStore, subscription: Subscription, channel: str, now: datetime) -> None:
    after = without(subscription, channel, now)
    if after != subscription:
        store.put_subscription(after)
