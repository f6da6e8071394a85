"""kill -9 of the whole process group at random points of a demo, restart, and what must hold afterwards.

Each round starts ``tocsin demo`` in a process group of its own over one data folder, kills the group after a random
time (the seed is printed), and looks at the store: every article that was accepted before must still be there. A last
round runs to its end. Then: no article twice, none still on its way, every alert of the store exactly once in the
file channel. Prints a table; exits 1 where something does not hold.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import apsw


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    parser.add_argument(
        "--latest", type=float, default=25.0, help="seconds after which a round is killed at the latest"
    )
    parser.add_argument("--last", type=int, default=30, help="seconds of the last round")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    with tempfile.TemporaryDirectory() as folder:
        wrong = list(rounds(arguments, Path(folder)))
    for line in wrong:
        print(f"WRONG: {line}")
    print("holds" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


def rounds(arguments: argparse.Namespace, folder: Path) -> Iterator[str]:
    """What went wrong, in words."""
    chance = random.Random(arguments.seed)
    before: set[str] = set()
    for number in range(1, arguments.kills + 1):
        seconds = chance.uniform(0.5, arguments.latest)
        kill_after(folder, seconds)
        now = accepted(folder)
        print(f"round {number}: killed after {seconds:4.1f} s, {len(now)} accepted, {len(told(folder))} lines told")
        if before - now:
            yield f"round {number}: {len(before - now)} accepted articles are missing"
        before = now
    demo = start(folder, arguments.last)
    if demo.wait(arguments.last + 60):
        yield f"the last round ended with exit code {demo.returncode}"
    yield from after_all(folder, before)


def start(folder: Path, seconds: float) -> "subprocess.Popen[bytes]":
    """One demo in a process group of its own."""
    environment = {**os.environ, "TOCSIN_DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "tocsin.cli", "demo", "--for", str(seconds)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)


def kill_after(folder: Path, seconds: float) -> None:
    """Start a demo, wait, kill its whole group, wait until all of it is gone."""
    demo = start(folder, 600)
    time.sleep(seconds)
    if demo.poll() is not None:
        raise SystemExit(f"the demo ended by itself with exit code {demo.returncode}")
    os.killpg(demo.pid, signal.SIGKILL)
    demo.wait()
    time.sleep(0.3)


def rows(folder: Path, sql: str) -> list[tuple[str, ...]]:
    """A look at the store with a connection of our own."""
    path = folder / "tocsin.db"
    if not path.exists():
        return []
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        return list(connection.execute(sql))
    except apsw.SQLError:
        return []
    finally:
        connection.close()


def accepted(folder: Path) -> set[str]:
    """Ids of all articles of the store, whatever their state."""
    return {row[0] for row in rows(folder, "SELECT id FROM articles")}


def told(folder: Path) -> list[dict[str, str]]:
    """The lines of the file channel; a torn last line is no line."""
    path = folder / "alerts.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


def after_all(folder: Path, before: set[str]) -> Iterator[str]:
    """What must hold at the end."""
    now = accepted(folder)
    if before - now:
        yield f"{len(before - now)} accepted articles are missing at the end"
    # Another headline over the same text is another version, and no double.
    fields = "record ->> 'url', record ->> 'title', record ->> 'text_hash'"
    texts = Counter((url, title, text) for url, title, text in rows(folder, f"SELECT {fields} FROM articles"))
    if doubled := [url for (url, _, _), number in texts.items() if number > 1]:
        yield f"{len(doubled)} articles stand twice, such as {doubled[0]}"
    if waiting := rows(folder, "SELECT id FROM articles WHERE state NOT IN ('ready', 'parked')"):
        yield f"{len(waiting)} articles are still on their way"
    alerts = {row[0] for row in rows(folder, "SELECT id FROM alerts")}
    lines = Counter(line["alert"] for line in told(folder))
    if doubled := [alert for alert, number in lines.items() if number > 1]:
        yield f"{len(doubled)} alerts stand twice in the file channel"
    if alerts != lines.keys():
        missing, foreign = len(alerts - lines.keys()), len(lines.keys() - alerts)
        yield f"{missing} alerts of the store are not in the file, {foreign} of the file not in the store"
    if rows(folder, "PRAGMA integrity_check")[0][0] != "ok":
        yield "the store is damaged"
    print(f"at the end: {len(now)} articles, {len(alerts)} alerts, {sum(lines.values())} lines told")


if __name__ == "__main__":
    sys.exit(main())
