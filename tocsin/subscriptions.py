"""What a subscription may be, and what it is just now. Pure: whoever makes, edits, matches or shows one asks here."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from itertools import count
from string import Formatter
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from tocsin.errors import UserError
from tocsin.query.ast import demands_something
from tocsin.query.parse import QueryError, parse
from tocsin.records import Article, Muted, NoticeKind, Subscription, derived_id
from tocsin.rhythm import WEEKDAYS, clock_time, due, quiet_hours, zone_of
from tocsin.spelling import fold

Standing = Literal["active", "paused", "expired", "broken"]

PLACEHOLDERS = frozenset(
    "subject subscription query title outlet lang kind url published seen sent matched text story reason".split()
)
"""What a template may name."""
LONGEST_NAME = 200
"""Characters."""
LONGEST_TEMPLATE = 4_000
"""Characters."""

_SHOWS = re.compile(r"full|headline|words:[1-9]\d{0,4}")
_LANG = re.compile(r"[a-z]{2}")
_OUTLET = re.compile(r"[\w.-]{1,100}")
_DATED = frozenset(
    """january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday січня лютого березня квітня травня червня липня серпня вересня жовтня листопада
    грудня понеділок вівторок середа четвер пʼятниця субота неділя января февраля марта апреля мая июня июля августа
    сентября октября ноября декабря понедельник вторник среда четверг пятница суббота воскресенье""".split()
)
"""Words of a date: titles of a series differ in them."""
_FOLDED = frozenset(map(fold, _DATED))
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")


class State(NamedTuple):
    """Whether a subscription rings, and if it does not, why."""

    standing: Standing
    reason: str = ""


def new(
    name: str, query: str, channels: tuple[str, ...], now: datetime, taken: Collection[str] = (), **more: Any
) -> Subscription:
    """A new subscription, its query in the language's own spelling. Raises UserError where it may not be.

    ``taken``: ids that there are. One that was renamed keeps the id of its first name, which is then another's no more.
    """
    ways = (derived_id("subscription", name, *([str(number)] if number else [])) for number in count())
    own = next(way for way in ways if way not in taken)
    return checked(Subscription(id=own, name=name, query=query, channels=channels, created=now, **more))


def name_for(query: str) -> str:
    """How a subscription is named that nobody names: as its query, or as much of it as a name may have."""
    name = " ".join(query.split())
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 10]}… {derived_id('query', name)[:8]}"


def edited(before: Subscription, now: datetime, **changes: Any) -> Subscription:
    """The next version of a subscription; the same one where nothing changes. Raises UserError where it may not be.

    One that is broken can be paused and muted all the same.
    """
    after = msgspec.structs.replace(before, **changes)
    if changes.keys() - {"paused", "muted"}:
        after = checked(after)
    return _next(before, after, now)


def without(before: Subscription, channel: str, now: datetime) -> Subscription:
    """The next version, which tells a channel no more; of one that is broken too.

    The last channel stays, and the subscription rests: so it can be found and woken.
    """
    left = tuple(it for it in before.channels if it != channel)
    if left:
        return _next(before, msgspec.structs.replace(before, channels=left), now)
    return edited(before, now, paused=True)


def _next(before: Subscription, after: Subscription, now: datetime) -> Subscription:
    return before if after == before else msgspec.structs.replace(after, version=before.version + 1, changed=now)


def checked(wanted: Subscription) -> Subscription:
    """The same subscription, its query as the language writes it. Raises UserError with what is wrong in it.

    Whether places and topics of its query are listed, and channels can be opened, is asked elsewhere.
    """
    name = wanted.name
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(
            f"A subscription cannot be named {name[:40]!r}: a name has 1 to {LONGEST_NAME} letters on one line."
        )
    tree = parse(wanted.query)
    if not demands_something(tree):
        raise UserError(
            f"The query {wanted.query!r} only says what must not be there: nearly every article would ring. Add a word."
        )
    if not wanted.channels:
        raise UserError(f"{name!r} has no channel: nobody would hear of it. Name one, such as stdout:.")
    for field in (_check_rhythm, _check_filters, _check_telling):
        field(wanted)
    return msgspec.structs.replace(wanted, query=str(tree))


def _check_rhythm(it: Subscription) -> None:
    _one_of(it, "every", ("immediate", "hourly", "daily", "weekly"))
    _one_of(it, "weekday", WEEKDAYS)
    _one_of(it, "priority", ("normal", "urgent"))
    clock_time(it.at)
    zone_of(it.zone)
    if it.quiet:
        quiet_hours(it.quiet)
    if not 0 <= it.throttle <= 10_000:
        raise UserError(f"throttle {it.throttle} is no number of notices an hour: write 1 to 10000, or 0 for no limit.")
    if it.expires and it.expires.tzinfo is None:
        raise UserError(f"expires {it.expires.isoformat()} has no zone: write 2026-12-31T00:00Z.")


def _check_filters(it: Subscription) -> None:
    for lang in it.langs:
        if not _LANG.fullmatch(lang):
            raise UserError(f"{lang!r} is no language: write two letters, such as uk or en.")
    for outlet in it.outlets:
        if not _OUTLET.fullmatch(outlet):
            raise UserError(f"{outlet!r} is no name of an outlet. See: tocsin outlets list.")
    try:
        parse(asked(it))
    except QueryError as error:
        raise UserError(f"{it.name!r} with its languages and outlets is no query: {error.what}.") from error


def _check_telling(it: Subscription) -> None:
    for kind in it.tells:
        if kind not in get_args(NoticeKind) or kind == "first":
            raise UserError(f"{kind!r} is nothing that can be told: write added, grown, corrected or gone.")
    if any(number < 2 for number in it.grown_at):
        raise UserError("Growth is told at numbers of outlets from 2 on, such as 5 and 20.")
    if it.grown_at and "grown" not in it.tells:
        raise UserError(f"{it.name!r} says at which numbers growth is told, but not that it is: add grown to tells.")
    if not _SHOWS.fullmatch(it.shows):
        raise UserError(f"{it.shows!r} is nothing that a message can show: write full, headline or words:N.")
    check_template(it.template)


def check_template(template: str) -> None:
    """Raises UserError where a template is more than text with known ``{placeholders}``."""
    if len(template) > LONGEST_TEMPLATE:
        raise UserError(f"The template has {len(template)} characters; {LONGEST_TEMPLATE} are the most.")
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise UserError(f"The template is not understood: {error}. A brace of its own is written twice.") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in PLACEHOLDERS or spec or conversion):
            written = name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
            raise UserError(
                f"The template has {{{written}}}, which stands for nothing. It may have: "
                f"{', '.join(f'{{{known}}}' for known in sorted(PLACEHOLDERS))}."
            )


def _one_of(it: Subscription, field: str, known: tuple[str, ...]) -> None:
    value = getattr(it, field)
    if value not in known:
        raise UserError(f"{field} {value!r} is not known: write {', '.join(known[:-1])} or {known[-1]}.")


def asked(subscription: Subscription) -> str:
    """The whole query: what a text must meet to ring, its language and outlet included. A search finds the same."""
    parts = [
        " OR ".join(f'{field}:"{value}"' for value in values)
        for field, values in (("lang", subscription.langs), ("outlet", subscription.outlets))
        if values
    ]
    return " AND ".join(f"({part})" for part in (subscription.query, *parts)) if parts else subscription.query


def is_over(subscription: Subscription, now: datetime) -> bool:
    """Whether it has expired."""
    return subscription.expires is not None and now >= subscription.expires


def state_of(subscription: Subscription, now: datetime, read: Callable[[str], object]) -> State:
    """Whether it rings. ``read`` reads a query and raises UserError where it cannot, as an Expander's does."""
    try:
        read(asked(subscription))
        due(subscription, subscription.created)
    except UserError as error:
        return State("broken", str(error))
    if is_over(subscription, now):
        return State("expired", f"since {subscription.expires:%Y-%m-%d %H:%M} UTC" if subscription.expires else "")
    return State("paused") if subscription.paused else State("active")


def series_of(article: Article) -> str:
    """What the texts of a series have in common: the outlet and the words of the title that belong to no date.

    Daily bulletins differ in numbers and dates alone. Empty where no word is left.
    """
    words = [word for word in map(fold, _WORD.findall(article.title)) if word not in _FOLDED]
    return f"{article.outlet}:{' '.join(words)}" if words else ""


def silenced(subscription: Subscription, article: Article, roots: Mapping[str, str]) -> str:
    """Why a subscription says nothing of an article, where its story or series is muted; empty where it is not.

    ``roots``: the ids that stand today for its story and for those that are muted.
    """
    story = roots.get(article.story, article.story)
    for muted in subscription.muted:
        is_it = roots.get(muted.key, muted.key) == story if muted.what == "story" else muted.key == series_of(article)
        if is_it:
            since = muted.at.astimezone(UTC)
            return f"{muted.what} muted {since:%Y-%m-%d %H:%M} UTC" + (f": {muted.reason}" if muted.reason else "")
    return ""


def muting(subscription: Subscription, muted: Muted) -> tuple[Muted, ...]:
    """Its muted stories and series with one more; one that is there already stays as it is."""
    return subscription.muted if _has(subscription, muted) else (*subscription.muted, muted)


def _has(subscription: Subscription, muted: Muted) -> bool:
    return any((it.what, it.key) == (muted.what, muted.key) for it in subscription.muted)
