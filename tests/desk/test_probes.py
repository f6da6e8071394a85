"""``/health``, ``/ready``, ``/metrics``: what a monitor hears while all is well, and while something is not."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from prometheus_client import parser

from tocsin.clock import SystemClock
from tocsin.desk import create_app, probes
from tocsin.desk.probes import Probes
from tocsin.errors import Away, UserError
from tocsin.settings import Settings
from tocsin.stores.heartbeats import Heart


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def watched(store, expander, settings) -> Iterator[TestClient]:
    """A desk with its probes; the store may take half a second."""
    app = create_app(
        store, clock=SystemClock(), zone=ZoneInfo("UTC"), expander=expander,
        watch=Probes(settings, SystemClock(), patience=0.5),
    )  # fmt: skip
    with TestClient(app, base_url="http://127.0.0.1:8765") as opened:
        yield opened


@pytest.fixture
def worker(settings) -> Iterator[Heart]:
    heart = Heart.open("workers", settings, SystemClock())
    heart.beat()
    yield heart
    heart.end()


def numbers(client: TestClient) -> dict[str, float]:
    """The samples without labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = parser.text_string_to_metric_families(answer.text)
    return {it.name: it.value for family in families for it in family.samples if not it.labels}


def test_ready_while_a_worker_is_heard_of(watched, worker):
    assert watched.get("/ready").json() == {"ready": True, "wrong": []}
    assert watched.get("/health").json() == {"well": True}
    worker.end()
    answer = watched.get("/ready")
    assert answer.status_code == 503
    assert [it["what"] for it in answer.json()["wrong"]] == ["workers"]
    assert watched.get("/health").status_code == 200, "to start the desk anew brings no worker back"


def test_metrics_are_read_by_the_parser_of_prometheus(watched, store):
    found = numbers(watched)
    assert found["tocsin_store_up"] == 1
    assert found["tocsin_store_size_bytes"] > 1000
    assert found["tocsin_alerts"] == 0


def test_they_are_guarded_as_every_page(watched):
    for path in ("/health", "/ready", "/metrics"):
        assert watched.get(path, headers={"host": "evil.example"}).status_code == 421
        answer = watched.get(path)
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cache-control"] == "private, no-cache"
        assert watched.post(path).status_code == 405


@pytest.mark.usefixtures("worker")
def test_a_store_that_hangs_keeps_nobody_waiting(watched, monkeypatch):
    """Many who ask meanwhile put one question; and the desk's own pages go on."""
    asked, free = [], threading.Event()
    opened = probes.open_store

    def hanging(*address):
        asked.append(address)
        free.wait(20)
        return opened(*address)

    monkeypatch.setattr(probes, "open_store", hanging)
    began = time.monotonic()
    for _ in range(3):
        answer = watched.get("/ready")
        assert answer.status_code == 503
        assert answer.json()["wrong"][0]["what"] == "store"
        assert "does not answer within" in answer.json()["wrong"][0]["why"]
    assert watched.get("/search").status_code == 200
    assert watched.get("/health").status_code == 200
    assert time.monotonic() - began < 5
    assert len(asked) == 1
    free.set()
    end = time.monotonic() + 10
    while watched.get("/ready").status_code != 200:
        assert time.monotonic() < end
    assert numbers(watched)["tocsin_store_up"] == 1


@pytest.mark.usefixtures("worker")
def test_a_store_that_is_away_is_told_and_comes_back(watched, monkeypatch):
    opened = probes.open_store

    def away(*address):
        raise Away("The server does not answer.")

    monkeypatch.setattr(probes, "open_store", away)
    assert watched.get("/ready").json() == {
        "ready": False, "wrong": [{"what": "store", "why": "The server does not answer."}]
    }  # fmt: skip
    assert numbers(watched) == {"tocsin_store_up": 0}
    monkeypatch.setattr(probes, "open_store", opened)
    assert watched.get("/ready").status_code == 200


def test_without_probes_there_are_no_such_pages(client):
    for path in ("/health", "/ready", "/metrics"):
        assert client.get(path).status_code == 404


def test_the_thread_and_the_store_of_the_probes_end_with_the_application(watched, monkeypatch):
    watched.get("/ready")
    assert [it for it in threading.enumerate() if it.name.startswith("desk-probes")]
    watched.__exit__()
    end = time.monotonic() + 10
    while [it for it in threading.enumerate() if it.name.startswith("desk-probes")]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_failure_of_the_store_is_one_sentence(watched, monkeypatch):
    def closed(*address):
        raise UserError("The store cannot be written.")

    monkeypatch.setattr(probes, "open_store", closed)
    answer = watched.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["wrong"][0]["why"] == "The store cannot be written."
