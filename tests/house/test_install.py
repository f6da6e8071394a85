"""Both ways to install work from nothing: locked with hashes, and unlocked, with the pip a new environment has.

They fetch some hundred packages, so only CI runs them. (`make test` itself has then installed the largest lock.)
"""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def _only_in_ci(*, ci: bool) -> None:
    if not ci:
        pytest.skip("installs from the network: CI runs it (CI=true)")


def run(*command: str | Path, cwd: Path) -> str:
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=800, check=False)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


@pytest.fixture
def python(root: Path, tmp_path: Path) -> Path:
    """The interpreter of a new virtual environment, its pip untouched."""
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=root)
    return tmp_path / "venv/bin/python"


def test_locked(python: Path, root: Path) -> None:
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--require-hashes", "-r", "requirements/run.txt", cwd=root)
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", ".", cwd=root)
    run(python, "-m", "pip", "check", cwd=root)
    run(python, "-c", "import scrapy, trafilatura, apsw, fastapi, spiders, workers, tocsin.records", cwd=root.parent)
    assert "Usage" in run(python.with_name("tocsin"), "--help", cwd=root.parent)


def test_unlocked(python: Path, root: Path) -> None:
    run(python, "-m", "pip", "install", "-q", "-e", ".[distributed]", cwd=root)
    run(python, "-m", "pip", "check", cwd=root)
    run(python, "-c", "import scrapy, celery, redis, elasticsearch, spiders, workers", cwd=root.parent)
    assert "Usage" in run(python.with_name("tocsin"), "--help", cwd=root.parent)
