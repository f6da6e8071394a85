"""Decision trees that say of a block whether it belongs to the article.

The trees are gradient-boosted (Friedman 2001, as LightGBM grows them) and were trained on public pages by
``bench/train_blocks.py``; the file holds nothing but numbers. They are few and shallow enough for plain Python.
"""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from math import exp
from typing import Any

import msgspec

FILE = "forest.json"
_SURE = {30: 2.0, 50: 2.5, 80: 2.5, 120: 2.0}
"""Log-odds after so many trees beyond which, on pages that were held out, the others moved no block over the bar."""

Tree = Any
"""A leaf's number, or (trait, threshold, tree where not above, tree where above)."""


class Forest(msgspec.Struct, frozen=True):
    """The trained trees."""

    traits: tuple[str, ...]
    """Names of the traits, in the order in which they are numbered in the trees."""
    trees: tuple[Tree, ...]

    def chance(self, traits: Sequence[float]) -> float:
        """How likely a block with these traits belongs to the article, 0 to 1."""
        total = 0.0
        for number, tree in enumerate(self.trees):
            if number in _SURE and not -_SURE[number] < total < _SURE[number]:
                break
            node = tree
            while type(node) is tuple:
                node = node[2] if traits[node[0]] <= node[1] else node[3]
            total += node
        return 1 / (1 + exp(-total))


@cache
def forest() -> Forest:
    """The trees that come with the program."""
    return read_forest(resources.files("spiders.extract").joinpath(FILE).read_bytes())


def read_forest(data: bytes) -> Forest:
    """The trees of a file: ``{"traits": […], "trees": […]}``, a tree as nested lists."""
    raw = msgspec.json.decode(data)
    return Forest(tuple(raw["traits"]), tuple(_tree(tree) for tree in raw["trees"]))


def _tree(node: Any) -> Tree:
    if not isinstance(node, list):
        return float(node)
    return (node[0], float(node[1]), _tree(node[2]), _tree(node[3]))
