"""Articles as files: extract, import, export, group, match, through the rooms' own doors."""

import html
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tocsin.addresses import article_id
from tocsin.cli.articles import group
from tocsin.cli.jsonl import Line
from tocsin.stores import open_store

TITLE = "Putin faces army revolt after Wagner accused of 'killing' Russian conscripts"


def tocsin(data: Path, *arguments: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    """One command as a user types it; it must succeed."""
    result = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data)},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def rows(text: str) -> list[dict[str, Any]]:
    """JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("wrapping", ["<p>{}</p>", "{}<br>", "<div>{}</div>"])
def test_the_page_the_project_started_from(shared: Path, tmp_path: Path, wrapping: str) -> None:
    """Title once, no weather, no render date, no teaser, no footer, the right places."""
    source = next((shared / "data/seed").glob("*.txt")).read_text()
    body = "\n".join(wrapping.format(html.escape(line)) for line in source.splitlines() if line.strip())
    page = f"<html><body>{body}</body></html>"
    (article,) = rows(tocsin(tmp_path, "extract", "--url", "https://seed.example/1", "--json", given=page).stdout)
    assert article["title"] == TITLE
    assert TITLE not in article["text"]
    assert article["published"] is None
    assert "September 28, 2023" in article["published_note"]
    for clutter in (
        "18 C",
        "Los Angeles",
        "September 28",
        "READ MORE",
        "EU states abandon",
        "Check out",
        "Most Popular",
    ):
        assert clutter not in article["text"]
    assert article["text"].startswith("Russian conscripts have reportedly")
    assert article["text"].endswith("forced to concede.”")
    assert {"Bakhmut", "Rostov-on-Don", "Luhansk", "Stakhanov"} <= set(article["places"])
    assert "Los Angeles" not in article["places"]
    assert "conscription" in article["topics"]


LINES = [
    {"id": "a", "url": "https://one.example/1", "title": "Bridge opens", "outlet": "one", "lang": "en",
     "published": "2026-11-20T10:00:00+02:00",
     "text": "The bridge over the river opened on Friday after 14 months of work. " * 6 + "Conscripts helped."},
    {"id": "b", "url": "https://two.example/9", "title": "The bridge is open", "outlet": "two", "lang": "en",
     "published": "2026-11-20T12:00:00+02:00",
     "text": "The bridge over the river opened on Friday after 14 months of work. " * 6 + "Conscripts helped."},
    {"id": "c", "url": "https://two.example/10", "title": "Погода", "outlet": "two", "lang": "uk",
     "text": "У Бахмуті завтра сніг, місцями ожеледиця, водіїв просять бути обережними на дорогах області."},
]  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three articles, two of them one text."""
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES))
    return path


def test_what_is_imported_can_be_exported_and_imported_again(file: Path, tmp_path: Path) -> None:
    """All fields out, the same articles in; twice is once."""
    tocsin(tmp_path / "one", "import", str(file))
    tocsin(tmp_path / "one", "import", str(file))
    tocsin(tmp_path / "one", "export", "--out", str(tmp_path / "out.jsonl"))
    first = rows((tmp_path / "out.jsonl").read_text())
    assert [row["arrival"] for row in first] == [1, 2, 3]
    assert [row["relation"] for row in first] == ["original", "copy", "original"]
    assert first[0]["published"] == "2026-11-20T10:00:00+02:00"
    assert first[2]["places"] == ["Bakhmut"]
    tocsin(tmp_path / "two", "import", str(tmp_path / "out.jsonl"))
    again = rows(tocsin(tmp_path / "two", "export", "--out", "-").stdout)
    kept = ("id", "url", "title", "text", "story", "published", "places", "lang", "relation")
    assert [[row[name] for name in kept] for row in again] == [[row[name] for name in kept] for row in first]


EDITED = [
    LINES[0] | {"first_seen": "2026-11-20T08:10:00+00:00"},
    LINES[0] | {"first_seen": "2026-11-20T09:10:00+00:00", "title": "Bridge opens, mayor stays away"},
    LINES[0] | {"first_seen": "2026-11-20T15:10:00+00:00", "title": "Bridge opens, mayor stays away",
                "text": f"{LINES[0]['text']}\n\nA spokeswoman did not want to say where the mayor was on Friday."},
]  # fmt: skip


def test_each_version_is_found_and_says_that_it_is_an_older_one(tmp_path: Path) -> None:
    """Another headline is a version; twice is once, also where the rows are of before headlines counted."""
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in EDITED))
    for new in (3, 0):
        assert f"3 articles read, {new} new" in tocsin(tmp_path, "import", str(file)).stderr
    found = rows(tocsin(tmp_path, "search", "title:bridge", "--json").stdout)
    assert [(it["version"], it.get("newer")) for it in found] == [(3, None), (2, found[0]["id"]), (1, found[0]["id"])]
    assert {it["story"] for it in found} == {found[0]["story"]}
    assert tocsin(tmp_path, "search", "title:bridge").stdout.count("changed since (version 3") == 2
    (newest,) = rows(tocsin(tmp_path, "search", "spokeswoman", "--json").stdout)
    assert newest["version"] == 3
    history = rows(tocsin(tmp_path, "why", str(LINES[0]["url"]), "--json").stdout)
    changes = [(line["at"], line["detail"]) for line in history if line["what"].startswith("version ")]
    assert changes == [
        ("2026-11-20T09:10:00+00:00", "changed since version 1, seen 2026-11-20 08:10 UTC: headline changed"),
        (
            "2026-11-20T15:10:00+00:00",
            "changed since version 2, seen 2026-11-20 09:10 UTC: 1 paragraph added (13 words)",
        ),
    ]
    assert any("the same words before, under another headline" in line["detail"] for line in history)


def test_an_import_knows_rows_of_before_headlines_counted(tmp_path: Path) -> None:
    """Their ids had no headline in them, and stay."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    old = Line(**EDITED[0]).article(datetime.now(UTC))
    store.accept([msgspec.structs.replace(old, id=article_id(old.address_id, old.text_hash))])
    store.close()
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in EDITED[:2]))
    for new in (1, 0):
        assert f"2 articles read, {new} new" in tocsin(tmp_path, "import", str(file)).stderr


def test_what_is_on_its_way_is_exported_too(tmp_path: Path) -> None:
    """An article that room two has not seen yet is in the export, with its state."""
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    (line,) = LINES[:1]
    store.accept([Line(**line).article(datetime.now(UTC))])
    store.close()
    result = tocsin(tmp_path, "export", "--out", "-")
    assert [(row["state"], row["url"]) for row in rows(result.stdout)] == [("accepted", line["url"])]
    assert "1 more on their way" in result.stderr
    assert rows(tocsin(tmp_path, "export", "--since", "1h", "--out", "-").stdout) == []


def test_an_import_rings_and_is_found(file: Path, tmp_path: Path) -> None:
    """Imported articles go the whole road: alerted, searchable, explained."""
    tocsin(tmp_path, "subscribe", "conscription", "--to", "file:rung.jsonl")
    tocsin(tmp_path, "import", str(file))
    (told,) = rows((tmp_path / "rung.jsonl").read_text())
    assert told["article"]["outlet"] == "one"
    assert [row["url"] for row in rows(tocsin(tmp_path, "search", "Bakhmut", "--json").stdout)] == [LINES[2]["url"]]
    assert "Бахмуті" in tocsin(tmp_path, "search", "Bakhmut").stdout
    history = rows(tocsin(tmp_path, "why", str(LINES[0]["url"]), "--json").stdout)
    assert [line["what"] for line in history] == ["accepted as version 1", "ready", "alert, first notice: delivered"]
    assert "1 alert." in tocsin(tmp_path, "alerts").stdout


def test_no_secret_of_a_channel_is_printed(file: Path, tmp_path: Path) -> None:
    """A webhook's token stands in no list and in no JSON."""
    tocsin(tmp_path, "subscribe", "conscription", "--to", "https://127.0.0.1:9/services/T0KEN1234567890?key=SECRET99")
    tocsin(tmp_path, "import", str(file))
    commands = (["alerts"], ["alerts", "--json"], ["subscriptions", "list"], ["subscriptions", "list", "--json"])
    printed = [tocsin(tmp_path, *command).stdout for command in (*commands, ["why", str(LINES[0]["url"])])]
    for text in printed:
        assert "127.0.0.1:9" in text
        assert "T0KEN" not in text
        assert "SECRET99" not in text


def test_group_is_the_dedupe_of_the_road(file: Path, tmp_path: Path) -> None:
    """In the order of the file: the copy is in the cluster of its original."""
    tocsin(tmp_path, "group", str(file), "--out", str(tmp_path / "groups.jsonl"))
    one, two, three = rows((tmp_path / "groups.jsonl").read_text())
    assert (one["id"], two["id"], three["id"]) == ("a", "b", "c")
    assert one["cluster"] == two["cluster"] != three["cluster"]
    assert [one["relation"], two["relation"]] == ["original", "copy"]


def test_match_is_the_matching_of_the_road(file: Path, tmp_path: Path) -> None:
    """Each article with the subscriptions that it meets."""
    (tmp_path / "s.jsonl").write_text(
        '{"id": "1", "query": "conscription"}\n{"id": "2", "query": "place:Bakhmut lang:uk"}\n'
    )
    tocsin(tmp_path, "match", str(file), "--subscriptions", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "m"))
    found = {row["id"]: row["subscriptions"] for row in rows((tmp_path / "m").read_text())}
    assert found == {"a": ["1"], "b": ["1"], "c": ["2"]}


def test_many_pages_at_once(tmp_path: Path) -> None:
    """A batch from files and from the lines themselves; what cannot be read says so in its own line."""
    page = (
        "<html><body><h1>A title of five words</h1>"
        + "<p>Some words of a text that goes on.</p>" * 12
        + "</body></html>"
    )
    (tmp_path / "page.html").write_text(page)
    lines = [
        {"id": "file", "url": "https://a.example/1-a-title-of-words", "path": "page.html"},
        {"id": "line", "url": "https://a.example/2-a-title-of-words", "html": page},
        {"id": "gone", "url": "https://a.example/3-a-title-of-words", "path": "gone.html"},
    ]
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    tocsin(tmp_path, "extract", "--jsonl", str(tmp_path / "pages.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    found = {row["id"]: row for row in rows((tmp_path / "out.jsonl").read_text())}
    assert found["file"]["title"] == found["line"]["title"] == "A title of five words"
    assert found["gone"]["drop"] == "cannot be read"


def test_a_backup_brings_everything_back(file: Path, tmp_path: Path) -> None:
    """Backup, ruin, restore: the same articles and subscriptions; what stood there before is kept."""
    data = tmp_path / "data"
    tocsin(data, "subscribe", "Bakhmut", "--name", "town")
    tocsin(data, "import", str(file))
    before = tocsin(data, "export", "--out", "-").stdout
    tocsin(data, "backup", str(tmp_path / "kept"))
    tocsin(data, "subscriptions", "remove", "town")
    tocsin(data, "restore", str(tmp_path / "kept"))
    assert tocsin(data, "export", "--out", "-").stdout == before
    assert "town" in tocsin(data, "subscriptions", "list").stdout
    assert len(list(data.glob("tocsin.db.before-restore-*"))) == 1
    assert rows(tocsin(data, "doctor", "--json").stdout)[0]["state"] == "ok"
    assert json.loads(tocsin(data, "prune", "--dry-run", "--json").stdout)["articles"] == 0


def test_lines_as_other_programs_write_them(tmp_path: Path) -> None:
    """A byte order mark, null for what is missing, ids that are no addresses: each line is an article of its own."""
    file = tmp_path / "in.jsonl"
    lines = [{"url": None, "id": f"row-{n}", "title": None, "text": f"Conscripts {n}", "authors": None} for n in "ab"]
    file.write_bytes(b"\xef\xbb\xbf" + "\n".join(map(json.dumps, lines)).encode())
    assert "2 articles read, 2 new" in tocsin(tmp_path / "data", "import", str(file)).stderr
    found = rows(tocsin(tmp_path / "data", "search", "conscripts", "--json").stdout)
    assert {it["relation"] for it in found} == {"original"}
    assert "arrival" in tocsin(tmp_path / "data", "why", "row-a").stdout


def test_a_title_cannot_command_the_terminal(tmp_path: Path) -> None:
    """Escape sequences of strangers are shown, not obeyed."""
    file = tmp_path / "in.jsonl"
    hostile = "\x1b]0;owned\x07 Bakhmut \u202e"
    file.write_text(json.dumps({"url": "https://a.example/1", "title": hostile, "text": hostile}))
    tocsin(tmp_path / "data", "import", str(file))
    for command in (["search", "Bakhmut"], ["why", "https://a.example/1"]):
        shown = tocsin(tmp_path / "data", *command).stdout
        assert "Bakhmut" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_group_takes_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was filed stays leased: in a file of an hour no lease may end, or nothing further would be filed."""
    rows = [{"id": str(n), "url": f"https://a.example/{n}", "text": f"Text number {n} of many."} for n in range(70)]
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    start = datetime(2026, 3, 4, 12, tzinfo=UTC)
    moments = count()
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("tocsin.clock.SystemClock.now", lambda _: start + timedelta(minutes=next(moments)))
    group(file, tmp_path / "out.jsonl")
    said = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len({row["cluster"] for row in said}) == 70
    assert all(row["cluster"] for row in said)
