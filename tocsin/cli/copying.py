"""``copy``: everything of one store into another, and the proof that it is the same."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, cast

import typer

from tocsin.cli.opening import JsonOption, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.settings import Settings
    from tocsin.stores.copying import CopyingStore, Moved

BATCH = 100
"""Rows that are written at once."""
SHOWN = 5
"""Ids that are named where the stores differ."""
_PARTS = 4096
_WHOLE = 1 << 128

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(copy)


def copy(
    source: Annotated[str, typer.Option("--from", help="Address of the store to copy: sqlite:/path/tocsin.db.")],
    target: Annotated[str, typer.Option("--to", help="Address of an empty one: elastic+https://host:9200/prefix.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a whole store into another one, and compare them row by row. Stop Tocsin before.

    Nothing is fetched, filed or told again. What is ended in the middle goes on when the same is called again.
    """
    from tocsin.cli.supervise import ends_like_ctrl_c
    from tocsin.stores import open_store

    settings = settings_of()
    if source == target:
        raise UserError("A store is not copied into itself: name another one with --to.")
    with ExitStack() as stack:
        stack.enter_context(ends_like_ctrl_c())
        _hold(stack, settings, source, target)
        for url in (source, target):
            _must_be_alone(url, settings.redis)
        redis = {target: settings.redis}
        stores = [cast("CopyingStore", open_store(url, redis.get(url, ""))) for url in (source, target)]
        for store in stores:
            stack.callback(store.close)
        tell = stack.enter_context(_progress())
        found = list(carried(stores[0], stores[1], source, settings, tell))
        now = SystemClock().now()
        refused = stores[0].traffic(now, now)["refused"]
    _show(found, as_json=as_json)
    if refused:
        print(f"{refused} rows that its server refused stay in the source; see tocsin requeue.", file=sys.stderr)
    if any(it.differing for it in found):
        raise typer.Exit(1)


class Compared(NamedTuple):
    """A kind of row on both sides."""

    kind: str
    rows: int
    hash: str
    differing: tuple[str, ...]
    """The first ids that are not the same, each with what is wrong with it."""


def carried(
    source: "CopyingStore", target: "CopyingStore", url: str, settings: "Settings", tell: Tell
) -> Iterator[Compared]:
    """Move what is not there yet, register the texts, and compare both sides, kind by kind.

    Raises UserError where somebody works on one of them, the source is empty, or the target holds something else.
    """
    from tocsin.stores.copying import KINDS
    from tocsin.stores.packing import key

    now = SystemClock().now()
    _must_rest(source, target, now)
    sizes, number = source.sizes(), key(_named(url))
    if not any(rows for kind, rows in sizes.items() if kind != "generation"):
        raise UserError(f"The store {_named(url)} holds nothing; is that its address?")
    begun = target.copied_from() == number
    there = {kind: rows for kind, rows in target.sizes().items() if rows and kind != "generation"}
    if there and not begun:
        # It may be the finished copy. A store that is anything else is not touched.
        print(
            "The target is not empty, and no copy of this source was begun there: they are compared.", file=sys.stderr
        )
        yield from (_compared(source, target, kind, sizes[kind], tell) for kind in KINDS)
        return
    target.set_copied_from(number)
    for kind in KINDS:
        _move(source, target, kind, sizes[kind], tell)
    _register(target, sizes["articles"], settings, now, tell)
    for kind in KINDS:
        yield _compared(source, target, kind, sizes[kind], tell)
    target.set_copied_from(None)


def _must_rest(source: "CopyingStore", target: "CopyingStore", now: datetime) -> None:
    for store, name in ((source, "source"), (target, "target")):
        if working := store.leased(now):
            raise UserError(
                f"Somebody is working on {working} articles of the {name}. Stop Tocsin everywhere, wait for half a "
                "minute, and try again.",
                1,
            )


def _move(source: "CopyingStore", target: "CopyingStore", kind: str, size: int, tell: Tell) -> None:
    from tocsin.stores.copying import batches, digest

    done = 0
    tell(f"Copying {kind}", 0, size)
    for batch in batches(source.moved(kind), BATCH):
        new = batch
        if kind == "articles":
            known = {row.id: digest(kind, row) for row in target.moved(kind, [row.id for row in batch])}
            new = [row for row in batch if known.get(row.id) != digest(kind, row)]
        if new:
            target.put_moved(kind, new)
        done += len(batch)
        tell(f"Copying {kind}", done, size)


def _register(target: "CopyingStore", size: int, settings: "Settings", now: datetime, tell: Tell) -> None:
    """Let the workers of the target find copies of what was copied."""
    from tocsin.words import Words
    from workers.rebuild import rebuild

    fingerprints = target.registering()
    if fingerprints is None:
        return
    tell("Registering texts", 0, size)
    if not rebuild(target, fingerprints, Words.open(settings.cache_dir), now - fingerprints.KEPT):
        raise UserError("A worker fills in fingerprints at this moment. Stop Tocsin everywhere, and try again.", 1)
    tell("Registering texts", size, size)


# ---- comparing


class _Sum:
    """A sum over the digests of a kind, whatever their order, and what it is made of."""

    def __init__(self) -> None:
        self.rows = 0
        self.parts = [0] * _PARTS

    def add(self, row: "Moved", digest: bytes) -> None:
        self.rows += 1
        at = _part(row)
        self.parts[at] = (self.parts[at] + int.from_bytes(digest, "big")) % _WHOLE

    @property
    def hash(self) -> str:
        return f"{sum(self.parts) % _WHOLE:032x}"


def _part(row: "Moved") -> int:
    from tocsin.stores.packing import key

    return key(row.id) % _PARTS


def _compared(source: "CopyingStore", target: "CopyingStore", kind: str, size: int, tell: Tell) -> Compared:
    from tocsin.stores.copying import digest

    what, done, sums = f"Comparing {kind}", 0, (_Sum(), _Sum())
    for total, store in zip(sums, (source, target), strict=True):
        for row in store.moved(kind):
            total.add(row, digest(kind, row))
            done += 1
            if done % BATCH == 0:
                tell(what, done, 2 * size)
    tell(what, 2 * size, 2 * size)
    ours, theirs = sums
    if ours.parts != theirs.parts:
        parts = {at for at in range(_PARTS) if ours.parts[at] != theirs.parts[at]}
        return Compared(kind, theirs.rows, theirs.hash, tuple(_differences(source, target, kind, parts)))
    turned = _first_out_of_order(source, target) if kind == "arrivals" else ()
    return Compared(kind, theirs.rows, theirs.hash, turned)


def _differences(source: "CopyingStore", target: "CopyingStore", kind: str, parts: set[int]) -> Iterator[str]:
    """The first ids that differ. Only a few of the differing parts are held in memory, one after the other."""
    from tocsin.stores.copying import digest

    some = set(sorted(parts)[:SHOWN])
    ours, theirs = (
        {row.id: digest(kind, row) for row in store.moved(kind) if _part(row) in some} for store in (source, target)
    )
    wrong = [name for name in sorted(ours.keys() | theirs.keys()) if ours.get(name) != theirs.get(name)]
    for name in wrong[:SHOWN]:
        what = (
            "differs" if name in ours and name in theirs else "is missing" if name in ours else "is not in the source"
        )
        yield f"{name} {what}"


def _first_out_of_order(source: "CopyingStore", target: "CopyingStore") -> tuple[str, ...]:
    for number, (ours, theirs) in enumerate(zip_longest(source.moved("arrivals"), target.moved("arrivals")), 1):
        if ours is None or theirs is None or ours.id != theirs.id:
            return (f"{ours.id if ours else 'nothing'} is number {number} and is not in the target",)
    return ()


# ---- around it


def _hold(stack: ExitStack, settings: "Settings", *urls: str) -> None:
    """Hold the data folders of both, as ``up`` does."""
    from tocsin.cli.supervise import locked

    files = [Path(url.removeprefix("sqlite:").removeprefix("//")).expanduser() for url in urls if _is_file(url)]
    if _is_file(urls[0]) and not files[0].is_file():
        raise UserError(f"There is no store {files[0]}.")
    for folder in sorted({path.resolve() for path in (settings.data_dir, *(file.parent for file in files))}):
        stack.enter_context(locked(folder))


def _must_be_alone(url: str, redis: str) -> None:
    """Raises UserError where a process on any machine has leased something of the store."""
    from tocsin.stores.leases import open_leases

    if not _is_file(url) and not redis:
        return
    leases = open_leases(url, redis)
    try:
        held = leases.held("")
    finally:
        leases.close()
    if held:
        raise UserError(
            f"{', '.join(sorted({*held.values()})[:3])} is working on the store {_named(url)}. Stop Tocsin everywhere, "
            "wait for half a minute, and try again.",
            1,
        )


def _named(url: str) -> str:
    """An address without the parts that are secret."""
    scheme, colon, rest = url.partition("?")[0].partition("//")
    return scheme + colon + rest.rpartition("@")[2]


def _is_file(url: str) -> bool:
    return url.startswith("sqlite:")


@contextmanager
def _progress() -> Iterator[Tell]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(what: str, done: int, size: int) -> None:
            bar.update(task, description=what, completed=done, total=size or None)

        yield tell


def _show(found: Sequence[Compared], *, as_json: bool) -> None:
    for it in found:
        if as_json:
            print(json.dumps(it._asdict()))
        else:
            print(f"{it.kind:14} {it.rows:>11,}  {it.hash}  {'differs' if it.differing else 'the same'}")
    for it in found:
        for line in it.differing:
            print(f"{it.kind}: {line}", file=sys.stderr)
