"""``tocsin outlets check`` with rules: what each gives on a saved page, and on the newest pages of the outlet."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tocsin.cli.jsonl import Line
from tocsin.records import Outlet, Rule
from tocsin.stores import open_store

FILLER = "The council met on Tuesday evening and spoke for three hours about the bridge over the river. "
PAGE = f"""<html lang="en"><head><title>The bridge</title></head><body><h1>The site</h1><h2 class="t">A bridge is closed
</h2><div class="text"><p>{FILLER * 4}</p></div><div class="promo">{FILLER}</div></body></html>"""
RULES = '[[rules]]\ntitle = "h2.t"\nauthors = ".nobody"\n[[rules]]\npages = "/sport/"\nsection = "b"\n'


def tocsin(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """One command as a user types it, allowed to fetch from this machine."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), "TOCSIN_ALLOW_PRIVATE": "127.0.0.0/8", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "bridge.toml"
    path.write_text('name = "bridge"\nhome = "https://bridge.example/"\n' + RULES)
    return path


def test_rules_of_a_file_on_a_saved_page(page: Path, rules: Path, tmp_path: Path) -> None:
    arguments = [
        "outlets",
        "check",
        "--rules",
        str(rules),
        "--page",
        str(page),
        "--url",
        "https://bridge.example/news/1",
    ]
    result = tocsin(tmp_path, *arguments)
    assert result.returncode == 1
    assert "A bridge is closed" in result.stdout
    assert "nothing" in result.stdout
    assert "other pages" in result.stdout
    assert result.stderr.strip() == "bridge: rule 1 gives no authors on any of these pages."
    rows = [json.loads(line) for line in tocsin(tmp_path, *arguments, "--json").stdout.splitlines()]
    assert [(row["rule"], row["piece"], row["fate"]) for row in rows] == [
        (1, "title", "used"),
        (1, "authors", "nothing"),
        (2, "section", "other pages"),
    ]


MISUSES = {
    "no address": (["outlets", "check", "bridge", "--page", "PAGE"], "--url"),
    "no page": (["outlets", "check", "bridge", "--url", "https://bridge.example/1"], "--page"),
    "no outlet": (["outlets", "check", "--page", "PAGE", "--url", "https://bridge.example/1"], "outlets check NAME"),
    "unknown": (["outlets", "check", "none", "--page", "PAGE", "--url", "https://bridge.example/1"], "none"),
    "no rules": (["outlets", "check", "meduza", "--page", "PAGE", "--url", "https://meduza.io/1"], "no rules"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_wrong_use_is_one_sentence(name: str, page: Path, tmp_path: Path) -> None:
    arguments, word = MISUSES[name]
    result = tocsin(tmp_path, *[str(page) if one == "PAGE" else one for one in arguments])
    assert result.returncode == 2
    (complaint,) = result.stderr.strip().splitlines()
    assert word in complaint


class _Site(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012 - one server in one test

    def do_GET(self) -> None:
        """The pages of the site."""
        self.asked.append(self.path)
        body = b"User-agent: *\nDisallow: /closed/\n" if self.path == "/robots.txt" else PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain" if self.path == "/robots.txt" else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def site() -> Iterator[str]:
    _Site.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_newest_pages_are_fetched_politely(site: str, tmp_path: Path) -> None:
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    rule = Rule(title="h2.t", drop=("div.promo",))
    store.put_outlets([Outlet(name="bridge", home=site + "/", pace=0.1, rules=(rule,))])
    now = datetime(2026, 11, 26, tzinfo=UTC)
    paths = ("/news/old-1", "/closed/2", "/news/new-3")
    lines = [Line(url=site + path, title="A bridge", text=FILLER * 5 + path, outlet="bridge") for path in paths]
    store.accept([line.article(now) for line in lines])
    store.close()
    assert tocsin(tmp_path, "work", "--once").returncode == 0
    result = tocsin(tmp_path, "outlets", "check", "bridge", "--pages", "2")
    assert result.returncode == 0, result.stderr
    assert "A bridge is closed" in result.stdout
    assert "/closed/2: robots.txt disallows" in result.stderr
    assert _Site.asked == ["/robots.txt", "/news/new-3"]
    assert tocsin(tmp_path, "outlets", "check", "bridge", "--pages", "0").returncode == 0
    assert _Site.asked == ["/robots.txt", "/news/new-3"]
