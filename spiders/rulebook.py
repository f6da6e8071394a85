"""Rules of outlets out of TOML tables, and back. A selector that cannot be read is refused here, not on some page."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from tocsin.errors import UserError
from tocsin.records import Rule

MOST = 50
"""Rules of one outlet."""
_SELECTORS = ("title", "body", "date", "modified", "authors", "section", "image")


def read_rules(value: Any, where: str) -> tuple[Rule, ...]:
    """The rules of an outlet's ``[[rules]]`` tables. Raises UserError naming the rule, the key and what is wrong."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise UserError(f"{where}: write the rules as [[rules]] tables.")
    if len(value) > MOST:
        raise UserError(f"{where}: there are {len(value)} rules; an outlet may have {MOST}.")
    return tuple(_rule(table, f"{where}, rule {number}") for number, table in enumerate(value, 1))


def _rule(table: Mapping[str, Any], where: str) -> Rule:
    fields: dict[str, Any] = {}
    for key, value in table.items():
        if key not in Rule.__struct_fields__:
            raise UserError(
                f"{where}: the key {key!r} is unknown; a rule may have {', '.join(Rule.__struct_fields__)}."
            )
        fields[key] = _value(key, value, where)
    rule = Rule(**fields)
    if not rule.drop and not any(getattr(rule, key) for key in _SELECTORS):
        raise UserError(f"{where}: it has no selector; give at least one of {', '.join((*_SELECTORS, 'drop'))}.")
    return rule


def _value(key: str, value: Any, where: str) -> Any:
    if key == "since":
        if isinstance(value, datetime) or not isinstance(value, date):
            raise UserError(
                f"{where}: since must be a day without quotation marks, such as since = 2026-01-01, it is {value!r}."
            )
        return value
    if key == "drop":
        many = [value] if isinstance(value, str) else value
        if not isinstance(many, list) or not all(isinstance(one, str) for one in many):
            raise UserError(f'{where}: drop must be a list of selectors, such as ["div.read-also"], it is {value!r}.')
        return tuple(_selector(key, one, where) for one in many)
    if not isinstance(value, str):
        raise UserError(f"{where}: {key} must be text in quotation marks, it is {value!r}.")
    if key == "pages":
        return _pages(value.strip(), where)
    return _selector(key, value, where) if value.strip() else ""


def _pages(value: str, where: str) -> str:
    if value and not value.startswith(("/", "http://", "https://", "*")):
        raise UserError(
            f"{where}: pages must begin with / or with http, such as '/news/' or '/*/live/', it is {value!r}."
        )
    return value


def _selector(key: str, value: str, where: str) -> str:
    # Here, not at the top: a list of outlets without rules is read without a parser of pages.
    from spiders.extract.selectors import compiled

    value = value.strip()
    try:
        found = compiled(value)
    except ValueError as error:
        raise UserError(
            f"{where}: {key} must be a CSS selector such as 'div.text > p', and {value!r} is none: {error}."
        ) from None
    if found.attribute and key in ("body", "drop"):
        raise UserError(f"{where}: {key} names elements, not attributes; write it without @{found.attribute}.")
    return value


def rule_table(rule: Rule) -> dict[str, Any]:
    """The keys of a rule that say something, in the order of the record."""
    return {key: value for key, value in msgspec.structs.asdict(rule).items() if value not in ("", (), None)}
