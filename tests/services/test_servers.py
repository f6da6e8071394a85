"""The real servers start, are what they should be, and nobody finds them afterwards."""

import socket
import time

import httpx
import pytest

from tests.services import elastic_server, redis_server

pytestmark = pytest.mark.timeout(300)


def test_elasticsearch_is_of_the_version(elasticsearch: str) -> None:
    nodes = httpx.get(f"{elasticsearch}/_nodes/settings", timeout=30).json()["nodes"]
    assert [node["version"] for node in nodes.values()] == [elastic_server.VERSION]


def test_set_up_brings_that_version(root) -> None:
    assert f"VERSION={elastic_server.VERSION}\n" in (root / "tests/services/set_up.sh").read_text()


def test_redis_answers_and_is_stopped(needs) -> None:
    server = redis_server.program()
    needs(server, "Redis")
    with redis_server.running(server) as address:
        port = int(address.rsplit(":", 1)[1].split("/")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"SET a b\r\nGET a\r\n")
            time.sleep(0.1)
            assert line.recv(64) == b"+OK\r\n$1\r\nb\r\n"
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
