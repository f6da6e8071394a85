"""The locks: they fit what the project asks for and one another, carry hashes, and name no place to fetch from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("run", "distributed", "dev")
Pins = dict[str, list[Requirement]]


def pins(root: Path, lock: str) -> Pins:
    """The pinned requirements by canonical name: several where platforms or Pythons differ."""
    found: Pins = {}
    for line in (root / "requirements" / f"{lock}.txt").read_text().splitlines():
        if re.match(r"[a-zA-Z0-9]", line):
            pin = Requirement(line.removesuffix("\\").strip())
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def asked(root: Path, lock: str) -> list[Requirement]:
    """What pyproject.toml asks for under this lock."""
    whole = tomllib.loads((root / "pyproject.toml").read_text())
    extras = {"run": (), "distributed": ("distributed",), "dev": ("apprise", "distributed", "dev")}[lock]
    lines = whole["project"]["dependencies"] + whole["dependency-groups"]["build"]
    lines += [line for extra in extras for line in whole["project"]["optional-dependencies"][extra]]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_fits_the_project(root: Path, lock: str) -> None:
    known = pins(root, lock)
    for need in asked(root, lock):
        versions = [str(pin.specifier).removeprefix("==") for pin in known.get(canonicalize_name(need.name), [])]
        assert versions, f"{need.name} is not locked: make lock"
        assert all(need.specifier.contains(version, prereleases=True) for version in versions), f"{need}: make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(root: Path, lock: str) -> None:
    text = (root / "requirements" / f"{lock}.txt").read_text()
    entries = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 60
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry or "==" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_place(root: Path, lock: str) -> None:
    text = (root / "requirements" / f"{lock}.txt").read_text()
    assert re.findall(r"^.*(?:://|--index|--extra|--find|--trusted|file:| @ ).*$", text, re.MULTILINE) == []


def test_locks_agree(root: Path) -> None:
    everything = {name: {str(pin) for pin in found} for name, found in pins(root, "dev").items()}
    for lock in ("run", "distributed"):
        for name, found in pins(root, lock).items():
            versions = {str(pin.specifier) for pin in found}
            assert versions <= {str(Requirement(pin).specifier) for pin in everything.get(name, ())}, f"{lock}: {name}"
