"""``backup``, ``restore``, ``prune``, ``reindex``: keeping the state whole."""

import json
import shutil
from pathlib import Path
from typing import Annotated

import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

KEPT = ("tocsin.env", "lists", "alerts.jsonl")
"""What a backup holds beside the store."""
_PARTS = ("", "-wal", "-shm")
"""The files of a SQLite database, by the ends of their names."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)
    app.command()(prune)
    app.command()(reindex)


def backup(
    folder: Annotated[Path, typer.Argument(help="Folder to write; made where it is missing.")],
    store: StoreOption = None,
) -> None:
    """Copy the store, the settings file and the edited lists into a folder, also while Tocsin runs."""
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"The folder {folder} is not empty; name a new one, so that no older backup is lost.")
    with opened(store) as (settings, handle):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle.backup(folder / "tocsin.db")
            for name in KEPT:
                _copy(settings.data_dir / name, folder / name)
        except OSError as error:
            raise UserError(f"The backup cannot be written to {folder}: {error.strerror}.", 1) from error
    print(f"Backed up to {folder}. To bring it back: tocsin restore {folder}")


def restore(folder: Annotated[Path, typer.Argument(help="A folder that tocsin backup wrote.")]) -> None:
    """Bring a backup back into the data folder; what stands there is kept beside it, never overwritten."""
    from tocsin.cli.supervise import locked

    settings = settings_of()
    source = folder / "tocsin.db"
    if not source.is_file():
        raise UserError(f"{folder} holds no tocsin.db; name a folder that tocsin backup wrote.")
    if not settings.store_url.startswith("sqlite:"):
        raise UserError("restore works on the SQLite store only.")
    target = Path(settings.store_url.removeprefix("sqlite:").removeprefix("//")).expanduser()
    with locked(settings.data_dir):
        try:
            kept = _bring_back(folder, target, settings.data_dir)
        except OSError as error:
            raise UserError(f"The backup cannot be brought back to {target.parent}: {error.strerror}.", 1) from error
    print(f"Restored from {folder}." + (f" What stood here before is {kept}." if kept else ""))


def _bring_back(folder: Path, target: Path, data_dir: Path) -> Path | None:
    """Look at a copy of the backup; only then does what stands here give way. Returns where the older store is."""
    draft = target.with_name(f"{target.name}.restoring")
    aside = f".before-restore-{SystemClock().now():%Y%m%dT%H%M%S}"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        for suffix in _PARTS:
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
            _copy(folder / f"tocsin.db{suffix}", draft.with_name(draft.name + suffix))
        _must_be_whole(folder / "tocsin.db", draft)
        kept = target.with_name(target.name + aside) if target.exists() else None
        # The older store moves with its journal: what it holds may not stand in the file yet, or the file is damaged.
        for suffix in _PARTS:
            _move(target.with_name(target.name + suffix), target.with_name(target.name + aside + suffix))
        draft.replace(target)
    finally:
        for suffix in _PARTS:
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)
    for name in KEPT:
        if (folder / name).exists():
            _move(data_dir / name, data_dir / (name + aside))
            _copy(folder / name, data_dir / name)
    return kept


def _must_be_whole(backup: Path, copy: Path) -> None:
    if not copy.stat().st_size:
        raise UserError(f"The backup {backup} is empty; nothing was changed.", 1)
    try:
        with opened(f"sqlite:{copy}") as (_, handle):
            found = handle.check()
    except UserError as error:
        raise UserError(f"The backup {backup} cannot be used, nothing was changed: {error}", 1) from error
    if found != "ok":
        raise UserError(f"The backup {backup} is damaged ({' '.join(found.split())}); nothing was changed.", 1)


def _move(source: Path, target: Path) -> None:
    if source.exists():
        source.rename(target)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy2(source, target)


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Remove what is past its time: drops 30 days, delivery log 90, articles 400 (those alerted stay)."""
    with opened(store) as (_, handle):
        counts = handle.prune(SystemClock().now(), dry_run=dry_run)
    if as_json:
        print(json.dumps(counts))
        return
    verb = "Would remove" if dry_run else "Removed"
    print(f"{verb} {counts['articles']} articles, {counts['drops']} drops, {counts['deliveries']} delivery rows.")


def reindex(store: StoreOption = None) -> None:
    """Read all stored texts anew with the analyser of this version. Nothing is fetched, and nobody is told again.

    tocsin up and tocsin work do it by themselves when they start; may be stopped at any time and goes on next time.
    """
    from rich.progress import Progress

    from tocsin.cli.opening import expander_of
    from tocsin.words import ANALYSER
    from workers.reindex import reindex as read_anew

    with opened(store) as (settings, handle):
        waiting = handle.outdated_count(ANALYSER)
        if not waiting:
            print("All texts are read by the analyser of this version already.")
            return
        words = expander_of(settings).words
        with Progress(transient=True) as progress:
            task = progress.add_task("Reading texts anew", total=waiting)
            done = read_anew(handle, words, lambda number: progress.update(task, completed=number))
    print(f"{done:,} articles were read anew.")
