"""The press's writer: stories woven from hand-written sentence banks, and stories written out in full.

A bank is a text file: ``= topic`` opens a topic, then lines of ``T`` titles, ``L`` leads and ``S`` sentences; a title
``T2`` is followed by a lead ``L2``. A slot is ``{key}``, a choice ``{one|another}``, a number ``{n:10-90}``; slots may
stand inside choices. Choices that begin with the same sign fall alike: ``{1:he|she} lost {1:his|her} keys``, a digit
within the line, a capital letter within the story; ``{N:n:10-90}`` is the same number each time. Everything follows
from the random generator that is passed in, so that one seed writes one newspaper.
"""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

TEXTS = Path(__file__).parent / "texts"
TOPICS = ("front", "conscription", "energy", "local", "pow", "economy", "weather", "courts", "culture", "sport")
ALIKE = 0.2
"""Share of common word 4-shingles (of the shorter text) above which a draft is thrown away."""

_TIE = re.compile(r"([0-9A-Z]):")
_SLOT = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"\w+")
_FORMS = ("", "g", "l", "i", "og", "ol")
_CHANGED = re.compile(r"\[\[(.*?)→(.*?)\]\]")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A story as it was written: no outlet, no address, no time."""

    lang: str
    """ISO 639-1."""
    topic: str
    title: str
    paragraphs: tuple[str, ...]
    corrected: tuple[str, ...] = ()
    """The paragraphs after a correction; empty where none is planned."""


def sections(name: str) -> dict[str, list[str]]:
    """The lines of a text file under their ``= heading``; lines that start with ``;`` are remarks."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (TEXTS / name).read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            lines = found.setdefault(line[2:].strip(), [])
        elif line.strip() and not line.startswith(";"):
            lines.append(line.strip())
    return found


def fixed() -> dict[str, Text]:
    """The stories that are written out, by their name."""
    stories = {}
    for heading, (title, *lines) in sections("fixed.txt").items():
        name, lang, topic = heading.split()
        first = tuple(_CHANGED.sub(r"\1", line) for line in lines if not line.startswith("+"))
        second = tuple(_CHANGED.sub(r"\2", line.removeprefix("+")) for line in lines)
        stories[name] = Text(
            lang=lang, topic=topic, title=title, paragraphs=first, corrected=second if second != first else ()
        )
    return stories


def live() -> tuple[str, tuple[tuple[str, str], ...]]:
    """Title of the live blog, and heading and text of each of its entries in order of publication."""
    lines = [
        line for line in (TEXTS / "live.txt").read_text(encoding="utf-8").splitlines() if line[:1] not in ("", ";")
    ]
    entries = (line.split(" | ", 1) for line in lines[1:])
    return lines[0], tuple((heading, text) for heading, text in entries)


def shingles(paragraphs: tuple[str, ...], size: int = 4) -> frozenset[tuple[str, ...]]:
    """The runs of ``size`` neighbouring words of a text, without case."""
    words = _WORD.findall("\n".join(paragraphs).casefold())
    return frozenset(zip(*(words[start:] for start in range(size)), strict=False))


class Writer:
    """Writes stories of one language, each unlike all the ones before."""

    def __init__(self, lang: str, rng: random.Random) -> None:
        self._lang = lang
        self._rng = rng
        self._bank = sections(f"{lang}.txt")
        self._names = {key.split()[1]: lines for key, lines in sections("names.txt").items() if key.split()[0] == lang}
        self._holders: dict[tuple[str, ...], list[int]] = {}
        self._sizes: list[int] = []
        self._titles: set[str] = set()

    def write(self, topic: str) -> Text:
        """A story on ``topic`` that shares few shingles with any story written before."""
        best, least, kept = self._draft(topic), 2.0, frozenset[tuple[str, ...]]()
        for _ in range(80):
            draft = self._draft(topic)
            if draft.title in self._titles:
                continue
            runs = shingles(draft.paragraphs)
            alike = self._likeness(runs)
            if alike < least:
                best, least, kept = draft, alike, runs
            if least < ALIKE:
                break
        self._titles.add(best.title)
        for run in kept:
            self._holders.setdefault(run, []).append(len(self._sizes))
        self._sizes.append(len(kept))
        return best

    def _likeness(self, runs: frozenset[tuple[str, ...]]) -> float:
        shared: dict[int, int] = {}
        for run in runs:
            for story in self._holders.get(run, ()):
                shared[story] = shared.get(story, 0) + 1
        return max((n / min(len(runs), self._sizes[story]) for story, n in shared.items()), default=0.0)

    def _draft(self, topic: str) -> Text:
        rng = self._rng
        title = rng.choice([line for line in self._bank[topic] if line.startswith("T")])
        group = title.split(" ", 1)[0].replace("T", "L")
        lead = rng.choice([line for line in self._bank[topic] if line.startswith(group + " ")])
        body = rng.sample([line for line in self._bank[topic] if line.startswith("S")], rng.randint(5, 7))
        *asides, last = rng.sample(self._bank["any"], rng.randint(3, 4))
        for aside in asides:
            body.insert(rng.randint(2, len(body)), aside)
        facts, people, tied = self._facts(), self._people(), dict[str, int]()
        headline, *told = (
            self._fill(line.split(" ", 1)[1], facts, people, tied) for line in (title, lead, *body, last)
        )
        return Text(lang=self._lang, topic=topic, title=headline, paragraphs=tuple(self._paragraphs(told)))

    def _paragraphs(self, told: list[str]) -> Iterator[str]:
        yield told[0]
        at = 1
        while at < len(told):
            size = self._rng.choice((1, 1, 2))
            yield " ".join(told[at : at + size])
            at += size

    def _facts(self) -> dict[str, str]:
        facts = {}
        pairs = (("place", "p"), ("city", "c"))
        for kind, short in pairs:
            for number, chosen in zip(("", "2"), self._rng.sample(self._names[kind], 2), strict=True):
                facts[kind + number] = chosen
                if "|" in chosen:
                    keys = (short + number + form for form in _FORMS)
                    facts |= dict(zip(keys, chosen.split("|"), strict=False))
        if "cog" in facts:
            facts |= {"og": facts["cog"], "ol": facts["col"]}
        return facts | {kind: self._rng.choice(lines) for kind, lines in self._names.items() if kind in ("wd", "far")}

    def _people(self) -> dict[str, Iterator[str]]:
        """Names by the letter of the slot, no surname twice in one story."""

        def mixed(first: list[str], last: list[str]) -> Iterator[str]:
            rng = self._rng
            pairs = zip(rng.sample(first, len(first)), rng.sample(last, len(last)), strict=False)
            return (" ".join(pair) for pair in pairs)

        if self._lang == "en":
            everyone = mixed(self._names["first"], self._names["last"])
            return dict.fromkeys("abcd", everyone)
        halves = {key: [name.split(" ", 1) for name in self._names[key]] for key in "mf"}
        each = {key: mixed([a for a, _ in names], [b for _, b in names]) for key, names in halves.items()}
        return each | {key + "2": names for key, names in each.items()}

    def _fill(self, line: str, facts: dict[str, str], people: dict[str, Iterator[str]], tied: dict[str, int]) -> str:
        own: dict[str, int] = {}

        def value(slot: re.Match[str]) -> str:
            tie = _TIE.match(slot[1])
            inner: str = slot[1][tie.end() :] if tie else slot[1]
            if inner in facts or inner in people:
                return facts.get(inner) or next(people[inner])
            choices = self._numbers(inner) if inner.startswith("n:") else inner.split("|")
            if len(choices) < 2:
                raise ValueError(f"unknown slot {{{inner}}} in: {line}")
            at = self._rng.randrange(len(choices))
            if tie:
                at = (tied if tie[1].isupper() else own).setdefault(tie[1], at)
            return choices[at % len(choices)]

        while "{" in line:
            line = _SLOT.sub(value, line)
        line = re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r" {2,}", " ", line)).strip()
        return line[0].upper() + line[1:]

    def _numbers(self, slot: str) -> list[str]:
        low, high = map(int, slot.removeprefix("n:").split("-"))
        numbers = range(low, high + 1)
        if self._lang == "en":
            return [str(n) for n in numbers]
        # Ukrainian and Russian nouns stand in the genitive plural after these endings only.
        return [str(n) for n in numbers if n % 10 in (0, 5, 6, 7, 8, 9) or 11 <= n % 100 <= 14]
