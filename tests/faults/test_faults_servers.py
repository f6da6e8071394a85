"""The short form of the fault table over Redis, Celery and Elasticsearch."""

from pathlib import Path

import pytest

from tests.conftest import Needs
from tests.faults.fault_table import table
from tests.services import elastic_server, redis_server


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_processes_and_servers_are_befallen_in_one_run(root: Path, needs: Needs) -> None:
    """Each kind of process is killed, Redis is killed, stopped and flushed, Elasticsearch killed; hints come twice."""
    needs(elastic_server.home(), "Elasticsearch")
    needs(redis_server.program(), "Redis")
    told = table(root, "mixed")
    assert "every promise holds" in told
    for fault in ("sweeper", "Celery worker", "deliverer", "SIGSTOP", "FLUSHALL", "Elasticsearch: kill -9"):
        assert fault in told
