"""What every part of ``make bench-dedupe`` shares: a figure beside what is asked, and ``tocsin group`` over rows."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Row = dict[str, Any]
GOLD = ("event", "group", "kind")
"""What only the judge may know."""


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``asked`` is empty where it is only told."""

    part: str
    what: str
    value: str
    asked: str = ""
    short: bool = False


@dataclass(frozen=True)
class Found:
    """What ``tocsin group`` says of a document."""

    cluster: str
    relation: str


def least(part: str, what: str, value: float, asked: float) -> Figure:
    """A share that may not be below what is asked."""
    return Figure(part, what, f"{value:.5f}", f"≥ {asked:.3f}", short=value < asked)


def none_of(part: str, what: str, count: int, total: int) -> Figure:
    """A count that must be nought."""
    return Figure(part, what, f"{count} of {total}", "0", short=count > 0)


def grouped(rows: Iterable[Row]) -> dict[str, Found]:
    """The documents through the command's own function, in their order and without what only the judge may know."""
    from tocsin.cli.articles import group

    with TemporaryDirectory(prefix="tocsin-bench-") as folder:
        source, target = Path(folder, "in.jsonl"), Path(folder, "out.jsonl")
        lines = ({key: value for key, value in row.items() if key not in GOLD} for row in rows)
        source.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
        group(source, target)
        said = map(json.loads, target.read_text("utf-8").splitlines())
        return {row["id"]: Found(row["cluster"], row["relation"]) for row in said}


def clusters(found: Mapping[str, Found]) -> dict[str, list[str]]:
    """Documents by cluster."""
    together = defaultdict(list)
    for name, said in found.items():
        together[said.cluster].append(name)
    return dict(together)


def pairs(gold: Mapping[str, str], said: Mapping[str, str]) -> tuple[float, float]:
    """Precision and recall over all pairs of documents."""
    right = _pairs_in(Counter((gold[name], said[name]) for name in gold).values())
    claimed = _pairs_in(Counter(said[name] for name in gold).values())
    wanted = _pairs_in(Counter(gold.values()).values())
    return right / claimed if claimed else 1.0, right / wanted if wanted else 1.0


def _pairs_in(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
