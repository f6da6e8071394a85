"""Wrong use and bad surroundings: one clear sentence, the right exit code, no traceback, nothing lost."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tocsin.records import Outlet
from tocsin.settings import Settings
from tocsin.stores import open_store


def tocsin(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def complains(result: "subprocess.CompletedProcess[str]", code: int, *words: str) -> None:
    """One sentence on standard error that says these words, and this exit code."""
    assert result.returncode == code, result.stderr
    complaint = result.stderr.strip().splitlines()
    assert len(complaint) == 1, result.stderr
    assert complaint[0].startswith("tocsin: ")
    for word in words:
        assert word in complaint[0]


MISUSES = {
    "unknown outlet file": (["crawl", "--once", "--outlets", "missing.toml"], 2, "missing.toml"),
    "bad query": (["search", "a AND (b"], 2, "column 7"),
    "unknown field": (["search", "colour:red"], 2, "colour"),
    "unknown place": (["search", "place:Atlantis"], 2, "Atlantis"),
    "query that only forbids": (["subscribe", "-sport"], 2, "-sport"),
    "unknown channel": (["subscribe", "Bakhmut", "--to", "pigeon:7"], 2, "pigeon"),
    "no such time": (["search", "a", "--since", "yesterday"], 2, "yesterday"),
    "unknown outlet": (["outlets", "enable", "no-such-outlet"], 2, "no-such-outlet"),
    "no address": (["outlets", "add", "mailto:x"], 2, "mailto:x"),
    "unknown subscription": (["subscriptions", "pause", "nothing"], 2, "nothing"),
    "nothing to crawl": (["crawl", "--once"], 1, "outlets enable"),
    "nobody to ask": (["up", "--for", "1"], 1, "outlets"),
    "unknown store": (["search", "a", "--store", "mongo:x"], 2, "mongo"),
    "no such page": (["extract", "missing.html", "--url", "https://a.example/1"], 2, "missing.html"),
    "page without address": (["extract", "missing.html"], 2, "--url"),
    "no such import": (["import", "missing.jsonl"], 2, "missing.jsonl"),
    "no such backup": (["restore", "missing"], 2, "missing"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_mistake_is_one_sentence(name: str, tmp_path: Path) -> None:
    """Each mistake names what is wrong and where."""
    arguments, code, word = MISUSES[name]
    complains(tocsin(tmp_path, *arguments), code, word)


def test_malformed_toml_names_file_and_line(tmp_path: Path) -> None:
    """The outlets of a broken file are not half taken."""
    file = tmp_path / "outlets.toml"
    file.write_text('[[outlet]]\nname = "one"\nhome = https://one.example/\n')
    complains(tocsin(tmp_path / "data", "crawl", "--once", "--outlets", str(file)), 2, "outlets.toml", "line 3")
    assert open_store(f"sqlite:{tmp_path}/data/tocsin.db").outlets() == []


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    """The desk's port is taken: which one, and how to choose another."""
    open_store(f"sqlite:{tmp_path}/tocsin.db").put_outlets([Outlet(name="one", home="http://127.0.0.1:9/", every=3600)])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = tocsin(tmp_path, "up", "--for", "20", TOCSIN_DESK_PORT=port)
    assert result.returncode == 1
    assert port in result.stderr
    assert "Traceback" not in result.stderr
    assert "TOCSIN_DESK_PORT" in result.stderr


def test_a_second_up_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """One `up` per data folder: the second says who holds it."""
    with (tmp_path / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        complains(tocsin(tmp_path, "up", "--for", "1"), 1, "already running", "4711")
        complains(tocsin(tmp_path, "demo", "--for", "1"), 1, "already running")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A data folder below a plain file: nobody, not even root, can write there."""
    (tmp_path / "file").write_text("")
    complains(tocsin(tmp_path / "file" / "data", "search", "a"), 1, "cannot be written", "TOCSIN_DATA_DIR")
    complains(tocsin(tmp_path / "file" / "data", "up", "--for", "1"), 1, "cannot be written", "TOCSIN_DATA_DIR")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path) -> None:
    """A data folder without the right to write."""
    tmp_path.chmod(0o500)
    complains(tocsin(tmp_path, "search", "a"), 1, "cannot be written")


def test_a_store_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    """It is refused with the way out, and not one byte of it changes."""
    path = tmp_path / "tocsin.db"
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE future (x); PRAGMA user_version = 999")
    connection.close()
    before = path.read_bytes()
    complains(tocsin(tmp_path, "search", "a"), 1, "newer", "999")
    assert path.read_bytes() == before


def test_a_file_that_is_no_store(tmp_path: Path) -> None:
    """Somebody else's file is refused and kept."""
    (tmp_path / "tocsin.db").write_bytes(b"not a database, but long enough to be looked at as one" * 100)
    complains(tocsin(tmp_path, "search", "a"), 1, "not a store")
    assert (tmp_path / "tocsin.db").read_bytes().startswith(b"not a database")


def test_unknown_command_and_help() -> None:
    """Without arguments there is help; a command that does not exist is wrong use."""
    assert tocsin(Path("/nonexistent")).returncode == 0
    assert "Commands" in tocsin(Path("/nonexistent")).stdout
    assert tocsin(Path("/nonexistent"), "sing").returncode == 2


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    """A variable of the environment that makes no sense."""
    complains(tocsin(tmp_path, "search", "a", TOCSIN_TIME_ZONE="Mars/Base"), 2, "TOCSIN_TIME_ZONE", "Mars/Base")


def test_a_bad_line_of_an_import_is_named_and_nothing_is_half_read(tmp_path: Path) -> None:
    """File and line stand in the complaint."""
    file = tmp_path / "in.jsonl"
    file.write_text('{"url": "https://a.example/1", "text": "fine"}\n{"url": 7}\n')
    complains(tocsin(tmp_path / "data", "import", str(file)), 2, "in.jsonl", "line 2")


ODD_LINES = {
    "too deep": ('{"url": "https://a.example/1", "text": "a", "x": ' + "[" * 100_000, "nested too deeply"),
    "end of the calendar": (
        '{"url": "https://a.example/1", "text": "a", "published": "9999-12-31T23:59:59-12:00"}',
        "out of range",
    ),
    "lone surrogate": ('{"url": "https://a.example/1", "text": "\\ud800 and more words"}', "surrogate"),
}


@pytest.mark.parametrize("name", ODD_LINES)
def test_an_odd_line_is_one_sentence(name: str, tmp_path: Path) -> None:
    """Whatever a line holds, it is named."""
    line, word = ODD_LINES[name]
    (tmp_path / "in.jsonl").write_text(line)
    complains(tocsin(tmp_path / "data", "import", str(tmp_path / "in.jsonl")), 2, "line 1", word)


def test_a_settings_file_that_is_no_text(tmp_path: Path) -> None:
    """It is named."""
    (tmp_path / "tocsin.env").write_bytes(b"\xff\xfe\0")
    complains(tocsin(tmp_path, "search", "a"), 2, "tocsin.env", "UTF-8")


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty data folder would be the folder in which one happens to stand."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", "")
    assert Settings().data_dir.is_absolute()


@pytest.mark.parametrize("size", [0, 100, 20_000])
def test_a_truncated_backup_is_refused_before_anything_changes(tmp_path: Path, size: int) -> None:
    """The store that stands there is as it was; a whole backup comes back even over a damaged store."""
    store = open_store(f"sqlite:{tmp_path}/data/tocsin.db")
    store.put_outlets([Outlet(name=f"outlet-{n}", home="https://one.example/", title="x" * 500) for n in range(200)])
    store.close()
    assert tocsin(tmp_path / "data", "backup", str(tmp_path / "backup")).returncode == 0
    whole = (tmp_path / "backup/tocsin.db").read_bytes()
    (tmp_path / "backup/tocsin.db").write_bytes(whole[:size])
    complains(tocsin(tmp_path / "data", "restore", str(tmp_path / "backup")), 1, "nothing was changed")
    assert len(open_store(f"sqlite:{tmp_path}/data/tocsin.db").outlets()) == 200
    (tmp_path / "backup/tocsin.db").write_bytes(whole)
    (tmp_path / "data/tocsin.db").write_bytes(whole[:20_000])
    restored = tocsin(tmp_path / "data", "restore", str(tmp_path / "backup"))
    assert restored.returncode == 0, restored.stderr
    assert "before-restore" in restored.stdout
    assert len(open_store(f"sqlite:{tmp_path}/data/tocsin.db").outlets()) == 200
