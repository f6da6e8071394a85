"""``tocsin subscribe`` and ``tocsin subscriptions edit``: what somebody wants to be told, and how."""

import re
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.explaining import tell_remarks
from tocsin.cli.opening import StoreOption, expander_of, opened
from tocsin.cli.shown import differences, named, without_secrets
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.expand import Expander
    from tocsin.records import Subscription
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

NameArgument = Annotated[str, typer.Argument(help="Name of the subscription, or its id.")]

_Words = list[str] | None
_OPTIONS: Mapping[str, Any] = {
    "to": Annotated[
        _Words, typer.Option("--to", help="Channel: stdout:, file:alerts.jsonl or https://host/hook. May be repeated.")
    ],
    "every": Annotated[str | None, typer.Option(help="immediate, hourly, daily or weekly.")],
    "at": Annotated[str | None, typer.Option(help="Local time of the daily or weekly digest: 08:00.")],
    "weekday": Annotated[str | None, typer.Option(help="Local day of the weekly digest: monday.")],
    "zone": Annotated[str | None, typer.Option(help="Zone of these times: Europe/Kyiv. Else that of the settings.")],
    "quiet": Annotated[str | None, typer.Option(help="Local hours in which nothing is sent: 22:00-07:00, or none.")],
    "priority": Annotated[str | None, typer.Option(help="normal, or urgent: sent in quiet hours too.")],
    "throttle": Annotated[
        int | None, typer.Option(help="Stories an hour that are told at once, the rest together; 0 for all.")
    ],
    "lang": Annotated[_Words, typer.Option("--lang", help="Only texts in this language: uk. May be repeated, or all.")],
    "outlet": Annotated[_Words, typer.Option("--outlet", help="Only texts of this outlet. May be repeated, or all.")],
    "expires": Annotated[str | None, typer.Option(help="When it ends: 30d, 2026-12-31, 2026-12-31T18:00Z, or never.")],
    "tell": Annotated[
        _Words,
        typer.Option(
            "--tell",
            help="What is told after the first notice: added, grown, corrected, gone. May be repeated, or none.",
        ),
    ],
    "grown_at": Annotated[
        list[int] | None, typer.Option("--grown-at", help="Number of outlets at which growth is told. May be repeated.")
    ],
    "shows": Annotated[str | None, typer.Option(help="How much of the text a message has: full, words:50, headline.")],
    "template": Annotated[str | None, typer.Option(help="A message of your own with {placeholders}, or none.")],
    "evidence": Annotated[bool | None, typer.Option("--evidence/--no-evidence", help="Keep the page as it came.")],
    "spike": Annotated[bool | None, typer.Option("--spike/--no-spike", help="Be told when far more rings than usual.")],
    "owner": Annotated[str | None, typer.Option(help="Whose subscription it is.")],
}
_SEVERAL = {"to": "channels", "lang": "langs", "outlet": "outlets", "tell": "tells", "grown_at": "grown_at"}
"""Options that may be repeated, and the fields that they fill."""
_NOTHING = ({""}, {"all"}, {"none"}, {0})


def settable(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how a subscription rings; the command gets what was given as the fields to change."""
    own = list(signature(command).parameters.values())

    def wrapped(**given: Any) -> None:
        options = {name: given.pop(name) for name in _OPTIONS}
        command(**given, changes=_fields(options))

    shown = [parameter for parameter in own if parameter.name != "changes"]
    more = [Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=kind) for name, kind in _OPTIONS.items()]
    ordered = [parameter.replace(kind=Parameter.KEYWORD_ONLY) for parameter in shown]
    vars(wrapped)["__signature__"] = signature(command).replace(parameters=[*ordered, *more])
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in (*ordered, *more)}
    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    return wrapped


def _fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """The fields to change, as they were typed."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        if value is None or value == []:
            continue
        if name in _SEVERAL:
            found[_SEVERAL[name]] = () if set(value) in _NOTHING else tuple(value)
        elif name in ("quiet", "template"):
            found[name] = "" if value == "none" else value
        else:
            found[name] = value
    if "expires" in found:
        found["expires"] = ends(found["expires"], SystemClock().now())
    for name in ("every", "weekday", "priority"):
        if name in found:
            found[name] = found[name].lower()
    return found


def ends(text: str, now: datetime) -> datetime | None:
    """A moment ahead from ``30d``, ``12h``, ``4w`` or an ISO 8601 date; ``never`` is None, no zone is UTC.

    Raises UserError where it is none of these.
    """
    if text == "never":
        return None
    span = re.fullmatch(r"(\d{1,4})([hdw])", text)
    if span:
        return now + int(span[1]) * {"h": timedelta(hours=1), "d": timedelta(1), "w": timedelta(weeks=1)}[span[2]]
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is no time to end at: write 30d, 2026-12-31, 2026-12-31T18:00Z or never.") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


@settable
def subscribe(
    *,
    changes: Mapping[str, Any],
    query: Annotated[str | None, typer.Argument(help="As in tocsin search: what a text must meet.")] = None,
    name: Annotated[str | None, typer.Option(help="How alerts name it; otherwise the query, or the file.")] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A list of keywords, one a line, any of which rings; - is standard input."),
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="With --file: a subscription of its own for each line.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Also where it would tell more than 30 stories a day.")] = False,
    store: StoreOption = None,
) -> None:
    """Be told of every story that meets a query, from now on. Without --to: where `tocsin up` runs.

    A --file is one subject: one subscription that any of its lines rings. A line of several words is a phrase, one with
    operators, quotation marks or fields is a query as it stands; # begins a comment.
    """
    from tocsin.cli.backtest import told_before_saving

    if (query is None) == (file is None):
        raise UserError("Give tocsin subscribe one QUERY, or --file with keywords.")
    with opened(store) as (settings, handle):
        wanted = [(name, query)] if query is not None else _listed(file, name, each=each)
        expander, now = expander_of(settings), SystemClock().now()
        more = {"zone": settings.time_zone, **changes}
        channels = more.pop("channels", ("stdout:",))
        known = by_name(handle)
        made = [make(known, text, channels, named_so, now, **more) for named_so, text in wanted if text is not None]
        for subscription in made:
            check(subscription, expander, settings)
        if len(made) == 1 and made[0].name not in known:
            told_before_saving(handle, settings, made[0], yes, expander, wanted[0][1] or "")
        handle.put_subscriptions([it for it in made if it.name not in known])
        _tell_unknown(handle, made)
    for it, (_, text) in zip(made, wanted, strict=True):
        if len(made) > 1 or it.name in known:
            tell_remarks(text or "")
        told = ", ".join(_placed(channel, settings.data_dir) for channel in without_secrets(it).channels)
        what = f"{it.name}: {it.query}" if file else it.name
        print(f"Subscribed: {what} → {told}. It applies to every article filed from now on.")


def _listed(file: Path | None, name: str | None, *, each: bool) -> list[tuple[str | None, str | None]]:
    from tocsin.cli.keywords import any_of, keywords
    from tocsin.cli.pasted import text_of

    found = keywords(text_of(file or Path("-")))
    if not found:
        raise UserError(f"{file} has no keywords: write one a line.")
    if each:
        return [(f"{name}: {word}" if name else word, query) for word, query in found]
    return [(name or (file.stem if file and str(file) != "-" else None), any_of([query for _, query in found]))]


def by_name(store: "Store") -> "dict[str, Subscription]":
    """The subscriptions that there are."""
    return {subscription.name: subscription for subscription in store.subscriptions()}


def make(
    known: "Mapping[str, Subscription]",
    query: str,
    channels: tuple[str, ...],
    name: str | None,
    now: datetime,
    **more: Any,
) -> "Subscription":
    """A subscription that may be stored: its query demands something, its name is free or its own.

    ``known``: those that there are, by name.

    Raises UserError otherwise.
    """
    from tocsin.subscriptions import name_for, new

    name = name or name_for(query)
    before = known.get(name)
    taken = () if before else {it.id for it in known.values()}
    made = new(name, query, tuple(channels), now, taken, **more)
    if before and any(differences(before, made)):
        raise UserError(
            f"There is a subscription named {name!r} already, which differs in "
            f"{'; '.join(differences(before, made))}. Choose another --name, or change it: tocsin subscriptions edit."
        )
    return before or made


def check(subscription: "Subscription", expander: "Expander", settings: "Settings") -> None:
    """See whether its places and topics are listed and its channels can be opened. Raises UserError otherwise."""
    from tocsin.subscriptions import asked
    from workers.channels import check_channel

    expander.read(asked(subscription))
    for channel in subscription.channels:
        check_channel(channel, data_dir=settings.data_dir)


def _tell_unknown(store: "Store", subscriptions: "list[Subscription]") -> None:
    """Note outlets that nobody knows: nothing of them rings."""
    named_so = dict.fromkeys(outlet for it in subscriptions for outlet in it.outlets)
    known = {outlet.name for outlet in store.outlets()} if named_so else set()
    for outlet in named_so:
        if outlet not in known:
            print(f"Note: there is no outlet named {outlet}; until there is, nothing of it rings.", file=sys.stderr)


def _placed(channel: str, data_dir: Path) -> str:
    """A file's address with its folder: a relative one lies in the data folder."""
    scheme, _, path = channel.partition(":")
    return f"file:{data_dir / path}" if scheme == "file" and not path.startswith(("/", "~", "$")) else channel


@settable
def edit(
    *,
    changes: Mapping[str, Any],
    name: NameArgument,
    query: Annotated[str | None, typer.Option("--query", help="Another query.")] = None,
    rename: Annotated[str | None, typer.Option("--name", help="Another name; it stays the same subscription.")] = None,
    store: StoreOption = None,
) -> None:
    """Change a subscription. What it has told stays told: no story rings twice for it."""
    more = {field: value for field, value in (("query", query), ("name", rename)) if value is not None}
    changed = change(name, store, {**changes, **more})
    if query is not None and changed:
        tell_remarks(query)


def change(name: str, store: str | None, changes: Mapping[str, Any]) -> bool:
    """Edit a subscription and say what is otherwise now; False where it was so before."""
    from tocsin.subscriptions import edited

    with opened(store) as (settings, handle):
        before = named(handle, name)
        after = edited(before, SystemClock().now(), **changes)
        if after.name != before.name and any(it.name == after.name for it in handle.subscriptions()):
            raise UserError(f"There is a subscription named {after.name!r} already; choose another --name.")
        if after == before:
            print(f"{before.name}: nothing to change.")
            return False
        if {"query", "langs", "outlets", "channels"} & changes.keys():
            check(after, expander_of(settings), settings)
        handle.put_subscription(after)
        if "outlets" in changes:
            _tell_unknown(handle, [after])
    for line in differences(before, after):
        print(f"{before.name}: {line}")
    return True
