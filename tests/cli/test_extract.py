"""``tocsin extract``: one page told in words, many pages in the order of the file, wrong use in one sentence."""

import gzip
import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.hostile_pages import PAGES
from tocsin.cli.origins import explained
from tocsin.records import Article, ExtractionFacts

FILLER = "Міська рада зібралася у вівторок увечері і три години говорила про міст через річку. "
PAGE = f"""<html lang="ru"><head><title>Міст закриють у травні | Сайт</title>
<meta property="og:title" content="Міст закриють у травні">
<meta property="article:published_time" content="2026-03-01T08:00:00Z"></head><body>
<h1>Міст закриють у травні</h1><p class="author">Ганна Коваленко</p>
<p>{FILLER * 3}</p><p>ЧИТАЙТЕ ТАКОЖ: Десять мостів</p><p>{FILLER * 2}Водії чекали на рішення.</p></body></html>"""
URL = "https://a.example/news/mist-zakryiut-u-travni"


def tocsin(data: Path, *arguments: str, given: str | None = None, path: str = "") -> "subprocess.CompletedProcess[str]":
    """One command as a user types it; ``path`` is where Python looks for modules besides."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), **({"PYTHONPATH": path} if path else {})},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_piece_is_explained_in_words(tmp_path: Path) -> None:
    result = tocsin(tmp_path, "extract", "--url", URL, "--explain", given=PAGE)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    after = {line.partition(":")[0]: lines[at + 1].strip() for at, line in enumerate(lines) if line[:1].strip()}
    assert "Title: Міст закриють у травні" in lines
    assert "og:title" in after["Title"]
    assert after["Date"].startswith("from meta elements")
    assert any("chosen: '2026-03-01T08:00:00Z' from meta elements" in line for line in lines)
    assert any(line.startswith("  why: ") for line in lines)
    assert after["Language"] == "by the text; the page claims ru"
    assert any("teaser: ЧИТАЙТЕ ТАКОЖ: Десять мостів" in line for line in lines)
    assert {"Authors", "Text", "Kind", "Address"} <= after.keys()


LEFT_OUT = {
    "ЧИТАЙТЕ ТАКОЖ: Десять мостів": "teaser",
    "Якщо ви помітили помилку, виділіть її й натисніть Ctrl+Enter": "note to readers",
    "Фото: Ганна Коваленко, прес-служба": "byline",
    "Фото: прес-служба міста": "credit",
    "© 2026 Сайт": "copyright",
    "1 березня 2026": "date",
    "Печать": "widget",
    "Підпишіться на наш канал": "invitation",
    "window.x = function() { return 1 }": "script",
    "Міст закриють у травні": "title again",
    "Мер поїхав до столиці": "beside the text",
}


def test_what_was_left_out_is_told_with_its_sort() -> None:
    facts = ExtractionFacts(dropped=tuple(LEFT_OUT))
    article = Article(
        id="a", address_id="a", url=URL, fetched_url=URL, outlet="a", outlet_country="", title="Міст закриють у травні",
        authors=("Ганна Коваленко",), first_seen=datetime(2026, 3, 1, tzinfo=UTC), extraction=facts,
        text="", text_hash="", lang="uk",
    )  # fmt: skip
    told = {line.strip() for line in explained(article, "uk", [])}
    assert {f"{reason}: {line}" for line, reason in LEFT_OUT.items()} <= told


def test_an_unread_page_is_told_with_its_reason(tmp_path: Path) -> None:
    result = tocsin(tmp_path, "extract", "-", "--url", URL, given="%PDF-1.7")
    assert result.returncode == 1
    assert result.stderr.strip() == "No article: not HTML (the bytes are PDF)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (random.Random(1).randbytes(50_000), "the bytes are no text"),
        (b"From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n\r\n<p>" + PAGE.encode(), "MHTML"),
        (b'{"a": 1}', "JSON"),
    ],
)
def test_what_is_no_page_is_told_as_what_it_is(body: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(body)
    result = tocsin(tmp_path, "extract", str(tmp_path / "page"), "--url", URL)
    assert result.returncode == 1
    (complaint,) = result.stderr.strip().splitlines()
    assert complaint.startswith("No article: not HTML (")
    assert reason in complaint


def test_a_packed_page_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    result = tocsin(tmp_path, "extract", str(tmp_path / "page.html.gz"), "--url", URL, "--json")
    assert json.loads(result.stdout)["title"] == "Міст закриють у травні"


@pytest.mark.parametrize(
    ("name", "body", "word"),
    [
        ("short.gz", gzip.compress(PAGE.encode())[:-50], "ends too early"),
        ("bomb.gz", gzip.compress(bytes(100 << 20), 9), "64 MB"),
        ("broken.gz", b"\x1f\x8b" + b"x" * 50, "gzip"),
        (".", b"", "irectory"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name: str, body: bytes, word: str, tmp_path: Path) -> None:
    if body:
        (tmp_path / name).write_bytes(body)
    result = tocsin(tmp_path, "extract", str(tmp_path / name), "--url", URL)
    assert result.returncode == 2
    (complaint,) = result.stderr.strip().splitlines()
    assert str(tmp_path / name) in complaint
    assert word in complaint


HOOK = """
import os
import spiders.extract.flow as flow

def extract_page(page, outlet, whole=flow.extract_page):
    if b"EAT" in page.body:
        bytearray(3 << 30)
    if b"CRASH" in page.body:
        os.abort()
    if b"RAISE" in page.body:
        raise ValueError("told")
    while b"HANG" in page.body:
        pass
    return whole(page, outlet)

flow.extract_page = extract_page
import tocsin.cli.fates as fates
fates.DEADLINE = 5.0
"""


@pytest.mark.parametrize(
    ("word", "fate"),
    [
        ("EAT", "the page killed its reader (the child ran out of memory)"),
        ("CRASH", "the page killed its reader (the child was ended by signal 6)"),
        ("RAISE", "the reader failed (ValueError: told)"),
        ("HANG", "took too long (no answer within 5 s)"),
        ("", ""),
    ],
)
def test_a_page_that_kills_its_reader_is_one_sentence(word: str, fate: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    before = os.environ.get("PYTHONPATH", "")
    result = tocsin(tmp_path, "extract", "--url", URL, "--explain", given=PAGE + word, path=f"{tmp_path}:{before}")
    assert result.stderr.strip() == (f"No article: {fate}" if fate else "")
    assert result.returncode == (1 if fate else 0)
    assert bool(result.stdout) is not bool(fate)


def test_a_hostile_page_is_read_alone_too(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGES["100,000 time elements"]())
    result = tocsin(tmp_path, "extract", str(tmp_path / "page.html"), "--url", URL, "--explain")
    assert result.returncode == 0, result.stderr
    assert "Title: Конвой прибув до міста" in result.stdout


WRONG = {
    "no page": (["extract", "--jsonl", "gone.jsonl"], "gone.jsonl"),
    "two ways at once": (["extract", "--jsonl", "in.jsonl", "--url", URL], "--url"),
    "explained lines": (["extract", "--jsonl", "in.jsonl", "--explain"], "--explain"),
    "out for one page": (["extract", "--url", URL, "--out", "a.json"], "--jsonl"),
    "two forms": (["extract", "--url", URL, "--json", "--explain"], "--json"),
    "no address": (["extract", "--url", "mailto:a@b"], "mailto:a@b"),
    "an address to fetch": (["extract", URL], f"curl -sL {URL} | tocsin extract --url {URL}"),
    "many pages as one": (["extract", "many.jsonl", "--url", URL], "--jsonl many.jsonl"),
    "a page as many": (["extract", "--jsonl", __file__], "line 1"),
    "a folder to write to": (["extract", "--jsonl", __file__, "--out", "."], "folder"),
    "the pages overwritten": (["extract", "--jsonl", __file__, "--out", __file__], "overwritten"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_one_sentence(name: str, tmp_path: Path) -> None:
    arguments, word = WRONG[name]
    result = tocsin(tmp_path, *arguments, given="<p>a</p>")
    assert result.returncode == 2
    (complaint,) = result.stderr.strip().splitlines()
    assert complaint.startswith("tocsin: ")
    assert word in complaint


def test_an_address_is_not_fetched(tmp_path: Path) -> None:
    result = tocsin(tmp_path, "extract", "--url", "https://127.0.0.1:9/page", given="")
    assert result.returncode == 2
    assert "curl -sL https://127.0.0.1:9/page | tocsin extract" in result.stderr


def test_a_broken_line_costs_itself_alone(tmp_path: Path) -> None:
    page = json.dumps({"url": URL, "html": PAGE})[1:]
    lines = [f'{{"id": 1, {page}', "{broken", '{"id": "third", "html": 7}', f'{{"id": "4", {page}']
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    result = tocsin(tmp_path, "extract", "--jsonl", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    assert result.returncode == 1
    summary, complaint = result.stderr.strip().splitlines()
    assert summary == "4 pages, 2 of them with a reason to leave them out: 2 cannot be read."
    assert complaint.startswith(f"tocsin: {tmp_path / 'in.jsonl'}, line 2: ")
    assert complaint.endswith("all other lines are written. And so 1 line more.")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [1, "", "third", "4"]
    assert [row.get("title", row.get("drop")) for row in rows[1:]] == [
        "cannot be read", "cannot be read", "Міст закриють у травні",
    ]  # fmt: skip
    assert "line 3" in rows[2]["detail"]


UNREADABLE = ("bomb", "short", "nothing", "folder", "pipe", "zero")


def test_many_pages_with_what_is_known_of_them(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(PAGE.encode("cp1251").replace(b"T08:00:00Z", b"T08:00:00")))
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(200 << 20), 9))
    (tmp_path / "short.gz").write_bytes(gzip.compress(PAGE.encode())[:-200])
    lines = [
        {"id": "zone", "url": URL, "path": "a.html.gz", "timezone": "Europe/Kyiv", "outlet": "mist", "country": "UA"},
        {"id": "early", "url": URL, "html": PAGE, "fetched": "2026-01-01T00:00:00Z"},
        {"id": "nowhere", "url": "hard::page.html", "html": PAGE},
        {"id": "null", "url": None, "html": PAGE},
        {"id": "bomb", "url": URL, "path": "bomb.gz"},
        {"id": "short", "url": URL, "path": "short.gz"},
        {"id": "nothing", "url": URL},
        {"id": "folder", "url": URL, "path": "."},
        {"id": "pipe", "url": URL, "path": "pipe"},
        {"id": "zero", "url": URL, "path": "a\0b"},
    ]
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = tocsin(tmp_path, "extract", "--jsonl", str(tmp_path / "in.jsonl"))
    assert result.returncode == 0, result.stderr
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == [line["id"] for line in lines]
    found = {row["id"]: row for row in rows}
    assert found["zone"]["date"] == found["zone"]["published"] == "2026-03-01T08:00:00+02:00"
    assert (found["zone"]["outlet"], found["zone"]["outlet_country"]) == ("mist", "ua")
    assert found["zone"]["lang"] == "uk"
    assert found["early"]["date"] is None
    for name in ("nowhere", "null"):
        assert found[name]["title"] == "Міст закриють у травні"
    assert {name: found[name]["drop"] for name in UNREADABLE} == dict.fromkeys(UNREADABLE, "cannot be read")
    assert "larger than 64 MB" in found["bomb"]["detail"]
    assert result.stderr.strip() == "10 pages, 6 of them with a reason to leave them out: 6 cannot be read."


def test_the_entries_of_a_live_blog_stand_in_its_line(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/extraction/htmldate/gold.jsonl"
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    row = next((one for one in rows if one["id"] == "htmldate/Repubblica.it-Israele-Hamas"), None)
    if row is None:
        pytest.skip("the live blog is not among the shared pages")
    path = next(one for one in (source.parent / row["html"], source.parents[1] / row["html"]) if one.exists())
    line = {"id": "live", "url": row["url"], "path": str(path)}
    result = tocsin(tmp_path, "extract", "--jsonl", "-", given=json.dumps(line) + "\n")
    (found,) = [json.loads(one) for one in result.stdout.splitlines()]
    assert len(found["entries"]) > 20
    assert all({"url", "text", "published", "title"} <= one.keys() for one in found["entries"])
