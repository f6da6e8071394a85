"""Outlets from TOML, CSV and OPML, and back. Every mistake in a file is one sentence that says where it is.

TOML: one outlet with its fields at the top, or several as ``[[outlet]]`` tables; a folder is all its ``*.toml``. Rules
are ``[[rules]]`` tables below it, or ``[[outlet.rules]]``; CSV and OPML cannot carry them.
CSV: a header line with ``name`` and ``home``, perhaps ``feed`` (several, separated by blanks) and ``pace``.
OPML: one outlet for each subscription with an ``xmlUrl``; ``htmlUrl`` is its start page.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from spiders.outletfields import outlet_of
from spiders.outletforms import from_csv, from_opml, to_csv, to_opml
from spiders.rulebook import rule_table
from tocsin.errors import UserError
from tocsin.records import Outlet

MAX_FILE = 20 * 2**20


def read_outlets(path: Path | str) -> list[Outlet]:
    """The outlets of a TOML, CSV or OPML file, or of a folder of TOML files, in order of the file.

    Raises UserError for whatever cannot be read as it stands, naming file, place and remedy.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(path.glob("*.toml"))
        if not files:
            raise UserError(f"{path}: the folder holds no *.toml file; give a folder of outlets, or one file.")
        outlets = [outlet for file in files for outlet in _read_file(file)]
    else:
        outlets = _read_file(path)
    if not outlets:
        raise UserError(f"{path}: there is no outlet in it.")
    _refuse_doubles(outlets, path)
    return outlets


def catalogue() -> list[Outlet]:
    """The shipped outlets, none of them active."""
    found = []
    for entry in sorted(resources.files("spiders").joinpath("outlets").iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            found += _from_toml(entry.read_text("utf-8"), f"spiders/outlets/{entry.name}")
    return [msgspec.structs.replace(outlet, active=False) for outlet in found]


def write_outlets(path: Path | str, outlets: Iterable[Outlet]) -> None:
    """Write outlets as TOML, CSV or OPML, by the ending of the file's name. Raises UserError where that fails."""
    path = Path(path)
    writers = {".toml": _to_toml, ".csv": to_csv, ".opml": to_opml, ".xml": to_opml}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UserError(f"{path}: outlets are written as .toml, .csv or .opml; choose one of these endings.")
    try:
        path.write_text(writer(list(outlets)), "utf-8")
    except OSError as error:
        raise UserError(f"{path}: it cannot be written ({error.strerror}).", code=1) from error


def _read_file(path: Path) -> list[Outlet]:
    readers = {".toml": _from_toml, ".csv": from_csv, ".opml": from_opml, ".xml": from_opml}
    reader = readers.get(path.suffix.lower())
    if not path.exists():
        raise UserError(f"{path}: there is no such file; give a .toml, .csv or .opml file, or a folder of .toml files.")
    if reader is None:
        raise UserError(
            f"{path}: outlets are read from .toml, .csv or .opml files, not from {path.suffix or 'this'!r}."
        )
    try:
        if path.stat().st_size > MAX_FILE:
            raise UserError(f"{path}: the file is larger than {MAX_FILE // 2**20} MB; is it a list of outlets?")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: the file is not UTF-8 (byte {error.start}); save it as UTF-8.") from error
    except OSError as error:
        raise UserError(f"{path}: it cannot be read ({error.strerror}).", code=1) from error
    return reader(text, str(path))


def _refuse_doubles(outlets: list[Outlet], path: Path) -> None:
    seen: set[str] = set()
    for outlet in outlets:
        if outlet.name in seen:
            raise UserError(f"{path}: the name {outlet.name!r} stands twice; give each outlet a name of its own.")
        seen.add(outlet.name)


# ---- TOML


def _from_toml(text: str, where: str) -> list[Outlet]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where}: this is not valid TOML: {error}.") from error
    if "outlet" not in table:
        return [outlet_of(table, where)]
    rows = table.pop("outlet")
    if table:
        raise UserError(
            f"{where}: {next(iter(table))!r} stands beside the [[outlet]] tables; move it into one of them."
        )
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{where}: write several outlets as [[outlet]] tables.")
    return [outlet_of(row, f"{where}, outlet {number}") for number, row in enumerate(rows, 1)]


def _to_toml(outlets: list[Outlet]) -> str:
    lines: list[str] = []
    for outlet in outlets:
        lines.append("[[outlet]]")
        lines += _toml_lines({key: value for key, value in msgspec.structs.asdict(outlet).items() if key != "rules"})
        for rule in outlet.rules:
            lines += ["", "[[outlet.rules]]", *_toml_lines(rule_table(rule))]
        lines.append("")
    return "\n".join(lines)


def _toml_lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml_value(value)}" for key, value in table.items() if value not in ("", ())]


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's; DEL is the one sign that JSON leaves as it is.
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml_value(one) for one in value) + "]"
    return value.isoformat() if isinstance(value, date) else repr(value)
