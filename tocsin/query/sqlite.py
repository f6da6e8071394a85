"""Plan → SQL over the full-text table ``words`` (title, text) and the table ``tags`` (article, name, value).

Both are keyed by the article's row number. No word of a reader stands in the SQL: everything is a parameter.
"""

from typing import assert_never

from tocsin.query.expand import All, AnyOf, Has, No, Plan, Sequence, Start

_IN_WORDS = "article.seq IN (SELECT rowid FROM words WHERE words MATCH ?)"


def condition(plan: Plan) -> tuple[str, list[str]]:
    """A condition on ``article.seq`` and its parameters."""
    match plan:
        case Has(name, values):
            marks = ",".join("?" * len(values))
            sql = f"article.seq IN (SELECT article FROM tags WHERE name = ? AND value IN ({marks}))"
            return sql, [name, *sorted(values)]
        case No(part):
            sql, parameters = condition(part)
            return f"NOT {sql}", parameters
        case Sequence() | Start():
            return _IN_WORDS, [_words(plan)]
        case All(parts) | AnyOf(parts):
            expression = full_text(plan)
            if expression is not None:
                return _IN_WORDS, [expression]
            joined = [condition(part) for part in parts]
            glue = " AND " if isinstance(plan, All) else " OR "
            return "(" + glue.join(sql for sql, _ in joined) + ")", [value for _, values in joined for value in values]
        case _:
            assert_never(plan)


def full_text(plan: Plan) -> str | None:
    """The plan as one FTS5 expression, or None where it asks for more than words."""
    match plan:
        case Sequence() | Start():
            return _words(plan)
        case All(parts) | AnyOf(parts):
            inner = [full_text(part) for part in parts]
            glue = " AND " if isinstance(plan, All) else " OR "
            return None if None in inner else "(" + glue.join(filter(None, inner)) + ")"
        case Has() | No():
            return None
        case _:
            assert_never(plan)


def _words(plan: Sequence | Start) -> str:
    columns = f"{{{plan.field}}} : " if plan.field else ""
    if isinstance(plan, Start):
        return f"{columns}{_quoted('s:' + plan.prefix)} *"
    return columns + _quoted(" ".join("\x1f".join(sorted(keys)) for keys in plan.steps))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
