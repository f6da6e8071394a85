"""How soon the command line answers: CPU seconds of a whole process, the median of several runs.

``tocsin --help``, ``tocsin search word`` over a store of some hundred articles, and the import of all that reads a
page. Exits 1 where one is too slow.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 7
ARTICLES = 500
ASKED = {"tocsin --help": 0.5, "tocsin search word": 0.7}
READING = "import spiders.extract.flow, trafilatura.main_extractor, trafilatura.baseline"
READING_ASKED = 1.0


def main() -> int:
    """Fill a store, measure, judge."""
    short = 0
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        for name, asked in ASKED.items():
            seconds = [cpu_of(name.split()[1:], folder) for _ in range(RUNS + 1)][1:]
            short += report(name, seconds, asked)
        seconds = [spent([sys.executable, "-c", READING], folder) for _ in range(RUNS + 1)][1:]
        short += report("import of extraction", seconds, READING_ASKED)
    return 1 if short else 0


def report(name: str, seconds: list[float], asked: float) -> bool:
    """Print the median; whether it is too long."""
    median = statistics.median(seconds)
    print(f"{name:22} {median:.2f} s CPU (least {min(seconds):.2f}, most {max(seconds):.2f}); asked: {asked} s")
    return median > asked


def fill(folder: Path) -> None:
    """Import articles of our own making."""
    lines = [
        {"url": f"https://a.example/{number}", "title": f"Title {number}", "text": f"A word and number {number}. " * 40}
        for number in range(ARTICLES)
    ]
    (folder / "in.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    cpu_of(["import", str(folder / "in.jsonl")], str(folder))


def cpu_of(arguments: list[str], data_dir: str) -> float:
    """User and system seconds of one command of ours."""
    return spent([sys.executable, "-m", "tocsin.cli", *arguments], data_dir)


def spent(command: list[str], data_dir: str) -> float:
    """User and system seconds of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "TOCSIN_DATA_DIR": data_dir}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
