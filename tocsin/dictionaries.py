"""Dictionaries of word forms, compiled once per machine into a file that is mapped, not read.

simplemma ships form → lemma lists; unpacked they take hundreds of megabytes and seconds. Here each language becomes one
file: sorted 64-bit hashes of the folded forms, beside them offsets into a table of lemmas. Looking a word up costs a
bisection over mapped memory; opening a file costs nothing.

What simplemma has wrong or not at all is mended on the way: see ``tocsin/paradigms.py`` and ``lists/forms.txt``.
"""

import fcntl
import gc
import hashlib
import mmap
import os
import struct
from bisect import bisect_left
from collections.abc import Callable, Collection, Container, Iterable, Mapping
from pathlib import Path

from tocsin import paradigms
from tocsin.errors import UserError

LANGUAGES = ("en", "uk", "ru")
_MAGIC = b"tocsin-forms-2\0\0"
_NAME = 1 << 31
_OWN_FORMS = Path(__file__).parent / "lists" / "forms.txt"
_HEAD = struct.Struct("<16sII")


def form_hash(form: str) -> int:
    """64-bit hash of a folded form (BLAKE2b), the same on any machine."""
    return int.from_bytes(hashlib.blake2b(form.encode(), digest_size=8).digest(), "little")


class Dictionary:
    """One language's forms, mapped from its file."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        magic, count, lemmas = _HEAD.unpack_from(self._map)
        if magic != _MAGIC:
            raise ValueError(f"{path} is not a compiled dictionary")
        view = memoryview(self._map)
        start = _HEAD.size
        self._hashes = view[start : start + 8 * count].cast("Q")
        self._values = view[start + 8 * count : start + 12 * count].cast("I")
        self._lemmas = start + 12 * count
        self._end = self._lemmas + lemmas

    def lemmas(self, form: str) -> tuple[str, ...]:
        """Folded lemmas of a folded form, in order of the alphabet; empty where the dictionary does not know it."""
        return self.entry(form)[0]

    def entry(self, form: str) -> tuple[tuple[str, ...], bool]:
        """The lemmas of a folded form, and whether it is known as a name alone: Харків is, Суми (sums) is not."""
        wanted = form_hash(form)
        place = bisect_left(self._hashes, wanted)
        if place == len(self._hashes) or self._hashes[place] != wanted:
            return (), False
        value = self._values[place]
        start = self._lemmas + (value & ~_NAME)
        lemmas = tuple(self._map[start : self._map.find(b"\n", start, self._end)].decode().split("|"))
        return lemmas, value >= _NAME


def compile_forms(forms: Mapping[str, Collection[str]], target: Path, names: Container[str] = ()) -> None:
    """Write folded lemmas by folded form as one dictionary file, complete or not at all.

    ``names``: the forms that are known as names alone.
    """
    table = bytearray()
    places: dict[str, int] = {}
    rows: list[tuple[int, int]] = []
    for form, lemmas in forms.items():
        lemma = "|".join(sorted(lemmas))
        place = places.get(lemma)
        if place is None:
            place = places[lemma] = len(table)
            table += lemma.encode() + b"\n"
        rows.append((form_hash(form), place | (_NAME if form in names else 0)))
    rows.sort()
    draft = target.with_suffix(f".{os.getpid()}.part")
    with draft.open("wb") as file:
        file.write(_HEAD.pack(_MAGIC, len(rows), len(table)))
        file.write(struct.pack(f"<{len(rows)}Q", *(row[0] for row in rows)))
        file.write(struct.pack(f"<{len(rows)}I", *(row[1] for row in rows)))
        file.write(table)
    draft.replace(target)


def prepare(folder: Path, fold: Callable[[str], str], progress: Callable[[str], None] | None = None) -> dict[str, Path]:
    """Compile what is missing in the folder; returns the file of each language.

    Two processes that come at once: one compiles, the other waits. Takes some twenty seconds of CPU the first time.

    Raises UserError where the folder cannot be written.
    """
    own = _OWN_FORMS.read_text("utf-8")
    edition = hashlib.blake2b(own.encode() + Path(paradigms.__file__).read_bytes(), digest_size=4).hexdigest()
    files = {lang: folder / f"forms-2-{edition}-{lang}.bin" for lang in LANGUAGES}
    if all(path.exists() for path in files.values()):
        return files
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "forms.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for lang, path in files.items():
                if not path.exists():
                    if progress:
                        progress(lang)
                    _compile(lang, own, fold, path)
            for outdated in set(folder.glob("forms-*.bin")) - set(files.values()):
                outdated.unlink()
    except OSError as error:
        raise UserError(
            f"The dictionaries cannot be compiled into {folder}: {error.strerror}. Set TOCSIN_CACHE_DIR to a folder "
            "that can be written.",
            1,
        ) from error
    return files


def _compile(lang: str, own: str, fold: Callable[[str], str], target: Path) -> None:
    # A million tuples, none of them garbage: looking for some takes a fifth of the time.
    gc.disable()
    try:
        forms, names = paradigms.mended(lang, _simplemma_pairs(lang), own, fold)
        compile_forms(forms, target, names)
    finally:
        gc.enable()


def _simplemma_pairs(lang: str) -> Iterable[tuple[str, str]]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    for form, lemma in DefaultDictionaryFactory(cache_max_size=1).get_dictionary(lang).items():
        if form[0].isalnum() and lemma and "|" not in lemma:
            yield form, lemma
