"""``explain``: what a query means, and what this store makes of it; and the notes of every command that reads one."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.cli.opening import StoreOption, expander_of, opened, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from tocsin.query.dialects import Change
    from tocsin.query.explain import Explanation
    from tocsin.query.parse import Remark
    from tocsin.query.vocabulary import Attribute, Form, Met
    from tocsin.settings import Settings

FORMS = 12
"""Forms of a word that are printed; ``--json`` has all."""
VALUES = 10
"""Values of a filter that are printed."""

QueryArgument = Annotated[str | None, typer.Argument(help="As in tocsin search.")]
FileOption = Annotated[Path | None, typer.Option("--file", help="Queries, one a line; - is standard input.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object; with --file one a line.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(context_settings={"ignore_unknown_options": True})(explain)  # a query may begin with a minus


def tell_remarks(text: str) -> None:
    """What the writer of a query that can be read should look at: a line each on standard error."""
    from tocsin.query.parse import read

    for remark in read(text).remarks:
        print(noted(remark), file=sys.stderr)


def noted(remark: "Remark") -> str:
    """A remark on one line."""
    from tocsin.messages import plain

    hint = f" Perhaps: {remark.suggestion}" if remark.suggestion else ""
    return plain(f"Note, column {remark.column}: {remark.message}.{hint}")


def explain(
    query: QueryArgument = None, file: FileOption = None, as_json: JsonOption = False, store: StoreOption = None
) -> None:
    """A query in plain words, the forms that meet it with their numbers of articles, and what to look at again."""
    if (query is None) == (file is None):
        raise UserError("Give tocsin explain one QUERY, or --file with a query on each line.")
    settings = settings_of(store)
    if file is not None:
        from tocsin.cli.pasted import explain_lines

        explain_lines(file, expander_of(settings), as_json=as_json)
    elif query is not None:
        _explain_one(query, settings, as_json=as_json)


def _explain_one(query: str, settings: "Settings", *, as_json: bool) -> None:
    from contextlib import ExitStack

    from tocsin.lists import load
    from tocsin.query.explain import explain as explained
    from tocsin.words import ANALYSER

    text, changes = _ours(query)
    with ExitStack() as stack:
        handle = stack.enter_context(opened(settings=settings))[1] if _is_there(settings) else None
        expander, lists = expander_of(settings), load(settings.user_lists)
        found = explained(text, expander, lists, handle, SystemClock().now())
        if handle and handle.outdated(ANALYSER, 1):
            print("Some texts were read by an older analyser and are not counted: run tocsin reindex.", file=sys.stderr)
    if as_json:
        print_json({"typed": query, "changes": rows(changes), **_row(found)})
    else:
        _print(query, changes, found)


def _ours(query: str) -> "tuple[str, Sequence[Change]]":
    """The text of a query in this language, and what was changed for it: nothing where it can be read as it stands.

    Raises QueryError where it is no other tool's syntax but a mistake.
    """
    from tocsin.query.foreign import rewritten
    from tocsin.query.parse import is_read, parse

    if is_read(query):
        return query, ()
    made, changes = rewritten(query)
    if not is_read(made):
        parse(query)
    return made, changes


def _is_there(settings: "Settings") -> bool:
    """Whether there is a store to ask: explaining makes none."""
    scheme, _, path = settings.store_url.partition(":")
    try:
        return scheme != "sqlite" or Path(path.removeprefix("//")).expanduser().exists()
    except OSError:
        return True  # opening it says what is wrong


def _print(query: str, changes: "Sequence[Change]", found: "Explanation") -> None:
    from rich.console import Console
    from rich.text import Text

    from tocsin.messages import plain

    console = Console(highlight=False, soft_wrap=True)
    if changes:
        console.print(Text(f"{plain(query)}\nis written here:", style="dim"))
    console.print(Text(plain(found.query), style="bold"))
    for change in changes:
        console.print(Text(f"  {told(change)}", style="dim"))
    console.print()
    for line in found.outline.splitlines():
        # The blanks before a line say what belongs to what; those inside are a stranger's.
        console.print(Text(f"  {line[: len(line) - len(line.lstrip())]}{plain(line)}"))
    console.print()
    _print_store(console, found)
    for met in found.words:
        _print_met(console, met, counted=bool(found.total))
    for attribute in found.attributes:
        _print_attribute(console, attribute, counted=bool(found.total))
    _print_found(console, found)
    for remark in found.remarks:
        console.print(Text(noted(remark), style="yellow"))


def _print_store(console: "Console", found: "Explanation") -> None:
    if found.total is None:
        console.print("There is no store yet: these are the words of the lists alone.\n")
    elif not found.total:
        console.print("The store has no articles yet: these are the words of the lists alone.\n")


def _print_met(console: "Console", met: "Met", *, counted: bool) -> None:
    from rich.text import Text

    from tocsin.messages import plain

    number = f": {_articles(met.articles)}" if counted else ""
    console.print(Text(f"{'not ' if met.forbidden else ''}{plain(met.query)}{number}", style="bold"))
    for group in met.groups:
        label = group.words[0] if group.how == "in the phrase" else group.how
        if counted and group.forms:
            console.print(Text(f"  {plain(label):16}{_forms(group.forms)}"))
        reached = {form.via for form in group.forms}
        rest = [word for word in group.words if word not in reached]
        if group.how in ("family", "other name") and rest:
            nowhere = ", in no article" if counted else ""
            label = "" if counted and group.forms else label
            console.print(Text(f"  {label:16}{_some(rest, FORMS)}{nowhere}", style="dim" if counted else ""))
        elif not group.forms and group.how in ("as typed", "in the phrase", "prefix"):
            console.print(Text(f"  {plain(label):16}{'in no article' if counted else plain(group.words[0])}"))
    console.print()


def _forms(forms: "Sequence[Form]") -> str:
    return _some([f"{form.form} {form.articles:,}" for form in forms], FORMS)


def _some(items: "Sequence[str]", most: int) -> str:
    """The first of many, and how many more there are."""
    from tocsin.messages import plain

    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(map(plain, items[:most])) + more


def _print_attribute(console: "Console", attribute: "Attribute", *, counted: bool) -> None:
    from rich.text import Text

    from tocsin.messages import plain

    number = f": {_articles(attribute.articles)}" if counted else ""
    console.print(Text(f"{'not ' if attribute.forbidden else ''}{plain(attribute.query)}{number}", style="bold"))
    kind = attribute.query.partition(":")[0]
    if attribute.topic:
        console.print(Text(f"  the topic's query: {plain(attribute.topic)}"))
    elif len(attribute.values) > 1 or kind in ("place", "person", "org"):
        several = f"{len(attribute.values):,} {kind}s: " if len(attribute.values) > 1 else ""
        console.print(Text(f"  {several}{_some(attribute.values, VALUES)}"))
    console.print()


def _print_found(console: "Console", found: "Explanation") -> None:
    if not found.total:
        return
    meet = "meets" if found.articles == 1 else "meet"
    console.print(f"{_articles(found.articles)} of {found.total:,} {meet} this query.")
    if found.left_out:
        console.print(f"Its NOT leaves out {_articles(found.left_out_in_all)} that would meet the rest.")
    for part in found.left_out if len(found.left_out) > 1 else ():
        console.print(f"  {part.query} alone leaves out {part.articles:,}", markup=False)


def _articles(number: int | None) -> str:
    return f"{number or 0:,} article{'' if number == 1 else 's'}"


def told(change: "Change") -> str:
    """A change of another tool's syntax on one line."""
    from tocsin.messages import plain

    return plain(f"{change.written} → {change.now or 'nothing'} ({change.why})")


def rows(several: "Iterable[Any]") -> list[dict[str, Any]]:
    """Named tuples as objects, for JSON."""
    return [each._asdict() for each in several]


def _row(found: "Explanation") -> dict[str, Any]:
    import msgspec

    row: dict[str, Any] = msgspec.to_builtins(found)
    return row | {"remarks": rows(found.remarks)}


def print_json(row: dict[str, Any]) -> None:
    """One object on one line."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
