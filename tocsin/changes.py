"""What changed between two texts of one page, block by block and word by word, and whether that is a change at all.

A page is never the same twice: it tells the time, counts its readers, turns its advertisements. None of this is a new
version of the article, nor are other quotation marks, other white space, or the same lines in another order.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from tocsin.furniture import hidden, is_furniture
from tocsin.marks import QUOTES, SPELLED, UNSEEN
from tocsin.records import Record

How = Literal["kept", "added", "removed"]
T = TypeVar("T")

CELLS = 200_000_000
"""Words of the one side times words of the other that are aligned: bounds time (some 40 ms) and memory (25 MB)."""
LIKE = 0.5
"""Share of the shorter block that must stand in the longer one for it to be the same block, edited."""
FEW = 3
"""Words that two blocks must have in common, unless they are the same."""


class Piece(Record):
    """A run of words with one fate."""

    how: How
    text: str


class Block(Record):
    """A paragraph, a heading or another line that is not as it was."""

    how: Literal["added", "removed", "edited"]
    place: int
    """Its number among the lines of the new text, blank ones too, from 0; for a removed one, of the old text."""
    pieces: tuple[Piece, ...]


class Changes(Record):
    """What the newer of two texts of a page has that the older one had not, and what it lost; what is kept is left out.

    True where anything changed.
    """

    title: tuple[Piece, ...] = ()
    """The headline in pieces; empty where it is the same."""
    blocks: tuple[Block, ...] = ()
    """Added and edited ones in the order of the new text, then removed ones in the order of the old."""

    def __bool__(self) -> bool:
        return bool(self.title or self.blocks)

    def pieces(self, how: How) -> list[str]:
        """All runs of words with one fate, those of the headline first."""
        found = [*self.title, *(piece for block in self.blocks for piece in block.pieces)]
        return [piece.text for piece in found if piece.how == how]

    @property
    def added(self) -> str:
        """What was added, a run of words a line: what an alert may be told of."""
        return "\n".join(self.pieces("added"))

    @property
    def removed(self) -> str:
        """What is gone, a run of words a line."""
        return "\n".join(self.pieces("removed"))

    @property
    def words_added(self) -> int:
        """How many words were added."""
        return len(_WORD.findall(self.added))

    @property
    def words_removed(self) -> int:
        """How many words are gone."""
        return len(_WORD.findall(self.removed))


class Text(NamedTuple):
    """A page's text at one moment."""

    title: str
    body: str


def is_change(old: Text, new: Text) -> bool:
    """Whether the newer text says anything else than the older one."""
    return bool(compare(old, new))


def compare(old: Text, new: Text) -> Changes:
    """What changed from the older to the newer text. A headline that one of them lacks was not read: no change."""
    title = _edited(_line(0, old.title), _line(0, new.title)) if old.title.strip() and new.title.strip() else ()
    ours, theirs = _unlike(old.body.splitlines(), new.body.splitlines())
    return Changes(title=title, blocks=tuple(_blocks(ours, theirs)))


# ---- lines and what in them counts

_TOKEN = re.compile(rf"\w+(?:[{QUOTES}.,:\-‐‑]\w+)*|\.{{3}}|[^\w\s]")
_WORD = re.compile(r"\w+")


class _Line(NamedTuple):
    """A line of a text: its number, itself, and what of it counts, as keys with their places."""

    place: int
    text: str
    keys: list[str]
    spans: list[tuple[int, int]]


class _Side(NamedTuple):
    """Lines of one text, and their words in one row."""

    lines: list[_Line]
    keys: list[str]
    line_of: list[int]
    """The line of each word."""
    starts: list[int]
    """The first word of each line."""


_Run: TypeAlias = tuple[How, _Line, int, int]
"""Words of a line with one fate, from one number to before another."""


def _line(place: int, raw: str) -> _Line:
    text = unicodedata.normalize("NFC", raw).translate(UNSEEN)
    apart = list(hidden(text))
    found = list(_TOKEN.finditer(text))
    if apart:
        found = [match for match in found if not any(a <= match.start() < b for a, b in apart)]
    keys = {token: _key(token) for token in {match[0] for match in found}}
    return _Line(place, text, [keys[match[0]] for match in found], [match.span() for match in found])


def _key(token: str) -> str:
    return '"' if token in QUOTES else token.translate(SPELLED).casefold()


def _unlike(old: Sequence[str], new: Sequence[str]) -> tuple[list[_Line], list[_Line]]:
    """Lines of each side that the other has not, without furniture; none where only the breaks of lines differ."""
    ours, theirs = _without_common(list(enumerate(old)), list(enumerate(new)), lambda line: line[1].strip())
    left, right = ([_line(at, raw) for at, raw in side if raw.strip()] for side in (ours, theirs))
    left, right = _without_common(left, right, lambda line: tuple(line.keys))
    for _ in range(2):
        if [key for line in left for key in line.keys] == [key for line in right for key in line.keys]:
            return [], []
        left, right = ([line for line in side if not is_furniture(line.text)] for side in (left, right))
    return left, right


def _without_common(old: list[T], new: list[T], key: Callable[[T], Hashable]) -> tuple[list[T], list[T]]:
    """Two lists without what stands in both, wherever it stands, as often as it stands in both."""
    more = Counter(map(key, old))
    more.subtract(map(key, new))
    fewer = Counter({name: -count for name, count in more.items()})
    return _surplus(old, key, more), _surplus(new, key, fewer)


def _surplus(lines: list[T], key: Callable[[T], Hashable], count: Counter[Hashable]) -> list[T]:
    """Of the lines with one key the last ones, as many as counted: what is said twice is too much the second time."""
    kept = []
    for line in reversed(lines):
        name = key(line)
        if count[name] > 0:
            count[name] -= 1
            kept.append(line)
    return kept[::-1]


# ---- lines into blocks


def _blocks(old: list[_Line], new: list[_Line]) -> Iterator[Block]:
    """Lines of one side only, as blocks: where two resemble each other they are one block, edited."""
    ours, theirs = _side(old), _side(new)
    aligned = _aligned(ours.keys, theirs.keys)
    pairs = _believed(ours, theirs, aligned)
    strays = set(aligned).difference(pairs)
    left, right = {ours.line_of[i] for i, _ in strays}, {theirs.line_of[j] for _, j in strays}
    last = {ours.line_of[i]: theirs.line_of[j] for i, j in pairs}
    told: dict[int, int] = {}
    by_line = {number: list(group) for number, group in groupby(pairs, lambda pair: theirs.line_of[pair[1]])}
    from_lines = {number: {ours.line_of[i] for i, _ in group} for number, group in by_line.items()}
    heirs = Counter(one for several in from_lines.values() for one in several)
    for number, line in enumerate(new):
        before = list(from_lines.get(number, ()))
        if not before:
            yield Block("added", line.place, (Piece("added", line.text.strip()),))
            continue
        if len(before) == heirs[before[0]] == 1 and (before[0] in left or number in right):
            # Anew, on their own: in the row of all words some were held by words of the lines around.
            pieces = _edited(old[before[0]], line)
        else:
            pieces = _pieces(list(_runs(ours, theirs, number, by_line[number], told, last)))
        if pieces:
            yield Block("edited", line.place, pieces)
    for number, line in enumerate(old):
        if number not in last:
            yield Block("removed", line.place, (Piece("removed", line.text.strip()),))


def _edited(old: _Line, new: _Line) -> tuple[Piece, ...]:
    """One line in pieces, nothing where it is the same."""
    ours, theirs = _side([old]), _side([new])
    pairs = _aligned(old.keys, new.keys)
    return _pieces(list(_runs(ours, theirs, 0, pairs, {}, {0: 0})))


def _side(lines: list[_Line]) -> _Side:
    return _Side(
        lines=lines,
        keys=[key for line in lines for key in line.keys],
        line_of=[number for number, line in enumerate(lines) for _ in line.keys],
        starts=list(accumulate((len(line.keys) for line in lines), initial=0)),
    )


def _believed(old: _Side, new: _Side, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pairs of lines that resemble each other: any two paragraphs have some words in common."""
    met = [(old.line_of[i], new.line_of[j]) for i, j in pairs]
    alike = set()
    for (one, other), count in Counter(met).items():
        shorter, longer = sorted((len(old.lines[one].keys), len(new.lines[other].keys)))
        if count >= LIKE * shorter and (count >= FEW or count == longer):
            alike.add((one, other))
    return [pair for pair, lines in zip(pairs, met, strict=True) if lines in alike]


def _runs(
    old: _Side, new: _Side, number: int, pairs: list[tuple[int, int]], told: dict[int, int], last: dict[int, int]
) -> Iterator[_Run]:
    """A new line in runs, with what is gone from the old ones.

    ``told`` keeps how far each of these was told, ``last`` in which new line it ends.
    """
    line = new.lines[number]
    first = new.starts[number]
    start = at = 0
    for i, j in pairs:
        one, theirs = old.line_of[i], j - first
        ours, before = i - old.starts[one], told.get(one, 0)
        told[one] = ours + 1
        if before < ours or at < theirs:
            yield "kept", line, start, at
            yield "removed", old.lines[one], before, ours
            yield "added", line, at, theirs
            start = theirs
        at = theirs + 1
    yield "kept", line, start, at
    for one in dict.fromkeys(old.line_of[i] for i, _ in pairs) if pairs else last:
        if last[one] == number:
            yield "removed", old.lines[one], told.get(one, 0), len(old.lines[one].keys)
    yield "added", line, at, len(line.keys)


def _pieces(runs: Sequence[_Run]) -> tuple[Piece, ...]:
    """Runs as pieces of their lines; nothing where all is kept."""
    full = [run for run in runs if run[2] < run[3]]
    if all(how == "kept" for how, *_ in full):
        return ()
    return tuple(
        Piece(how, line.text[line.spans[first][0] : line.spans[last - 1][1]]) for how, line, first, last in full
    )


def _aligned(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of the same words in the same order, as many as can be found in bounded time.

    Words that stand once on each side hold the two together (patience diff); between them it is exact. difflib is
    cubic where words repeat.
    """
    found: list[tuple[int, int]] = []
    i = j = 0
    for up, down in [*_anchors(old, new), (len(old), len(new))]:
        found += ((i + a, j + b) for a, b in _between(old[i:up], new[j:down]))
        if up < len(old):
            found.append((up, down))
        i, j = up + 1, down + 1
    return found


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of words that stand once on each side, the longest row of them that is in order on both."""
    ours, theirs = Counter(old), Counter(new)
    where = {word: place for place, word in enumerate(new) if theirs[word] == 1}
    once = [(i, where[word]) for i, word in enumerate(old) if ours[word] == 1 and word in where]
    ends: list[int] = []
    rows: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(once):
        length = bisect_left(ends, j)
        ends[length : length + 1] = [j]
        rows[length : length + 1] = [number]
        before.append(rows[length - 1] if length else -1)
    found = []
    at = rows[-1] if rows else -1
    while at >= 0:
        found.append(once[at])
        at = before[at]
    return found[::-1]


def _between(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of a longest common subsequence; beyond ``CELLS`` at both ends only."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    ours, theirs = old[start : len(old) - end], new[start : len(new) - end]
    middle = _longest(ours, theirs) if len(ours) * len(theirs) <= CELLS else []
    head = [(i, i) for i in range(start)]
    tail = [(len(old) - i, len(new) - i) for i in range(end, 0, -1)]
    return [*head, *((start + i, start + j) for i, j in middle), *tail]


def _longest(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of a longest common subsequence by rows of bits, as long as the old side (Hyyrö 2004, as in rapidfuzz)."""
    where: dict[str, int] = {}
    for place, word in enumerate(old):
        where[word] = where.get(word, 0) | 1 << place
    full = row = (1 << len(old)) - 1
    rows = []
    for word in new:
        if met := row & where.get(word, 0):
            row = (row + met) | (row - met)
            if row > full:
                row &= full
        rows.append(row)
    found = []
    i, j = len(old), len(new)
    while i and j:
        if rows[j - 1] >> (i - 1) & 1:
            i -= 1
        elif j > 1 and not rows[j - 2] >> (i - 1) & 1:
            j -= 1
        else:
            i, j = i - 1, j - 1
            found.append((i, j))
    return found[::-1]
