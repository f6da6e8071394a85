"""Names in a byline: who is a person, who an organisation, and what of a line is neither."""

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from spiders.extract import bylinewords as words
from spiders.extract import jsonld
from spiders.extract.tree import squash

Sort = Literal["person", "single", "organisation", "handle"]


class Name(msgspec.Struct, frozen=True):
    """One name of a byline."""

    text: str
    sort: Sort
    """``single`` is one capitalised word, ``handle`` a user name; the least trusted last."""


_JOINED = re.compile(r"[^\W\d_]+", re.UNICODE)
_EDGES = ' ,;:|/／·•–—-*"“”„()'
_LONGEST = 300


def names_in(raw: str, sites: frozenset[str] = frozenset(), *, declared: bool = False) -> list[Name]:
    """The names of one line, each once, in its order. Where it names a person, only persons.

    ``sites`` holds what the site is called, as letters and digits in lower case. A line that is ``declared`` to be a
    name is believed where print would not be: small letters, a short phrase that no word marks as an organisation.
    """
    text = jsonld.plain(raw)
    if not text or len(text) > _LONGEST or words.NOT_BY.match(text):
        return []
    text = without_by(text)
    if _key(text) in sites:
        return [Name(_trimmed(text), "organisation")]
    if words.SITE_ASIDE.search(text):
        return [Name(_trimmed(words.SIDE.sub("", text)), "organisation")]
    text = _trimmed(words.SIDE.sub("", words.ADDRESS.sub("", text)))
    if words.NOBODY.match(text):
        return []
    parts = [p for p in (_bare(without_by(p)) for p in words.SPLIT.split(text)) if p and not _is_filler(p)]
    persons = [
        p
        for n, p in enumerate(parts)
        if (_is_person(p, sites) and not (n and words.BESIDE.match(p))) or (declared and _is_small_person(p))
    ]
    if persons:
        return [Name(cased(p), "person") for p in _once(persons)]
    found = _other(text, parts, sites)
    return found if declared else [n for n in found if n.sort != "organisation" or _is_told(n.text, sites)]


def _other(text: str, parts: list[str], sites: frozenset[str]) -> list[Name]:
    """What a line without a full name has: a surname before a first name, an organisation, one word."""
    if len(parts) == 2 and text.count(",") == 1 and all(_is_word(p) and len(p) > 2 for p in parts):
        turned = f"{parts[1]} {parts[0]}"
        if _is_person(turned, sites):
            return [Name(cased(turned), "person")]
    whole = _cut(text)
    if not 2 <= len(whole) <= 100 or not _JOINED.search(whole):
        return []
    if words.NOBODY.match(whole):
        return []
    if _says_organisation(whole, sites):
        return [Name(whole, "organisation")]
    if " " not in whole:
        return [Name(whole, "single" if _is_word(whole) else "handle")]
    found = [p for p in parts if " " not in p]
    if len(_once(found)) < len(found):
        return [Name(whole, "organisation")]
    if found and all(_is_word(p) or p.islower() for p in found) and len(found) == len(parts):
        return [Name(p, "single" if _is_word(p) else "handle") for p in _once(found)]
    short = len(whole.split()) <= 5 and not words.NO_NAME.intersection(whole.casefold().split())
    return [Name(whole, "organisation")] if short and _is_capital(whole) else []


def _is_filler(part: str) -> bool:
    return words.NOBODY.match(part) is not None or part.casefold() in words.NO_NAME | words.PARTICLES


def _is_told(text: str, sites: frozenset[str]) -> bool:
    return _key(text) in sites or (
        _says_organisation(text, sites) and len(text.split()) <= 8 and not (" " in text and text[0].islower())
    )


def _says_organisation(text: str, sites: frozenset[str]) -> bool:
    return _key(text) in sites or bool(words.ORGANISATION.search(text) or words.ROLE.search(text)) or " & " in text


def without_by(text: str) -> str:
    """A line without what announces its author: ``By``, ``Автор:``, ``Ein Gastbeitrag von``."""
    for _ in range(3):
        rest = words.GLUED_BY.sub("", words.BY.sub("", text, count=1))
        if rest == text:
            break
        text = rest
    return text


def is_by(text: str) -> bool:
    """Whether a line announces its author."""
    return bool(words.BY.match(text) or words.GLUED_BY.match(text)) and not words.NOT_BY.match(text)


def is_other_credit(text: str) -> bool:
    """Whether a line names somebody who did not write the text: who edited it, took the picture, translated it."""
    return words.NOT_BY.match(text) is not None


def _trimmed(text: str) -> str:
    bare = squash(text).strip(_EDGES)
    end = bare.rpartition(" ")[2].rstrip(".")
    # The dot of an initial or of "Jr." stays.
    return bare.rstrip(".") if len(end) > 3 and "." not in end else bare


def _cut(text: str) -> str:
    found = words.TAIL.search(text, text.find(" ")) if " " in text else None
    # "Center for Research" is a whole name, "Jane Roe for The Post" is not.
    one = found is not None and " " not in text[: found.start()] and found.group(0).split()[0] in words.PLACING
    return _trimmed(text[: found.start()] if found and not one else text)


def _bare(part: str) -> str:
    """One part of a byline without roles, places, dates and degrees."""
    text = words.ASIAN_ROLE.sub("", _cut(part))
    text = words.LEADING_ROLE.sub("", text)
    bare = words.ROLE.sub("", text)
    # "Jörg Staff" is a name, "Jane Roe Staff Writer" holds one.
    text = text if len(text.split()) == 2 and text.endswith("Staff") else bare
    pieces = words.HONORIFIC.sub("", text).split()
    while pieces and words.CREDENTIAL.match(pieces[-1].strip(",")):
        pieces.pop()
    return " ".join(pieces[: _end_of_quiet(pieces)]).strip(_EDGES)


def _end_of_quiet(pieces: list[str]) -> int:
    """Where a name ends behind which an outlet stands in capitals: ``Jane Roe USA TODAY``, but not ``Jane ROE``."""
    end = len(pieces)
    while end > 2 and pieces[end - 1].isupper() and len(pieces[end - 1].strip(".")) > 1:
        end -= 1
    tail = " ".join(pieces[end:])
    return end if end > 1 and not pieces[1].isupper() and words.ORGANISATION.search(tail) else len(pieces)


def _is_person(text: str, sites: frozenset[str]) -> bool:
    pieces = text.split()
    if _key(text) in sites or len(text) > 60 or any(c.isdigit() for c in text) or words.NOBODY.match(text):
        return False
    if words.UNCASED.search(text):
        return len(pieces) <= 5 and not words.ORGANISATION.search(text) and (len(pieces) > 1 or len(text) <= 5)
    if (
        not 2 <= len(pieces) <= 6
        or words.ORGANISATION.search(text)
        or (len(pieces) == 2 and words.TITLE.match(pieces[0]))
    ):
        return False
    low = [p.casefold() for p in pieces]
    if words.NO_NAME.intersection(low) - words.PARTICLES or "_" in text:
        return False
    named = sum(bool(_is_capital(p)) for p in pieces)
    return (
        named >= 2
        and all(_is_capital(p) or p.casefold() in words.PARTICLES for p in pieces)
        and bool(_is_capital(pieces[-1]))
        and any(len(p.strip(".")) > 1 for p in pieces)
        and not any(c in text for c in "?!:;<>{}[]=+%$#…→»«")
        and not words.OWNER.search(text)
    )


def _is_small_person(text: str) -> bool:
    pieces = text.split()
    small = len(pieces) == 2 and text.islower() and all(p.isalpha() and len(p) > 2 for p in pieces)
    return (
        small
        and not words.PARTICLES.intersection(pieces)
        and not words.ORGANISATION.search(text)
        and not words.ROLE.search(text)
    )


def _is_capital(word: str) -> bool:
    """Whether a word begins with a capital: itself, or behind a ``d’`` or ``al-``."""
    at = next((n for n, c in enumerate(word) if c.isalpha()), None)
    if at is None:
        return False
    return (
        word[at].isupper()
        or (word[at : at + 3].casefold() in ("al-", "el-") and word[at + 3 : at + 4].isupper())
        or (word[at + 1 : at + 2] in ("'", "’", "ʼ") and word[at + 2 : at + 3].isupper())
    )


def _is_word(text: str) -> bool:
    return " " not in text and bool(_is_capital(text)) and text.replace("-", "").replace("'", "").isalpha()


def cased(name: str) -> str:
    """A name that is written in capitals, or in small letters, with capitals at the beginnings only."""
    letters = [p for p in name.split() if len(p.strip(".")) > 2]
    if not letters or not (all(p.isupper() for p in letters) or name.islower()):
        return name
    pieces = [
        w if len(w) <= 2 and w.isupper() else _JOINED.sub(lambda m: m.group(0).capitalize(), w.lower())
        for w in name.split()
    ]
    return " ".join(w.lower() if n and w.casefold() in words.PARTICLES else w for n, w in enumerate(pieces))


def _once(texts: Iterable[str]) -> list[str]:
    return list({_key(t): t for t in reversed(list(texts))}.values())[::-1]


def _key(text: str) -> str:
    return "".join(_JOINED.findall(text.casefold())) + "".join(c for c in text if c.isdigit())
