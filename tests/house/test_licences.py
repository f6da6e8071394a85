"""The licence gate: nothing that an ordinary or distributed install brings is under the GPL or the LGPL."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement

COPYLEFT = re.compile(r"\b[AL]?GPL|General Public License", re.IGNORECASE)

ALLOWED = {
    "apsw": "'any-OSI' is its author's word for: choose any licence that the OSI approves",
    "tld": "offered under MPL-1.1 or GPL-2.0 or LGPL-2.1: taken under the MPL",
}


def installed(project: str, extras: frozenset[str]) -> dict[str, Distribution]:
    """Every distribution that the project asks for with these extras, itself included, on this machine."""
    found: dict[str, Distribution] = {}
    waiting: list[tuple[str, frozenset[str]]] = [(project, extras)]
    asked: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        one = waiting.pop()
        if one in asked:
            continue
        asked.add(one)
        found[one[0]] = distribution(one[0])
        waiting.extend(wanted(found[one[0]], one[1]))
    return found


def wanted(package: Distribution, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    for line in package.requires or []:
        need = Requirement(line)
        if need.marker and not any(need.marker.evaluate({"extra": extra}) for extra in (extras or {""})):
            continue
        yield re.sub(r"[-_.]+", "-", need.name).lower(), frozenset(need.extras)


def licence(package: Distribution) -> str:
    """All that the metadata says of the licence; of a text given in full, the first line."""
    said = [package.metadata.get("License-Expression") or "", (package.metadata.get("License") or "").split("\n")[0]]
    said += [line for line in package.metadata.get_all("Classifier") or [] if line.startswith("License")]
    return "; ".join(filter(None, said))


def test_no_copyleft() -> None:
    extras = frozenset({"", "distributed"})
    try:
        packages = installed("tocsin", extras)
    except PackageNotFoundError as missing:
        pytest.fail(f"the project is not installed as locked: {missing} is absent (make test sets it up)")
    assert len(packages) > 60, "the walk over the dependencies found too little"
    said = {name: licence(package) for name, package in packages.items()}
    wrong = {name: line for name, line in said.items() if (not line or COPYLEFT.search(line)) and name not in ALLOWED}
    assert not wrong
    assert ALLOWED.keys() <= said.keys(), "what is no longer installed needs no exception"


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("GPL-3.0-or-later", True),
        ("LGPLv2+", True),
        ("AGPL-3.0-only", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("MIT", False),
        ("MPL-2.0", False),
    ],
)
def test_gate_knows_copyleft(line: str, *, refused: bool) -> None:
    assert bool(COPYLEFT.search(line)) is refused
