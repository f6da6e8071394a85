"""Trains the trees of ``spiders/extract/forest.json`` and says how they do on pages they were not trained on.

Blocks of the shared pages are labelled by aligning them with the gold text; pages of one host are kept together in the
cross-validation. Needs LightGBM, which the program itself does not: ``make train-blocks`` brings it.
"""

import argparse
import difflib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from rich.console import Console
from rich.progress import track

from bench.extraction import DATA, FOLDED, FOLDS, TEXT_SETS, fold_of, load_judge, page_of
from spiders.extract import body, forest, lines, structured, traits
from spiders.extract import title as titles
from spiders.extract.authors import find
from spiders.extract.blocks import Block
from spiders.extract.decode import decode
from spiders.extract.tree import parse, squash

ROUNDS = 200
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.07,
    "num_leaves": 15,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 20,
    "verbose": -1,
    "num_threads": 2,
    # One of four; the means of their figures differ by .001, single sets by .004.
    "seed": 3,
    "deterministic": True,
}
MATCHED = 0.6
"""Share of a block's words that must stand in the gold text, in its order."""
FRAGMENT = 20
"""Characters of a block from which on it may be part of a fragment of the gold."""

Row = dict[str, Any]


def main() -> int:
    """Cross-validate, train on all, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="cross-validate only")
    arguments = parser.parse_args()
    judge = load_judge()
    gold = judge.load_gold(DATA)
    rows = [row for row in gold.values() if row["dataset"] in TEXT_SETS]
    with ProcessPoolExecutor(2) as pool:
        made = track(pool.map(_made, rows, chunksize=8), "blocks", len(rows), console=Console(stderr=True))
        pages = [page for page in made if page]
    models = held_out(pages)
    report(judge, gold, pages, models)
    if not arguments.dry:
        for fold, model in enumerate(models):
            write(model, FOLDED / f"{fold}.json")
        write(_train(pages), Path(forest.__file__).with_name(forest.FILE))
    return 0


def _made(row: Row) -> Row | None:
    page, outlet = page_of(row)
    root = parse(decode(page, outlet)[0])
    if root is None:
        return None
    facts = structured.read(root)
    title = titles.choose(root, facts)
    names = find(root, facts, title.node)
    blocks, known, _ = body.look(root, facts, title.text, names)
    rows = traits.traits_of(blocks, root.find("body"), known)
    at = [i for i, own in enumerate(rows) if own is not None]
    told = labels(blocks, row)
    return {
        "id": row["id"],
        "dataset": row["dataset"],
        "fold": fold_of(row),
        "blocks": [blocks[i].text for i in at],
        "counts": [blocks[i].count for i in at],
        "traits": np.array([rows[i] for i in at], dtype=np.float32).reshape(len(at), len(traits.NAMES)),
        "labels": [told[i] for i in at],
        "title": title.text,
        "authors": names,
    }


def labels(blocks: Sequence[Block], row: Row) -> list[float | None]:
    """Of each block 1 if it belongs to the gold text, 0 if not, None where the gold does not tell."""
    gold = "\n".join(row["paragraphs"]) if row.get("paragraphs") else row.get("text") or ""
    if gold:
        return [float(share > MATCHED) for share in aligned(blocks, gold)]
    wanted, unwanted = ([squash(one) for one in row.get(key) or []] for key in ("with", "without"))
    return [0.0 if _holds(block, unwanted) else 1.0 if _holds(block, wanted) else None for block in blocks]


def _holds(block: Block, fragments: list[str]) -> bool:
    text = block.text
    return any(one and (one in text or (len(text) > FRAGMENT and text in one)) for one in fragments)


def aligned(blocks: Sequence[Block], gold: str) -> list[float]:
    """The share of each block's words that stand in the gold text, both read in their order."""
    own = [(word, i) for i, block in enumerate(blocks) for word in block.words]
    matcher = difflib.SequenceMatcher(None, [w for w, _ in own], titles.words(gold), autojunk=False)
    found = Counter(own[k][1] for start, _, size in matcher.get_matching_blocks() for k in range(start, start + size))
    return [found[i] / len(block.words) if block.words else 0.0 for i, block in enumerate(blocks)]


def _weights(page: Row) -> Any:
    """Long blocks weigh more, but less than their length; all pages weigh alike; fragments tell half as much."""
    told = np.array([label is not None for label in page["labels"]])
    weight = np.where(told, np.array(page["counts"], dtype=float) ** 0.7, 0.0)
    votes = page["traits"][:, traits.NAMES.index("votes")]
    telling = told & ((np.array([label or 0.0 for label in page["labels"]]) > 0) | (votes > 0.1))
    return weight / max(30.0, weight[telling].sum()) * (50 if page["dataset"] == "traf" else 100)


def _train(pages: list[Row]) -> Any:
    weight = np.concatenate([_weights(page) for page in pages])
    label = np.concatenate([[one or 0.0 for one in page["labels"]] for page in pages])
    known = np.concatenate([page["traits"] for page in pages])
    told = weight > 0
    data = lightgbm.Dataset(known[told], label[told], weight=weight[told], feature_name=_safe_names())
    return lightgbm.train(SETTINGS, data, ROUNDS)


def _safe_names() -> list[str]:
    return [name.replace(" ", "_").replace("+", "plus_").replace("-", "minus_") for name in traits.NAMES]


def held_out(pages: list[Row]) -> list[Any]:
    """Models by fold, each of which saw no page of the hosts in its fold."""
    return [_train([page for page in pages if page["fold"] != fold]) for fold in range(FOLDS)]


def report(judge: Any, gold: dict[str, Row], pages: list[Row], models: list[Any]) -> None:
    """Text F1 by set at some thresholds, with and without the sieve of lines, on pages that were held out."""
    chances = {page["id"]: models[page["fold"]].predict(page["traits"]) if page["blocks"] else [] for page in pages}

    def figures(name: str, text: Callable[[Row], str]) -> None:
        by: dict[str, list[Row]] = {}
        for page in pages:
            by.setdefault(page["dataset"], []).append(judge.score_page(gold[page["id"]], {"text": text(page)}))
        each = "  ".join(f"{key} {judge.corpus(key, by[key])['F1']:.4f}" for key in sorted(by))
        print(f"{name:24} {each}  mean {np.mean([row['f1'] for rows in by.values() for row in rows]):.4f}", flush=True)

    def kept(page: Row, least: float) -> list[str]:
        return [b for b, chance in zip(page["blocks"], chances[page["id"]], strict=True) if chance > least]

    for least in (0.4, 0.45, 0.5, 0.55):
        figures(f"blocks over {least}", lambda page, least=least: "\n\n".join(kept(page, least)))
        figures(
            "… and through the sieve",
            lambda page, least=least: "\n\n".join(lines.sift(kept(page, least), page["title"], page["authors"]).kept),
        )


def write(model: Any, path: Path) -> None:
    """The trees as nested lists: (trait, threshold, not above, above), or a leaf's number."""

    def plain(node: Row) -> Any:
        if "leaf_value" in node:
            return round(node["leaf_value"], 4)
        threshold = float(f"{node['threshold']:.6g}")
        return [node["split_feature"], threshold, plain(node["left_child"]), plain(node["right_child"])]

    trees = [plain(tree["tree_structure"]) for tree in model.dump_model()["tree_info"]]
    text = json.dumps({"traits": traits.NAMES, "trees": trees}, separators=(",", ":"))
    path.write_text(text.replace("]],[", "]],\n[") + "\n", "utf-8")
    print(f"{len(trees)} trees, {path.stat().st_size / 1000:.0f} kB: {path}")


if __name__ == "__main__":
    sys.exit(main())
