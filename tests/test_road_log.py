"""One id along the road: from the crawler to the reader each stage writes a line of JSON that names the article."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.spiders.crawling import opened, start
from tests.spiders.site_server import Site, article, feed
from tocsin.records import Outlet, Subscription

STAGES = ["accepted", "enriched", "filed", "rang", "ready", "delivered"]


def test_an_article_is_followed_by_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_LOG_LEVEL", "debug")
    pages = {
        "/rss": (200, {}, feed("/news/100001.html", "/news/100002.html")),
        "/news/100001.html": article("Bridge closes for repairs"),
        "/news/100002.html": article("Ferry sails again"),
    }
    with Site(pages) as site:
        outlet = Outlet(name="post", home=site.url, pace=0.02, feeds=(f"{site.url}rss",))
        crawler = start(tmp_path, "--once", outlets=[outlet])
        _, said = crawler.communicate(timeout=60)
    assert crawler.returncode == 0
    with opened(tmp_path) as store:
        store.put_subscription(
            Subscription(
                id="s", name="s", query='"Bridge closes"', channels=("file:alerts.jsonl",), created=datetime.now(UTC)
            )
        )
    worker = subprocess.run(
        [sys.executable, "-m", "workers", "--once", "--store", f"sqlite:{tmp_path}/crawl.db"],
        env={**os.environ, "TOCSIN_DATA_DIR": str(tmp_path)}, capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in (said + worker.stderr).decode().splitlines()]
    stages = defaultdict(list)
    for line in lines:
        if "article" in line:
            stages[line["article"]].append(line["event"])
    with opened(tmp_path) as store:
        bridge, ferry = sorted(store.search(None, limit=9), key=lambda it: it.title)
    assert bridge.title.startswith("Bridge")
    assert stages == {bridge.id: STAGES, ferry.id: ["accepted", "enriched", "filed", "ready"]}
    assert all(line["timestamp"] and line["level"] for line in lines)
    assert [(line["articles"], line["notices"]) for line in lines if line["event"] == "a batch is ready"] == [(2, 1)]


def test_nothing_is_written_of_single_articles_by_default(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "workers", "--once"], env={**os.environ, "TOCSIN_DATA_DIR": str(tmp_path)},
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert (result.stdout, result.stderr) == (b"", b"")
