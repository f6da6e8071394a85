"""``tocsin extract``: one page told in words, many pages in the order of the file, wrong use in one sentence."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FILLER = "Міська рада зібралася у вівторок увечері і три години говорила про міст через річку. "
PAGE = f"""<html lang="ru"><head><title>Міст закриють у травні | Сайт</title>
<meta property="og:title" content="Міст закриють у травні">
<meta property="article:published_time" content="2026-03-01T08:00:00Z"></head><body>
<h1>Міст закриють у травні</h1><p class="author">Ганна Коваленко</p>
<p>{FILLER * 3}</p><p>ЧИТАЙТЕ ТАКОЖ: Десять мостів</p><p>{FILLER * 2}Водії чекали на рішення.</p></body></html>"""
URL = "https://a.example/news/mist-zakryiut-u-travni"


def tocsin(data: Path, *arguments: str, given: str | None = None) -> "subprocess.CompletedProcess[str]":
    """One command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data)},
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


def test_an_unread_page_is_told_with_its_reason(tmp_path: Path) -> None:
    result = tocsin(tmp_path, "extract", "--url", URL, given="%PDF-1.7")
    assert result.returncode == 1
    assert result.stderr.strip() == "No article: not HTML (the bytes are PDF)"


WRONG = {
    "no page": (["extract", "--jsonl", "gone.jsonl"], "gone.jsonl"),
    "two ways at once": (["extract", "--jsonl", "in.jsonl", "--url", URL], "--url"),
    "explained lines": (["extract", "--jsonl", "in.jsonl", "--explain"], "--explain"),
    "out for one page": (["extract", "--url", URL, "--out", "a.json"], "--jsonl"),
    "two forms": (["extract", "--url", URL, "--json", "--explain"], "--json"),
    "no address": (["extract", "--url", "mailto:a@b"], "mailto:a@b"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_one_sentence(name: str, tmp_path: Path) -> None:
    arguments, word = WRONG[name]
    result = tocsin(tmp_path, *arguments, given="<p>a</p>")
    assert result.returncode == 2
    (complaint,) = result.stderr.strip().splitlines()
    assert complaint.startswith("tocsin: ")
    assert word in complaint


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
    ]
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
    assert {name: found[name]["drop"] for name in ("bomb", "short", "nothing", "folder")} == dict.fromkeys(
        ("bomb", "short", "nothing", "folder"), "cannot be read"
    )
    assert "larger than 64 MB" in found["bomb"]["detail"]
    assert result.stderr.strip() == "8 pages, 4 of them with a reason to leave them out: 4 cannot be read."


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
