"""The first ``tocsin up``: a few questions, once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.records import Outlet
    from tocsin.settings import Settings
    from tocsin.stores.port import Store


def ask(store: "Store", settings: "Settings") -> "Settings":
    """Ask for time zone, languages and outlets (or an OPML file), store the answers, return the settings.

    Raises UserError where nobody sits at a terminal.
    """
    from tocsin import settings as settings_module

    if not sys.stdin.isatty():
        raise UserError(
            "No outlet is watched yet. Run `tocsin up` in a terminal to choose some, or: tocsin outlets enable NAME … "
            "(tocsin outlets list --catalogue shows them), or: tocsin up --outlets FILE.",
            1,
        )
    print("No outlet is watched yet. A few questions, then it runs; all of it can be changed later.\n")
    zone = _zone()
    outlets = _outlets()
    contact = input(
        "Address named to the outlets, so that they can complain (mailbox or page; Enter for none): "
    ).strip()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _remember(settings.data_dir / settings_module.FILE, {"TOCSIN_TIME_ZONE": zone, "TOCSIN_CONTACT": contact})
    store.put_outlets(msgspec.structs.replace(outlet, active=True) for outlet in outlets)
    print(f"\nWatching {len(outlets)} outlets. To be told of a topic: tocsin subscribe conscription\n")
    return settings_module.load(store=settings.store or None)


def _remember(path: Path, answers: dict[str, str]) -> None:
    """Write the answers into the settings file; what stands there already stays. Readable by its owner."""
    kept = path.read_text().splitlines() if path.exists() else []
    kept = [line for line in kept if line.partition("=")[0].strip() not in answers]
    path.touch(mode=0o600)
    path.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in answers.items() if value)]) + "\n")


def _zone() -> str:
    from zoneinfo import ZoneInfo

    while True:
        answer = input("Your time zone, such as Europe/Kyiv [UTC]: ").strip() or "UTC"
        try:
            ZoneInfo(answer)
        except (KeyError, ValueError, OSError):
            print(f"  {answer} is no IANA time zone.")
            continue
        return answer


def _outlets() -> "list[Outlet]":
    from spiders.outlet import catalogue, read_outlets

    shipped = catalogue()
    langs = sorted({outlet.lang for outlet in shipped})
    while True:
        answer = input(
            f"Languages of the catalogue ({' '.join(langs)}; blanks between), or an OPML, TOML or CSV file [en uk]: "
        ).strip()
        wanted = (answer or "en uk").lower().split()
        chosen = [outlet for outlet in shipped if outlet.lang in wanted]
        if answer and Path(answer).expanduser().exists():
            try:
                return read_outlets(Path(answer).expanduser())
            except UserError as error:
                print(f"  {error}")
                continue
        if not chosen:
            print("  Neither a language of the catalogue nor a file.")
            continue
        return _narrowed(chosen)


def _narrowed(chosen: "list[Outlet]") -> "list[Outlet]":
    for outlet in chosen:
        print(f"  {outlet.name:24} {outlet.country} {outlet.lang}  {outlet.home}")
    known = {outlet.name: outlet for outlet in chosen}
    while True:
        names = input("Which of them (names, blanks between) [all]: ").split()
        unknown = [name for name in names if name not in known]
        if not unknown:
            return [known[name] for name in names] or chosen
        print(f"  Not in the list: {', '.join(unknown)}.")
