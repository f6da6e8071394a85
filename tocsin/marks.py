"""Marks that are set in many ways and say one thing: quotation marks, apostrophes, dashes, and what nobody sees."""

import unicodedata

QUOTES = "\"'„“”«»‹›‟‘’‚‛`´ʼ＂＇"
"""Characters that quote."""
SPELLED = str.maketrans({**dict.fromkeys("‘’‚‛`´ʼ＇", "'"), **dict.fromkeys("‐‑‒–—―−", "-"), "…": "..."})
"""One spelling of apostrophes, dashes and dots."""
UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
"""Soft hyphens, joiners and marks of direction: taken out."""
_ONE_QUOTE = str.maketrans(dict.fromkeys(QUOTES, '"'))


def one_spelling(line: str) -> str:
    """A line whatever its white space, case, soft hyphens, and the form of its quotation marks and dashes."""
    text = unicodedata.normalize("NFC", line).translate(UNSEEN).translate(SPELLED).translate(_ONE_QUOTE)
    return " ".join(text.casefold().split())
