"""How names sound: a Latin skeleton in which a name's spellings of several alphabets and languages meet.

Kharkiv, Kharkov, German Charkiw, Spanish Jarkov, Харків and Харьков all are ``harkov``. A word of a text is read in the
language of the text; a name in a query, whose language nobody knows, in every way it can be read. Made for names that
are no ordinary words: for those it is too wide.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii


class _Reading(NamedTuple):
    """How a language spells: the letters that are replaced, and by which."""

    spelled: re.Pattern[str]
    sounds: dict[str, str]


def _reading(rules: str, *bases: _Reading) -> _Reading:
    sounds = {letters: sound for base in bases for letters, sound in base.sounds.items()}
    sounds |= dict(rule.split("=") for rule in rules.split())
    return _Reading(re.compile("|".join(sorted(map(re.escape, sounds), key=lambda letters: -len(letters)))), sounds)


# Small letters as they sound; C: ts, c: ch in church, S: sh, Z: zh, h: kh.
_ENGLISH = _reading(
    "shch=S sch=S sh=S zh=Z ch=c kh=h tch=c ts=C tz=C ph=f th=t oo=u ck=k ce=se ci=si cy=si c=k q=k w=v x=ks z=s"
)
_GERMAN = _reading("schtsch=S tsch=c dsch=dZ ch=h z=C sz=s x=h", _ENGLISH)
_READINGS = {
    "en": (_ENGLISH,),
    "de": (_GERMAN, _reading("sch=Z", _GERMAN)),
    "fr": (_reading("chtch=S ch=S dj=dZ j=Z ou=u", _ENGLISH),),
    "pl": (_reading("szcz=S cz=c sz=S zh=Z rz=Z dz=ds ch=h c=C w=v x=h z=s"),),
    "es": (_reading("j=h ch=c", _ENGLISH),),
}
_POLISH_LETTERS = str.maketrans({"ż": "zh", "ź": "z"})
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_GLIDE = re.compile(r"[ijy]+(?=[aeou])")
_VOWEL = re.compile("[ijy]+")
_DOUBLED = re.compile(r"([a-zCSZ])\1+")
_TOWN = re.compile(r"(?<=\w{3})[ieou]v(?=$|ka?$|Ci?$)")
_SHIFTING = re.compile(r"[eio]+")
_FINAL = re.compile(r"(?<=\w{5})i$")

LONG = 8
"""Letters of a skeleton from which on e, i and o are one, as Ukrainian and Russian have them: Chornobyl, Chernobyl."""


def heard(word: str, lang: str = "") -> tuple[str, ...]:
    """Skeletons of a word of a text, read in its language (English where that is none of ours)."""
    return tuple(dict.fromkeys(_skeleton(word, reading) for reading in _READINGS.get(lang, _READINGS["en"])))


def readings(name: str) -> tuple[str, ...]:
    """Skeletons of a name in Latin letters, whichever language spells it so; Ukrainian h is Russian g, and back."""
    spelled = dict.fromkeys(_spelled(name, reading) for several in _READINGS.values() for reading in several)
    found = list(dict.fromkeys(map(_levelled, spelled)))
    return tuple(dict.fromkeys((*found, *(other for skeleton in found for other in swapped(skeleton)))))


def swapped(skeleton: str) -> tuple[str, str]:
    """A skeleton as the other language has it: Luhansk and Lugansk."""
    return skeleton.replace("h", "g"), skeleton.replace("g", "h")


@lru_cache(maxsize=50_000)
def _plain(word: str) -> str:
    return _NOT_PLAIN.sub("", anyascii(word.translate(_POLISH_LETTERS)).casefold())


def _skeleton(word: str, reading: _Reading) -> str:
    return _levelled(_spelled(word, reading))


def _spelled(word: str, reading: _Reading) -> str:
    return reading.spelled.sub(lambda match: reading.sounds[match.group()], _plain(word))


def _levelled(sounds: str) -> str:
    level = _VOWEL.sub("i", _GLIDE.sub("", sounds))
    level = _FINAL.sub("", _TOWN.sub("ov", _DOUBLED.sub(r"\1", level)))
    return _SHIFTING.sub("o", level) if len(level) >= LONG else level
