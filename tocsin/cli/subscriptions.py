"""``tocsin subscriptions``: what there is, and what rests, ends or is silenced."""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli import importing, planned
from tocsin.cli.explaining import print_json
from tocsin.cli.opening import JsonOption, StoreOption, expander_of, opened
from tocsin.cli.shown import differences, in_full, in_one_line, named, row, standing_of, value_line
from tocsin.cli.subscribing import NameArgument, change, edit
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.records import Muted
    from tocsin.stores.port import Store

app = typer.Typer(
    no_args_is_help=True,
    help="The subscriptions: list, show, edit, pause, mute, remove; plan and apply them from a file.",
)
app.command()(edit)
for part in (planned, importing):
    part.register(app)

StoryOption = Annotated[str | None, typer.Option("--story", help="Id of the story, as tocsin alerts --json prints it.")]
SeriesOption = Annotated[
    str | None,
    typer.Option(
        "--series", help="Id of an article of the series, or its key: the outlet, a colon, the title's words."
    ),
]


@app.command("list")
def list_(as_json: JsonOption = False, store: StoreOption = None) -> None:
    """All subscriptions, with those that rest, have expired or are broken."""
    with opened(store) as (settings, handle):
        found = sorted(handle.subscriptions(), key=lambda it: it.name)
        if not found and not as_json:
            print("No subscription yet. Make one: tocsin subscribe Bakhmut")
            return
        state = standing_of(expander_of(settings).read, SystemClock().now())
        for subscription in found:
            if as_json:
                print_json(row(subscription, state(subscription)))
            else:
                print(in_one_line(subscription, state(subscription)))


@app.command()
def show(name: NameArgument, as_json: JsonOption = False, store: StoreOption = None) -> None:
    """One subscription in full, and what it was before each edit."""
    with opened(store) as (settings, handle):
        it = named(handle, name)
        former = handle.subscription_history(it.id)
        stories, copies = handle.told().get(it.id, (0, 0))
        state = standing_of(expander_of(settings).read, SystemClock().now())(it)
    if as_json:
        past = [row(each, state) | {"state": "former", "reason": ""} for each in former]
        print_json(row(it, state) | {"told": stories, "copies": copies, "history": past})
        return
    print(in_one_line(it, state))
    for field, value in in_full(it):
        print(f"  {field:10} {value}")
    print(f"  {'told':10} {stories:,} stories, {copies:,} further copies")
    print(f"  {'id':10} {it.id}, version {it.version}, made {value_line(it.created)}")
    for before, after in pairwise([*former, it]):
        if after.created == before.created:
            print(f"Version {after.version}, {value_line(after.changed)}:")
            for line in differences(before, after):
                print(f"  {line}")
        else:
            print(f"Removed after version {before.version}, and made again {value_line(after.created)}.")


@app.command()
def pause(name: NameArgument, store: StoreOption = None) -> None:
    """Let a subscription rest; what comes meanwhile is not told later."""
    change(name, store, {"paused": True})


@app.command()
def resume(name: NameArgument, store: StoreOption = None) -> None:
    """Wake a paused subscription."""
    change(name, store, {"paused": False})


@app.command()
def remove(name: NameArgument, store: StoreOption = None) -> None:
    """End a subscription; its alerts stay."""
    with opened(store) as (_, handle):
        handle.remove_subscription(named(handle, name).id)
    print(f"Removed: {name}.")


@app.command()
def mute(
    name: NameArgument,
    story: StoryOption = None,
    series: SeriesOption = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")] = "",
    store: StoreOption = None,
) -> None:
    """Be told no more of one story, or of a series such as a daily bulletin. Its alerts are kept, and say so."""
    with opened(store) as (_, handle):
        it, muted = named(handle, name), _muted(handle, story, series, reason)
    from tocsin.subscriptions import muting

    change(it.id, store, {"muted": muting(it, muted)})


@app.command()
def unmute(
    name: NameArgument, story: StoryOption = None, series: SeriesOption = None, store: StoreOption = None
) -> None:
    """Be told of a muted story or series again."""
    with opened(store) as (_, handle):
        it, wanted = named(handle, name), _muted(handle, story, series, "")
        # A story may have proved to be one with another since.
        keys = {muted: handle.root(muted.key) if muted.what == "story" else muted.key for muted in it.muted}
    rest = tuple(muted for muted, key in keys.items() if (muted.what, key) != (wanted.what, wanted.key))
    if rest == it.muted:
        raise UserError(f"{it.name!r} has not muted this {wanted.what}. See: tocsin subscriptions show.")
    change(it.id, store, {"muted": rest})


def _muted(store: "Store", story: str | None, series: str | None, reason: str) -> "Muted":
    from tocsin.records import Muted

    if (story is None) == (series is None):
        raise UserError("Say what is meant: --story ID or --series KEY.")
    now = SystemClock().now()
    if story is not None:
        if store.story(story) is None:
            raise UserError(f"There is no story {story!r}. Its id stands in tocsin alerts --json.")
        return Muted(what="story", key=store.root(story), at=now, reason=reason)
    return Muted(what="series", key=_series(store, series or ""), at=now, reason=reason)


def _series(store: "Store", told: str) -> str:
    from tocsin.subscriptions import series_of

    article = store.articles([told]).get(told)
    key = series_of(article) if article else told
    outlet, colon, words = key.partition(":")
    if not colon or not outlet.strip() or not words.strip():
        raise UserError(
            f"{told!r} is no article and no series: write outlet:words of the title, or the id of one of its articles."
        )
    return key
