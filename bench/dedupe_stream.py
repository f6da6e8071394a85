"""The simulator's stream through dedupe: a hundred outlets, three days, all kinds of copies but translations.

The outlet simulator (which this project did not write) knows which of its articles are copies of one agency story.
"""

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import msgspec

from bench.dedupe_judge import Figure, Row, grouped, least, pairs
from tocsin.cli.jsonl import read_articles
from tocsin.clock import SystemClock
from tocsin.records import Article

SIMULATOR = Path(__file__).resolve().parents[2] / "shared/bench/outlet_simulator.py"
F1, PRECISION = 0.97, 0.99


def stream(outlets: int = 100, days: int = 3) -> list[Row]:
    """Lines for ``tocsin group`` in order of publication, with their true ``group`` and ``kind``."""
    asked = ["truth", "--outlets", str(outlets), "--history-days", str(days), "--horizon-days", "0"]
    told = subprocess.run([sys.executable, str(SIMULATOR), *asked], capture_output=True, check=True).stdout
    rows = [row for row in map(json.loads, told.splitlines()) if row["copy_kind"] != "translated"]
    return [_line(row) for row in sorted(rows, key=lambda row: datetime.fromisoformat(row["published"]))]


def simulated(folder: Path, number: int) -> list[Article]:
    """The first of the stream as articles that were seen in one moment, so that any store carries them in its order."""
    path = folder / "simulated.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in stream()[:number])
    now = SystemClock().now()
    return [msgspec.structs.replace(article, first_seen=now) for _, article in read_articles(path)]


def _line(row: Row) -> Row:
    wire = row["wire_id"]
    return {
        "id": row["id"],
        "url": row["url"],
        "outlet": f"o{row['outlet']:04}",
        "title": row["title"],
        "text": row["body"].replace("\n", "\n\n"),
        "lang": row["lang"],
        "published": row["published"],
        "kind": row["copy_kind"],
        "group": row["id"] if wire is None else f"wire {wire} {row['lang']}",
    }


def judge_stream(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """All copies of an agency's story join, and nothing else does."""
    if not SIMULATOR.is_file():
        return [Figure("stream", "not run: the simulator is not beside the project", "")]
    rows = stream()
    found = grouped(rows)
    gold = {row["id"]: row["group"] for row in rows}
    said = {name: found[name].cluster for name in gold}
    precision, recall = pairs(gold, said)
    if wrong:
        usual = {group: Counter(said[name] for name in gold if gold[name] == group) for group in set(gold.values())}
        missed = Counter(row["kind"] for row in rows if said[row["id"]] != usual[row["group"]].most_common(1)[0][0])
        print("stream, documents outside of their group by kind:", dict(missed))
    return [
        Figure("stream", "documents", str(len(rows))),
        least("stream", "pair F1", 2 * precision * recall / ((precision + recall) or 1.0), F1),
        least("stream", "precision", precision, PRECISION),
    ]
