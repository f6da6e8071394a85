"""No key changes by accident: the keys of 2,000 words a language, hashed.

Stored texts hold the keys of the analyser that made them. Where this fails and the change is meant, raise ``ANALYSER``
in tocsin/words.py and write the new hashes here: ``python -m tests.words.test_golden`` prints them.
"""

import hashlib
from pathlib import Path

import pytest

from tocsin import settings
from tocsin.dictionaries import LANGUAGES, prepare
from tocsin.forms import Forms
from tocsin.spelling import fold
from tocsin.words import ANALYSER

GOLDEN = {
    2: {"en": "7c9518daf5beef26789a20c3", "uk": "95178552d6443357004d6819", "ru": "28d55da72f713f703bd77357"},
}
WORDS = Path(__file__).with_name("golden_words.txt")


def words_of(lang: str) -> list[str]:
    """The chosen words of a language: of texts, of the bench's tables and of the dictionaries."""
    return WORDS.read_text("utf-8").partition(f"[{lang}]\n")[2].partition("[")[0].split()


def hash_of(lang: str, forms: Forms) -> str:
    """Of all keys that the chosen words have in texts, of this language and of an unknown one, and in queries."""
    keys = [(forms.keys(word, lang), forms.keys(word), forms.query_keys(word)) for word in words_of(lang)]
    return hashlib.blake2b(repr(keys).encode(), digest_size=12).hexdigest()


@pytest.fixture(scope="module")
def forms() -> Forms:
    """Word forms with the real dictionaries."""
    return Forms(prepare(settings.load().cache_dir, fold))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_keys_are_those_of_this_version(forms: Forms, lang: str) -> None:
    """Any change of a key needs a new version of the analyser, so that stored texts are analysed anew."""
    assert len(words_of(lang)) == 2000
    assert ANALYSER in GOLDEN, f"ANALYSER is {ANALYSER}: write its hashes into GOLDEN"
    found = hash_of(lang, forms)
    assert found == GOLDEN[ANALYSER][lang], f"keys changed ({found}): raise ANALYSER and write the new hashes"


if __name__ == "__main__":
    opened = Forms(prepare(settings.load().cache_dir, fold))
    for language in LANGUAGES:
        print(f'"{language}": "{hash_of(language, opened)}",')
