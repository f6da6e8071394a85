"""A real Elasticsearch on loopback, started for tests or benches and stopped with them.

``make servers`` brings it. It is the distribution for integration tests: the real server with few modules, so ``GET /``
has no answer, and what asks whether it lives asks ``_cluster/health``.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

VERSION = "8.19.4"
"""As in ``set_up.sh`` beside this file."""

PATIENCE = 100.0
"""Seconds that the server may take to start; ten on a quiet machine."""


def home() -> Path | None:
    """Where the server is unpacked; None where it, or Java, is absent."""
    cache = (
        Path("/var/cache") if os.geteuid() == 0 else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    )
    found = cache / "tocsin" / f"elasticsearch-{VERSION}"
    return found if shutil.which("java") and (found / "bin" / "elasticsearch").is_file() else None


@contextlib.contextmanager
def running(server: Path, heap: str = "512m") -> Iterator[str]:
    """Start the server on ports of its own choosing and yield its address; stop it at the end.

    Raises RuntimeError where it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="tocsin-elasticsearch-"))
    try:
        process = _start(server, folder, heap)
        try:
            yield _address(process, folder)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(server: Path, folder: Path, heap: str) -> subprocess.Popen[bytes]:
    shutil.copytree(server / "config", folder / "config")
    for name in ("data", "logs", "tmp"):
        (folder / name).mkdir()
    settings = {
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": "0",
        "transport.port": "0",
        "node.portsfile": "true",
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "xpack.security.enabled": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    words = [word for name, value in settings.items() for word in ("-E", f"{name}={value}")]
    java = Path(str(shutil.which("java"))).resolve().parent.parent
    surroundings = {
        "PATH": os.environ["PATH"],
        "ES_JAVA_HOME": str(java),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_JAVA_OPTS": f"-Xms{heap} -Xmx{heap}",
        "CLI_JAVA_OPTS": f"-Djava.io.tmpdir={folder / 'tmp'}",
    }
    with (folder / "output").open("wb") as output:
        return subprocess.Popen(
            [*_as_nobody(folder), str(server / "bin" / "elasticsearch"), *words],
            env=surroundings, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip


def _as_nobody(folder: Path) -> list[str]:
    """What stands before the command: it refuses to run as root, and it must not outlive whoever started it."""
    if not shutil.which("setpriv"):
        return []
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "TERM"]
    nobody = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--pdeathsig", "TERM"]


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    ports = folder / "logs" / "http.ports"
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        lines = ports.read_text().split() if ports.is_file() else []
        for line in lines:
            if line.startswith("127.0.0.1:") and _lives(address := f"http://{line}"):
                return address
        time.sleep(0.2)
    output = (folder / "output").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"Elasticsearch did not start within {PATIENCE:.0f} seconds. Its last words:\n{output}")


def _lives(address: str) -> bool:
    try:
        with urllib.request.urlopen(
            f"{address}/_cluster/health?wait_for_status=yellow&timeout=5s", timeout=10
        ) as answer:
            return json.load(answer)["status"] in ("yellow", "green")
    except (urllib.error.URLError, OSError):
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        # The group is its own: nothing but the server and what it started.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
