"""Poison: texts over which whoever reads them dies or never ends. The part of it that is loaded into the processes.

A folder with a ``sitecustomize`` stands before all else on the path of every part (see ``stand_in``).
"""

import os
import signal
import time
from pathlib import Path

from spiders.extract import Extraction
from spiders.extract import extract as real
from tocsin.records import Article, Outlet, Page

CRASH, HANG = "Zapcrash", "Zaphang"
"""Words of a title."""
_LONG = 3600.0


def poisoned(title: str) -> None:
    """Do to this process what a title says."""
    if CRASH in title:
        os.kill(os.getpid(), signal.SIGKILL)
    if HANG in title:
        time.sleep(_LONG)


def extract(page: Page, outlet: Outlet) -> Extraction:
    """The real extraction, but for pages that kill or hold their reader."""
    poisoned(page.body.decode())
    return real(page, outlet)


def spoil_enrichment() -> None:
    """Let poisoned articles kill or hold the worker that enriches them. For ``sitecustomize``."""
    from workers.enrich import Enricher

    whole = Enricher.enrich

    def enrich(self: Enricher, article: Article) -> object:
        poisoned(article.title)
        return whole(self, article)

    Enricher.enrich = enrich  # type: ignore[method-assign, assignment]


def stand_in(folder: Path, *, lease: float = 0.0, limit: float = 0.0, poison: bool = False) -> Path:
    """A folder whose ``sitecustomize`` shortens leases and the limit of a task, in seconds, and spoils enrichment."""
    lines = []
    if lease:
        lines += [
            "import workers.deliver, workers.flow, workers.sweep",
            f"workers.flow.LEASE_SECONDS = workers.deliver.LEASE = workers.sweep.BEAT_LEASE = {lease}",
            f"workers.deliver.BEGIN = {lease / 4}",
        ]
    if limit:
        lines += ["import tocsin.queue", f"tocsin.queue.LIMIT = {limit}"]
    if poison:
        lines += ["import bench.faults.poison", "bench.faults.poison.spoil_enrichment()"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text("\n".join(lines) + "\n")
    return folder
