"""YAML that people write, read strictly: mappings, lists and plain text, each with its line. Nothing else is let in.

A value is what stands there: ``no`` is the code of Norwegian and no lie, ``22:00`` a time and no number of seconds.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

from tocsin.cli.pasted import text_of
from tocsin.errors import UserError

MOST = 4_000_000
"""Characters of a file."""
_DEEP = 12
"""Levels of a file."""
_NOTHING = frozenset(("", "~", "null"))


class Value(NamedTuple):
    """A piece of a document and where it stands."""

    line: int
    """From 1."""
    told: "Told"


Told: TypeAlias = "str | list[Value] | dict[str, Value] | None"


def read(file: Path) -> Value:
    """The document of a file. Raises UserError naming the line of what is wrong in it."""
    text = text_of(file)
    if len(text) > MOST:
        raise UserError(f"{file} has {len(text):,} characters; {MOST:,} are the most.")
    try:
        _look(file, yaml.parse(text, Loader=yaml.SafeLoader))
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{file}, line {line}: {error.problem or error.context}.") from error
    except yaml.YAMLError as error:
        raise UserError(f"{file} is no YAML: {' '.join(str(error).split())}.") from error
    return Value(1, None) if node is None else _value(file, node)


def _look(file: Path, events: Iterator[Any]) -> None:
    """Refuse what could make of little text very much, or anything but text."""
    depth = documents = 0
    for event in events:
        line = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise UserError(f"{file}, line {line}: a second document begins; write one.")
        if depth > _DEEP:
            raise UserError(f"{file}, line {line}: this stands {depth} levels deep; nothing here does.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UserError(f"{file}, line {line}: anchors and aliases (& and *) are not read; write it out.")
        if getattr(event, "tag", None):
            raise UserError(f"{file}, line {line}: tags (!) are not read; write the value without it.")


def _value(file: Path, node: Any) -> Value:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Value(line, [_value(file, each) for each in node.value])
    if not isinstance(node, yaml.MappingNode):
        plain = node.style is None and node.value.lower() in _NOTHING
        return Value(line, None if plain else node.value)
    found: dict[str, Value] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise UserError(f"{file}, line {at}: a name is expected before the colon.")
        if key.value in found:
            raise UserError(
                f"{file}, line {at}: {key.value} stands here a second time, after line {found[key.value].line}."
            )
        found[key.value] = Value(at, _value(file, value).told)
    return Value(line, found)


def plain(told: "Told") -> Any:
    """The same without lines."""
    if isinstance(told, list):
        return [plain(each.told) for each in told]
    if isinstance(told, dict):
        return {name: plain(each.told) for name, each in told.items()}
    return told


def written(document: dict[str, Any]) -> str:
    """A document as a file: in this order, letters as they are."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))
