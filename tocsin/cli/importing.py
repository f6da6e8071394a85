"""``tocsin subscriptions import``: what was written for another tool, line by line."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from tocsin.cli.explaining import print_json
from tocsin.cli.opening import StoreOption, expander_of, opened
from tocsin.cli.subscribing import by_name, check, make, settable
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.expand import Expander
    from tocsin.records import Subscription
    from tocsin.settings import Settings

SOURCES = ("google-alerts", "meltwater", "brandwatch")
SMALL_OPERATORS = frozenset(("meltwater", "brandwatch"))
"""Tools that read and, or, not in any letters; to Google they are words."""


class Line(NamedTuple):
    """One query of a file."""

    number: int
    name: str
    """Empty where the file gives none."""
    query: str


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_)


@settable
def import_(
    *,
    changes: Mapping[str, Any],
    file: Annotated[
        Path,
        typer.Argument(help="Queries, one a line, a name and a tab before it if you like; or CSV with name and query."),
    ],
    source: Annotated[str, typer.Option("--from", help="google-alerts, meltwater or brandwatch.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report; make nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object a line.")] = False,
    store: StoreOption = None,
) -> None:
    """Make subscriptions of another tool's queries, and say of each line what was kept, rewritten or refused.

    What is refused is left out, and the rest is made; then the exit code is 1. Fields that this tool does not have are
    refused by their names.
    """
    from tocsin.cli.pasted import print_line, text_of

    if source not in SOURCES:
        raise UserError(f"--from {source!r} is not known: write {', '.join(SOURCES[:-1])} or {SOURCES[-1]}.")
    lines = list(_lines(file, text_of(file)))
    with opened(store) as (settings, handle):
        expander = expander_of(settings)
        more = {"zone": settings.time_zone, **changes}
        known, judged = by_name(handle), []
        new: dict[str, Subscription] = {}
        for line in lines:
            row, subscription = _judged(line, source, known | new, settings, expander, more)
            judged.append(row)
            if subscription and subscription.name not in known:
                new[subscription.name] = subscription
        if new and not dry_run:
            handle.put_subscriptions(list(new.values()))
    for row in judged:
        (print_json if as_json else print_line)(row)
    refused = sum(row["state"] == "refused" for row in judged)
    rewritten = sum(row["state"] == "rewritten" for row in judged)
    if not as_json:
        kept = len(judged) - refused - rewritten
        would = "would be made" if dry_run else "made"
        print(f"{len(judged)} queries: {kept} kept, {rewritten} rewritten, {refused} refused. {len(new)} {would}.")
    if refused:
        raise typer.Exit(1)


def _lines(file: Path, text: str) -> Iterator[Line]:
    if file.suffix.lower() == ".csv":
        yield from _rows(file, text)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        name, tab, query = line.partition("\t")
        name, query = (name, query) if tab else ("", line)
        if query.strip() and not query.lstrip().startswith("#"):
            yield Line(number, name.strip(), query.strip())


def _rows(file: Path, text: str) -> Iterator[Line]:
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        columns = {(column or "").strip().casefold(): column for column in reader.fieldnames or ()}
        query = next((columns[name] for name in ("query", "boolean", "search") if name in columns), None)
        if query is None:
            raise UserError(f"{file} has no column named query; its columns are {', '.join(columns) or 'none'}.")
        name = next((columns[name] for name in ("name", "title") if name in columns), None)
        for row in reader:
            # A query over several lines is one.
            if asked := " ".join((row.get(query) or "").split()):
                yield Line(reader.line_num, (row.get(name) or "").strip() if name else "", asked)
    except csv.Error as error:
        raise UserError(f"{file} is no CSV: {error}.") from error


def _judged(
    line: Line,
    source: str,
    known: "Mapping[str, Subscription]",
    settings: "Settings",
    expander: "Expander",
    more: Mapping[str, Any],
) -> "tuple[dict[str, Any], Subscription | None]":
    """A line of the report, and the subscription that becomes of it."""
    from tocsin.cli.pasted import judged
    from tocsin.query import dialects
    from tocsin.query.mistakes import NO_FIELD

    translation = dialects.translate(line.query, small_operators=source in SMALL_OPERATORS)
    row = judged(dialects.Line(line.number, line.query, translation), expander)
    row |= {"name": line.name, "state": "kept" if row["state"] == "understood" else row["state"]}
    unknown = [it.why for it in translation.changes if it.why.startswith(NO_FIELD)]
    if unknown:
        # What stands in for it would be found in no text, and nobody would hear of it.
        trouble = f"{unknown[0].rstrip(':').capitalize()} here: strike it, or write what is meant."
        row |= {"state": "refused", "query": "", "trouble": f"{trouble} Perhaps: {translation.text}"}
    if row["state"] == "refused":
        return row, None
    fields = dict(more)
    channels = fields.pop("channels", ("stdout:",))
    try:
        made = make(known, row["query"], channels, line.name or None, SystemClock().now(), **fields)
        check(made, expander, settings)
    except UserError as error:
        return row | {"state": "refused", "trouble": str(error)}, None
    return row, made
