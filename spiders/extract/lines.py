"""From lines to paragraphs: what of a text belongs to the article."""

from collections.abc import Sequence

import msgspec

from spiders.extract import phrases
from spiders.extract.localdate import is_date_line
from spiders.extract.title import is_glued, words
from spiders.extract.tree import count_words

_TITLE_WITHIN = 14
_SHORT = 14
_NOTE_WORDS = 45
_CODE_WORDS = 20
"""More of it is an article about code."""
_BIO_WORDS = 60
_LAST = 3
"""Lines at the end among which the author is introduced."""


class Sifted(msgspec.Struct, frozen=True):
    """Lines that stay and lines that go, each in the order of the page."""

    kept: tuple[str, ...]
    dropped: tuple[str, ...]


def sift(lines: Sequence[str], title: str, authors: Sequence[str] = (), *, whole: bool = True) -> Sifted:
    """Take out of a text what is not the article's: the repeated title and what stands before it, teasers, invitations,
    widgets, date lines, bylines, credits, and what follows a footer's heading. ``whole`` is False for an entry of a
    live blog, which may end without a full stop.
    """
    by = {words(a) for a in authors}
    start = _after_title(lines, title)
    tail = _tail(lines)
    kept: list[str] = []
    dropped: list[str] = []
    seen: set[str] = set()
    for at, line in enumerate(lines):
        before = at < start and not phrases.is_paragraph(line)
        behind = at >= tail and not phrases.is_paragraph(line)
        again = len(line) > 40 and line in seen
        bio = whole and at >= len(lines) - _LAST and at > 0 and _is_bio(line, authors)
        if before or behind or again or bio or _is_title(line, title) or _is_noise(line, by):
            dropped.append(line)
        else:
            kept.append(line)
            seen.add(line)
    while whole and kept and _is_dangling(kept[-1]):
        dropped.append(kept.pop())
    return Sifted(tuple(kept), tuple(dropped))


def _is_bio(line: str, authors: Sequence[str]) -> bool:
    """Whether a line introduces an author: ``Jane Doe is a reporter …``, ``Роман Журба — журналіст …``."""
    return count_words(line) <= _BIO_WORDS and (
        bool(phrases.BIO.match(line))
        or any(line.startswith(name) and phrases.INTRODUCES.match(line[len(name) :]) for name in authors if " " in name)
    )


def _is_title(line: str, title: str) -> bool:
    return bool(title) and (words(line) == words(title) or is_glued(line, title))


def _after_title(lines: Sequence[str], title: str) -> int:
    """Index behind the last showing of the title near the top; 0 where it is not shown."""
    return next((i + 1 for i in range(min(_TITLE_WITHIN, len(lines)) - 1, -1, -1) if _is_title(lines[i], title)), 0)


def _tail(lines: Sequence[str]) -> int:
    """Index of the first footer heading behind which no paragraph comes; the number of lines where there is none."""
    tail = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at]
        if phrases.FOOTER.match(line) or (
            count_words(line) <= 6 and phrases.is_teaser(line) and line.rstrip().endswith((":", "…"))
        ):
            tail = at
        elif phrases.is_paragraph(line):
            break
    return tail


def _is_noise(line: str, authors: set[tuple[str, ...]]) -> bool:
    if phrases.is_teaser(line) or phrases.COPYRIGHT.match(line):
        return True
    count = count_words(line)
    if count <= _NOTE_WORDS and phrases.is_note(line):
        return True
    if count <= _CODE_WORDS and phrases.is_code(line):
        return True
    if count > _SHORT + 16:
        return False
    if (
        phrases.SMALL.match(line)
        or phrases.WEATHER.match(line)
        or phrases.FOOTER.match(line)
        or phrases.CREDIT.match(line)
        or phrases.AGO.search(line)
    ):
        return True
    if is_date_line(phrases.without_date_label(line)):
        return True
    own = words(line)
    if own in authors or (
        len(own) > 1
        and own[0] in ("by", "автор", "автори", "авторы", "von", "par", "por", "autor")
        and own[1:] in authors
    ):
        return True
    return count <= _SHORT and phrases.invites(line) and not line.lstrip().startswith(("“", '"', "«"))


def _is_dangling(line: str) -> bool:
    """A heading that nothing follows: short, without an end."""
    return count_words(line) <= 6 and not phrases.SENTENCE_END.search(line) and not any(c.isdigit() for c in line)
