"""The crawl, judged: forty simulated outlets with ground truth and a politeness report.

Starts the outlet simulator (which this project did not write; found at ``--simulator``), runs ``tocsin crawl --once``
and ``tocsin work --once`` over it as a user would, exports, and holds the export against the truth. Prints a table;
exits 1 where a figure falls short of what is asked.
"""

import argparse
import csv
import gzip
import json
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

TOCSIN = [sys.executable, "-m", "tocsin.cli"]
HERE = Path(__file__).resolve().parent.parent
ASKED = {
    "listed articles that are in the store, %": (99.0, "least"),
    "titles exact, %": (97.0, "least"),
    "publication time right to the minute, %": (90.0, "least"),
    "robots.txt violations": (0.0, "most"),
    "requests before robots.txt was read": (0.0, "most"),
}


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulator", type=Path, default=HERE.parent / "shared/bench/outlet_simulator.py")
    parser.add_argument("--outlets", type=int, default=40)
    parser.add_argument("--profile", default="clean")
    parser.add_argument("--pace", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the data folder here")
    arguments = parser.parse_args()
    if not arguments.simulator.exists():
        print(f"Not run: the outlet simulator is not at {arguments.simulator}.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(arguments, arguments.keep or Path(folder))
    return judge(figures)


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    """One whole run, as figures by name."""
    port = free_port()
    command = [sys.executable, str(arguments.simulator), "serve", "--port", str(port)]
    command += ["--outlets", str(arguments.outlets), "--profile", arguments.profile, "--seed", str(arguments.seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout
            control = json.loads(simulator.stdout.readline())["control"]
            listed = listed_addresses(control)
            seconds, cpu = crawl(control, arguments, folder)
            again = requests_of_a_second_crawl(control, arguments, folder)
            return {
                **compare(control, listed, folder),
                "articles fetched anew by a second crawl": again,
                "seconds": seconds,
                "CPU seconds of crawl and work": cpu,
            }
        finally:
            simulator.terminate()


def crawl(control: str, arguments: argparse.Namespace, folder: Path) -> tuple[float, float]:
    """Room one and room two, once. Returns wall and CPU seconds."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "outlets.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "home"])
        writer.writerows([outlet["name"], outlet["base"] + "/"] for outlet in get(control + "outlets"))
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run(folder, "crawl", "--once", "--outlets", str(folder / "outlets.csv"), "--pace", str(arguments.pace))
    run(folder, "work", "--once")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(folder, "export", "--out", str(folder / "export.jsonl"))
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu


def requests_of_a_second_crawl(control: str, arguments: argparse.Namespace, folder: Path) -> float:
    """Article pages that a second crawl at once fetches although it has them."""
    report = get(control + "report")["totals"]
    run(folder, "crawl", "--once", "--outlets", str(folder / "outlets.csv"), "--pace", str(arguments.pace))
    return float(get(control + "report")["totals"]["refetched_unconditional"] - report["refetched_unconditional"])


def compare(control: str, listed: set[str], folder: Path) -> dict[str, float]:
    """The export against the truth."""
    truth = {row["url"]: row for row in lines(control + "truth?all=1&body=0")}
    stored = {row["url"]: row for row in map(json.loads, (folder / "export.jsonl").open())}
    both = [(truth[url], row) for url, row in stored.items() if url in truth]
    report = get(control + "report")["totals"]
    known = listed & truth.keys()
    return {
        "listed articles": len(known),
        "listed articles that are in the store, %": percent(len(known & stored.keys()), len(known)),
        "articles stored that are no article": len(stored.keys() - truth.keys()),
        "titles exact, %": percent(sum(true["title"] == row["title"] for true, row in both), len(both)),
        "publication time right to the minute, %": percent(sum(same_minute(*pair) for pair in both), len(both)),
        "publication time wrong (not missing), %": percent(sum(wrong_time(*pair) for pair in both), len(both)),
        "robots.txt violations": report["robots_violations"],
        "requests before robots.txt was read": report["robots_unread"],
        "most requests in parallel at one outlet": report["max_parallel"],
    }


def listed_addresses(control: str) -> set[str]:
    """What feeds, sitemaps, front and section fronts show, read with regular expressions and not with our own code."""
    found: set[str] = set()
    for outlet in get(control + "outlets"):
        front = text(outlet["base"] + "/")
        pages = [
            front,
            *(text(urljoin(outlet["base"], path)) for path in set(re.findall(r'"(/section/[a-z]+)"', front))),
        ]
        for page in pages:
            cards = re.findall(r'<article class="card">.*?<a href="([^"]+)"', page)
            found |= {plain(urljoin(outlet["base"], link)) for link in cards}
        for kind, pattern in (
            ("feed_url", r"<link>([^<]+)</link>|<link href=\"([^\"]+)\""),
            ("sitemap_url", r"<loc>([^<]+)"),
        ):
            if outlet[kind]:
                found |= {plain("".join(match)) for match in re.findall(pattern, text(outlet[kind]))}
    urllib.request.urlopen(control + "reset").read()
    return found


def plain(url: str) -> str:
    """Without entities and trackers."""
    url = url.replace("&amp;", "&")
    return re.sub(r"[?&]utm_[^#]*", "", url)


def same_minute(true: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether the publication time is right to a minute; a time without a zone counts as UTC."""
    return row["published"] is not None and abs(moment(row["published"]) - moment(true["published"])) <= timedelta(
        minutes=1
    )


def wrong_time(true: dict[str, Any], row: dict[str, Any]) -> bool:
    """Whether there is a publication time, and it is wrong."""
    return row["published"] is not None and not same_minute(true, row)


def moment(iso: str) -> datetime:
    """An aware moment."""
    found = datetime.fromisoformat(iso)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def run(folder: Path, *arguments: str) -> None:
    """One command of the product, as a user types it."""
    environment = {**os.environ, "TOCSIN_DATA_DIR": str(folder / "data"), "TOCSIN_ALLOW_PRIVATE": "127.0.0.0/8"}
    subprocess.run([*TOCSIN, *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)


def get(url: str) -> Any:
    """A JSON answer."""
    return json.loads(text(url))


def lines(url: str) -> list[dict[str, Any]]:
    """A JSON-lines answer."""
    return [json.loads(line) for line in text(url).splitlines()]


def text(url: str) -> str:
    """An answer as text, unpacked."""
    with urllib.request.urlopen(url) as answer:
        body = answer.read()
    return (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode("utf-8", "replace")


def percent(part: int, whole: int) -> float:
    """Of a hundred, to two digits."""
    return round(100 * part / whole, 2) if whole else 0.0


def free_port() -> int:
    """A port of loopback that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def judge(figures: dict[str, float]) -> int:
    """Print the table; 1 where something falls short."""
    short = 0
    for name, value in figures.items():
        asked, bound = ASKED.get(name, (None, ""))
        missed = asked is not None and (value < asked if bound == "least" else value > asked)
        short += missed
        demand = f"   asked: at {bound} {asked:g}{'   SHORT' if missed else ''}" if asked is not None else ""
        print(f"{name:45} {value:10.6g}{demand}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
