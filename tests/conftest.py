"""What every test may ask for, and the surroundings that all of them share."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services import elastic_server, redis_server

ROOT = Path(__file__).resolve().parent.parent
CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

Needs = Callable[[object, str], None]


def pytest_configure() -> None:
    """Keep the person's own settings and data out of the tests, in this process and in those it starts."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_") and name != "TOCSIN_CACHE_DIR"]:
        del os.environ[name]
    # Compiled dictionaries stay in the cache folder of the person: they are made once per machine.
    os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="tocsin-tests-")


def pytest_unconfigure() -> None:
    """Remove the data folder of the run."""
    shutil.rmtree(os.environ["XDG_DATA_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root."""
    return ROOT


@pytest.fixture(scope="session")
def ci() -> bool:
    """Whether CI runs the tests: what may be absent at home must be there."""
    return CI


@pytest.fixture(scope="session")
def needs() -> Needs:
    """``needs(present, what)``: without it the test is skipped at home and fails in CI."""

    def check(present: object, what: str) -> None:
        if present:
            return
        if CI:
            pytest.fail(f"{what} is missing, and CI must have it", pytrace=False)
        pytest.skip(f"{what} is missing here")

    return check


@pytest.fixture(scope="session")
def chromium(needs: Needs) -> str:
    """Path of the browser."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    needs(found, "Chromium")
    return found


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ``shared`` beside the project: larger samples that are no part of it.

    Clones elsewhere lack it, and then nothing here can bring it: what reads it is skipped, in CI too.
    """
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of larger samples is not beside the project")
    return folder


@pytest.fixture
def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def elasticsearch(needs: Needs) -> Iterator[str]:
    """Address of a real Elasticsearch of this test process alone; ``make servers`` brings it."""
    server = elastic_server.home()
    needs(server, "Elasticsearch")
    assert server
    with elastic_server.running(server) as address:
        yield address


@pytest.fixture(scope="session")
def redis(needs: Needs) -> Iterator[str]:
    """Address of a real Redis of this test process alone; ``make servers`` brings it."""
    server = redis_server.program()
    needs(server, "Redis")
    assert server
    with redis_server.running(server) as address:
        yield address
