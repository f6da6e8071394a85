"""What most commands open first: settings, the store, the words; and the options they share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from tocsin.query.expand import Expander
    from tocsin.settings import Settings
    from tocsin.stores.port import Store

StoreOption = Annotated[
    str | None, typer.Option("--store", help="Address of the store, such as sqlite:/path/tocsin.db.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, field names as in tocsin/records.py.")
]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Only what arrived since then: 24h, 7d, 2026-11-01, 2026-11-01T14:00Z.")
]


def settings_of(store: str | None = None, data_dir: "Path | None" = None) -> "Settings":
    """Settings from the environment and the given options."""
    from tocsin import logs, settings

    loaded = settings.load(store=store, data_dir=data_dir)
    logs.configure(loaded.log_level)
    return loaded


@contextmanager
def opened(store: str | None = None, settings: "Settings | None" = None) -> Iterator[tuple["Settings", "Store"]]:
    """Settings (those given, or what the environment and ``store`` say) and the open store."""
    from tocsin.stores import open_store

    settings = settings or settings_of(store)
    handle = open_store(settings.store_url, settings.redis)
    try:
        yield settings, handle
    finally:
        handle.close()


def expander_of(settings: "Settings") -> "Expander":
    """The words and the lists of this machine. Compiles the dictionaries where that was never done."""
    import sys

    from tocsin.lists import load
    from tocsin.query.expand import Expander
    from tocsin.words import Words

    def tell(lang: str) -> None:
        print(f"Compiling the dictionary of word forms, once on this machine: {lang}", file=sys.stderr)

    return Expander(Words.open(settings.cache_dir, tell), load(settings.user_lists))


def since_of(text: str | None, now: datetime | None = None) -> datetime | None:
    """A moment from ``24h``, ``7d`` or an ISO 8601 date; without a zone it is UTC.

    Raises UserError where it is neither.
    """
    if text is None:
        return None
    span = re.fullmatch(r"(\d{1,5})\s*([mhdw])", text.strip())
    if span:
        unit = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[span.group(2)]
        return (now or SystemClock().now()) - timedelta(**{unit: int(span.group(1))})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserError(f"--since {text!r} is no time: write 24h, 7d or 2026-11-01T14:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
