"""What all channels do to a message's lines before they print them: find matched words, links, and what is too long.

Strangers write parts of each line. What they write is shown as text: only a word that the message itself names as
matched is marked, only an address that it names is a link.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tocsin.messages import MARK, Message, followable, plain

JOINER = "\u2060"
"""Invisible, and nobody's name begins with it."""


class Run(NamedTuple):
    """A piece of a line."""

    text: str
    matched: bool = False
    """Whether it is a word that the query met."""


class Words:
    """Cuts lines where a matched word begins or ends."""

    def __init__(self, message: Message) -> None:
        forms = {plain(str(hit.get("form", ""))) for notice in notices(message) for hit in notice.get("hits", ())}
        marked = sorted((f"{MARK}{form}{MARK}" for form in forms if form), key=len, reverse=True)
        self._marked = re.compile(f"({'|'.join(map(re.escape, marked))})") if marked else None

    def runs(self, line: str) -> list[Run]:
        """The pieces of a line; together they are the line without the marks of its words."""
        if self._marked is None:
            return [Run(line)]
        pieces = self._marked.split(line)
        inner = slice(len(MARK), -len(MARK))
        runs = [Run(piece[inner], True) if at % 2 else Run(piece) for at, piece in enumerate(pieces)]  # noqa: FBT003
        return [run for run in runs if run.text]


def notices(message: Message) -> list[dict[str, Any]]:
    """The payloads of the notices that a message is made of."""
    several: list[dict[str, Any]] = message.payload.get("notices") or [message.payload]
    return several


def links(message: Message) -> frozenset[str]:
    """The addresses of its articles that a reader may follow."""
    told = (str(notice.get("article", {}).get("url", "")) for notice in notices(message))
    return frozenset(filter(None, (message.url, *map(followable, told))))


def shortened(message: Message, limit: int, size: Callable[[str], int], desk: str = "") -> list[str]:
    """Its lines, or those that fit and a last one that says how many are left out and where they stand.

    ``size`` measures a text in the units of ``limit``; a break between lines counts as one of them.
    """
    lines = [cut(line, limit // 2, size) for line in message.lines]
    if _sum(lines, size) <= limit:
        return lines
    kept: list[str] = []
    room = limit - _sum(_more(len(lines), message, desk), size)
    for line in lines:
        room -= size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return [*kept, *_more(len(lines) - len(kept), message, desk)]


def still(text: str) -> str:
    """Text in which no ``@name`` calls anybody: an invisible joiner stands in between."""
    return re.sub(r"([@\uff20])(?=\S)", rf"\1{JOINER}", text)


def utf8(text: str) -> int:
    """Length in bytes."""
    return len(text.encode("utf-8", "replace"))


def utf16(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text) + sum(char > "\uffff" for char in text)


def cut(text: str, limit: int, size: Callable[[str], int]) -> str:
    """Text of at most this size, with ``…`` where something is missing."""
    if size(text) <= limit:
        return text
    low, high = 0, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle]) + size(" …") <= limit else (low, middle - 1)
    return text[:low].rstrip() + " …"


def _more(number: int, message: Message, desk: str) -> list[str]:
    url = message.url or desk
    # An address that is itself too long for a message helps nobody.
    told = f"… and {number} more lines"
    return [f"{told}; all of it:", url] if url and len(url) <= 500 else [told]


def _sum(lines: Sequence[str], size: Callable[[str], int]) -> int:
    return sum(size(line) + 1 for line in lines) - 1
