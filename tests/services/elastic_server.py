"""A real Elasticsearch on loopback, started for tests or benches and stopped with them.

``make servers`` brings it. It is the distribution for integration tests: the real server with few modules, so ``GET /``
has no answer, and what asks whether it lives asks ``_cluster/health``.
"""

import base64
import contextlib
import json
import os
import pwd
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tests.services.secrets_of_server import ADMIN, Secrets

VERSION = "8.19.4"
"""As in ``set_up.sh`` beside this file."""

PATIENCE = 100.0
"""Seconds that the server may take to start; ten on a quiet machine."""

_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": "0",
        "transport.port": "0",
        "node.portsfile": "true",
        "xpack.security.enabled": "false",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
)


def home() -> Path | None:
    """Where the server is unpacked; None where it, or Java, is absent."""
    cache = (
        Path("/var/cache") if os.geteuid() == 0 else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    )
    found = cache / "tocsin" / f"elasticsearch-{VERSION}"
    return found if shutil.which("java") and (found / "bin" / "elasticsearch").is_file() else None


class Server:
    """A server with a folder of its own. After ``kill`` it may be started again, with its data and at its address."""

    def __init__(self, home: Path, folder: Path, heap: str, secrets: Secrets | None) -> None:
        self._home, self._folder, self._heap = home, folder, heap
        self.secrets = secrets
        self._settings = dict(_SETTINGS) | {"path.data": str(folder / "data"), "path.logs": str(folder / "logs")}
        shutil.copytree(home / "config", folder / "config")
        for name in ("data", "logs", "tmp"):
            (folder / name).mkdir()
        if secrets is not None:
            self._settings |= secrets.settings()
            secrets.write(folder / "config")
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError where it does not."""
        (self._folder / "logs" / "http.ports").unlink(missing_ok=True)
        words = [word for name, value in self._settings.items() for word in ("-E", f"{name}={value}")]
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [*_as_nobody(self._folder), str(self._home / "bin" / "elasticsearch"), *words],
                env=self._surroundings(), cwd=self._folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        self.address = self._await(self._process)
        self._settings["http.port"] = self.address.rpartition(":")[2]

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            # The group is its own: nothing but the server and what it started.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def stop(self) -> None:
        """End it in order; where that takes long, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
            self.kill()

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """One request as the one who may do everything. Raises HTTPError where it is refused."""
        return _ask(self.address, self.secrets, method, path, body)

    def _surroundings(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "ES_JAVA_HOME": str(Path(str(shutil.which("java"))).resolve().parent.parent),
            "ES_PATH_CONF": str(self._folder / "config"),
            "ES_TMPDIR": str(self._folder / "tmp"),
            "ES_JAVA_OPTS": f"-Xms{self._heap} -Xmx{self._heap}",
            "CLI_JAVA_OPTS": f"-Djava.io.tmpdir={self._folder / 'tmp'}",
        }

    def _await(self, process: subprocess.Popen[bytes]) -> str:
        ports = self._folder / "logs" / "http.ports"
        scheme = "https" if self.secrets else "http"
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            lines = ports.read_text().split() if ports.is_file() else []
            for line in lines:
                if line.startswith("127.0.0.1:") and _lives(address := f"{scheme}://{line}", self.secrets):
                    return address
            time.sleep(0.2)
        output = (self._folder / "output").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"Elasticsearch did not start within {PATIENCE:.0f} seconds. Its last words:\n{output}")


@contextlib.contextmanager
def served(home: Path, heap: str = "512m", secrets: Secrets | None = None) -> Iterator[Server]:
    """Start a server on ports of its own choosing, with security on where secrets are given; stop it at the end.

    Raises RuntimeError where it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="tocsin-elasticsearch-"))
    server = None
    try:
        server = Server(home, folder, heap, secrets)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(server: Path, heap: str = "512m") -> Iterator[str]:
    """The same without security; yields its address."""
    with served(server, heap) as started:
        yield started.address


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


def _lives(address: str, secrets: Secrets | None) -> bool:
    try:
        told = _ask(address, secrets, "GET", "/_cluster/health?wait_for_status=yellow&timeout=5s")
    except (urllib.error.URLError, OSError):
        return False
    return told["status"] in ("yellow", "green")


def _ask(address: str, secrets: Secrets | None, method: str, path: str, body: object = None) -> dict[str, object]:
    request = urllib.request.Request(
        f"{address}{path}",
        None if body is None else json.dumps(body).encode(),
        {"content-type": "application/json"},
        method=method,
    )
    context = None
    if secrets is not None:
        whole = base64.b64encode(f"{ADMIN}:{secrets.passwords[ADMIN]}".encode()).decode()
        request.add_header("authorization", f"Basic {whole}")
        context = ssl.create_default_context(cadata=secrets.authority.decode())
    with urllib.request.urlopen(request, timeout=30, context=context) as answer:
        told: dict[str, object] = json.load(answer)
        return told
