"""What a story is, told from its members."""

from collections.abc import Sequence
from datetime import UTC

from tocsin.records import Article, Story


def story_of(root: str, members: Sequence[Article]) -> Story | None:
    """The story of these articles, in order of filing, under the id that stands for it; None where there are none."""
    if not members:
        return None
    return Story(
        id=root,
        first=members[0].id,
        title=members[0].title,
        outlets=tuple(dict.fromkeys(member.outlet for member in members)),
        texts=len(members),
        first_seen=members[0].first_seen,
        original=_first_published(members).id,
        languages=tuple(dict.fromkeys(member.lang for member in members if member.lang)),
        copies=sum(member.relation in ("copy", "copy with additions") for member in members),
        versions=sum(member.relation == "version" for member in members),
    )


def _first_published(members: Sequence[Article]) -> Article:
    """The member with the earliest date; one without a zone is read in UTC."""
    dated = [(member.published, member) for member in members if member.published is not None]
    moments = [(when if when.tzinfo else when.replace(tzinfo=UTC), member) for when, member in dated]
    return min(moments, key=lambda pair: pair[0])[1] if moments else members[0]
