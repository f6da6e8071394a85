"""Charsets that nobody declared, or declared wrongly: told by the bytes; and text that was decoded twice."""

import re
from collections import Counter

CYRILLIC = ("cp1251", "koi8-u", "iso8859-5", "cp866")
"""Single-byte charsets of Cyrillic, the likeliest first."""
ALIKE = {"koi8-r": "koi8-u", "koi8-t": "koi8-u"}
"""Charsets that another one reads just as well, and more."""
_COMMON = frozenset("оеаинтсрвлкмі")
_SURE = 0.55
"""Share of the commonest letters among all letters: some .65 in Ukrainian, .73 in Russian, .4 in Greek read so."""
_SAMPLE = 200_000
_LEAST = 40
"""Bytes beyond ASCII that tell something."""
_HIGH = re.compile(rb"[\x80-\xff]+")
_MIXED = re.compile("[\udc80-\udcff]+")
_TAIL = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_LETTER = rf"[ÐÑ](?:{_TAIL}| (?=[ÐÑ]))"
_TWICE, _TWICE_RUN = re.compile(rf"(?:{_LETTER})+"), re.compile(rf"(?:{_LETTER}){{2,}}")
_TWICE_LEAST = 30


def cyrillic(body: bytes, declared: str = "") -> str:
    """The single-byte charset by which the bytes read like Cyrillic text; an empty string where none does.

    ``declared`` stays where another one reads hardly better.
    """
    runs = _HIGH.findall(body[:_SAMPLE])
    high = sum(map(len, runs))
    # Accents of Latin letters stand alone; letters of Cyrillic words stand together.
    if high < _LEAST or high < 2.5 * len(runs):
        return ""
    sample = b" ".join(runs)
    shares = {name: _share(sample.decode(name, "replace")) for name in dict.fromkeys((declared, *CYRILLIC)) if name}
    best = max(CYRILLIC, key=lambda name: shares[name])
    if shares[best] < _SURE:
        return ""
    return declared if declared in CYRILLIC and shares[declared] > 0.9 * shares[best] else best


def _share(text: str) -> float:
    counts = Counter(text)
    letters = sum(number for sign, number in counts.items() if sign.isalpha() or sign == "\ufffd" or sign > "\u2500")
    return sum(number for sign, number in counts.items() if sign in _COMMON) / max(1, letters)


def mixed(body: bytes, other: str) -> str:
    """UTF-8 with pieces in ``other``, which came in from elsewhere; a broken letter is still a broken letter."""

    def piece(found: re.Match[str]) -> str:
        raw = bytes(ord(sign) - 0xDC00 for sign in found.group())
        text = raw.decode(other, "replace")
        return text if len(raw) > 1 and text.isalpha() else "\ufffd" * len(raw)

    return _MIXED.sub(piece, body.decode("utf-8", "surrogateescape"))


def once(text: str) -> str:
    """Cyrillic text that was UTF-8, read as Western and written as UTF-8 again (``Ð’Ñ‹``), as it was."""
    if text.count("Ð") + text.count("Ñ") < 2 * _TWICE_LEAST:
        return text
    if sum(len(found.group()) for found in _TWICE_RUN.finditer(text)) < 2 * _TWICE_LEAST:
        return text
    return _TWICE.sub(_as_it_was, text)


def _as_it_was(found: re.Match[str]) -> str:
    # A blank stands for the no-break space that somebody tidied: it is the second half of Р and р's neighbours.
    written = re.sub("([ÐÑ]) ", "\\1\u00a0", found.group())
    raw = b"".join(_byte(sign) for sign in written)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return found.group()


def _byte(sign: str) -> bytes:
    code = ord(sign)
    if code < 0x100:
        return bytes((code,))
    return sign.encode("cp1252")
