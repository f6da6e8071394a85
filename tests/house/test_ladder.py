"""The ladder of imports: it is kept, every module has a step on it, and it would be seen if it were broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

BREACHES = {
    "the stores reach for a room": ("tocsin/stores/port.py", "import workers"),
    "the crawler reaches for the workers": ("spiders/__init__.py", "import workers"),
    "a worker knows Scrapy": ("workers/__init__.py", "import scrapy"),
    "the desk knows the database": ("tocsin/desk/__init__.py", "import apsw"),
    "the ground floor knows Celery": ("tocsin/records.py", "import celery"),
    "a record reads words": ("tocsin/records.py", "import tocsin.words"),
    "the lists read settings": ("tocsin/lists/__init__.py", "import tocsin.settings"),
    "a worker knows the store": ("workers/__init__.py", "import tocsin.stores.sqlite"),
    "the parser knows what reads its trees": ("tocsin/query/parse.py", "import tocsin.query.match"),
}


def contracts(root: Path) -> list[dict[str, Any]]:
    linter = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    return list(linter["contracts"])


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_ladder_is_kept(root: Path) -> None:
    result = lint(root)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("what", BREACHES)
def test_breach_is_seen(what: str, root: Path, tmp_path: Path) -> None:
    for name in ("tocsin", "spiders", "workers"):
        shutil.copytree(root / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "texts", "static"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    path, line = BREACHES[what]
    with (tmp_path / path).open("a") as module:
        module.write(f"\n{line}\n")
    result = lint(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout


def test_every_module_has_a_step(root: Path) -> None:
    ladder = next(contract for contract in contracts(root) if contract["id"] == "ladder")
    steps = {step.strip(" ()") for layer in ladder["layers"] for step in layer.replace("|", ":").split(":")}
    modules = {
        f"tocsin.{path.stem}"
        for path in (root / "tocsin").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.stem not in {"__init__", "__main__"}
    }
    assert modules <= steps, "give these a step in pyproject.toml, [tool.importlinter]"
