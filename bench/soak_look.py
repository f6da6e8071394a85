"""What is looked at in a soak: processes, the file of SQLite with its tables, Redis, indices of Elasticsearch."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import apsw
from redis import Redis

from bench.faults.parts import below, parents
from bench.soak_judge import FOREVER, Limit
from tests.services.elastic_server import Server

ROWS = Limit(0.05, 20)
LIMITS: dict[str, Limit | None] = {
    "MB": Limit(0.03, 2.0),
    "descriptors": Limit(0.0, 1.0),
    "threads": Limit(0.0, 1.0),
    "rows": ROWS,
    "kept rows": FOREVER,
    "index": Limit(0.10, 100_000),
    "file": Limit(0.10, 500_000),
    "file in all": FOREVER,
    # A high-water mark: it goes up in jumps, when a checkpoint meets a reader, and never comes down.
    "WAL": Limit(0.5, 16_000_000),
    "Redis keys": Limit(0.05, 20),
    "Redis bytes": Limit(0.05, 200_000),
    "documents": ROWS,
    "kept documents": FOREVER,
}
"""What may grow by how much: bytes, rows, MB of memory."""

_KEPT = frozenset({"pages", "alerts", "notices", "forms", "form_keys", "subscriptions", "outlets", "feeds", "meta"})
"""What is kept for ever by design: addresses, what readers were told, the vocabulary, settings."""
_EVIDENCE = "id IN (SELECT article FROM notices)"


def processes(own: str, others: Mapping[str, int]) -> Iterator[tuple[str, float]]:
    """Memory, descriptors and threads of this process, and of others with all that they started, by name and place."""
    tree = parents()
    every = {own: [os.getpid()]} | {name: [pid, *sorted(below(pid, tree))] for name, pid in others.items()}
    for name, pids in every.items():
        for place, one in enumerate(pids):
            status = Path(f"/proc/{one}/status").read_text()
            its = f"{name} {place}" if place else name
            # Its own memory: pages of files that it has mapped belong to the system, which takes them back.
            yield f"MB: {its}", int(_found(r"RssAnon:\s+(\d+)", status)) / 1024
            yield f"threads: {its}", float(_found(r"Threads:\s+(\d+)", status))
            yield f"descriptors: {its}", float(len([*Path(f"/proc/{one}/fd").iterdir()]))


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "0"


class SqliteLook:
    """A look at the file with a connection of its own, opened for each look so that it holds nothing back."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> Iterator[tuple[str, float]]:
        """Rows by table, bytes by what they are for."""
        connection = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            yield from self._tables(connection)
            yield from self._bytes(connection)
        finally:
            connection.close()
        wal = self._path.with_name(self._path.name + "-wal")
        yield "WAL", float(wal.stat().st_size) if wal.exists() else 0.0

    def _tables(self, connection: apsw.Connection) -> Iterator[tuple[str, float]]:
        # The index of words has shadow tables that are tables like others; the virtual ones ask for our tokenizer.
        listed = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
        for (name,) in connection.execute(listed).fetchall():
            if str(name).startswith("sqlite_"):
                continue
            if name == "articles":
                yield (
                    "rows: articles without an alert",
                    _one(connection, f"SELECT count(*) FROM articles WHERE NOT {_EVIDENCE}"),
                )
                yield (
                    "kept rows: articles with an alert",
                    _one(connection, f"SELECT count(*) FROM articles WHERE {_EVIDENCE}"),
                )
                continue
            kind = "kept rows" if name in _KEPT else "index rows" if str(name).startswith("words_") else "rows"
            if kind != "index rows":
                yield f"{kind}: {name}", _one(connection, f"SELECT count(*) FROM {name}")

    def _bytes(self, connection: apsw.Connection) -> Iterator[tuple[str, float]]:
        of = {
            str(name): (str(table), float(str(size)))
            for name, table, size in connection.execute(
                "SELECT d.name, coalesce(s.tbl_name, d.name), sum(d.pgsize) FROM dbstat d"
                " LEFT JOIN sqlite_schema s ON s.name = d.name GROUP BY d.name"
            ).fetchall()
        }
        kept = sum(size for table, size in of.values() if table in _KEPT)
        words = sum(size for table, size in of.values() if table.startswith("words_"))
        prints = sum(size for table, size in of.values() if table in {"prints", "fresh_prints", "sketches", "days"})
        whole = _one(connection, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        yield "index: bytes of words", words
        yield "index: bytes of fingerprints", prints
        yield "file: bytes without what is kept for ever", whole - kept
        yield "file in all", whole


def _one(connection: apsw.Connection, sql: str) -> float:
    ((value,),) = connection.execute(sql).fetchall()
    return float(str(value))


class RedisLook:
    """Keys and bytes of a Redis."""

    def __init__(self, address: str) -> None:
        self._client = Redis.from_url(address)

    def __call__(self) -> Iterator[tuple[str, float]]:
        """All databases together."""
        told: Any = self._client.info()
        yield "Redis keys", float(sum(it["keys"] for name, it in told.items() if re.fullmatch(r"db\d+", name)))
        yield "Redis bytes", float(told["used_memory"])


class ElasticLook:
    """Documents by index; those that are kept for ever by themselves."""

    _KEPT = ("addresses", "alerts", "stories", "subscriptions", "outlets", "feeds", "meta", "refused")

    def __init__(self, server: Server, prefix: str) -> None:
        self._server, self._prefix = server, prefix

    def __call__(self) -> Iterator[tuple[str, float]]:
        """What a search would find."""
        self._server.ask("POST", f"/{self._prefix}-*/_refresh")
        told: Any = self._server.ask("GET", f"/{self._prefix}-*/_stats/docs")["indices"]
        months = [name for name in told if name.startswith(f"{self._prefix}-articles-")]
        rest: Any = self._server.ask(
            "POST", f"/{self._prefix}-articles-*/_count",
            {"query": {"bool": {"must_not": [{"exists": {"field": "matched_subscriptions"}}]}}},
        )  # fmt: skip
        yield "documents: articles without an alert", float(rest["count"])
        yield "kept documents: months of articles", float(len(months))
        for name, it in sorted(told.items()):
            if name not in months:
                plain = name.removeprefix(f"{self._prefix}-")
                kind = "kept documents" if plain in self._KEPT else "documents"
                yield f"{kind}: {plain}", float(it["primaries"]["docs"]["count"])


def looked(every: Iterable[Iterable[tuple[str, float]]]) -> dict[str, float]:
    """One sample of all."""
    return {name: value for look in every for name, value in look}
