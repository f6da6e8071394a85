"""One text, one voice, judged: what ``tocsin group`` joins and what it leaves apart.

Corpora, each through the command's own function: sixty events told seven times (``bench/events``), the shared set
of edited Wikinews articles under its own judge, and twenty daily bulletins over sixty days (``bench/bulletins.yaml``).
Prints a table; exits 1 where a figure falls short. ``--wrong`` lists what was joined or missed.
"""

import argparse
import gzip
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.table import Table

from bench import dedupe_bulletins, dedupe_events
from bench.dedupe_edits import judge_edits
from bench.dedupe_judge import Figure, Found, Row, clusters, grouped, least, none_of, pairs
from bench.dedupe_stream import judge_stream
from bench.judges import loaded

SHARED = Path(__file__).resolve().parents[2] / "shared"
WIKINEWS = SHARED / "data/dedup/wikinews_edit.dev.jsonl.gz"
APART = ("independent", "denial", "followup")
"""Kinds of a document that stand alone, whatever they share with the wire."""
ASKED = {"republications": 0.95, "pair F1": 0.985, "precision": 0.995, "B-cubed F1": 0.985, "bulletins": 0.99}

Part = Callable[[bool], list[Figure]]


def main() -> int:
    """Run the parts, print one table, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part (repeatable)")
    parser.add_argument("--wrong", action="store_true", help="list what was joined or missed")
    arguments = parser.parse_args()
    table = Table("part", "figure", "measured", "asked")
    failures = []
    for name in arguments.part or PARTS:
        started = time.perf_counter()
        figures = PARTS[name](arguments.wrong)
        figures.append(Figure(name, "seconds", f"{time.perf_counter() - started:.1f}"))
        for figure in figures:
            table.add_row(figure.part, figure.what, figure.value, figure.asked, style="red" if figure.short else "")
            failures += [f"{figure.part}, {figure.what}: {figure.value}, asked {figure.asked}"] * figure.short
        table.add_section()
    Console(width=110).print(table)
    for failure in failures:
        print("Short:", failure)
    return 1 if failures else 0


def judge_events(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """Sixty events: copies join, translations join by their link, and nothing else does."""
    return _judged("events", dedupe_events.rows(), wrong=wrong)


def judge_unseen(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """Events of other writers: told only."""
    folders = sorted(dedupe_events.UNSEEN.iterdir())
    figures = [
        it for folder in folders for it in _judged(f"unseen, {folder.name}", dedupe_events.rows(folder), wrong=wrong)
    ]
    return [Figure(it.part, it.what, it.value) for it in figures]


def _judged(part: str, rows: list[Row], *, wrong: bool) -> list[Figure]:
    found = grouped(rows)
    told = {row["id"]: row for row in rows}
    company = {
        name: [other for other in members if other != name] for members in clusters(found).values() for name in members
    }
    kinds = Counter(row["kind"] for row in rows)
    with_wire = defaultdict(list)
    for row in rows:
        if found[row["id"]].cluster == found[f"{row['event']}-wire"].cluster:
            with_wire[row["kind"]].append(row["id"])
    alone = {kind: [row["id"] for row in rows if row["kind"] == kind and company[row["id"]]] for kind in APART}
    strangers = [n for n, others in company.items() if any(told[o]["event"] != told[n]["event"] for o in others)]
    translations = [n for n in with_wire["translation"] if found[n].relation == "translation"]
    if wrong:
        _list_events(told, company, with_wire, {*chain(*alone.values()), *strangers})
    republications, rewrites = len(with_wire["republication"]), len(with_wire["rewrite"])
    return [
        *(none_of(part, f"{kind} joined", len(names), kinds[kind]) for kind, names in alone.items()),
        none_of(part, "joined across events", len(strangers), len(rows)),
        least(part, "republications joined", republications / kinds["republication"], ASKED["republications"]),
        Figure(part, "republications are called", _called(found, with_wire["republication"])),
        Figure(part, "rewrites joined", f"{rewrites} of {kinds['rewrite']}"),
        Figure(part, "rewrites that joined are called", _called(found, with_wire["rewrite"])),
        Figure(part, "translations with that relation", f"{len(translations)} of {kinds['translation']}"),
    ]


def _called(found: dict[str, Found], names: list[str]) -> str:
    """Relations and how often each was given."""
    return ", ".join(f"{relation} {count}" for relation, count in Counter(found[n].relation for n in names).items())


def _list_events(
    told: dict[str, Row], company: dict[str, list[str]], with_wire: dict[str, list[str]], joined: set[str]
) -> None:
    for name in sorted(joined):
        print(f"joined: {name} with {', '.join(company[name])}")
    for name, row in told.items():
        if row["kind"] == "republication" and name not in with_wire["republication"]:
            print("not joined:", name)


def judge_wikinews(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """The shared set under the shared judge, which this project did not write."""
    if not WIKINEWS.is_file():
        return [Figure("wikinews", "not run: the shared sets are not beside the project", "")]
    judge = load_judge()
    with gzip.open(WIKINEWS, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    found = grouped(rows)
    gold = {row["id"]: row["group"] for row in rows}
    said = {name: found[name].cluster for name in gold}
    scored = judge.score(gold, said)
    if wrong:
        kinds = judge.by_kind(gold, said, {row["id"]: row["kind"] for row in rows})
        for kind, (documents, wanted, hit, foreign) in sorted(kinds.items()):
            if hit < wanted or foreign:
                print(f"{kind}: {documents} documents, {wanted - hit} pairs missed, {foreign} wrong")
    measured = {"pair F1": scored["pair_f1"], "precision": scored["pair_p"], "B-cubed F1": scored["b3_f1"]}
    return [least("wikinews", what, value, ASKED[what]) for what, value in measured.items()]


def load_judge() -> ModuleType:
    """The shared judge, as a module."""
    return loaded(SHARED / "bench/score_dedup.py")


def judge_bulletins(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """Twenty bulletins, sixty days, drawn several times: no two days are one text. The worst drawing counts."""
    judged = [_bulletins(seed, wrong=wrong) for seed in dedupe_bulletins.SEEDS]
    precision, recall, chained, groups = zip(*judged, strict=True)
    return [
        least("bulletins", "precision", min(precision), ASKED["bulletins"]),
        Figure("bulletins", "recall", f"{min(recall):.5f}"),
        none_of("bulletins", "groups that span days", sum(chained), sum(groups)),
    ]


def _bulletins(seed: int, *, wrong: bool) -> tuple[float, float, int, int]:
    """Precision, recall, groups that span days, and groups."""
    rows = dedupe_bulletins.rows(seed)
    found = grouped(rows)
    told = {row["id"]: row for row in rows}
    gold = {name: row["group"] for name, row in told.items()}
    precision, recall = pairs(gold, {name: said.cluster for name, said in found.items()})
    chained = list(_over_days(found, gold))
    if wrong:
        families = Counter(told[members[0]]["kind"] for members in chained)
        for family, count in families.most_common():
            longest = max((m for m in chained if told[m[0]]["kind"] == family), key=len)
            print(f"{family}: {count} groups of several days, the largest of {len(longest)} ({longest[0]} …)")
    return precision, recall, len(chained), len(clusters(found))


def _over_days(found: dict[str, Found], gold: dict[str, str]) -> Iterator[list[str]]:
    """Groups that hold bulletins of two days, or of two families."""
    for members in clusters(found).values():
        if len({gold[name] for name in members}) > 1:
            yield members


PARTS: dict[str, Part] = {
    "events": judge_events,
    "unseen": judge_unseen,
    "wikinews": judge_wikinews,
    "bulletins": judge_bulletins,
    "stream": judge_stream,
    "edits": judge_edits,
}
"""In order of the table. A further part (the simulator's stream, workers at once, the cost of an article) is a function
in a module of its own, such as ``bench/dedupe_cost.py``, and one line here."""


if __name__ == "__main__":
    sys.exit(main())
