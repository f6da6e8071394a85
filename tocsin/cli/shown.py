"""Subscriptions as they are printed: named, in one line, in full, and what differs between two of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.records import Muted, Subscription
    from tocsin.stores.port import Store
    from tocsin.subscriptions import State

UNTOLD = ("id", "created", "version", "changed")
"""Fields that nobody sets."""


def named(store: "Store", name: str) -> "Subscription":
    """The subscription of this name or id. Raises UserError where there is none."""
    for subscription in store.subscriptions():
        if name in (subscription.name, subscription.id):
            return subscription
    raise UserError(f"There is no subscription named {name!r}. See: tocsin subscriptions list.")


def without_secrets(subscription: "Subscription") -> "Subscription":
    """The same with its channels as they may be shown."""
    from tocsin.addresses import masked

    return msgspec.structs.replace(subscription, channels=tuple(map(masked, subscription.channels)))


def row(subscription: "Subscription", state: "State") -> dict[str, Any]:
    """A subscription as a JSON object: the fields of the record, ``state`` and ``reason``."""
    return without_secrets(subscription).to_dict() | {"state": state.standing, "reason": state.reason}


def in_one_line(subscription: "Subscription", state: "State") -> str:
    """``name (paused): query → channels, daily at 08:00 Europe/Kyiv``."""
    from tocsin.messages import plain

    told = {"active": "", "paused": " (paused)"}.get(
        state.standing, f" ({state.standing}: {state.reason})" if state.reason else f" ({state.standing})"
    )
    channels = ", ".join(without_secrets(subscription).channels)
    return plain(f"{subscription.name}{told}: {subscription.query} → {channels}{_rhythm(subscription)}")


def _rhythm(it: "Subscription") -> str:
    when = {
        "immediate": "",
        "hourly": ", hourly",
        "daily": f", daily at {it.at} {it.zone}",
        "weekly": f", each {it.weekday} at {it.at} {it.zone}",
    }[it.every]
    return when + (f", quiet {it.quiet} {it.zone}" if it.quiet else "")


def in_full(subscription: "Subscription") -> Iterator[tuple[str, str]]:
    """Its fields and their values, without those that say what they say by themselves."""
    fresh = defaults()
    for field, value in fields_of(without_secrets(subscription)):
        if field in ("name", "query", "channels") or value != fresh[field]:
            yield field, value_line(value, field)


def defaults() -> dict[str, Any]:
    """What fields are where nobody has set them."""
    from tocsin.records import Subscription

    blank = Subscription(id="", name="", query="", channels=(), created=datetime.min.replace(tzinfo=UTC))
    return dict(fields_of(blank))


def fields_of(subscription: "Subscription") -> Iterator[tuple[str, Any]]:
    """The fields that can be set, and their values."""
    for field in subscription.__struct_fields__:
        if field not in UNTOLD:
            yield field, getattr(subscription, field)


def differences(before: "Subscription", after: "Subscription") -> Iterator[str]:
    """What differs, a line each: ``every: immediate → daily``. A channel whose secret alone differs is said to."""
    for (field, one), (_, other) in zip(fields_of(before), fields_of(after), strict=True):
        if one != other:
            shown = [
                value_line(getattr(without_secrets(it) if field == "channels" else it, field), field)
                for it in (before, after)
            ]
            same = " (another secret)" if shown[0] == shown[1] else ""
            yield f"{field}: {shown[0]} → {shown[1]}{same}"


def value_line(value: Any, field: str = "") -> str:
    """A value of a field on one line."""
    from tocsin.messages import plain

    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(value, tuple):
        return ", ".join(map(_item, value)) or ("all" if field in ("langs", "outlets") else "none")
    return plain(str(value)) if value not in (None, "") else "none"


def _item(item: "Muted | str | int") -> str:
    from tocsin.messages import plain
    from tocsin.records import Muted

    if isinstance(item, Muted):
        why = f": {item.reason}" if item.reason else ""
        return plain(f"{item.what} {item.key} (since {value_line(item.at)}{why})")
    return plain(str(item))


def standing_of(read: Callable[[str], object], now: datetime) -> "Callable[[Subscription], State]":
    """How subscriptions stand at a moment; ``read`` is an Expander's."""
    from tocsin.subscriptions import state_of

    return lambda subscription: state_of(subscription, now, read)
