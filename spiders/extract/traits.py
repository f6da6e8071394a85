"""What is known of each block of a page, as numbers: its words, its place, its neighbours, and who else kept it.

``NAMES`` gives the traits their order. They are of four sorts: of the block itself; of the elements around it; of its
place beside the title, the middle of the text and the other blocks; and of the votes of two other readings of the page
(trafilatura's, and the body that the page gives in JSON-LD).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import log1p

import msgspec

from spiders.extract import sites
from spiders.extract.blocks import Block
from spiders.extract.phrases import SENTENCE_END, invites
from spiders.extract.surroundings import TAGS, Place, Surroundings
from spiders.extract.tree import Node

_CAPITALS = re.compile(r"\b[^\W\d_a-zа-яёіїєґß-ÿ]{2,}\b")
_DIGIT = re.compile("[0-9]")
_COMMENTED = re.compile(
    r"(?i)^\W*(?:\d+\W+)?(?:comments?|responses?|replies|thoughts? on|kommentare?|commentaires?|comentarios?|komentarze"
    r"|коментар\w*|комментари\w*|leave a (?:reply|comment))\b"
    r"|^[\w.@-]{2,30}\W{1,3}\d{1,2}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}:\d\d\W?$"
)
"""What stands above what readers wrote: a heading, or a reader's name with date and time."""
_HEADING_WORDS = 14
_ENDS = {".": 1.0, "!": 2.0, "?": 3.0, ":": 4.0, "…": 5.0, '"': 6.0, "”": 6.0, "»": 6.0}
_LEVELS = {f"h{n}": float(n) for n in range(1, 7)}
_IS_NONE = (0.0,) * 5
_IS = {
    tag: tuple(float(tag == one) for one in ("div", "p", "li", "td", "figcaption"))
    for tag in ("div", "p", "li", "td", "figcaption")
}
_FAR = 9.0
_NO_TITLE = -99.0
_NEAR = 6
_BYLINE_WORDS = 80
_INVITING = 160
"""Characters of a block that are looked at for an invitation."""
_SENTENCE, _PARAGRAPH = 8, 15
_LINKED = 0.3
_MOSTLY_LINK = 0.5

_OWN = (
    "words", "log words", "word length", "link", "bold", "italic", "sentence end", "end sign", "capitals",
    "short words", "commas", "digits", "heading level", "is div", "is p", "is li", "is td", "is figcaption",
    "after break", "repeated", "invitation", "names author", "description", "title words", "is title",
)  # fmt: skip
_AROUND = (
    *(f"in {tag}" for tag in TAGS), "depth", "named media", "named related", "named foot", "named meta",
    "named social", "named body", "named article", "named comment", "named aside", "named quote", "itemprop body",
    *(f"{what} of {which}" for which in ("parent", "second", "third") for what in ("links", "text", "count")),
    "purity of text",
)  # fmt: skip
_PLACED = ("position", "words before", "blocks since title", "words since title", "path text", "path text share",
           "since comments")  # fmt: skip
_VOTED = (
    "vote", "votes", "json vote", "path votes", "path share", "kind votes", "kind share", "out of middle",
    "up to middle", "since first vote", "since last vote", "votes near", "votes before", "votes after",
    *(f"{what} of {which}" for which in ("parent", "second", "third") for what in ("vote mass", "vote share")),
)  # fmt: skip
_NEXT = ("log words", "link", "vote", "votes", "out of middle", "sentence end")
_OFFSETS = (-2, -1, 1, 2)
_PAGE = (
    "page blocks", "page words", "page votes", "page text", "page paragraphs", "page kept", "json words",
    "paragraphs kept", "paragraphs in json",
)  # fmt: skip
_PLAIN = (*_OWN, *_AROUND, *_PLACED, *_VOTED)
NAMES = (*_PLAIN, *(f"{name} at {offset:+d}" for offset in _OFFSETS for name in _NEXT), *_PAGE)
"""The traits in their order."""
VOTE = NAMES.index("vote")
"""Where the share of a block stands that trafilatura kept."""


class Reading:
    """Another reading of the page, asked what it kept."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = list(lines)
        read = [sites.words(line) for line in self.lines]
        words = [word for line in read for word in line]
        self.size = len(words)
        self._lines = set(read)
        self._threes = set(zip(words, words[1:], words[2:], strict=False))

    def share(self, words: Sequence[str]) -> float:
        """The share of a block that the reading kept, by triples of words; less than three words count as a line."""
        if not self.size:
            return 0.0
        if len(words) < 3:
            return float(tuple(words) in self._lines)
        held = map(self._threes.__contains__, zip(words, words[1:], words[2:], strict=False))
        return sum(held) / (len(words) - 2)


class Known(msgspec.Struct, frozen=True):
    """What was read of the page before its text."""

    title: tuple[str, ...]
    """Words of the title in one case."""
    authors: tuple[tuple[str, ...], ...]
    description: Reading
    base: Reading
    """Trafilatura's reading."""
    json: Reading
    """The body in JSON-LD."""


def traits_of(blocks: Sequence[Block], body: Node, known: Known) -> list[list[float] | None]:
    """The traits of each block, in the order of ``NAMES``; None for links that nothing speaks for."""
    page = _Page(blocks, body, known)
    beyond = [-1.0] * len(_NEXT)
    near = [beyond, beyond, *(page.near(i) for i in range(len(blocks))), beyond, beyond]
    whole = page.whole()
    return [
        [
            *page.own(i),
            *page.around(i),
            *page.placed(i),
            *page.voted(i),
            *near[i],
            *near[i + 1],
            *near[i + 3],
            *near[i + 4],
            *whole,
        ]
        if page.is_candidate(i)
        else None
        for i in range(len(blocks))
    ]


class _Page:
    """Sums over the blocks of a page that the traits are made of."""

    def __init__(self, blocks: Sequence[Block], body: Node, known: Known) -> None:
        self.blocks, self.known = blocks, known
        self.votes = [known.base.share(b.words) for b in blocks]
        self.json = [known.json.share(b.words) for b in blocks]
        self.sums = [one + other for one, other in zip(self.votes, self.json, strict=True)]
        self.ended = [float(bool(SENTENCE_END.search(b.text[-8:]))) for b in blocks]
        self.sound = [
            bool(b.link < _LINKED and b.count >= _SENTENCE and end) for b, end in zip(blocks, self.ended, strict=True)
        ]
        self.text = sum(b.count for b, sound in zip(blocks, self.sound, strict=True) if sound) or 1
        self.voted_words = sum(b.count * v for b, v in zip(blocks, self.votes, strict=True)) or 1.0
        self.words_before = [0, *accumulate(b.count for b in blocks)]
        self.votes_before = [0.0, *accumulate(b.count * v for b, v in zip(blocks, self.votes, strict=True))]
        surroundings = Surroundings(blocks, body, self.votes, self.sound, self.voted_words)
        self.places, self.top, self.middle = surroundings.of, surroundings.top, surroundings.middle
        self.paths = _Groups(blocks, self.votes, self.sound, [place.kind for place in self.places])
        self.kinds = _Groups(blocks, self.votes, self.sound, [make_of(b.node) for b in blocks])
        self.times = Counter(b.text for b in blocks)
        self.title_at = self._title_at()
        self.comments_at = self._comments_at()
        kept = [i for i, b in enumerate(blocks) if self.votes[i] > 0.5 and b.count >= 5]
        self.first, self.last = (kept[0], kept[-1]) if kept else (0, len(blocks) - 1)

    def _title_at(self) -> int | None:
        title = self.known.title
        shown = [i for i, b in enumerate(self.blocks) if title and b.words == title]
        return next((i for i in shown if self.blocks[i].node.tag == "h1"), shown[0] if shown else None)

    def _comments_at(self) -> int | None:
        """The first heading of comments behind a paragraph."""
        start = next(
            (i for i, b in enumerate(self.blocks) if self.sound[i] and b.count >= _PARAGRAPH), len(self.blocks)
        )
        below = range(start, len(self.blocks))
        return next((i for i in below if is_comments_heading(self.blocks[i])), None)

    def is_candidate(self, i: int) -> bool:
        """Whether anything speaks for a block: words without a link, a vote, or votes for its like."""
        if self.blocks[i].link <= _MOSTLY_LINK or self.sums[i] > 0:
            return True
        return self.paths.of(i).voted > 0 or self.kinds.of(i).voted > 0

    def near(self, i: int) -> list[float]:
        """What a block's neighbours are told of it, in the order of ``_NEXT``."""
        block = self.blocks[i]
        out = self.places[i].out if self.middle else _FAR
        return [log1p(block.count), block.link, self.votes[i], self.sums[i], out, self.ended[i]]

    def own(self, i: int) -> list[float]:
        block = self.blocks[i]
        text, words, count, tag = block.text, block.words, block.count, block.node.tag
        title = self.known.title
        size = max(1, count)
        distinct = set(words)
        return [
            count,
            log1p(count),
            len(text) / size,
            block.link,
            block.bold,
            block.italic,
            self.ended[i],
            _ENDS.get(text[-1], 0.0),
            len(_CAPITALS.findall(text)) / size,
            sum(len(word) <= 3 for word in words) / max(1, len(words)),
            (text.count(",") + text.count(";")) / size,
            len(_DIGIT.findall(text)) / len(text),
            _LEVELS.get(tag, 0.0),
            *(_IS.get(tag) or _IS_NONE),
            block.breaks,
            self.times[text],
            invites(text[:_INVITING]),
            count < _BYLINE_WORDS and self._names_author(words),
            self.known.description.share(words),
            len(distinct.intersection(title)) / max(1, len(distinct)),
            bool(title) and words == title,
        ]

    def _names_author(self, words: tuple[str, ...]) -> bool:
        joined = f" {' '.join(words)} " if self.known.authors else ""
        return bool(joined) and any(f" {' '.join(a)} " in joined for a in self.known.authors if len(a) > 1)

    def around(self, i: int) -> list[float]:
        place = self.places[i]
        below = place.depth + 1
        found: list[float] = [at and below - at for at in place.tags]
        found.append(place.depth)
        found += [at and below - at for at in place.named]
        found.append(place.body and below - place.body)
        for one in self._three(place):
            found += (one.linked / max(1.0, one.words), one.text / self.text, one.count)
        found.append(place.text / max(1.0, place.words))
        return found

    def _three(self, place: Place) -> tuple[Place, Place, Place]:
        """An element and the two above it, below the body."""
        second = place if place.up in (None, self.top) else place.up
        third = second if second.up in (None, self.top) else second.up
        return place, second, third

    def placed(self, i: int) -> list[float]:
        before = self.words_before
        group = self.paths.of(i)
        title = self.title_at
        return [
            i / len(self.blocks),
            before[i] / max(1, before[-1]),
            _NO_TITLE if title is None else i - title,
            -1.0 if title is None else before[i] - before[title],
            group.text / self.text,
            group.text / max(1.0, group.words),
            -1.0 if self.comments_at is None or i < self.comments_at else i - self.comments_at,
        ]

    def voted(self, i: int) -> list[float]:
        path, kind, whole, place = self.paths.of(i), self.kinds.of(i), self.voted_words, self.places[i]
        found = [
            self.votes[i],
            self.sums[i],
            self.json[i],
            path.voted / whole,
            path.voted / max(1.0, path.words),
            kind.voted / whole,
            kind.voted / max(1.0, kind.words),
            place.out if self.middle else _FAR,
            place.down if self.middle else _FAR,
            max(-30.0, min(60.0, i - self.first)),
            max(-60.0, min(60.0, i - self.last)),
            self._share(i - _NEAR, i + _NEAR + 1),
            self._share(i - _NEAR, i),
            self._share(i + 1, i + _NEAR + 1),
        ]
        for one in self._three(place):
            found += (one.voted / whole, one.voted / max(1.0, one.words))
        return found

    def _share(self, start: int, end: int) -> float:
        start, end = max(0, start), min(len(self.blocks), end)
        words = self.words_before[end] - self.words_before[start]
        return (self.votes_before[end] - self.votes_before[start]) / max(1, words)

    def whole(self) -> list[float]:
        long = [i for i, sound in enumerate(self.sound) if sound and self.blocks[i].count >= _PARAGRAPH]
        words = max(1, sum(self.blocks[i].count for i in long))
        shares = (sum(votes[i] * self.blocks[i].count for i in long) / words for votes in (self.votes, self.json))
        counts = (len(self.blocks), self.words_before[-1], self.voted_words, self.text, len(long))
        sizes = (self.known.base.size, self.known.json.size)
        return [*map(float, counts), *map(float, sizes), *shares]


class _Mass(msgspec.Struct):
    """Words of blocks that are alike."""

    words: float = 0.0
    text: float = 0.0
    voted: float = 0.0


class _Groups:
    """Blocks that are alike by where they stand."""

    def __init__(
        self, blocks: Sequence[Block], votes: Sequence[float], sound: Sequence[bool], keys: Sequence[object]
    ) -> None:
        sums: dict[object, _Mass] = {}
        self._of = [sums.setdefault(key, _Mass()) for key in keys]
        for block, vote, good, mass in zip(blocks, votes, sound, self._of, strict=True):
            mass.words += block.count
            mass.voted += block.count * vote
            mass.text += block.count * good

    def of(self, i: int) -> _Mass:
        return self._of[i]


def is_comments_heading(block: Block) -> bool:
    """Whether a block stands above what readers wrote."""
    return block.count <= _HEADING_WORDS and bool(_COMMENTED.match(block.text))


def make_of(node: Node) -> object:
    """What an element has in common with others of its kind: tag, class, and its parent's class."""
    parent = node.getparent()
    return node.tag, node.get("class"), None if parent is None else parent.get("class")
