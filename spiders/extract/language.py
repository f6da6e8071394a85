"""The language a page claims, from all the places that may claim one."""

import re
from collections import Counter
from collections.abc import Sequence

_LANGUAGES = {
    **dict.fromkeys(("ua", "ukr", "ukrainian", "українська"), "uk"),
    **dict.fromkeys(("rus", "russian", "русский"), "ru"),
    **dict.fromkeys(("eng", "english"), "en"),
    **dict.fromkeys(("deu", "ger", "german", "deutsch"), "de"),
    **dict.fromkeys(("fra", "fre", "french", "français"), "fr"),
    **dict.fromkeys(("spa", "spanish", "español"), "es"),
    **dict.fromkeys(("pol", "polish", "polski"), "pl"),
    "ita": "it",
    "por": "pt",
    "gr": "el",
    "jp": "ja",
    "cz": "cs",
    "iw": "he",
}
_CODE = re.compile(r"[a-z]{2}(?=[-_@.]|$)")


def claimed(lang: str, others: Sequence[str]) -> str:
    """The language of a page, ISO 639-1; an empty string where none is claimed.

    ``lang`` is what the html element says; ``others`` are further claims, the more trustworthy first. The html element
    wins, unless most of the others name one other language: two at least, or one where it says English. English itself
    never wins in this way: it is what themes say that nobody changed.
    """
    first, told = code_of(lang), [c for c in map(code_of, others) if c]
    if not first or not told:
        return first or (told[0] if told else "")
    name, count = Counter(told).most_common(1)[0]
    enough = 2 * count > len(told) and first not in told and name != "en"
    return name if enough and (count > 1 or first == "en") else first


def code_of(claim: str) -> str:
    """ISO 639-1 code of a claim such as ``uk-UA``, ``ukr`` or ``Ukrainian``; an empty string where it is none."""
    text = claim.strip().lower()
    if text in _LANGUAGES:
        return _LANGUAGES[text]
    found = _CODE.match(text)
    return _LANGUAGES.get(found.group(0), found.group(0)) if found else ""
