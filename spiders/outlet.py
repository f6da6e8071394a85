"""Outlets from TOML, CSV and OPML, and back. Every mistake in a file is one sentence that says where it is.

TOML: one outlet with its fields at the top, or several as ``[[outlet]]`` tables; a folder is all its ``*.toml``. Rules
are ``[[rules]]`` tables below it, or ``[[outlet.rules]]``; CSV and OPML cannot carry them.
CSV: a header line with ``name`` and ``home``, perhaps ``feed`` (several, separated by blanks) and ``pace``.
OPML: one outlet for each subscription with an ``xmlUrl``; ``htmlUrl`` is its start page.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import msgspec
from anyascii import anyascii

from spiders.rulebook import read_rules, rule_table
from tocsin.addresses import canonical, host_of
from tocsin.errors import UserError
from tocsin.records import Outlet

MAX_FILE = 20 * 2**20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_NUMBERS = {"pace": (0.0, 3600.0), "every": (0.5, 7 * 86400.0)}
_CSV_COLUMNS = ("name", "home", "feed", "pace")


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
    writers = {".toml": _to_toml, ".csv": _to_csv, ".opml": _to_opml, ".xml": _to_opml}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UserError(f"{path}: outlets are written as .toml, .csv or .opml; choose one of these endings.")
    try:
        path.write_text(writer(list(outlets)), "utf-8")
    except OSError as error:
        raise UserError(f"{path}: it cannot be written ({error.strerror}).", code=1) from error


def _read_file(path: Path) -> list[Outlet]:
    readers = {".toml": _from_toml, ".csv": _from_csv, ".opml": _from_opml, ".xml": _from_opml}
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
        return [_outlet(table, where)]
    rows = table.pop("outlet")
    if table:
        raise UserError(
            f"{where}: {next(iter(table))!r} stands beside the [[outlet]] tables; move it into one of them."
        )
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{where}: write several outlets as [[outlet]] tables.")
    return [_outlet(row, f"{where}, outlet {number}") for number, row in enumerate(rows, 1)]


def _outlet(table: Mapping[str, Any], where: str) -> Outlet:
    """One outlet out of keys and values; each of them is checked."""
    hints = get_type_hints(Outlet)
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            raise UserError(f"{where}: the key {key!r} is unknown; an outlet may have {', '.join(hints)}.")
        fields[key] = read_rules(value, where) if key == "rules" else _value(key, value, hints[key], where)
    for key in ("name", "home"):
        if not fields.get(key):
            raise UserError(f"{where}: the key {key!r} is missing.")
    if not _NAME.match(fields["name"]):
        raise UserError(
            f"{where}: the name {fields['name']!r} cannot be used; write lower-case letters, digits, dots and hyphens,"
            f" such as {slug(fields['name'])!r}."
        )
    return Outlet(**fields)


def _value(key: str, value: Any, kind: Any, where: str) -> Any:
    if kind is float:
        return _number(key, value, where)
    if kind is bool:
        if not isinstance(value, bool):
            raise UserError(f"{where}: {key} must be true or false, it is {value!r}.")
        return value
    if kind is str:
        if not isinstance(value, str):
            raise UserError(f"{where}: {key} must be text in quotation marks, it is {value!r}.")
        return _address(key, value, where) if key in ("home", "proxy") and value else value.strip()
    if isinstance(value, str) or not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f'{where}: {key} must be a list of addresses, such as ["https://…"], it is {value!r}.')
    return tuple(_address(key, one, where) for one in value)


def _number(key: str, value: Any, where: str) -> float:
    low, high = _NUMBERS[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise UserError(f"{where}: {key} must be a number of seconds from {low:g} to {high:g}, it is {value!r}.")
    return float(value)


def _address(key: str, value: str, where: str) -> str:
    value = value.strip()
    parts = urlsplit(value) if value.isprintable() else None
    schemes = ("http", "https") if key != "proxy" else ("http",)
    if parts is None or parts.scheme not in schemes or not canonical(value):
        wanted = "http:// or https://" if key != "proxy" else "http://"
        raise UserError(f"{where}: {key} must be an address that starts with {wanted}, it is {value!r}.")
    return value


def slug(text: str) -> str:
    """A name that may be used, out of a title or a host."""
    plain = re.sub(r"[^a-z0-9]+", "-", anyascii(text).lower().replace("'", "")).strip("-")[:60].strip("-")
    return plain or "outlet"


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


# ---- CSV


def _from_csv(text: str, where: str) -> list[Outlet]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    outlets: list[Outlet] = []
    header: list[str] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = _csv_header(row, where)
                continue
            outlets.append(_csv_outlet(header, row, f"{where}, line {reader.line_num}"))
    except csv.Error as error:
        raise UserError(f"{where}, line {reader.line_num}: this is not valid CSV: {error}.") from error
    if not header:
        raise UserError(f"{where}: the file is empty; its first line must be name,home[,feed][,pace].")
    return outlets


def _csv_header(row: list[str], where: str) -> list[str]:
    header = [cell.strip().lower() for cell in row]
    if not {"name", "home"} <= set(header):
        raise UserError(f"{where}, line 1: the header line is missing; the first line must be name,home[,feed][,pace].")
    for column, name in enumerate(header, 1):
        if name not in _CSV_COLUMNS or header.index(name) != column - 1:
            raise UserError(
                f"{where}, line 1, column {column}: {name!r} is unknown or stands twice; the columns are"
                " name, home, feed, pace."
            )
    return header


def _csv_outlet(header: list[str], row: list[str], where: str) -> Outlet:
    if len(row) != len(header):
        raise UserError(f"{where}: there are {len(row)} cells, the header has {len(header)}.")
    cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
    table: dict[str, Any] = {"name": cells["name"], "home": cells["home"]}
    if cells["name"] and not _NAME.match(cells["name"]):
        table |= {"name": slug(cells["name"]), "title": cells["name"]}
    if cells.get("feed"):
        table["feeds"] = cells["feed"].split()
    if cells.get("pace"):
        try:
            table["pace"] = float(cells["pace"])
        except ValueError:
            column = header.index("pace") + 1
            raise UserError(
                f"{where}, column {column}: pace must be a number of seconds, it is {cells['pace']!r}."
            ) from None
    return _outlet(table, where)


def _to_csv(outlets: list[Outlet]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    writer.writerows((one.name, one.home, " ".join(one.feeds), f"{one.pace:g}") for one in outlets)
    return out.getvalue()


# ---- OPML


def _from_opml(text: str, where: str) -> list[Outlet]:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    if "<!ENTITY" in text:
        raise UserError(f"{where}: the file declares XML entities, which are not read; export it again without them.")
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UserError(f"{where}: this is not valid XML: {error}.") from error
    outlets: dict[str, Outlet] = {}
    for outline in root.iter("outline"):
        feed, home = (outline.get("xmlUrl") or "").strip(), (outline.get("htmlUrl") or "").strip()
        title = (outline.get("title") or outline.get("text") or "").strip()
        if not feed and not home:
            continue
        place = f"{where}, line {outline.sourceline}"
        home = home or canonical("/", _address("xmlUrl", feed, place))
        name = _free_name(slug(title or host_of(home)), outlets)
        table = {"name": name, "home": home, "title": title, "feeds": [feed] if feed else []}
        outlets[name] = _outlet(table, place)
    if not outlets:
        raise UserError(f"{where}: there is no <outline> with an xmlUrl in it.")
    return list(outlets.values())


def _free_name(name: str, taken: Mapping[str, Outlet]) -> str:
    """OPML has titles, not names: two of one title get numbers."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _to_opml(outlets: list[Outlet]) -> str:
    from lxml import etree

    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "Outlets of Tocsin"
    body = etree.SubElement(root, "body")
    for outlet in outlets:
        title = "".join(sign for sign in outlet.title or outlet.name if sign.isprintable())
        for feed in outlet.feeds or ("",):
            outline = etree.SubElement(body, "outline", text=title, title=title, htmlUrl=outlet.home)
            if feed:
                outline.set("type", "rss")
                outline.set("xmlUrl", feed)
    text: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="utf-8")
    return text.decode("utf-8")
