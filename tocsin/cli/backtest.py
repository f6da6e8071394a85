"""``tocsin backtest``: what a subscription would have sent over the last days; in short before one is saved too."""

import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.explaining import noted, print_json, tell_remarks
from tocsin.cli.opening import JsonOption, StoreOption, expander_of, opened
from tocsin.cli.subscribing import settable
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.backtest import Figures, Rehearsed
    from tocsin.query.expand import Expander
    from tocsin.query.parse import Remark
    from tocsin.records import Subscription
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

DAYS = 7
"""Over which a subscription is tried before it is saved."""
ENOUGH = 1_500
"""Articles that are enough to see that a subscription is too broad to be saved."""
SHOWN = 8
"""Outlets and forms that are printed; ``--json`` has all."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("backtest", context_settings={"ignore_unknown_options": True})(backtest)  # a query may begin with a -


@settable
def backtest(
    *,
    changes: Mapping[str, Any],
    query: Annotated[str | None, typer.Argument(help="As in tocsin subscribe.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="A subscription that there is, in place of a query.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = DAYS,
    messages: Annotated[int, typer.Option(min=0, help="Print so many messages, the newest ones.")] = 0,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """What a subscription would have sent over the last days: how many a day, of whom, by which words; and every word.

    Articles are taken in the order in which they arrived, as they were filed. Nothing is sent and nothing is written.
    """
    if (query is None) == (name is None):
        raise UserError("Give tocsin backtest one QUERY, or --name with a subscription that there is.")
    with opened(store) as (settings, handle):
        expander = expander_of(settings)
        wanted = _wanted(handle, settings, query, name, changes)
        heard = _heard(handle, expander, wanted, days)
        found, remarks = _judged(heard, handle, expander, settings, query or wanted.query)
        if as_json:
            print_json(_row(heard, found, remarks, settings, messages))
            return
        _tell_outdated(handle)
        for line in (*_summary(found, settings), *_details(found)):
            print(line)
        for line in _messages(heard, settings, messages):
            print(line)
        _tell(remarks)


def told_before_saving(
    store: "Store",
    settings: "Settings",
    subscription: "Subscription",
    yes: bool,
    expander: "Expander | None" = None,
    typed: str = "",
) -> None:
    """Say in a few lines what a subscription would have sent over the last seven days, before it is saved.

    ``typed`` is its query as it was written: remarks name columns of it. Those of the text alone are among them. Raises
    UserError where it is over-broad and nobody has said ``--yes``.
    """
    from tocsin.backtest import MANY

    if store.count(None, most=0) == 0:
        # There is nothing yet on which it could be tried.
        tell_remarks(typed or subscription.query)
        return
    expander = expander or expander_of(settings)
    heard = _heard(store, expander, subscription, DAYS, ENOUGH)
    found, remarks = _judged(heard, store, expander, settings, typed or subscription.query)
    _tell_outdated(store)
    for line in _summary(found, settings):
        print(line)
    _tell(remarks)
    if found.over_broad and not yes:
        raise UserError(
            f"{subscription.name!r} would tell {found.a_day:,.0f} a day, and past {MANY} nobody reads them. Add words, "
            "or say --yes. What they are shows: tocsin backtest --messages 5."
        )


def _wanted(
    store: "Store", settings: "Settings", query: str | None, name: str | None, changes: Mapping[str, Any]
) -> "Subscription":
    from tocsin.cli.shown import named
    from tocsin.subscriptions import checked, edited, name_for, new

    now = SystemClock().now()
    if name is not None:
        known = checked(named(store, name))
        return edited(known, now, **changes) if changes else known
    more = {"zone": settings.time_zone, "channels": ("stdout:",), **changes}
    text = query or ""
    return new(name_for(text), text, more.pop("channels"), now, **more)


def _heard(store: "Store", expander: "Expander", wanted: "Subscription", days: int, most: int = 0) -> "Rehearsed":
    from workers.rehearsal import rehearse

    now = SystemClock().now()
    return rehearse(store, expander, wanted, now - timedelta(days=days), now, most)


def _judged(
    heard: "Rehearsed", store: "Store", expander: "Expander", settings: "Settings", text: str
) -> "tuple[Figures, list[Remark]]":
    from tocsin.backtest import caveats, figures
    from tocsin.lists import load
    from tocsin.query.explain import explain

    found = figures(heard, settings.zone)
    told = explain(text, expander, load(settings.user_lists), store, heard.end)
    return found, caveats(found, told, heard.subscription.every)


def _tell(remarks: "Iterable[Remark]") -> None:
    for remark in remarks:
        print(noted(remark), file=sys.stderr)


def _tell_outdated(store: "Store") -> None:
    from tocsin.words import ANALYSER

    if store.outdated(ANALYSER, 1):
        print("Some texts were read by an older analyser and are not counted: run tocsin reindex.", file=sys.stderr)


def _summary(found: "Figures", settings: "Settings") -> "Iterable[str]":
    """The short form: four lines."""
    from tocsin.backtest import sparkline
    from tocsin.messages import plain

    begun = found.start.astimezone(settings.zone)
    if not found.articles:
        yield f"{plain(found.query)}: nothing since {begun:%Y-%m-%d %H:%M %Z}."
        return
    numbers = [day.articles for day in found.by_day]
    yield (
        f"{plain(found.query)}: {_number(found.alerts, 'text')} since {begun:%Y-%m-%d %H:%M %Z}, about"
        f" {found.a_day:,.1f} to tell a day."
    )
    by_day = ", ".join(f"{day.day:%a %d} {day.articles:,}" for day in found.by_day)
    yield f"  by day      {sparkline(numbers)}  {by_day}"
    more = [(found.copies, "copy", "copies"), (found.versions, "edited version", "edited versions")]
    counted = [_number(found.articles, "article"), *(_number(n, one, many) for n, one, many in more if n)]
    yield f"  met         {', '.join(counted)}"
    kinds = {"first": "new", "added": "additions", "grown": "spread further", "corrected": "corrected", "gone": "gone"}
    told = ", ".join(f"{number:,} {kinds[kind]}" for kind, number in found.notices.items())
    muted = f"; {found.muted:,} muted" if found.muted else ""
    yield f"  told        {told}{muted}; {_number(found.messages, 'message')} to each channel"


def _details(found: "Figures") -> "Iterable[str]":
    from tocsin.messages import harmless, plain

    if not found.articles:
        return
    yield f"  outlets     {_some(f'{plain(name)} {number:,}' for name, number in found.outlets.items())}"
    yield f"  languages   {_some(f'{plain(name)} {number:,}' for name, number in found.languages.items())}"
    by_word: dict[str, list[str]] = {}
    for it in found.forms:
        how = "" if it.how == "as typed" else f" ({it.how})"
        by_word.setdefault(it.word, []).append(f"{plain(it.form)} {it.articles:,}{how}")
    for word, forms in by_word.items():
        yield f"  {plain(word)[:10]:10}  {_some(forms)}"
    for sample in found.samples:
        start, end = sample.hit.start, sample.hit.start + len(sample.hit.form)
        sentence = f"{sample.hit.sentence[:start]}**{sample.hit.form}**{sample.hit.sentence[end:]}"
        yield f"  {plain(sample.outlet)}: {plain(harmless(sentence))}"


def _messages(heard: "Rehearsed", settings: "Settings", most: int) -> "Iterable[str]":
    from tocsin.backtest import message, parcels

    for parcel in parcels(heard)[-most:] if most else ():
        made = message(heard, parcel, settings.zone)
        yield ""
        yield f"{parcel.due.astimezone(settings.zone):%Y-%m-%d %H:%M:%S %Z}  {made.subject}"
        yield from (f"  {line}" for line in made.lines)


def _row(
    heard: "Rehearsed", found: "Figures", remarks: "Iterable[Remark]", settings: "Settings", most: int
) -> dict[str, Any]:
    from tocsin.backtest import message, parcels

    shown = parcels(heard)[-most:] if most else []
    sent = [(parcel.due, message(heard, parcel, settings.zone)) for parcel in shown]
    return found.to_dict() | {
        "over_broad": found.over_broad,
        "remarks": [remark._asdict() for remark in remarks],
        "sent": [{"due": due.isoformat(), "subject": it.subject, "payload": it.payload} for due, it in sent],
    }


def _some(items: "Iterable[str]") -> str:
    every = list(items)
    more = f" and {len(every) - SHOWN:,} more" if len(every) > SHOWN else ""
    return ", ".join(every[:SHOWN]) + more


def _number(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
