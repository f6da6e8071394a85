"""The desk on a port: loopback only, a taken port is one clear sentence, and it ends with its parent."""

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tocsin.desk import serving
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
    command = [sys.executable, "-m", "tocsin.desk", "--store", f"sqlite:{tmp_path}/t.db", "--port", "0", "--with-parent"]
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
