"""The subscriptions that a YAML file asks for: ``subscriptions:``, and ``defaults:`` for all of them."""

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tocsin.cli.plainyaml import Value, plain, read
from tocsin.cli.shown import UNTOLD, defaults
from tocsin.cli.subscribing import check, ends
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.expand import Expander
    from tocsin.records import Subscription
    from tocsin.settings import Settings

_LISTS = frozenset(("channels", "langs", "outlets", "tells", "grown_at"))
_WORDS = frozenset(("every", "weekday", "priority"))
_STAYS = ("paused", "muted")
"""Fields that stay as they are where the file does not say."""


def wanted(
    file: Path,
    known: Sequence["Subscription"],
    zone: str,
    expander: "Expander",
    settings: "Settings",
    now: datetime,
) -> list["Subscription"]:
    """The subscriptions of a file: those that are there as their next versions, others new.

    Raises UserError naming the line of what is wrong.
    """
    top = _mapping(file, read(file))
    _only(file, top, ("subscriptions", "defaults"))
    common = {"zone": zone, **_fields(file, top["defaults"], ("name", "query", "id"))} if "defaults" in top else {}
    entries = top["subscriptions"].told if "subscriptions" in top else None
    if not isinstance(entries, list):
        raise UserError(f"{file} has no list of subscriptions: write subscriptions: and a line with - for each.")
    found: dict[str, tuple[int, Subscription]] = {}
    lines: dict[str, int] = {}
    standing = {it.id: it for it in known}
    names = {it.name: it for it in known}
    for entry in entries:
        try:
            made = _one(file, entry, standing, names, {"zone": zone} | common, now)
            check(made, expander, settings)
        except _LineError:
            raise
        except UserError as error:
            raise _LineError(file, entry.line, str(error)) from error
        if earlier := lines.get(made.name) or found.get(made.id, (0, made))[0]:
            raise _LineError(file, entry.line, f"{made.name!r} stands here a second time, after line {earlier}.")
        found[made.id] = entry.line, made
        lines[made.name] = entry.line
    asked = [made for _, made in found.values()]
    _no_name_twice(file, found, known)
    return asked


class _LineError(UserError):
    """A mistake of which the line is told."""

    def __init__(self, file: Path, line: int, what: str) -> None:
        super().__init__(f"{file}, line {line}: {what}")


def _one(
    file: Path,
    entry: Value,
    standing: Mapping[str, "Subscription"],
    names: Mapping[str, "Subscription"],
    common: Mapping[str, Any],
    now: datetime,
) -> "Subscription":
    from tocsin.subscriptions import edited, new

    given = _fields(file, entry, ())
    for needed in ("name", "query"):
        if needed not in given:
            raise _LineError(file, entry.line, f"this subscription has no {needed}.")
    name, query = given["name"], given["query"]
    told = dict(common) | given
    before = standing.get(told["id"]) if "id" in told else names.get(name)
    fields = defaults() | {key: value for key, value in told.items() if key != "id"}
    if "channels" not in told:
        fields["channels"] = ("stdout:",)
    if before is None:
        made = new(name, query, fields.pop("channels"), now, standing, **_without(fields, ("name", "query")))
        return msgspec.structs.replace(made, id=told["id"]) if "id" in told else made
    return edited(before, now, **_without(fields, [field for field in _STAYS if field not in told]))


def _without(fields: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _no_name_twice(
    file: Path, found: Mapping[str, tuple[int, "Subscription"]], known: Sequence["Subscription"]
) -> None:
    """A name that another subscription has, which the file does not name."""
    others = {it.name: it for it in known if it.id not in found}
    for line, made in found.values():
        if made.name in others:
            raise _LineError(file, line, f"there is another subscription named {made.name!r}, with the id "
                          f"{others[made.name].id}.")  # fmt: skip


def _mapping(file: Path, value: Value) -> dict[str, Value]:
    if not isinstance(value.told, dict):
        raise UserError(f"{file}, line {value.line}: names and values are expected here, such as name: Bakhmut.")
    return value.told


def _only(file: Path, mapping: Mapping[str, Value], known: Sequence[str]) -> None:
    for name, value in mapping.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; is {close[0]} meant?" if close else f": it may be {', '.join(known)}."
            raise _LineError(file, value.line, f"{name!r} is not known{hint}")


def _fields(file: Path, value: Value, refused: Sequence[str]) -> dict[str, Any]:
    """The fields of an entry as the record has them; a field without a value is as if it were not there."""
    from tocsin.records import Subscription

    types = {field.name: field.type for field in msgspec.structs.fields(Subscription)}
    mapping = _mapping(file, value)
    known = [name for name in types if name == "id" or name not in UNTOLD]
    _only(file, mapping, [name for name in known if name not in refused])
    return {name: _converted(file, name, each, types[name]) for name, each in mapping.items() if each.told is not None}


def _converted(file: Path, name: str, value: Value, kind: Any) -> Any:
    told: Any = plain(value.told)
    if name == "expires":
        if not isinstance(told, str):
            raise _LineError(file, value.line, "expires is a time: write 2026-12-31T18:00Z or 2026-12-31.")
        return _expiry(file, value.line, told)
    if name in _WORDS and isinstance(told, str):
        return told  # which words they may be is said with all that they may be
    if name in _LISTS:
        told = [_word(item) for item in (told if isinstance(told, list) else [told])]
    try:
        return msgspec.convert(told, tuple[str, ...] if name == "tells" else kind, strict=False)
    except msgspec.ValidationError as error:
        raise _LineError(file, value.line, f"{name} is not understood: {error}.") from error


def _word(item: Any) -> Any:
    """``stdout:`` is a name without a value to YAML, and a channel to everybody else."""
    if isinstance(item, dict) and list(item.values()) == [None]:
        return f"{next(iter(item))}:"
    return item


def _expiry(file: Path, line: int, told: str) -> datetime | None:
    # A span would begin anew with each apply.
    if told[-1:] in ("h", "d", "w"):
        raise _LineError(file, line, f"expires {told!r} would begin anew each time: write a date such as 2026-12-31.")
    try:
        return ends(told, datetime.min)  # noqa: DTZ901 - spans are refused before
    except UserError as error:
        raise _LineError(file, line, str(error)) from error
