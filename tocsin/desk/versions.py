"""The texts of one address as the desk shows them: which stood there when, and what changed from one to the next."""

from collections.abc import Sequence

from tocsin.desk.reading import DeskStore
from tocsin.desk.show import Lens, Moment, View
from tocsin.edits import Edit, between, histories, printed, sentence
from tocsin.records import Article

BLOCKS = 20
"""Changed paragraphs that are shown word by word."""


class Version(View, frozen=True):
    """A text that stood at an address."""

    article: Article
    seen: Moment
    said: str
    """What changed since the version before, in one sentence; empty for the first."""


class Changed(View, frozen=True):
    """What changed in a version, word by word."""

    before: Version
    said: str
    edits: list[Edit]
    more: int
    """Further paragraphs that are not shown."""


def versions_of(store: DeskStore, article: Article, lens: Lens) -> list[Version]:
    """The texts of an article's address, the oldest first, each with what changed in it."""
    found = store.versions(article.address_id)
    return [
        Version(version, lens.moment(version.first_seen), said)
        for version, said in zip(found, histories(found), strict=True)
    ]


def changed_in(article: Article, versions: Sequence[Version]) -> Changed | None:
    """What changed from the version before an article to it; None for the first text of its address."""
    place = next((place for place, version in enumerate(versions) if version.article.id == article.id), 0)
    if not place:
        return None
    before = versions[place - 1]
    changes = between(before.article, article)
    edits, more = printed(changes, BLOCKS)
    return Changed(before, versions[place].said or sentence(changes), edits, more)
