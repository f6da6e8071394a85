"""The repository keeps its own word: what README, deploy/ and the Makefile name exists, and the wheel is whole."""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tocsin
from tocsin.settings import Settings

PACKAGES = ("tocsin", "spiders", "workers")
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
SOMEBODYS = re.compile(r"(?<![\w./}])/(?:home|root|Users|work|workspace|mnt)/[\w.-]+")


@pytest.fixture(scope="module")
def files(root: Path) -> list[Path]:
    """What is, or on the next commit would be, in the repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this copy of the project is no git repository")
    return [path for name in listed.stdout.split("\0") if name and (path := root / name).is_file()]


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def code_in(page: str) -> str:
    """What a page of Markdown sets as code: fenced, indented or between backticks."""
    return "\n".join(re.findall(r"```.*?```|`[^`]+`|^ {4}\S[^\n]*$", page, re.DOTALL | re.MULTILINE))


def targets(root: Path) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (root / "Makefile").read_text(), re.MULTILINE))


def test_readme_is_short(readme: str) -> None:
    assert len(readme.splitlines()) <= 120


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/decisions.md", ".ci/run", "CHANGELOG.md"])
def test_named_targets_exist(root: Path, name: str) -> None:
    text = (root / name).read_text()
    quoted = code_in(text) if name.endswith(".md") else text
    named = re.findall(r"\bmake (?:--?[a-z-]+ )*([a-z][a-z-]*)", quoted)
    assert set(named) <= targets(root)


def test_readme_names_the_two_commands(readme: str) -> None:
    assert "make demo" in readme
    assert "make test" in readme


def test_named_commands_exist(root: Path, readme: str) -> None:
    named = set(re.findall(r"\btocsin ([a-z]+)\b", code_in(readme)))
    program = Path(sys.executable).with_name("tocsin")
    shown = subprocess.run([program, "--help"], cwd=root, capture_output=True, text=True, timeout=30, check=True)
    assert sorted(name for name in named if not re.search(rf"\b{name}\b", shown.stdout)) == []


def test_links_lead_somewhere(files: list[Path]) -> None:
    dead = [
        f"{page.name}: {target}"
        for page in files
        if page.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists()
    ]
    assert dead == []


def test_no_path_of_somebodys_machine(files: list[Path], root: Path) -> None:
    found = []
    for path in files:
        if b"\0" in (raw := path.read_bytes())[:8192]:
            continue
        found += [f"{path.relative_to(root)}: {hit}" for hit in SOMEBODYS.findall(raw.decode(errors="replace"))]
    assert found == []


def test_files_are_of_a_size_to_be_read(files: list[Path], root: Path) -> None:
    """No dump, database or build slips in; source files that grow past reason are named."""
    heavy = [str(path.relative_to(root)) for path in files if path.stat().st_size > 2**20]
    long = [
        str(path.relative_to(root))
        for path in files
        if path.suffix == ".py" and "press" not in path.parts and path.read_text().count("\n") > 500
    ]
    assert (heavy, long) == ([], [])


def test_nothing_strange_stands_at_the_root(files: list[Path], root: Path) -> None:
    """A slip of the shell, such as `> 120`, leaves a file that nobody asked for."""
    at_root = {path.name for path in files if path.parent == root}
    known = {"Makefile", "LICENSE", ".editorconfig", ".gitignore"}
    assert {name for name in at_root - known if not name.endswith((".md", ".toml", ".yaml"))} == set()


def test_no_module_has_a_vague_name(files: list[Path], root: Path) -> None:
    found = [path.relative_to(root) for path in files if path.suffix == ".py"]
    assert [str(path) for path in found if VAGUE & {*path.parts, path.stem}] == []


def test_changelog_knows_this_version(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text()
    assert re.search(r"^## \[Unreleased\]", text, re.MULTILINE) or f"## [{tocsin.__version__}]" in text


def test_licence_is_the_apache_licence(root: Path) -> None:
    digest = hashlib.sha256((root / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30", "the text is changed"


def test_only_real_settings_are_named_and_all_are_explained(root: Path) -> None:
    real = {f"TOCSIN_{name.upper()}" for name in Settings.model_fields}
    example = (root / "deploy/.env.example").read_text()
    named = {
        name
        for path in (root / "deploy").rglob("*")
        if path.is_file()
        for name in re.findall(r"TOCSIN_[A-Z_]+[A-Z]", path.read_text())
    }
    pages = [root / "README.md", root / "SECURITY.md", *(root / "docs").glob("*.md")]
    named |= {name for page in pages for name in re.findall(r"TOCSIN_[A-Z_]+[A-Z]", page.read_text())}
    assert named <= real, "these settings do not exist"
    assert real <= set(re.findall(r"TOCSIN_[A-Z_]+[A-Z]", example)), "these are not explained in deploy/.env.example"


def test_wheel_is_whole(files: list[Path], root: Path, tmp_path: Path) -> None:
    """Catalogue, lists, templates and the press's texts travel with the code; tests do not."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    wanted = {str(path.relative_to(root)) for path in files if path.relative_to(root).parts[0] in PACKAGES}
    assert held == wanted
