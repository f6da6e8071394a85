"""Query texts by the thousand, over everything that the language has: for the benches and the equivalence test.

Each query is drawn from one article, with its own words as they stand there, so that many are met by something; beside
them stand words of the lists, names in all their spellings, and words that no text has. The same seed and articles give
the same queries.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tocsin.lists import Lists, names
from tocsin.query.document import attributes
from tocsin.query.parse import QueryError, parse
from tocsin.records import Article
from tocsin.spelling import clean
from tocsin.words import compounds

FIELDS = ("title", "text", "lead")
COMMON = 150
"""How many of the most frequent words count as common."""
ABSENT = ("zyzzyva", "кракозябра", "нісенітниця", "absent-minded", "qqq")

_SAFE = re.compile(r"[^\W_](?:[\w'’.\-]*[^\W_])?")
_RESERVED = re.compile(r"(?:AND|OR|NOT|SENT|O?NEAR|TO|atleast\d+)", re.IGNORECASE)


class Made(NamedTuple):
    """A query text and the construct that it is an example of."""

    construct: str
    text: str


class Source(NamedTuple):
    """An article that queries are drawn from, as runs of words: its title, and the paragraphs of its text."""

    article: Article
    runs: tuple[tuple[str, ...], ...]


class QueryMaker:
    """Draws queries from articles and lists."""

    def __init__(self, articles: Sequence[Article], lists: Lists, now: datetime, seed: int) -> None:
        self._dice = random.Random(seed)
        self._now = now
        self._by_lang: dict[str, list[Source]] = {"en": [], "uk": [], "ru": [], "": []}
        counted: Counter[str] = Counter()
        for article in articles:
            runs = tuple(run for part in (article.title, *article.text.split("\n")) if (run := _words(part)))
            if runs:
                self._by_lang[article.lang if article.lang in self._by_lang else ""].append(Source(article, runs))
            counted.update({word.lower() for run in runs for word in run})
        self._common = [word for word, _ in counted.most_common(COMMON)]
        self._by_lang = {lang: found for lang, found in self._by_lang.items() if found}
        self._family = [word for family in lists.families for word in family.words]
        entries = (*lists.places, *lists.people, *lists.organisations)
        self._names = [name for entry in entries for name, _, _ in names(entry) if '"' not in name]
        self._places = [name for place in lists.places for name, _, _ in names(place) if '"' not in name]
        self._people = [person.name for person in lists.people]
        self._organisations = [organisation.name for organisation in lists.organisations]
        self._topics = [topic.id for topic in lists.topics]
        self._source = self._draw()
        self._constructs: dict[str, tuple[int, Callable[[], str]]] = {
            "word": (9, self.word),
            "list word": (6, lambda: self._dice.choice(self._family)),
            "name": (6, lambda: _quoted(self._dice.choice(self._names))),
            "prefix": (5, self.prefix),
            "phrase": (7, self.phrase),
            "phrase with a prefix": (4, self.phrase_with_prefix),
            "exact": (5, self.exact),
            "in a field": (8, self.fielded),
            "NEAR": (10, self.near),
            "ONEAR": (6, self.onear),
            "~": (6, self.distant),
            "SENT": (8, self.sent),
            "atleast": (7, self.atleast),
            "filter": (7, self.filter),
            "date": (6, self.date),
            "AND": (8, lambda: self.joined(" AND ", self.leaf)),
            "blank": (4, lambda: self.joined(" ", self.leaf)),
            "OR": (6, lambda: self.joined(" OR ", self.leaf)),
            "AND NOT": (8, lambda: f"{self.part()} NOT {self.part()}"),
            "minus": (3, lambda: f"{self.leaf()} -{self.simple()}"),
            "only NOT": (2, lambda: f"NOT {self.part()}"),
            "with a filter": (8, lambda: f"{self.part()} {self.dice('', '-')}{self.filter()}"),
            "with a date": (5, lambda: f"{self.part()} {self.date()}"),
            "nested": (14, lambda: self.nested(3)),
            "common words": (5, self.common),
        }

    @property
    def constructs(self) -> tuple[str, ...]:
        """Names of all constructs."""
        return tuple(self._constructs)

    def make(self, number: int) -> Iterator[Made]:
        """So many queries, each construct first once, then by weight. None is refused by the language."""
        kinds = list(self._constructs)
        weights = [weight for weight, _ in self._constructs.values()]
        for count in range(number):
            construct = kinds[count] if count < len(kinds) else self._dice.choices(kinds, weights)[0]
            yield Made(construct, self._read(self._constructs[construct][1]))

    def _read(self, draw: Callable[[], str]) -> str:
        """A text that can be read: what is drawn from real texts may happen to be an operator or a field."""
        for _ in range(50):
            self._source = self._draw()
            text = draw()
            try:
                parse(text)
            except QueryError:
                continue
            return text
        raise ValueError(f"fifty queries in a row cannot be read, the last of them: {text}")

    def _draw(self) -> Source:
        return self._dice.choice(self._by_lang[self._dice.choice(list(self._by_lang))])

    def dice(self, *choices: str) -> str:
        """One of several."""
        return self._dice.choice(choices)

    def chance(self, share: float) -> bool:
        """True in this share of cases."""
        return self._dice.random() < share

    def run(self, least: int) -> tuple[str, ...]:
        """A run of the article that has so many words, or the longest."""
        if self.chance(0.1):
            return self._draw().runs[0]
        fit = [run for run in self._source.runs if len(run) >= least] or [max(self._source.runs, key=len)]
        return fit[0] if self.chance(0.25) else self._dice.choice(fit)

    def window(self, size: int) -> tuple[str, ...]:
        """Adjacent words."""
        run = self.run(size)
        start = self._dice.randrange(max(1, len(run) - size + 1))
        return run[start : start + size]

    def word(self) -> str:
        """A word of the article in most cases, as it stands or in small letters."""
        chance = self._dice.random()
        if chance < 0.06:
            return self._dice.choice(self._family)
        if chance < 0.12:
            return _one_word(self._dice.choice(self._names))
        if chance < 0.2:
            return self._dice.choice(self._common)
        if chance < 0.22:
            return self._dice.choice(ABSENT)
        run = self.run(1)
        found = max(self._dice.choices(run, k=2), key=len) if self.chance(0.7) else self._dice.choice(run)
        return found.lower() if self.chance(0.3) else found

    def prefix(self, least: int = 2) -> str:
        """The beginning of a word."""
        word = next((word for _ in range(20) if len(word := self.word()) > least and word.isalpha()), "mobilise")
        return word[: self._dice.randint(least, max(least, len(word) - 1))] + "*"

    def phrase(self) -> str:
        """Adjacent words; seldom with one that does not belong there."""
        words = list(self.window(self._dice.choice((2, 2, 2, 3, 4))))
        if self.chance(0.1):
            words[-1] = self.word()
        return _quoted(" ".join(words))

    def phrase_with_prefix(self) -> str:
        """A phrase, one word of it a beginning."""
        words = list(self.window(self._dice.choice((2, 2, 3))))
        at = self._dice.randrange(len(words))
        if words[at].isalpha() and len(words[at]) > 1:
            words[at] = words[at][: self._dice.randint(2, len(words[at]))] + "*"
        return _quoted(" ".join(words))

    def exact(self) -> str:
        """Letter for letter, one word or several."""
        words = " ".join(self.window(self._dice.choice((1, 1, 2, 3))))
        words = words.lower() if self.chance(0.4) else words.upper() if self.chance(0.05) else words
        return f"={words}" if " " not in words and self.chance(0.8) else f'="{words}"'

    def simple(self) -> str:
        """A leaf without a field."""
        draws = (self.word, self.word, self.word, self.phrase, self.prefix, self.exact, self.phrase_with_prefix)
        return self._dice.choice(draws)()

    def leaf(self) -> str:
        """A leaf, sometimes in a field."""
        return f"{self.dice(*FIELDS)}:{self.simple()}" if self.chance(0.2) else self.simple()

    def side(self) -> str:
        """What may stand beside NEAR."""
        if self.chance(0.35):
            return "(" + " OR ".join(self.simple() for _ in range(self._dice.choice((2, 2, 3, 5)))) + ")"
        return self.simple()

    def two_sides(self, most: int) -> tuple[str, str, int]:
        """Two sides that often stand near each other, and how many words lie between."""
        if self.chance(0.25):
            left = self.side()
            return left, left if self.chance(0.15) else self.side(), self._dice.choice((0, 1, 3, 5, 10, 20, 50))
        between = self._dice.choice((0, 1, 2, 3, 5, 8, 12, most))
        words = self.window(between + 2)
        ends = [words[0], words[-1]]
        gap = max(0, min(most, len(words) - 2 + self._dice.choice((-1, 0, 0, 0, 1, 5))))
        if self.chance(0.3):
            self._dice.shuffle(ends)
        left, right = (f"({end} OR {self.simple()})" if self.chance(0.2) else end for end in ends)
        return left, right, gap

    def near(self) -> str:
        """Either first."""
        left, right, gap = self.two_sides(50)
        return self.grouped(f"{left} NEAR/{gap} {right}")

    def onear(self) -> str:
        """In order."""
        left, right, gap = self.two_sides(50)
        return self.grouped(f"{left} ONEAR/{gap} {right}")

    def distant(self) -> str:
        """A quotation with a distance: some words of a window, in order."""
        words = list(self.window(self._dice.choice((3, 4, 6, 9))))
        kept = sorted(self._dice.sample(range(len(words)), min(len(words), self._dice.choice((2, 2, 3, 4)))))
        chosen = [words[at] for at in kept]
        if self.chance(0.2) and chosen[-1].isalpha() and len(chosen[-1]) > 2:
            chosen[-1] = chosen[-1][:2] + "*"
        field = f"{self.dice(*FIELDS)}:" if self.chance(0.2) else ""
        return f'{field}"{" ".join(chosen)}"~{self._dice.choice((0, 1, 2, 3, 5, 10, 50))}'

    def sent(self) -> str:
        """In one sentence."""
        left, right, _ = self.two_sides(15)
        return self.grouped(f"{left} SENT {right}")

    def atleast(self) -> str:
        """So often."""
        words = " OR ".join(self.simple() for _ in range(self._dice.choice((1, 1, 2, 3))))
        return self.grouped(f"atleast{self._dice.choice((1, 2, 2, 3, 3, 5, 10, 50))}({words})")

    def grouped(self, text: str) -> str:
        """The text, sometimes in a field."""
        return f"{self.dice(*FIELDS)}:({text})" if self.chance(0.25) else text

    def fielded(self) -> str:
        """A field before a leaf or a group."""
        inner = (
            self.simple() if self.chance(0.6) else f"({self.joined(self.dice(' OR ', ' AND ', ' NOT '), self.simple)})"
        )
        return f"{self.dice(*FIELDS)}:{inner}"

    def filter(self) -> str:
        """An attribute, with a value that some article has in most cases."""
        values = attributes(self._source.article)
        name = self.dice(*values, "source", "place", "author")
        if name == "place":
            return f"place:{_quoted(self._dice.choice(self._places))}"
        if name == "topic":
            return f"topic:{self._dice.choice(self._topics)}"
        if name in ("person", "org") and self.chance(0.5):
            return f"{name}:{_quoted(self._dice.choice(self._people if name == 'person' else self._organisations))}"
        found = [value for value in values["outlet" if name == "source" else name] if value and '"' not in value]
        value = self._dice.choice(found or ["nobody"])
        return f"{name}:{_quoted(value.upper() if self.chance(0.1) else value)}"

    def date(self) -> str:
        """A time of the article: a day, a month, a range, back from now."""
        article, name = self._source.article, self.dice("date", "date", "seen")
        moment = (article.published if name == "date" else None) or article.first_seen
        day = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        later = day + timedelta(days=self._dice.randint(0, 40))
        date, clock = f"{day:%Y-%m-%d}", f"{day:%Y-%m-%dT%H:%M}"
        return f"{name}:" + self.dice(
            date, f"{day:%Y-%m}", f"{clock}Z", f"{clock}+02:00", f">={date}", f"<={date}", "*",
            f"<{day:%Y-%m-%dT%H:%M:%S}Z", f">{day:%Y-%m-%dT%H:%M:%S.%f}Z",
            f"[{date} TO {later:%Y-%m-%d}]", f"[{date} TO *]", f"{{{date} TO {later:%Y-%m-%d}}}",
            f'"last {self._dice.randint(1, 60)}d"', f"last{self._dice.randint(1, 200)}h",
            f'"last {self._dice.randint(1, 9)}w"',
        )  # fmt: skip

    def part(self) -> str:
        """Something of any kind, closed by parentheses where it needs them."""
        draw = self._dice.choice(
            (
                self.leaf,
                self.leaf,
                self.leaf,
                self.near,
                self.onear,
                self.distant,
                self.sent,
                self.atleast,
                self.fielded,
            )
        )
        return f"({draw()})"

    def joined(self, glue: str, draw: Callable[[], str]) -> str:
        """Two to four of them."""
        return glue.join(draw() for _ in range(self._dice.choice((2, 2, 3, 4))))

    def nested(self, depth: int) -> str:
        """Parentheses within parentheses."""
        if not depth or self.chance(0.2):
            chance = self._dice.random()
            return self.filter() if chance < 0.15 else self.date() if chance < 0.25 else self.part()
        inner = [self.nested(depth - 1) for _ in range(self._dice.choice((2, 2, 3)))]
        inner = [f"NOT {part}" if self.chance(0.15) else part for part in inner]
        return "(" + self.dice(" AND ", " OR ", " ", " OR ").join(inner) + ")"

    def common(self) -> str:
        """The most frequent words, where most is to be looked at."""
        a, b, c = (self._dice.choice(self._common) for _ in range(3))
        gap = self._dice.randint(0, 50)
        beginning = f"{a[:2]}*" if len(a) > 1 else a
        return self.dice(
            f"{a} NEAR/{gap} {b}", f'"{a} {b}"~{gap}', f"{a} SENT {b}", f"atleast{gap or 1}({a} OR {b})",
            f'"{a} {b}"', f'"{beginning} {b}"', f'"{a} {b} {c}"~{gap}', f"lead:({a} {b})", f"NOT ({a} {b})",
            f"{a} OR {b} OR {c}", f"title:({a} ONEAR/{gap} {b})",
        )  # fmt: skip


def _words(text: str) -> tuple[str, ...]:
    """What of a text can be written into a query as it stands."""
    return tuple(word for word in compounds(clean(text)) if _SAFE.fullmatch(word) and not _RESERVED.fullmatch(word))


def _one_word(name: str) -> str:
    return max(_words(name) or ("Bakhmut",), key=len)


def _quoted(value: str) -> str:
    return value if re.fullmatch(r"[\w.]+", value) else f'"{value}"'
