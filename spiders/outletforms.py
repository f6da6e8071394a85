"""Lists of outlets in the forms of other programs: CSV of a spreadsheet, OPML of a feed reader. They carry no rules."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from spiders.outletfields import NAME, address_of, outlet_of, slug
from tocsin.addresses import canonical, host_of
from tocsin.errors import UserError
from tocsin.records import Outlet

_CSV_COLUMNS = ("name", "home", "feed", "pace")


# ---- CSV


def from_csv(text: str, where: str) -> list[Outlet]:
    """The outlets of a CSV table. Raises UserError with the line, and the column where it is one cell."""
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
    if cells["name"] and not NAME.match(cells["name"]):
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
    return outlet_of(table, where)


def to_csv(outlets: list[Outlet]) -> str:
    """Outlets as a CSV table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    writer.writerows((one.name, one.home, " ".join(one.feeds), f"{one.pace:g}") for one in outlets)
    return out.getvalue()


# ---- OPML


def from_opml(text: str, where: str) -> list[Outlet]:
    """The outlets of an OPML list. Raises UserError with the line."""
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
        home = home or canonical("/", address_of("xmlUrl", feed, place))
        name = _free_name(slug(title or host_of(home)), outlets)
        table = {"name": name, "home": home, "title": title, "feeds": [feed] if feed else []}
        outlets[name] = outlet_of(table, place)
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


def to_opml(outlets: list[Outlet]) -> str:
    """Outlets as an OPML list."""
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
