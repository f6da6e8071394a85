"""The word lists of the field: places, people, organisations, word families and topics, as editable YAML.

The shipped files stand beside this module; a folder of the user's may hold files of the same names, whose entries
replace shipped ones of the same name or join them. Nothing is kept here: whoever loads the lists passes them on.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml

from tocsin.errors import UserError

Language = Literal["en", "uk", "ru"]
How = Literal["name", "other name", "form"]


class Spellings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words by language."""

    en: tuple[str, ...] = ()
    uk: tuple[str, ...] = ()
    ru: tuple[str, ...] = ()


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One heading by language."""

    en: str
    uk: str = ""
    ru: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something with names. The first of ``uk`` and ``ru`` is today's usual name, the others further or former ones."""

    name: str
    """The canonical name, in English: what an article lists and what queries are shown."""
    uk: tuple[str, ...] = ()
    ru: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    """Other spellings and former names in Latin letters."""
    forms: Spellings = Spellings()
    """Case forms that the dictionaries do not lead back to the name."""
    ambiguous: bool | tuple[Language, ...] = ()
    """Languages in which its one-word names are ordinary words too (true: in all); see ``is_ambiguous``."""


class Place(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A town, region, country or sea."""

    country: str = ""
    """ISO 3166-1 alpha-2, lower case; empty for what lies in none."""
    inside: str = msgspec.field(default="", name="in")
    """Canonical name of the place around it; empty for countries and seas."""
    lat: float | None = None
    lon: float | None = None
    """Degrees, WGS 84, good to a few kilometres for towns and a middle point for regions."""
    adjectives: Spellings = Spellings()
    """Adjectives made of the name: shown, but not among its names."""


class Person(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public figure of the field."""

    surname: Spellings = Spellings()
    """Bare surnames, only where they mean this person alone."""


class Organisation(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An army, authority, company or body."""


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words of one language of which a reader who asks for one means all; base forms, the head among them."""

    lang: Language
    head: str
    words: tuple[str, ...]


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named query that an article meets or not."""

    id: str
    name: Label
    query: str
    """In the query language: words, phrases, prefixes, AND OR NOT, parentheses, ``title:``."""


class Lists(msgspec.Struct, frozen=True, dict=True):
    """All lists, in the order of the files, a user's additions last."""

    places: tuple[Place, ...] = ()
    people: tuple[Person, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    families: tuple[Family, ...] = ()
    topics: tuple[Topic, ...] = ()

    def within(self, place: str) -> frozenset[str]:
        """The canonical name and those of all listed places inside it, however deep; empty for an unlisted place."""
        found: set[str] = set()
        waiting = [place] if place in self._canonical else []
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._inner.get(name, ())
        return frozenset(found)

    def resolve_place(self, text: str) -> str | None:
        """The canonical name of a place by any of its names, or None.

        Case, blanks, hyphens, quotation marks and the kind of apostrophe do not count.
        """
        return self._by_name.get(_plain(text))

    @cached_property
    def _canonical(self) -> frozenset[str]:
        return frozenset(place.name for place in self.places)

    @cached_property
    def _inner(self) -> dict[str, list[str]]:
        inner: dict[str, list[str]] = defaultdict(list)
        for place in self.places:
            inner[place.inside].append(place.name)
        return inner

    @cached_property
    def _by_name(self) -> dict[str, str]:
        found = {_plain(place.name): place.name for place in self.places}
        for place in self.places:
            for name, _, _ in names(place):
                found.setdefault(_plain(name), place.name)
        return found


def names(entry: Place | Person | Organisation) -> tuple[tuple[str, Language, How], ...]:
    """All names of an entry, each once per language: the name, its language and what kind of name it is.

    ``en`` stands for any spelling in Latin letters. Adjectives are not among them.
    """
    surname = entry.surname if isinstance(entry, Person) else Spellings()
    found: dict[tuple[str, Language], How] = {(entry.name, "en"): "name"}

    def add(words: Iterable[str], lang: Language, how: How) -> None:
        for word in words:
            found.setdefault((word, lang), how)

    add(entry.uk[:1], "uk", "name")
    add(entry.ru[:1], "ru", "name")
    add((*entry.other, *surname.en), "en", "other name")
    add((*entry.uk[1:], *surname.uk), "uk", "other name")
    add((*entry.ru[1:], *surname.ru), "ru", "other name")
    add(entry.forms.en, "en", "form")
    add(entry.forms.uk, "uk", "form")
    add(entry.forms.ru, "ru", "form")
    return tuple((name, lang, how) for (name, lang), how in found.items())


def is_ambiguous(entry: Place | Person | Organisation, name: str, lang: str) -> bool:
    """Whether this name is an ordinary word of that language too.

    Such a name counts in a text only where it has a capital inside a sentence. Names of several words never are.
    """
    marked = entry.ambiguous
    return (marked if isinstance(marked, bool) else lang in marked) and " " not in name


T = TypeVar("T", Place, Person, Organisation, Family, Topic)


def load(folder: Path | None = None) -> Lists:
    """The shipped lists, with the files of a user's folder laid over them.

    An entry there replaces the shipped one of the same name (a family: language and head; a topic: id), or joins the
    list; one that says ``remove: true`` takes it out. Raises UserError naming the file and what is wrong in it.
    """
    if folder is not None:
        _check_folder(folder)
    lists = Lists(
        places=_read("places", Place, ("name",), folder),
        people=_read("people", Person, ("name",), folder),
        organisations=_read("organisations", Organisation, ("name",), folder),
        families=_read("families", Family, ("lang", "head"), folder),
        topics=_read("topics", Topic, ("id",), folder),
    )
    _check_places(lists.places, folder)
    return lists


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise UserError(f"The folder of word lists {folder} does not exist; make it or leave the setting empty.")
    known = {f"{field}.yaml" for field in Lists.__struct_fields__}
    for path in sorted(folder.iterdir()):
        if path.suffix in (".yaml", ".yml") and path.name not in known:
            raise UserError(f"{path} is not one of the word lists; rename it to one of {', '.join(sorted(known))}.")


def _read(kind: str, of: type[T], key: tuple[str, ...], folder: Path | None) -> tuple[T, ...]:
    name = f"{kind}.yaml"
    found = dict(_entries(files(__name__).joinpath(name).read_text("utf-8"), of, key, name))
    path = folder / name if folder else None
    if path is not None and path.exists():
        try:
            text = path.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"The word list {path} cannot be read: {error}.") from error
        found |= dict(_entries(text, of, key, str(path)))
    return tuple(entry for entry in found.values() if entry is not None)


def _entries(text: str, of: type[T], key: tuple[str, ...], where: str) -> Iterable[tuple[str, T | None]]:
    """Entries of one file by their key; None for one that is to be removed.

    The base loader leaves every scalar a string, so that ``no`` stays the country code of Norway.
    """
    try:
        data = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506 - builds strings only
    except yaml.YAMLError as error:
        raise UserError(f"The word list {where} is not YAML: {' '.join(str(error).split())}.") from error
    if data in ("", None):
        return
    if not isinstance(data, list):
        raise UserError(f'The word list {where} must be a list of entries, each beginning with "- ".')
    for number, item in enumerate(data, 1):
        label = " ".join(str(item.get(part, "")) for part in key).strip() if isinstance(item, dict) else ""
        if not label:
            raise UserError(f"The word list {where}: entry {number} needs {' and '.join(key)}; it is {item!r}.")
        yield label, _entry(item, of, f"The word list {where}, entry {number} ({label})")


def _entry(item: dict[str, Any], of: type[T], where: str) -> T | None:
    if item.get("remove") == "true":
        return None
    try:
        entry = msgspec.convert(item, of, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(f"{where}: {error}.") from error
    if problem := _problem(entry):
        raise UserError(f"{where}: {problem}.")
    return entry


def _problem(entry: Place | Person | Organisation | Family | Topic) -> str:
    """What is wrong with an entry beyond the types of its fields, or an empty string."""
    if isinstance(entry, Topic):
        return "" if entry.id and entry.query.strip() else "a topic needs an id and a query"
    if isinstance(entry, Family):
        odd = [word for word in entry.words if not _ONE_WORD.fullmatch(word)]
        return f'"{odd[0]}" is not one word; a family holds single words' if odd else ""
    return "" if all(name.strip() for name, _, _ in names(entry)) else "a name is empty"


def _check_places(places: tuple[Place, ...], folder: Path | None) -> None:
    around = {place.name: place.inside for place in places}
    where = folder / "places.yaml" if folder else "places.yaml"
    for place in places:
        seen = {place.name}
        outer = place.inside
        while outer:
            if outer not in around:
                raise UserError(f'The word list {where}: {place.name} lies in "{outer}", which is not listed; add it.')
            if outer in seen:
                raise UserError(f"The word list {where}: {place.name} lies inside itself by way of {outer}.")
            seen.add(outer)
            outer = around[outer]


_ONE_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_PLAIN = str.maketrans(
    {"ё": "е", "ґ": "г", "’": "'", "ʼ": "'", "‘": "'", "`": "'", "-": " ", "‑": " ", "–": " ", "«": " ", "»": " "}
)


def _plain(name: str) -> str:
    return " ".join(name.casefold().translate(_PLAIN).split())
