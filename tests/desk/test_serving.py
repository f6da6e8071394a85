"""The desk on a port: loopback only, a taken port is one clear sentence, and it ends with its parent."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
import urllib.request
from datetime import UTC

import httpx
import pytest

from tocsin.desk import create_app, serving
from tocsin.errors import UserError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_no_other_machine_can_reach_it(host):
    with pytest.raises(UserError, match="no password yet"):
        serving.listen(host, 0)


def test_a_taken_port_is_named():
    with serving.listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} on 127.0.0.1 is in use") as caught:
            serving.listen("127.0.0.1", port)
    assert caught.value.code == 1


def test_the_main_says_where_it_is_and_ends_with_its_parent(tmp_path):
    command = [
        sys.executable,
        "-m",
        "tocsin.desk",
        "--store",
        f"sqlite:{tmp_path}/t.db",
        "--port",
        "0",
        "--with-parent",
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as desk:
        try:
            said = json.loads(desk.stdout.readline())
            assert said["ready"] is True
            with urllib.request.urlopen(said["url"] + "api/v1/overview", timeout=10) as answer:
                assert json.load(answer)["ready"] == 0
                assert "uvicorn" not in str(answer.headers).lower()
            desk.stdin.close()
            assert desk.wait(10) == 0
        finally:
            desk.kill()


def test_the_main_ends_in_order_when_it_is_told_to_and_logs_nothing_of_what_was_read(tmp_path):
    command = [sys.executable, "-m", "tocsin.desk", "--store", f"sqlite:{tmp_path}/t.db", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as desk:
        try:
            url = json.loads(desk.stdout.readline())["url"]
            with urllib.request.urlopen(url + "search?q=secretinterest", timeout=10):
                pass
            desk.terminate()
            assert desk.wait(10) == 0
            assert desk.stdout.read() == ""
        finally:
            desk.kill()


def test_the_thread_of_the_store_ends_with_the_application(client):
    client.get("/")
    assert [thread for thread in threading.enumerate() if thread.name.startswith("desk-store")]
    client.__exit__()
    assert [thread for thread in threading.enumerate() if thread.name.startswith("desk-store")] == []


def test_the_main_refuses_a_taken_port_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "tocsin.desk", "--store", f"sqlite:{tmp_path}/t.db", "--port", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "t.db").exists()


def test_readers_at_the_same_time_share_one_thread_of_the_store(store, made, expander, newsroom, monkeypatch):
    threads = set()
    ask = store.search

    def watched(*given, **named):
        threads.add(threading.get_ident())
        return ask(*given, **named)

    monkeypatch.setattr(store, "search", watched)
    app = create_app(store, clock=newsroom.StandingClock(), zone=UTC, expander=expander)
    queries = ["Bakhmut", "conscription", "призыв", "outlet:harbour-post"] * 15

    async def read():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await asyncio.gather(*(client.get("/api/v1/search", params={"q": query}) for query in queries))

    answers = asyncio.run(read())
    assert [answer.json()["query"] for answer in answers] == queries
    assert len({answer.text for answer in answers}) == 4
    assert len(threads) == 1
    assert threading.get_ident() not in threads
