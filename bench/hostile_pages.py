"""Hostile pages through ``tocsin extract --jsonl``: each line must come back, whatever its neighbours do.

    make bench-hostile-pages

Prints what came of each page, and the wall time of the batch. Exits with 1 where a line is missing, a text that was
promised is not there, or a page took longer than ``SLOWEST`` seconds of CPU time in its child.
"""

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

SLOWEST = 10.0
PROMISED = "Конвой прибув до міста вранці, сказав речник обласної адміністрації."
_TEXT = f"<h1>Конвой прибув до міста</h1><p>{PROMISED} " + "Водії чекали на мосту дві години. " * 12 + "</p>"
_HEAD = '<html lang="uk"><head><meta charset="utf-8"><title>Конвой прибув до міста</title>'


def page(inside: str = "", before: str = "", after: str = "") -> str:
    """A page with an article, and something hostile in its head, before or after the text."""
    return f"{_HEAD}{inside}</head><body>{before}<article>{_TEXT}</article>{after}</body></html>"


def _ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def _entities() -> str:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE html [<!ENTITY a0 "ha">{levels}]>' + page(after="<p>&a9;</p>")


def _mixed() -> bytes:
    cut = page(after="<p>%s</p>").encode()
    return cut.replace(b"%s", "Погода на завтра".encode("cp1251"))


def _mark_up(opening: str, times: int) -> Callable[[], str]:
    return lambda: page(after=opening * times)


PAGES: dict[str, Callable[[], str | bytes]] = {
    # -- size
    "10 MB of text": lambda: page(after="<p>" + "слово за словом. " * 350_000 + "</p>"),
    "10 MB of script": lambda: page("<script>" + "var a = '<p>x</p>';" * 550_000 + "</script>"),
    "10 MB of style": lambda: page("<style>" + ".a > b { color: red }\n" * 450_000 + "</style>"),
    "10 MB in a data URI": lambda: page(
        after=f'<img src="data:image/png;base64,{base64.b64encode(bytes(7_500_000)).decode()}">'
    ),
    "10 MB of white space": lambda: page(before=" \n\t" * 3_400_000),
    "10 MB in one word": lambda: page(after="<p>" + "a" * 10_000_000 + "</p>"),
    "10 MB of small paragraphs": lambda: page(after="<p>one two three</p>" * 500_000),
    # -- shape
    "100,000 nested div": lambda: page(after="<div>" * 100_000 + "deep"),
    "100,000 nested span": lambda: page(after="<span>" * 100_000 + "deep"),
    "100,000 nested b before the text": lambda: page(before="<b>" * 100_000),
    "100,000 nested tables": lambda: page(after="<table><tr><td>" * 100_000),
    "1,000,000 attributes": lambda: page(after="<p " + " ".join(f"a{n}=1" for n in range(1_000_000)) + ">x</p>"),
    "2 MB of open div": _mark_up("<div class=a>", 160_000),
    "2 MB of open a and p": _mark_up("<a href=b><p>", 160_000),
    "2 MB of open table and font": _mark_up("<table><font>", 160_000),
    "2 MB of open form and select": _mark_up("<form><select><option>", 100_000),
    "100,000 siblings": lambda: page(after="<i>a</i>" * 100_000),
    "100,000 links": lambda: page(after="".join(f'<li><a href="/n/{n}">Read {n}</a></li>' for n in range(100_000))),
    "100,000 br": lambda: page(after="<br>" * 100_000),
    "100,000 lines with br": lambda: page(after="a line<br>" * 100_000),
    "100,000 boxes named author": lambda: page(after='<div class="author share">x</div>' * 100_000),
    "100,000 time elements": lambda: page(after='<time datetime="2026-01-01">1 January 2026</time>' * 100_000),
    "100,000 h1": lambda: page(after="<h1>Another title of the page</h1>" * 100_000),
    "100,000 meta": lambda: page('<meta property="og:title" content="Конвой прибув до міста">' * 100_000),
    "no closing tag anywhere": lambda: page(after="<div><p><ul><li>a" * 20_000),
    "open comment": lambda: page(after="<!-- " + "a -- b " * 500_000),
    "a million <": lambda: page(after="<" * 1_000_000),
    "a million &": lambda: page(after="&" * 1_000_000),
    # -- JSON-LD
    "5 MB of JSON-LD": lambda: page(_ld('{"@type":"NewsArticle","articleBody":"' + "слово " * 450_000 + '"}')),
    "JSON-LD nested 10,000 deep": lambda: page(_ld('{"a":' * 10_000 + "1" + "}" * 10_000)),
    "JSON-LD of 300,000 nodes": lambda: page(_ld("[" + ",".join(['{"@type":"Thing","@id":"a"}'] * 300_000) + "]")),
    "JSON-LD that never closes": lambda: page(_ld('{"headline": "' + '\\"' * 90_000)),
    "JSON-LD of open comments": lambda: page(_ld("/*" * 90_000)),
    "JSON-LD of blanks": lambda: page(_ld("{," + " " * 190_000 + "x")),
    # -- signs
    "null bytes": lambda: page(after="<p>\x00\x00</p>" * 1000).replace("Конвой", "Кон\x00вой"),
    "entity bomb": _entities,
    "two charsets in one page": _mixed,
    "right to left marks": lambda: page(after="<p>\u202e\u2066" + "שלום " * 50_000 + "</p>"),
    "one dot above after another": lambda: page(after="<p>a" + "\u0307" * 500_000 + "</p>"),
    "half a UTF-16 page": lambda: ("\ufeff" + page()).encode("utf-16-le")[:-1],
    # -- our own patterns
    "dates that end nowhere": lambda: page(after="<p>" + "1 2 3 4 5 " * 50_000 + "січня</p>"),
    "by by by": lambda: page(after="<p class=byline>" + "by and " * 50_000 + "</p>"),
    "READ MORE without end": lambda: page(after="<p>READ MORE: " + "READ MORE: " * 50_000 + "</p>"),
    "a title of dashes": lambda: page().replace("<title>", "<title>" + "a - b | " * 50_000),
    "class of a million names": lambda: page(after=f'<div class="{"share-" * 160_000}">x</div>'),
    "a million slashes in a link": lambda: page(after=f'<a href="{"/author" * 150_000}">x</a>'),
}
"""Pages by what is hostile in them; each holds the article with the promised sentence."""
LOST = {"100,000 nested b before the text"}
"""Pages whose text no parser of bounded depth finds: they must come back, with a reason."""


def write(folder: Path, names: list[str]) -> Path:
    """The pages as files, and the list of them; gives the list."""
    lines = []
    for number, name in enumerate(names):
        made = PAGES[name]()
        path = folder / f"{number}.html"
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
        lines.append({"id": name, "url": f"https://hostile.example/news/konvoi-{number}", "path": path.name})
    listed = folder / "pages.jsonl"
    listed.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return listed


def main() -> int:
    """Run the batch and tell what came of it."""
    names = [name for name in PAGES if not sys.argv[1:] or any(word in name for word in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as folder:
        listed = write(Path(folder), names)
        out = Path(folder) / "out.jsonl"
        started = time.perf_counter()
        command = [sys.executable, "-m", "tocsin.cli", "extract", "--jsonl", str(listed), "--out", str(out)]
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - started
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    wrong = 0
    for row in rows:
        spent = row.get("extraction", {}).get("ms", 0) / 1000
        bad = PROMISED not in row.get("text", "") and row["id"] not in LOST
        wrong += spent > SLOWEST or bad
        told = f"{row['drop']}: {row['detail']}" if "drop" in row else f"{len(row['text'].split()):,} words"
        print(f"{row['id']:34} {spent:6.2f} s  {'! ' if bad else ''}{told[:110]}")
    missing = [name for name in names if name not in {row["id"] for row in rows}]
    print(f"{len(rows)} of {len(names)} lines in {seconds:.1f} s; {wrong} slow or without their text")
    return 1 if missing or wrong or [row["id"] for row in rows] != names else 0


if __name__ == "__main__":
    sys.exit(main())
