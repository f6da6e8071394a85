"""What simplemma's dictionaries have wrong, mended before they are compiled.

It knows one lemma a form: Russian *полку* is there a shelf and never a regiment, and *танка* no tank. Most nouns of a
language decline like hundreds of others, so such a gap shows: a lemma whose forms are all but a few of a common pattern
has the others too. What no rule mends stands in ``lists/forms.txt``.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from tocsin.errors import UserError

Rule = tuple[int, str]
"""Letters to drop from the end of the lemma, and what to write instead."""
Pattern = frozenset[Rule]

COMMON = 25
"""Lemmas that must decline by a pattern, all its forms known, before it completes another."""
LEAST, MOST = 6, 16
"""Forms of a pattern: fewer say nothing, more are verbs and adjectives, whose forms are rarely lost."""
_STRAY = 2
"""Forms outside the pattern that a lemma may have: slips of the dictionary, and diminutives."""
TRIED = 12
"""Patterns tried on a lemma, the commonest of its ending first."""


_OWN_LEMMA = 3
"""Forms of a Cyrillic lemma from which on the lemma is one of its own forms, whatever the dictionary says."""
_OF_A_PLACE = re.compile(r"[сцз]ький")
_ABSTRACT = re.compile(r"(.*ість) .*[иі]й|(.*[нт]тя|.*ння) .*ти")
"""Ukrainian nouns that simplemma counts among the forms of an adjective or verb: незалежність is not незалежний."""
_SUPPLETIVE = frozenset("человек ребенок быть хороший плохой идти людина дитина бути добрий поганий йти іти".split())
"""Lemmas whose forms begin otherwise. All others that do are slips: *дня* is there a form of *Победы*."""
_BRITISH = (
    ("isation", "ization"),
    ("isational", "izational"),
    ("ise", "ize"),
    ("yse", "yze"),
    ("our", "or"),
    ("tre", "ter"),
)
"""Endings of English lemmas that are met as their American spelling, where the dictionary knows that too."""
_PAST = re.compile(r"л[аои]?$")
_VERB = re.compile(r"ть(?:ся)?$|ти(?:ся)?$")
_SURNAME = re.compile(r"\w{2,}(?:[оеє]в|[иіы]н)")
_SURNAME_ENDINGS = {
    "ru": "а у ым ом е ой ы ых ыми".split(),
    "uk": "а у ові им ом і ою ої ій и их ими".split(),
}

_SHORT = {
    "ru": (("анный", "янный", "енный", "тый"), ("", "а", "о", "ы")),
    "uk": (("аний", "яний", "ений", "єний", "тий"), ("о",)),
}
"""Endings of participles, and those of their short forms; of a double н one stays."""

Forms = dict[str, tuple[str, ...]]
"""Lemmas by form, both folded. Tuples: there are a million of them."""
Fold = Callable[[str], str]


def mended(lang: str, pairs: Iterable[tuple[str, str]], own: str, fold: Fold) -> tuple[Forms, set[str]]:
    """Lemmas by form, both folded, and the forms that are names alone, out of (form, lemma) as the dictionary has them.

    ``own`` is the text of ``lists/forms.txt``. Raises UserError where that cannot be read.
    """
    forms: Forms = {}
    names: set[str] = set()
    common: set[str] = set()
    for form, lemma in pairs:
        folded, base, named = fold(form), fold(lemma), lemma[0].isupper()
        if lang != "en":
            if named and form[0].islower() and _OF_A_PLACE.fullmatch(form[-4:]):
                continue
            if folded[0] != base[0] and folded[1:3] != base[1:3] and base not in _SUPPLETIVE:
                continue
            if lang == "uk" and _ABSTRACT.fullmatch(f"{folded} {base}"):
                base = folded
        _join(forms, folded, base)
        (names if named else common).add(folded)
    names -= common
    (_one_spelling if lang == "en" else _complete)(forms, names)
    if lang != "en":
        _surnames(lang, forms, names)
        _participles(lang, forms)
    _correct(lang, forms, names, own, fold)
    return forms, names


def _one_spelling(forms: Forms, _names: set[str]) -> None:
    """Lemmas of lemmas (*defences* → *defence* → *defense*), plurals as lemmas (*Ukrainians*), British endings."""
    for form, found in forms.items():
        if len(found) > 1 and form.endswith("s"):
            forms[form] = tuple(lemma for lemma in found if lemma != form)
    spelled = {lemma: _american(lemma, forms) for lemma in {lemma for found in forms.values() for lemma in found}}
    for form, found in forms.items():
        further = [other for lemma in found if lemma != form for other in forms.get(lemma, ())]
        read = further if further and form not in found else found
        forms[form] = tuple(dict.fromkeys(spelled[lemma] for lemma in read))


def _american(lemma: str, forms: Forms) -> str:
    for british, american in _BRITISH:
        if lemma.endswith(british) and len(lemma) >= len(british) + 3:
            changed = lemma.removesuffix(british) + american
            if changed in forms.get(changed, ()):
                return changed
    return lemma


def _complete(forms: Forms, names: set[str]) -> None:
    """Lemmas as forms of themselves, and gaps filled."""
    of_lemma: dict[str, list[str]] = defaultdict(list)
    for form, lemmas in forms.items():
        for lemma in lemmas:
            of_lemma[lemma].append(form)
    for lemma, found in of_lemma.items():
        if lemma not in found and len(found) >= _OWN_LEMMA:
            _join(forms, lemma, lemma)
            found.append(lemma)
    for form, lemma in completed(of_lemma):
        if not _means_another(form, forms.get(form, ())):
            _add(form, lemma, forms, names, named=lemma in names)


def _means_another(form: str, lemmas: tuple[str, ...]) -> bool:
    """Whether a form that two words share nearly always is that of the known one.

    It is, where that is a base form (*рот*: mouth, and of companies) or a verb's past (*стали*: became, and of steel).
    Ukrainian possessives (*командирів*) are base forms, yet rarer than the genitives that look like them.
    """
    if form in lemmas:
        return not form.endswith(("ів", "їв"))
    return bool(_PAST.search(form)) and any(map(_VERB.search, lemmas))


def _surnames(lang: str, forms: Forms, names: set[str]) -> None:
    """Case forms of Лавров, Путин and towns like Львов: of most the dictionaries have but a few."""
    listed = sorted(
        form for form, found in forms.items() if form in found and form in names and _SURNAME.fullmatch(form)
    )
    for name in listed:
        for ending in _SURNAME_ENDINGS[lang]:
            _add(name + ending, name, forms, names, named=True)


def _participles(lang: str, forms: Forms) -> None:
    """Short forms that the dictionaries lack: *окружены* of *окружённый*, *обстріляно* of *обстріляний*."""
    full, endings = _SHORT[lang]
    for form in [form for form in forms if form.endswith(full)]:
        stem = form[:-3] if form.endswith("нный") else form[:-2]
        for ending in endings:
            forms.setdefault(stem + ending, forms[form])


def _add(form: str, lemma: str, forms: Forms, names: set[str], *, named: bool) -> None:
    if named and (form not in forms or form in names):
        names.add(form)
    else:
        names.discard(form)
    _join(forms, form, lemma)


def _join(forms: Forms, form: str, lemma: str) -> None:
    known = forms.get(form)
    if known is None:
        forms[form] = (lemma,)
    elif lemma not in known:
        forms[form] = (*known, lemma)


def _correct(lang: str, forms: Forms, names: set[str], own: str, fold: Fold) -> None:
    for number, line in enumerate(own.splitlines(), 1):
        row = line.partition("#")[0].split()
        if not row or row[0] != lang:
            continue
        if len(row) < 3:
            raise UserError(f'lists/forms.txt, line {number}: "{line}" is not: language, lemma, forms.')
        word, only = row[1].removeprefix("="), row[1].startswith("=")
        lemma, named = fold(word), word[0].isupper()
        for form in dict.fromkeys((lemma, *map(fold, row[2:]))):
            if only:
                forms.pop(form, None)
                names.discard(form)
            _add(form, lemma, forms, names, named=named)


def completed(lemmas: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    """Further (form, lemma) pairs, given the known forms of each lemma."""
    kept: dict[Pattern, Pattern] = {}
    known: dict[str, Pattern] = {}
    for lemma, forms in lemmas.items():
        pattern = frozenset(_rule(lemma, form) for form in forms)
        if LEAST // 2 <= len(pattern) <= MOST + _STRAY and len(lemma) > 2:
            known[lemma] = kept.setdefault(pattern, pattern)
    counts: dict[str, Counter[Pattern]] = defaultdict(Counter)
    for lemma, pattern in known.items():
        counts[lemma[-2:]][pattern] += 1
    common = {
        ending: [pattern for pattern, times in found.most_common(TRIED * 4) if times >= COMMON and _sized(pattern)][
            :TRIED
        ]
        for ending, found in counts.items()
    }
    for lemma, pattern in known.items():
        best = max(common[lemma[-2:]], key=lambda other: _likeness(pattern, other), default=None)
        if best is None or _likeness(pattern, best)[0] < 0:
            continue
        for drop, ending in sorted(best - pattern):
            yield lemma[: len(lemma) - drop] + ending, lemma


def _sized(pattern: Pattern) -> bool:
    return LEAST <= len(pattern) <= MOST


def _rule(lemma: str, form: str) -> Rule:
    shared = len(lemma)
    while not form.startswith(lemma[:shared]):
        shared -= 1
    return len(lemma) - shared, form[shared:]


def _likeness(pattern: Pattern, other: Pattern) -> tuple[int, int]:
    """How well a lemma's forms fit a common pattern; below nought: not at all."""
    shared = len(pattern & other)
    fits = shared * 2 >= len(other) and len(pattern) - shared <= _STRAY
    return (shared if fits else -1), -len(other)
