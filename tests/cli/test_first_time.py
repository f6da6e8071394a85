"""The first `tocsin up` in a terminal: a few questions, once; nonsense is asked again; the answers stay."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from tocsin import settings
from tocsin.stores import open_store


def talk(data: Path, answers: list[str], seconds: float = 60) -> tuple[int, str]:
    """Run `tocsin up` on a terminal, give one answer for each question, return exit code and screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin.cli", "up", "--for", "2"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), "TOCSIN_DESK_PORT": "0"},
        close_fds=True,
    )
    os.close(theirs)
    screen, waiting, asked, end = "", list(answers), 0, time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if not select.select([ours], [], [], 0.2)[0]:
            continue
        try:
            screen += os.read(ours, 4096).decode(errors="replace")
        except OSError:
            break
        if waiting and screen.count("]: ") + screen.count("none): ") > asked:
            asked = screen.count("]: ") + screen.count("none): ")
            os.write(ours, (waiting.pop(0) + "\n").encode())
    code = process.wait(30)
    os.close(ours)
    return code, screen


def test_three_questions_and_it_runs(tmp_path: Path) -> None:
    """Zone, outlets and contact are asked, wrong answers again; a second run asks nothing."""
    file = tmp_path / "mine.csv"
    file.write_text("name,home\nlocal,http://127.0.0.1:9/\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/tocsin.env").write_text("TOCSIN_PROXY=http://127.0.0.1:9\n")
    answers = ["Mars/Base", "Europe/Kyiv", "klingon", str(file), "desk@example.org"]
    code, screen = talk(tmp_path / "data", answers)
    assert code == 0, screen
    assert "Mars/Base is no IANA time zone" in screen
    assert "Neither a language of the catalogue nor a file" in screen
    assert "http://127.0.0.1:" in screen
    store = open_store(f"sqlite:{tmp_path}/data/tocsin.db")
    assert [outlet.name for outlet in store.outlets(active=True)] == ["local"]
    store.close()
    chosen = settings.load(data_dir=tmp_path / "data")
    assert (chosen.time_zone, chosen.contact) == ("Europe/Kyiv", "desk@example.org")
    assert chosen.proxy == "http://127.0.0.1:9", "what stood in the file before"
    code, screen = talk(tmp_path / "data", [])
    assert code == 0
    assert "time zone" not in screen


def test_outlets_of_the_catalogue_can_be_chosen(tmp_path: Path) -> None:
    """A language, then some of its outlets by name; a wrong name is asked again."""
    code, screen = talk(tmp_path, ["", "uk", "nothing-like-it", "ukrinform", ""])
    assert code == 0, screen
    assert "Not in the list: nothing-like-it" in screen
    store = open_store(f"sqlite:{tmp_path}/tocsin.db")
    assert [outlet.name for outlet in store.outlets(active=True)] == ["ukrinform"]
    store.close()
