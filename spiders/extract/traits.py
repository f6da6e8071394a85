"""What is known of each block of a page, as numbers: its words, its place, its neighbours, and who else kept it.

``NAMES`` gives the traits their order. They are of four sorts: of the block itself; of the elements around it; of its
place beside the title, the middle of the text and the other blocks; and of the votes of two other readings of the page
(trafilatura's, and the body that the page gives in JSON-LD).
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from math import log1p

import msgspec

from spiders.extract import sites
from spiders.extract.blocks import Block
from spiders.extract.phrases import INVITATION, SENTENCE_END
from spiders.extract.tree import Node, names_of

_CAPITALS = re.compile(r"\b[^\W\d_a-zа-яёіїєґß-ÿ]{2,}\b")
_DIGIT = re.compile("[0-9]")
_MEDIA = re.compile(r"caption|image|photo|picture|figure|gallery|video|media|player|embed|bild|foto")
_RELATED = re.compile(
    r"relat|recommend|more-?(?:news|stories|from|on)|read-?(?:more|also|next|on)|also|teaser|promo|popular|trending"
    r"|most-|latest|similar|suggest|next-|prev|pagination|outbrain|taboola|card|list|feed|carousel|slider|recirc|onward"
    r"|mehr|weiter"
)
_FOOT = re.compile(r"foot|copyright|legal|disclaimer|bottom")
_META = re.compile(
    r"meta|byline|author|date|time|publish|posted|credit|source|tags?(?:[^a-z]|$)|categor|kicker|info|bio\b|profile"
)
_SOCIAL = re.compile(
    r"shar|social|facebook|twitter(?!-tweet)|follow|subscri|newsletter|sign-?up|paywall|donat|support|membership|register|login"
)
_BODY = re.compile(
    r"(?:article|entry|post|story|main|page|content|news|single|text)[_-]*(?:content|body|text|copy|inner|main|detail)"
    r"|articlebody|body-?(?:copy|text|content)|rich-?text|rte\b|wysiwyg|prose|paragraph|textblock"
)
_ARTICLE = re.compile(r"article|post|entry|story|content|main|hentry")
_COMMENTS = re.compile(r"comment|disqus|respond|reply|discuss|kommentar")
_ASIDE = re.compile(
    r"hid|sr-only|visually|modal|popup|overlay|cookie|consent|tooltip|dialog|side|widget|rail|banner|sponsor"
)
_QUOTED = re.compile(r"tweet|quote|telegram-|instagram-media")
_PATTERNS = (_MEDIA, _RELATED, _FOOT, _META, _SOCIAL, _BODY, _ARTICLE, _COMMENTS, _ASIDE, _QUOTED)
_COMMENTED = re.compile(
    r"(?i)^\W*(?:\d+\W+)?(?:comments?|responses?|replies|thoughts? on|kommentare?|commentaires?|comentarios?|komentarze"
    r"|коментар\w*|комментари\w*|leave a (?:reply|comment))\b"
    r"|^[\w.@-]{2,30}\W{1,3}\d{1,2}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}:\d\d\W?$"
)
"""What stands above what readers wrote: a heading, or a reader's name with date and time."""
_HEADING_WORDS = 14
_TAGS = ("article", "main", "table", "li", "ul", "section", "header", "footer", "aside", "nav", "figure", "blockquote")
_TAG_AT = {tag: (n,) for n, tag in enumerate(_TAGS)}
_ENDS = {".": 1.0, "!": 2.0, "?": 3.0, ":": 4.0, "…": 5.0, '"': 6.0, "”": 6.0, "»": 6.0}
_FAR = 9.0
_NO_TITLE = -99.0
_NEAR = 6
_BYLINE_WORDS = 80
_INVITING = 160
"""Characters of a block that are looked at for an invitation."""
_SENTENCE, _PARAGRAPH = 8, 15
_LINKED = 0.3
_MAIN = 0.7
_MOSTLY_LINK = 0.5

_OWN = (
    "words", "log words", "word length", "link", "bold", "italic", "sentence end", "end sign", "capitals",
    "short words", "commas", "digits", "heading level", "is div", "is p", "is li", "is td", "is figcaption",
    "after break", "repeated", "invitation", "names author", "description", "title words", "is title",
)  # fmt: skip
_AROUND = (
    *(f"in {tag}" for tag in _TAGS), "depth", "named media", "named related", "named foot", "named meta",
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
        words = [word for line in self.lines for word in sites.words(line)]
        self.size = len(words)
        self._lines = {sites.words(line) for line in self.lines}
        self._threes = set(zip(words, words[1:], words[2:], strict=False))

    def share(self, words: Sequence[str]) -> float:
        """The share of a block that the reading kept, by triples of words; less than three words count as a line."""
        if not self.size:
            return 0.0
        if len(words) < 3:
            return float(tuple(words) in self._lines)
        threes = self._threes
        return sum(three in threes for three in zip(words, words[1:], words[2:], strict=False)) / (len(words) - 2)


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
    last = len(blocks)
    beyond = [-1.0] * len(_NEXT)
    near = [page.near(i) for i in range(last)]
    whole = page.whole()
    return [
        [
            *page.own(i),
            *page.around(i),
            *page.placed(i),
            *page.voted(i),
            *(x for o in _OFFSETS for x in (near[i + o] if 0 <= i + o < last else beyond)),
            *whole,
        ]
        if page.is_candidate(i)
        else None
        for i in range(last)
    ]


class _Around(msgspec.Struct, frozen=True):
    """An element's place: the elements up to the body, and how far up each tag and name is first met (0: never)."""

    path: tuple[Node, ...]
    tags: tuple[int, ...]
    named: tuple[int, ...]
    body: int


_TOP = _Around((), (0,) * len(_TAGS), (0,) * len(_PATTERNS), 0)


@lru_cache(4096)
def _named(names: str) -> tuple[int, ...]:
    """Numbers of the patterns that an element's class and id meet; sites use few names, many times."""
    return tuple(n for n, pattern in enumerate(_PATTERNS) if pattern.search(names)) if names else ()


def _further(above: tuple[int, ...], own: tuple[int, ...]) -> tuple[int, ...]:
    """Distances one step further down, with what the element itself is at distance 1."""
    found = [up and up + 1 for up in above]
    for n in own:
        found[n] = 1
    return tuple(found)


class _Mass(msgspec.Struct):
    """Words below an element."""

    all: float = 0.0
    linked: float = 0.0
    text: float = 0.0
    voted: float = 0.0
    count: int = 0


class _Page:
    """Sums over the blocks of a page that the traits are made of."""

    def __init__(self, blocks: Sequence[Block], body: Node, known: Known) -> None:
        self.blocks, self.body, self.known = blocks, body, known
        self._places: dict[Node, _Around] = {body: _TOP}
        self.places = [self._place(b.node) for b in blocks]
        self.votes = [known.base.share(b.words) for b in blocks]
        self.json = [known.json.share(b.words) for b in blocks]
        self.sums = [one + other for one, other in zip(self.votes, self.json, strict=True)]
        self.ended = [bool(SENTENCE_END.search(b.text[-8:])) for b in blocks]
        self.sound = [
            b.link < _LINKED and b.count >= _SENTENCE and end for b, end in zip(blocks, self.ended, strict=True)
        ]
        self.mass = self._masses()
        self.text = sum(b.count for b, sound in zip(blocks, self.sound, strict=True) if sound) or 1
        self.voted_words = sum(b.count * v for b, v in zip(blocks, self.votes, strict=True)) or 1.0
        self.words_before = [0, *accumulate(b.count for b in blocks)]
        self.votes_before = [0.0, *accumulate(b.count * v for b, v in zip(blocks, self.votes, strict=True))]
        self.middle = self._middle()
        line = () if self.middle is None else self._place(self.middle).path or (self.body,)
        self._down = {node: steps for steps, node in enumerate(line)}
        self.paths = _Groups(blocks, self.votes, self.sound, [_path_kind(p.path) for p in self.places])
        self.kinds = _Groups(blocks, self.votes, self.sound, [make_of(b.node) for b in blocks])
        self.times = Counter(b.text for b in blocks)
        self.title_at = self._title_at()
        self.comments_at = self._comments_at()
        kept = [i for i, b in enumerate(blocks) if self.votes[i] > 0.5 and b.count >= 5]
        self.first, self.last = (kept[0], kept[-1]) if kept else (0, len(blocks) - 1)

    def _place(self, node: Node) -> _Around:
        """Ancestors first: so deep a page needs no deep recursion."""
        missing = []
        here = node
        while here not in self._places:
            missing.append(here)
            here = here.getparent()
            if here is None:
                here = self.body
        place = self._places[here]
        for child in reversed(missing):
            own = _named(names_of(child))
            prop = "articlebody" in (child.get("itemprop") or "").lower()
            place = _Around(
                (child, *place.path[:30]),
                _further(place.tags, _TAG_AT.get(child.tag, ())),
                _further(place.named, own),
                1 if prop else place.body and place.body + 1,
            )
            self._places[child] = place
        return place

    def _masses(self) -> dict[Node, _Mass]:
        found: dict[Node, _Mass] = {self.body: _Mass()}
        for i, block in enumerate(self.blocks):
            linked, voted = block.count * block.link, block.count * self.votes[i]
            for node in (*self.places[i].path, self.body):
                mass = found.get(node)
                if mass is None:
                    mass = found[node] = _Mass()
                mass.all += block.count
                mass.linked += linked
                mass.voted += voted
                mass.count += 1
                if self.sound[i]:
                    mass.text += block.count
        return found

    def _middle(self) -> Node | None:
        """The deepest element that holds most of what was voted for."""
        best, depth = None, -1
        for node, mass in self.mass.items():
            if mass.voted >= _MAIN * self.voted_words:
                deep = len(self._places[node].path)
                if deep > depth:
                    best, depth = node, deep
        return best

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

    def near(self, i: int) -> tuple[float, ...]:
        """What a block's neighbours are told of it, in the order of ``_NEXT``."""
        block, vote = self.blocks[i], self.votes[i]
        out, _ = self._from_middle(self.places[i].path)
        return log1p(block.count), block.link, vote, self.sums[i], out, float(self.ended[i])

    def own(self, i: int) -> Iterable[float]:
        block = self.blocks[i]
        text, words, count, tag = block.text, block.words, block.count, block.node.tag
        title = self.known.title
        size = max(1, count)
        distinct = set(words)
        yield from (count, log1p(count), len(text) / size, block.link, block.bold, block.italic)
        yield float(self.ended[i])
        yield _ENDS.get(text[-1], 0.0)
        yield len(_CAPITALS.findall(text)) / size
        yield sum(len(word) <= 3 for word in words) / max(1, len(words))
        yield (text.count(",") + text.count(";")) / size
        yield len(_DIGIT.findall(text)) / len(text)
        yield float(int(tag[1])) if tag in ("h1", "h2", "h3", "h4", "h5", "h6") else 0.0
        yield from (float(tag == one) for one in ("div", "p", "li", "td", "figcaption"))
        yield from (float(block.breaks), float(self.times[text]), float(bool(INVITATION.search(text[:_INVITING]))))
        joined = f" {' '.join(words)} " if self.known.authors and count < _BYLINE_WORDS else ""
        yield float(bool(joined) and any(f" {' '.join(a)} " in joined for a in self.known.authors if len(a) > 1))
        yield self.known.description.share(words)
        yield len(distinct.intersection(title)) / max(1, len(distinct))
        yield float(bool(title) and words == title)

    def around(self, i: int) -> Iterable[float]:
        place = self.places[i]
        yield from place.tags
        yield len(place.path)
        yield from place.named
        yield place.body
        for which in range(3):
            mass = self._mass(place, which)
            yield from (mass.linked / max(1.0, mass.all), mass.text / self.text, mass.count)
        mass = self._mass(place, 0)
        yield mass.text / max(1.0, mass.all)

    def _mass(self, place: _Around, which: int) -> _Mass:
        path = place.path
        return self.mass[path[min(which, len(path) - 1)] if path else self.body]

    def placed(self, i: int) -> Iterable[float]:
        before = self.words_before
        yield i / len(self.blocks)
        yield before[i] / max(1, before[-1])
        if self.title_at is None:
            yield from (_NO_TITLE, -1.0)
        else:
            yield from (i - self.title_at, before[i] - before[self.title_at])
        group = self.paths.of(i)
        yield from (group.text / self.text, group.text / max(1.0, group.all))
        yield -1.0 if self.comments_at is None or i < self.comments_at else i - self.comments_at

    def voted(self, i: int) -> Iterable[float]:
        path, kind, whole = self.paths.of(i), self.kinds.of(i), self.voted_words
        yield from (self.votes[i], self.sums[i], self.json[i])
        yield from (path.voted / whole, path.voted / max(1.0, path.all))
        yield from (kind.voted / whole, kind.voted / max(1.0, kind.all))
        yield from self._from_middle(self.places[i].path)
        yield from (max(-30.0, min(60.0, i - self.first)), max(-60.0, min(60.0, i - self.last)))
        yield from (self._share(i - _NEAR, i + _NEAR + 1), self._share(i - _NEAR, i), self._share(i + 1, i + _NEAR + 1))
        for which in range(3):
            mass = self._mass(self.places[i], which)
            yield from (mass.voted / whole, mass.voted / max(1.0, mass.all))

    def _from_middle(self, path: tuple[Node, ...]) -> tuple[float, float]:
        """Steps up from a block to what it shares with the middle, and from there down to the middle."""
        if self.middle is None:
            return _FAR, _FAR
        out = next((n for n, node in enumerate(path) if node in self._down), len(path))
        shared = path[out] if out < len(path) else self.body
        return out, self._down.get(shared, len(self._down))

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


class _Groups:
    """Blocks that are alike by where they stand."""

    def __init__(
        self, blocks: Sequence[Block], votes: Sequence[float], sound: Sequence[bool], keys: list[object]
    ) -> None:
        self._keys = keys
        self._sums: dict[object, _Mass] = {}
        for block, vote, good, key in zip(blocks, votes, sound, keys, strict=True):
            mass = self._sums.setdefault(key, _Mass())
            mass.all += block.count
            mass.voted += block.count * vote
            mass.text += block.count * good

    def of(self, i: int) -> _Mass:
        return self._sums[self._keys[i]]


def _path_kind(path: tuple[Node, ...]) -> object:
    return tuple((node.tag, (node.get("class") or "")[:60]) for node in path[:5])


def is_comments_heading(block: Block) -> bool:
    """Whether a block stands above what readers wrote."""
    return block.count <= _HEADING_WORDS and bool(_COMMENTED.match(block.text))


def make_of(node: Node) -> object:
    """What an element has in common with others of its kind: tag, class, and its parent's class."""
    parent = node.getparent()
    return node.tag, node.get("class"), None if parent is None else parent.get("class")
