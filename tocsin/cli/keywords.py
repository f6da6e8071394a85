"""A pasted list of keywords as queries."""

import re

from tocsin.errors import UserError

_QUERY = re.compile(r'["“”„«»():*=~]|(?:^|\s)(?:AND|OR|NOT|SENT|O?NEAR/\d+)(?:\s|$)|(?:^|\s)-\w')
"""What stands in a query and in no keyword."""
_BETWEEN = re.compile(r"[,;\t]")


def keywords(text: str) -> list[tuple[str, str]]:
    """The keywords of a list and the query of each, each once: one a line, or several with commas between.

    Several words are a phrase. A line that is a query already stays one.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        if _QUERY.search(written):
            found.setdefault(written, written)
            continue
        for part in _BETWEEN.split(written):
            words = part.split()
            if words:
                found.setdefault(" ".join(words), words[0] if len(words) == 1 else f'"{" ".join(words)}"')
    return list(found.items())


def any_of(queries: list[str]) -> str:
    """One query that any of these meets. Raises UserError where they are too many for one."""
    from tocsin.query.ast import Or
    from tocsin.query.parse import MAX_BYTES, MAX_TERMS, is_read, parse

    trees = tuple(map(parse, queries))
    made = str(trees[0] if len(trees) == 1 else Or(trees))
    if not is_read(made):
        raise UserError(
            f"{len(queries):,} keywords are too many for one query, which holds {MAX_TERMS} words and {MAX_BYTES:,} "
            f"bytes: split the list, or give each keyword a subscription of its own with --each."
        )
    return made
