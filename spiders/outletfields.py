"""The fields of an outlet, from whatever form of file: each value is checked, each mistake is one sentence."""

import re
from collections.abc import Mapping
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from anyascii import anyascii

from spiders.rulebook import read_rules
from tocsin.addresses import canonical
from tocsin.errors import UserError
from tocsin.records import Outlet

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_NUMBERS = {"pace": (0.0, 3600.0), "every": (0.5, 7 * 86400.0)}


def outlet_of(table: Mapping[str, Any], where: str) -> Outlet:
    """One outlet out of keys and values. Raises UserError, beginning with ``where``, for what cannot be one."""
    hints = get_type_hints(Outlet)
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in hints:
            raise UserError(f"{where}: the key {key!r} is unknown; an outlet may have {', '.join(hints)}.")
        fields[key] = read_rules(value, where) if key == "rules" else _value(key, value, hints[key], where)
    for key in ("name", "home"):
        if not fields.get(key):
            raise UserError(f"{where}: the key {key!r} is missing.")
    if not NAME.match(fields["name"]):
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
        return address_of(key, value, where) if key in ("home", "proxy") and value else value.strip()
    if isinstance(value, str) or not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UserError(f'{where}: {key} must be a list of addresses, such as ["https://…"], it is {value!r}.')
    return tuple(address_of(key, one, where) for one in value)


def _number(key: str, value: Any, where: str) -> float:
    low, high = _NUMBERS[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise UserError(f"{where}: {key} must be a number of seconds from {low:g} to {high:g}, it is {value!r}.")
    return float(value)


def address_of(key: str, value: str, where: str) -> str:
    """A web address as it was written. Raises UserError where it is none."""
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
