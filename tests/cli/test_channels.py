"""``tocsin channels`` as a person and a script see it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from workers.channels.kinds import KINDS


def tocsin(data: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One command as a user types it."""
    return subprocess.run(
        [sys.executable, "-m", "tocsin.cli", "channels", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data), **environment},
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False,
    )  # fmt: skip


def test_kinds_are_told_and_documented(tmp_path: Path, root: Path) -> None:
    listed = tocsin(tmp_path, "list", "--json")
    forms = [json.loads(line)["form"] for line in listed.stdout.splitlines()]
    assert forms == [kind.form for kind in KINDS]
    assert forms[2] in tocsin(tmp_path, "list").stdout
    told = (root / "docs" / "channels.md").read_text()
    assert [kind.form for kind in KINDS if kind.form.split("…")[0].split("#")[0] not in told] == []


def test_a_message_is_sent(tmp_path: Path) -> None:
    done = tocsin(tmp_path, "test", "file:alerts.jsonl")
    assert (done.returncode, done.stdout) == (0, "Sent: file:alerts.jsonl took the message.\n")
    assert json.loads((tmp_path / "alerts.jsonl").read_text())["kind"] == "trial"


def test_what_went_wrong_is_one_sentence_without_a_secret(tmp_path: Path, free_port: int) -> None:
    place = {"TOCSIN_ALLOW_PRIVATE": "127.0.0.0/8", "TOKEN": "1:swordfish"}
    address = f"telegram://${{TOKEN}}@42?api=http://127.0.0.1:{free_port}"
    done = tocsin(tmp_path, "test", address, **place)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "swordfish" not in done.stderr + done.stdout
    row = json.loads(tocsin(tmp_path, "test", address, "--json", **place).stdout)
    assert (row["channel"], row["state"]) == ("telegram://${TOKEN}@42?api=…", "waiting")


def test_wrong_addresses_are_wrong_use(tmp_path: Path) -> None:
    for address in ("gopher://x", "telegram://x", "ntfy://host", "mailto:nobody"):
        done = tocsin(tmp_path, "test", address)
        assert done.returncode == 2, address
        assert done.stderr.startswith("tocsin: The channel ")
    missing = tocsin(tmp_path, "test", "mailto:reader@example.org")
    assert missing.returncode == 1
    assert "needs TOCSIN_SMTP" in missing.stderr
