"""A pasted list of queries, each on its line: understood, rewritten from another tool's syntax, or refused and why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tocsin.cli.explaining import noted, print_json, rows, told
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.dialects import Line
    from tocsin.query.expand import Expander


def explain_lines(file: Path, expander: "Expander", *, as_json: bool) -> None:
    """What becomes of each line of a pasted list. Leaves with code 2 where one is refused."""
    from tocsin.query.dialects import translate_lines

    refused = 0
    found = [judged(line, expander) for line in translate_lines(text_of(file))]
    for row in found:
        refused += row["state"] == "refused"
        if as_json:
            print_json(row)
        else:
            print_line(row)
    counts = ", ".join(
        f"{sum(row['state'] == state for row in found):,} {state}" for state in ("understood", "rewritten", "refused")
    )
    print(f"{len(found):,} quer{'y' if len(found) == 1 else 'ies'}: {counts}.", file=sys.stderr)
    if refused:
        raise typer.Exit(2)


def text_of(file: Path) -> str:
    """The text of a file, or of standard input for ``-``. Raises UserError where it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is no text in UTF-8: {error.reason} at byte {error.start}.") from error


def judged(line: "Line", expander: "Expander") -> dict[str, Any]:
    """One line as a record: its number, what was typed, its state, the query as it is written here, and the reasons."""
    from tocsin.query.ast import demands_something
    from tocsin.query.parse import read

    text, changes, trouble = line.translation
    state, remarks, demands = "refused", [], False
    try:
        if not trouble:
            expander.read(text)
            reading = read(text)
            state = "understood" if text == line.original else "rewritten"
            remarks, demands = rows(reading.remarks), demands_something(reading.tree)
    except UserError as error:
        trouble = str(error)
    return {
        "line": line.number,
        "typed": line.original,
        "state": state,
        "query": "" if trouble else text,
        "changes": rows(changes),
        "trouble": trouble,
        "remarks": remarks,
        "can_ring": demands,
    }


def print_line(row: dict[str, Any]) -> None:
    """A judged line for a person: what was typed, what became of it, and why."""
    from tocsin.messages import plain
    from tocsin.query.dialects import Change
    from tocsin.query.parse import Remark

    print(f"{row['line']}: {row['state']}: {plain(row['typed'])}")
    if row["state"] == "rewritten":
        print(f"     → {plain(row['query'])}")
    for change in row["changes"] if row["state"] == "rewritten" else ():
        print(f"       {told(Change(**change))}")
    if row["trouble"]:
        print(f"     {plain(row['trouble'])}")
    for remark in row["remarks"]:
        print(f"     {noted(Remark(**remark))}")
    if row["state"] != "refused" and not row["can_ring"]:
        print("     Note: it only says what must not be there, so it can be searched, but not subscribed to.")
