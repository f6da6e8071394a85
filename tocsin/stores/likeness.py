"""How likely two articles are about the same events, in any language: pure, and the same on every store.

By rare names: what is written with a capital within a sentence meets in its transliteration, so that Бахмутом and
Bakhmut are one. Nothing is joined by this, and no alert is held back: it is a score for readers.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from math import log

from tocsin.records import Article
from tocsin.words import Analysed, is_capital, names_at

WITHIN = timedelta(hours=72)
"""How far apart two reports of one event are seen, at most."""
LEAST = 0.25
"""Least score of what is told."""
ASKED = 12
"""Rarest names that are looked up."""
LOOKED_AT = 60
"""Articles that are compared."""
_NUMBERS = 0.05
"""What a number in common adds, at most four of them."""
_OLD = 0.4
"""What is taken off for the full time between."""
_NUMBER = re.compile(r"s:\d[\d.]+")


def names_of(analysed: Analysed) -> set[str]:
    """Transliterations of the words with a capital that begin no sentence, as keys."""
    tokens = [*filter(is_capital, analysed.title[1:]), *(analysed.text[at] for at in names_at(analysed))]
    return {key for token in tokens for key in token.keys if key.startswith("t:")}


def weights_of(counts: Mapping[str, int], total: int) -> dict[str, float]:
    """How much a name tells: the logarithm of how rare it is; names that no other article has tell nothing."""
    return {key: log(1 + (total + 1) / count) for key, count in counts.items() if count > 1}


def rarest(weights: Mapping[str, float]) -> list[str]:
    """The names by which other articles are looked up."""
    return sorted(weights, key=lambda key: (-weights[key], key))[:ASKED]


def likeliest(
    article: Article,
    ours: Analysed,
    weights: Mapping[str, float],
    others: Iterable[tuple[Article, Analysed]],
    limit: int,
) -> list[tuple[Article, float]]:
    """Of articles of other stories those that are likely enough, with their score, 0 to 1; of each story one."""
    whole, numbers = sum(weights.values()), _numbers(ours)
    best: dict[str, tuple[Article, float]] = {}
    for other, theirs in others:
        shared = sum(weights[key] for key in names_of(theirs) & weights.keys())
        score = shared / whole + _NUMBERS * min(4, len(numbers & _numbers(theirs)))
        apart = abs(other.first_seen - article.first_seen) / WITHIN
        score = round(min(1.0, score) * (1 - _OLD * apart), 3)
        if score >= max(LEAST, best.get(other.story, (other, 0.0))[1]):
            best[other.story] = (other, score)
    return sorted(best.values(), key=lambda pair: (-pair[1], pair[0].id))[:limit]


def _numbers(analysed: Analysed) -> set[str]:
    """Numbers of two digits and more, without years."""
    found = {token.keys[0] for token in analysed.text if _NUMBER.fullmatch(token.keys[0])}
    return {one for one in found if not re.fullmatch(r"s:(?:19|20)\d\d", one)}
