"""Runs the crawler as the process that it is, over a real store, for tests."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tocsin.records import Outlet
from tocsin.stores import open_store
from tocsin.stores.sqlite import SqliteStore

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[SqliteStore]:
    """The store of a test's folder."""
    store = open_store(f"sqlite:{folder / 'crawl.db'}")
    try:
        yield store
    finally:
        store.close()


def start(
    folder: Path, *options: str, outlets: Iterable[Outlet] = (), private: str = "127.0.0.0/8"
) -> subprocess.Popen[bytes]:
    """Put outlets into the store and start a crawler on it."""
    with opened(folder) as store:
        store.put_outlets(outlets)
    environment = {
        **os.environ,
        "TOCSIN_DATA_DIR": str(folder),
        "TOCSIN_ALLOW_PRIVATE": private,
        "TOCSIN_CONTACT": "desk@watch.example",
        "TOCSIN_CHILDREN": "1",
        "PYTHONPATH": str(ROOT),
    }
    command: Sequence[str] = (sys.executable, "-m", "spiders", "--store", f"sqlite:{folder / 'crawl.db'}", *options)
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def crawl_once(folder: Path, *options: str, outlets: Iterable[Outlet] = (), private: str = "127.0.0.0/8") -> None:
    """One single run, which must end by itself, well, and in silence."""
    process = start(folder, "--once", *options, outlets=outlets, private=private)
    try:
        out, err = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    told = (process.returncode, out.decode(), err.decode())
    assert told == (0, "", "")


def urls(store: SqliteStore) -> list[str]:
    """Addresses of all accepted articles."""
    found = []
    while batch := store.claim(500, 3600.0, _far()):
        found += [article.url for article in batch]
    return found


def _far():
    from datetime import UTC, datetime

    return datetime.now(UTC)
