"""``tocsin outlets``: the watched outlets. The store is the truth; TOML, CSV and OPML are import and export forms."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from tocsin.cli.opening import JsonOption, StoreOption, opened
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.records import Outlet

app = typer.Typer(no_args_is_help=True, help="The outlets that are watched, and the shipped catalogue to choose from.")

NamesArgument = Annotated[list[str] | None, typer.Argument(help="Names of outlets.")]
CountryOption = Annotated[str | None, typer.Option("--country", help="All outlets of this country, such as ua.")]
LangOption = Annotated[str | None, typer.Option("--lang", help="All outlets of this language, such as uk.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Start page of the outlet.")],
    name: Annotated[str | None, typer.Option(help="Short name; otherwise made from the host.")] = None,
    lang: LangOption = None,
    country: CountryOption = None,
    pace: Annotated[float, typer.Option(min=0.0, help="Least seconds between two requests.")] = 2.0,
    store: StoreOption = None,
) -> None:
    """Watch an outlet; its feeds, sitemaps and sections are found at its first poll."""
    from tocsin.addresses import canonical, host_of
    from tocsin.records import Outlet

    home = canonical(url if "://" in url else f"https://{url}")
    if not home:
        raise UserError(f"{url!r} is no web address: write one such as https://example.org/.")
    outlet = Outlet(
        name=name or host_of(home).replace(".", "-"), home=home, lang=lang or "", country=country or "", pace=pace
    )
    with opened(store) as (_, handle):
        if outlet.name in {known.name for known in handle.outlets()}:
            raise UserError(
                f"There is an outlet named {outlet.name!r} already; choose another --name or remove it first."
            )
        handle.put_outlets([outlet])
    print(f"Watching {outlet.name} ({outlet.home}).")


@app.command("list")
def list_(
    catalogue: Annotated[bool, typer.Option("--catalogue", help="The shipped catalogue instead of the store.")] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """The outlets in the store, or the catalogue."""
    if catalogue:
        from spiders.outlet import catalogue as shipped

        found = shipped()
    else:
        with opened(store) as (_, handle):
            found = handle.outlets()
    for outlet in found:
        if as_json:
            sys.stdout.write(outlet.to_json().decode() + "\n")
        else:
            state = "active" if outlet.active else "not active"
            print(f"{outlet.name:28} {outlet.country or '-':3} {outlet.lang or '-':3} {state:11} {outlet.home}")
    if not found and not as_json:
        print("No outlet yet. Choose some: tocsin outlets list --catalogue, then tocsin outlets enable NAME …")


@app.command()
def enable(
    names: NamesArgument = None, country: CountryOption = None, lang: LangOption = None, store: StoreOption = None
) -> None:
    """Watch outlets of the store or the catalogue, by name, country or language."""
    from spiders.outlet import catalogue

    with opened(store) as (_, handle):
        known = {outlet.name: outlet for outlet in [*catalogue(), *handle.outlets()]}
        chosen = _chosen(known, names or [], country, lang)
        handle.put_outlets(msgspec.structs.replace(outlet, active=True) for outlet in chosen)
    print(f"Watching {', '.join(outlet.name for outlet in chosen)}.")


@app.command()
def disable(
    names: NamesArgument = None, country: CountryOption = None, lang: LangOption = None, store: StoreOption = None
) -> None:
    """Stop watching outlets; what they brought stays."""
    with opened(store) as (_, handle):
        chosen = _chosen({outlet.name: outlet for outlet in handle.outlets()}, names or [], country, lang)
        handle.put_outlets(msgspec.structs.replace(outlet, active=False) for outlet in chosen)
    print(f"No longer watching {', '.join(outlet.name for outlet in chosen)}.")


@app.command()
def remove(names: Annotated[list[str], typer.Argument(help="Names of outlets.")], store: StoreOption = None) -> None:
    """Forget outlets and their feeds; their articles stay."""
    with opened(store) as (_, handle):
        chosen = _chosen({outlet.name: outlet for outlet in handle.outlets()}, names, None, None)
        handle.remove_outlets(outlet.name for outlet in chosen)
    print(f"Removed {', '.join(outlet.name for outlet in chosen)}.")


def _chosen(known: "dict[str, Outlet]", names: list[str], country: str | None, lang: str | None) -> "list[Outlet]":
    import difflib

    if not names and not country and not lang:
        raise UserError("Say which outlets: their names, --country ua or --lang uk.")
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {close[0]}?" if close else " See: tocsin outlets list, and with --catalogue."
            raise UserError(f"There is no outlet named {name!r}.{hint}")
    matching = [
        outlet
        for outlet in known.values()
        if outlet.name in names
        or (
            not names
            and (not country or outlet.country == country.lower())
            and (not lang or outlet.lang == lang.lower())
        )
    ]
    if not matching:
        raise UserError("No outlet is of that country and language. See: tocsin outlets list --catalogue.", 1)
    return matching


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="OPML, TOML (or a folder of TOML) or CSV.")], store: StoreOption = None
) -> None:
    """Take outlets from a file; those of the same name are replaced."""
    from spiders.outlet import read_outlets

    outlets = read_outlets(file)
    with opened(store) as (_, handle):
        handle.put_outlets(outlets)
    print(f"{len(outlets)} outlet{'s' if len(outlets) != 1 else ''} taken from {file}.")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Ends with .toml, .csv or .opml.")], store: StoreOption = None
) -> None:
    """Write the outlets of the store to a file."""
    from spiders.outlet import write_outlets

    with opened(store) as (_, handle):
        outlets = handle.outlets()
    write_outlets(file, outlets)
    print(f"{len(outlets)} outlet{'s' if len(outlets) != 1 else ''} written to {file}.")


@app.command()
def check(
    names: NamesArgument = None,
    pages: Annotated[int, typer.Option(min=0, max=20, help="Newest pages to try the rules of named outlets on.")] = 5,
    page: Annotated[Path | None, typer.Option("--page", help="Try the rules on this saved page instead.")] = None,
    url: Annotated[str, typer.Option("--url", help="Address of the saved page.")] = "",
    rules: Annotated[Path | None, typer.Option("--rules", help="TOML of the outlet, instead of the store's.")] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Health of each watched outlet. Where named ones have rules, what each rule gives on their newest pages."""
    from tocsin.cli.rulecheck import check_page, check_rules

    if page is not None or url:
        raise typer.Exit(check_page(page, url, names or [], rules, store, as_json=as_json))
    failing = 0
    with opened(store) as (settings, handle):
        outlets = handle.outlets()
        if names:
            outlets = _chosen({outlet.name: outlet for outlet in outlets}, names, None, None)
        elif rules is not None:
            raise UserError("Name the outlet whose rules are to be tried: tocsin outlets check NAME --rules FILE.")
        failing = sum(_told(outlet, handle.health(outlet.name), as_json=as_json) for outlet in outlets)
        if names and pages:
            failing += check_rules(handle, settings, outlets, pages, rules, as_json=as_json)
    raise typer.Exit(1 if failing else 0)


def _told(outlet: "Outlet", health: "dict[str, Any]", *, as_json: bool) -> bool:
    """Print how an outlet does; gives whether it fails."""
    import json

    if as_json:
        row = {"name": outlet.name, "active": outlet.active, **health}
        print(json.dumps(row, ensure_ascii=False, default=str))
    else:
        last = str(health["last_article"] or "never")[:16]
        counts = f"{health['feeds']:3} feeds {health['articles']:6} articles, last {last}"
        print(f"{outlet.name:28} {counts}  {health['error']}")
    return bool(health["error"])
