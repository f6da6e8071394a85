"""The right words meet and the wrong ones never: case forms, look-alikes, false friends, spellings of places.

Tables in ``bench/words``, written for this; frequent words from the shared texts and the small press. Exits 1 where a
figure falls short of what issue 4 asks. ``--list`` prints every look-alike that was found and why it is right.
"""

import argparse
import csv
import gzip
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from tocsin import settings
from tocsin.dictionaries import prepare
from tocsin.forms import Forms
from tocsin.lists import Lists, load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.meaning import holds
from tocsin.spelling import clean, fold, is_cyrillic
from tocsin.words import Words

HERE = Path(__file__).parent
SHARED = HERE.parent.parent / "shared" / "data"
PRESS = HERE.parent / "tocsin" / "press" / "texts"
LANGUAGES = ("en", "uk", "ru")
FREQUENT = 5000
ASKED = {"forms": 95.0, "alike": 1.0, "places": 90.0, "aliases": 100.0, "cpu": 1.0, "memory": 200.0}
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def table(name: str) -> list[list[str]]:
    """Rows of a table: tabs between columns, # before remarks."""
    with (HERE / "words" / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row and row[0][:1] != "#"]


def plain(word: str) -> str:
    """A word as the tokenisation leaves it: cleaned, without ``'s``."""
    word = clean(word)
    return word[:-2] if word.isascii() and word.lower().endswith("'s") else word


class Meeting:
    """Which words meet."""

    def __init__(self, forms: Forms, lists: Lists) -> None:
        self.forms = forms
        self.query = cache(lambda word: frozenset(forms.query_keys(plain(word))))
        self.text = cache(lambda word, lang: frozenset(forms.keys(plain(word), lang)))
        self.words = Words(forms)
        self.plan = cache(Expander(self.words, lists).read)

    def meet(self, query: str, written: str, lang: str) -> frozenset[str]:
        """Keys in which a query word meets a word of a text."""
        return self.query(query) & self.text(written, lang)

    def by_alias(self, query: str, written: str, lang: str) -> bool:
        """Whether they meet as the search has it, through the lists."""
        return holds(self.plan(query), Document(self.words.analyse("", written, lang), {}))


def case_forms(meeting: Meeting) -> dict[str, tuple[int, int, list[str]]]:
    """Met, all and missed forms by language."""
    counts: dict[str, tuple[int, int, list[str]]] = {lang: (0, 0, []) for lang in LANGUAGES}
    for lang, word, forms in table("forms.tsv"):
        for form in forms.split():
            met, all_, missed = counts[lang]
            found = bool(meeting.meet(word, form, lang))
            counts[lang] = (met + found, all_ + 1, missed if found else [*missed, f"{word}/{form}"])
    return counts


def texts() -> Iterator[tuple[str, str]]:
    """Language and text of the shared articles and the press."""
    for path in sorted((SHARED / "extraction").glob("*/gold.jsonl")):
        for line in path.open(encoding="utf-8"):
            row = json.loads(line)
            yield row.get("language") or "", f"{row.get('title') or ''} {row.get('text') or ''}"
    for path in sorted((SHARED / "dedup").glob("*.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            row = json.loads(line)
            yield row["lang"], f"{row['title']} {row['text']}"
    for lang in LANGUAGES:
        yield lang, (PRESS / f"{lang}.txt").read_text("utf-8")


def frequent(likened: set[str]) -> dict[str, tuple[list[str], int]]:
    """The most frequent words of each language, and how many of them are from texts.

    Where the texts have too few, dictionary forms that begin like one of the given words fill up: those are the ones
    that could be taken for it.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for lang, text in texts():
        if lang in LANGUAGES:
            found = _WORD.findall(clean(text))
            counts[lang].update(word for word in found if is_cyrillic(word) == (lang != "en"))
    words = {}
    for lang in LANGUAGES:
        seen: dict[str, str] = {}
        for word, _ in counts[lang].most_common():
            seen.setdefault(fold(word), word)
        from_texts = list(seen.values())[:FREQUENT]
        words[lang] = ([*from_texts, *_filling(lang, set(seen), likened, FREQUENT - len(from_texts))], len(from_texts))
    return words


def _filling(lang: str, seen: set[str], likened: set[str], wanted: int) -> list[str]:
    if wanted <= 0:
        return []
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    beginnings = {word[:4] for word in likened}
    close = [
        form
        for form in sorted(DefaultDictionaryFactory(cache_max_size=1).get_dictionary(lang))
        if form.isalpha() and fold(form) not in seen and fold(form)[:4] in beginnings
    ]
    step = max(1, len(close) // wanted)
    return close[::step][:wanted]


def look_alikes(
    meeting: Meeting, words: dict[str, tuple[list[str], int]]
) -> tuple[list[tuple[str, str, str]], set[str]]:
    """Pairs (field word, frequent word, reason or nothing) that meet, and the field words."""
    own: dict[str, set[str]] = defaultdict(set)
    for _, word, forms in table("forms.tsv"):
        own[word] |= {fold(plain(form)) for form in forms.split()} | {fold(clean(word))}
    reasons = {(word, fold(other)): why for word, others, why in table("alike.tsv") for other in others.split()}
    used: set[str] = set()
    found = []
    hung: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for lang, (several, _) in words.items():
        for word in several:
            for key in meeting.text(word, lang):
                hung[key].append((word, lang))
    for word, forms in own.items():
        used.add(word)
        for other in sorted({other for key in meeting.query(word) for other, _ in hung.get(key, ())}):
            why = "its form" if fold(other) in forms else reasons.get((word, fold(other)), "")
            found.append((word, other, why))
    return found, used


def false_friends(meeting: Meeting) -> tuple[list[str], int, int]:
    """Pairs that meet and must not, how many there are, and how many are told as not to be parted but are parted."""
    wrong, stale = [], 0
    rows = table("apart.tsv")
    for query, lang, other, *why in rows:
        met = meeting.meet(query, other, lang)
        if met and not why:
            wrong.append(f"{query}/{other} ({lang}): {' '.join(sorted(met))}")
        stale += bool(why and not met)
    return wrong, len(rows), stale


def places(meeting: Meeting) -> tuple[dict[str, list[bool]], list[str], int]:
    """Whether ordered pairs of spellings meet by their keys, those of one name and those of two names of one place.

    Also the pairs that meet not even through the lists, and how many places there are.
    """
    of_place: dict[str, list[list[tuple[str, str]]]] = defaultdict(list)
    for place, *groups in table("places.tsv"):
        found = [(word, lang) for group in groups for lang, _, text in [group.partition(":")] for word in text.split()]
        of_place[place].append(found)
    met: dict[str, list[bool]] = {"one name": [], "other names": []}
    missed = []
    for rows in of_place.values():
        for row, other in product(rows, rows):
            for (query, _), (written, lang) in product(row, other):
                if fold(query) != fold(written):
                    by_keys = bool(meeting.meet(query, written, lang))
                    met["one name" if row is other else "other names"].append(by_keys)
                    if not by_keys and not meeting.by_alias(query, written, lang):
                        missed.append(f"{query}/{written}")
    return met, missed, len(of_place)


def loading() -> tuple[float, float, bool]:
    """CPU seconds and MiB that opening the dictionaries costs a process, every page read; whether simplemma came in."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tocsin import settings\n"
        "from tocsin.dictionaries import prepare\n"
        "from tocsin.forms import Forms\n"
        "from tocsin.spelling import fold\n"
        "resident = lambda: int(Path('/proc/self/statm').read_text().split()[1]) / 256\n"
        "folder = settings.load().cache_dir\n"
        "before, start = resident(), time.process_time()\n"
        "forms = Forms(prepare(folder, fold))\n"
        "seconds = time.process_time() - start\n"
        "for number in range(100000): forms.query_keys(f'сл{number}'), forms.query_keys(f'w{number}')\n"
        "print(seconds, resident() - before, 'simplemma' in sys.modules)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]), float(out[1]), out[2] == "True"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="print every look-alike and why it is right")
    listing = parser.parse_args().list
    if not SHARED.is_dir():
        print("The shared texts are not beside the project; nothing was measured.")
        return 1
    forms = Forms(prepare(settings.load().cache_dir, fold))
    meeting = Meeting(forms, load())
    short = [
        *_judge_forms(meeting),
        *_judge_alike(meeting, listing=listing),
        *_judge_friends(meeting),
        *_judge_places(meeting),
        *_judge_loading(),
    ]
    for reason in short:
        print(f"SHORT: {reason}")
    return 1 if short else 0


def _judge_forms(meeting: Meeting) -> Iterator[str]:
    words = Counter(row[0] for row in table("forms.tsv"))
    for lang, (met, all_, missed) in case_forms(meeting).items():
        share = 100 * met / all_
        print(f"case forms {lang}: {words[lang]} words, {met} of {all_} forms meet, {share:.1f} % (asked: 95)")
        print(*(f"  missed: {' '.join(missed)}" for _ in missed[:1]), sep="\n", end="\n" if missed else "")
        if share < ASKED["forms"]:
            yield f"case forms {lang}"


def _judge_alike(meeting: Meeting, *, listing: bool) -> Iterator[str]:
    likened = {fold(clean(row[1])) for row in table("forms.tsv")}
    words = frequent(likened)
    found, used = look_alikes(meeting, words)
    for lang, (several, from_texts) in words.items():
        print(f"frequent words {lang}: {len(several)}, of them {from_texts} from texts, the others from the dictionary")
    unexplained = [(word, other) for word, other, why in found if not why]
    share = 100 * len(unexplained) / max(1, len(found))
    reasoned = sum(why not in ("", "its form") for _, _, why in found)
    print(
        f"look-alikes: {len(used)} field words meet {len(found)} frequent words: "
        f"{len(found) - reasoned - len(unexplained)} of their forms, {reasoned} with a reason in alike.tsv, "
        f"{len(unexplained)} unexplained, "
        f"{share:.2f} % (asked: 1)"
    )
    for word, other, why in found:
        if listing or not why:
            print(f"  {word} / {other}: {why or 'unexplained'}")
    if share > ASKED["alike"]:
        yield "look-alikes"


def _judge_friends(meeting: Meeting) -> Iterator[str]:
    wrong, all_, stale = false_friends(meeting)
    cannot = sum(len(row) > 3 for row in table("apart.tsv"))
    print(
        f"false friends: {all_} pairs, {cannot} cannot be parted (why: apart.tsv), {len(wrong)} others meet (asked: 0)"
    )
    for pair in wrong:
        print(f"  {pair}")
    if wrong:
        yield "false friends"
    if stale:
        yield f"{stale} pairs of apart.tsv are parted after all: drop their reason"


def _judge_places(meeting: Meeting) -> Iterator[str]:
    met, missed, count = places(meeting)
    shares = {kind: 100 * sum(found) / len(found) for kind, found in met.items()}
    pairs = sum(map(len, met.values()))
    by_all = 100 * (pairs - len(missed)) / pairs
    print(
        f"places: {count}; by keys alone meet {shares['one name']:.1f} % of {len(met['one name'])} pairs of spellings "
        f"of one name (asked: 90) and {shares['other names']:.1f} % of {len(met['other names'])} pairs of other names; "
        f"with the lists {by_all:.1f} % (asked: 100)"
    )
    if missed:
        print(f"  missed: {' '.join(missed)}")
    if shares["one name"] < ASKED["places"] or by_all < ASKED["aliases"]:
        yield "spellings of places"


def _judge_loading() -> Iterator[str]:
    seconds, mebibytes, simplemma = loading()
    print(f"loading: {seconds:.2f} s of CPU (asked: 1), {mebibytes:.0f} MiB after 200,000 lookups (asked: 200)")
    if seconds > ASKED["cpu"] or mebibytes > ASKED["memory"] or simplemma:
        yield "loading"


if __name__ == "__main__":
    sys.exit(main())
