"""What every test may ask for, and the surroundings that all of them share."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services import elastic_server, redis_server
from tests.services.secrets_of_server import Secrets

if TYPE_CHECKING:
    from tocsin.stores.elastic import ElasticStore
    from tocsin.stores.port import Store
    from tocsin.stores.redis import RedisFingerprints

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
def elasticsearch_server(needs: Needs) -> Iterator[elastic_server.Server]:
    """A real Elasticsearch of this test process alone; ``make servers`` brings it."""
    home = elastic_server.home()
    needs(home, "Elasticsearch")
    assert home
    with elastic_server.served(home) as server:
        yield server


@pytest.fixture(scope="session")
def elasticsearch(elasticsearch_server: elastic_server.Server) -> str:
    """Its address."""
    return elasticsearch_server.address


@pytest.fixture(scope="session")
def secure_elasticsearch(needs: Needs) -> Iterator[elastic_server.Server]:
    """One with its security on. It takes half a minute to start: what needs it stands in one file."""
    home = elastic_server.home()
    needs(home, "Elasticsearch")
    assert home
    with elastic_server.served(home, secrets=Secrets()) as server:
        yield server


@pytest.fixture(scope="session")
def redis(needs: Needs) -> Iterator[str]:
    """Address of a real Redis of this test process alone; ``make servers`` brings it."""
    server = redis_server.program()
    needs(server, "Redis")
    assert server
    with redis_server.running(server) as address:
        yield address


@pytest.fixture(scope="session")
def seeing_store(elasticsearch: str, redis: str) -> "Iterator[ElasticStore]":
    """A store on the real Elasticsearch whose searches see everything that was written before them."""
    from tests.services.seeing import seeing
    from tocsin.stores.elastic import ElasticStore

    store = seeing(ElasticStore.open(f"elastic+{elasticsearch}/contract", redis))
    yield store
    store.close()


@pytest.fixture
def elastic_store(seeing_store: "ElasticStore", shared_fingerprints: "RedisFingerprints") -> "ElasticStore":
    """The same, empty. To make its indices anew for each test would take a second."""
    from tocsin.stores.elastic import ElasticStore
    from tocsin.stores.elastic.server import Write

    server = seeing_store.server
    rows = server.each("*", {"query": {"match_all": {}}, "sort": ["_shard_doc"], "_source": False})
    server.write([Write("delete", row.place, row.id) for row in rows if row.id != "schema"])
    return ElasticStore(server, shared_fingerprints)


@pytest.fixture
def shared_fingerprints(redis: str) -> "RedisFingerprints":
    """Empty fingerprints in the real Redis."""
    from tocsin.stores.redis import RedisFingerprints

    made = RedisFingerprints.open(redis, "contract")
    made._client.flushall()
    assert made.rebuild([], [])
    return made


@pytest.fixture(params=["sqlite", "elastic"])
def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> "Iterator[Store]":
    """An empty store of each kind."""
    from tocsin.stores import open_store

    if request.param == "elastic":
        yield request.getfixturevalue("elastic_store")
        return
    handle = open_store(f"sqlite:{tmp_path}/store.db")
    yield handle
    handle.close()
