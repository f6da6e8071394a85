"""Wildcards and simple patterns of other tools, spelt out as words. What would be too many words is not spelt out."""

import re

MOST = 40
"""Spellings up to which a pattern is written out: an alphabet with its variants fits."""

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"
_BRITISH = re.compile(r"(?i).*[iy]\?(?:e|ed|es|er|ers|ing|able|ation|ations)$")
_ATOM = re.compile(r"(?:\[(?P<choice>\w+)\]|\((?:\?:)?(?P<words>\w+(?:\|\w+)*)\)|(?P<letter>[\w'-]))(?P<maybe>\??)")
_ALTERNATIVES = re.compile(r"\w+(?:\|\w+)+")


def wildcard(word: str) -> list[str]:
    """A word with one ``?`` for any one letter: all the words it stands for; none where there are more of them.

    Between the two spellings of -ise and -ize it is s or z.
    """
    before, sign, after = word.partition("?")
    if not sign or "?" in after or not (before + after):
        return []
    cyrillic = re.search("[\u0400-\u052f]", before + after)
    letters = "sz" if _BRITISH.match(word) else _CYRILLIC if cyrillic else _LATIN
    return [before + letter + after for letter in letters]


def spelt_out(pattern: str) -> list[str]:
    """A pattern of letters, ``[ab]``, ``(one|other)``, ``x?`` and a final ``.*``: the words and prefixes it stands for.

    None where it holds anything else, or stands for more than MOST.
    """
    body = re.sub(r"^\^|\$$", "", pattern)
    tail = re.search(r"(?:\.\*|\\w\*|\.\+|\\w\+)$", body)
    body = body[: tail.start()] if tail else body
    if _ALTERNATIVES.fullmatch(body):
        body = f"({body})"
    found, at = [""], 0
    while at < len(body):
        atom = _ATOM.match(body, at)
        if not atom:
            return []
        choices = list(atom["choice"] or "") or (atom["words"] or atom["letter"] or "").split("|")
        found = [word + choice for word in found for choice in [*choices, *([""] if atom["maybe"] else [])]]
        if len(found) > MOST:
            return []
        at = atom.end()
    found = [word for word in dict.fromkeys(found) if len(word) >= 2]
    return [word + "*" for word in found] if tail else found
