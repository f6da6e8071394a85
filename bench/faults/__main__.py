"""The fault table: whatever is killed, stopped, emptied, full, busy or poisoned, nothing is lost and nothing doubled.

    python -m bench.faults [--short] [--only PART …] [--seed N]

Articles flow from a source (a process with the crawler's ledger, intake and extraction children) through a store and
real workers to a webhook receiver that logs every request, while faults come at random points; the seed is printed.
After each run the source's list, the store and the receiver's log are compared. Prints a row for each fault as it goes
and all of them at the end; exits 1 where a promise is broken.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench.dedupe_stream import SIMULATOR
from bench.faults.given import describe
from bench.faults.plan import NEEDING, PARTS, QUICK, SHORT, WHOLE, means
from bench.faults.table import head, whole
from tests.services import elastic_server, redis_server
from tocsin import logs


def main() -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="fewer articles of our own making, fewer points")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=[], help="these parts alone")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10_000)
    parser.add_argument("--articles", type=int, help="so many of them")
    arguments = parser.parse_args()
    # What goes wrong in this process is on purpose.
    logs.configure("error")
    redis, elastic = redis_server.program(), elastic_server.home()
    size = SHORT if arguments.short else WHOLE
    if arguments.articles:
        size = size._replace(articles=arguments.articles)
    print(f"seed {arguments.seed}")
    if not arguments.short and not SIMULATOR.is_file():
        print("The simulator is not beside the project: the articles are of our own making.")
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-faults-") as folder,
        means(size, arguments.seed, Path(folder), redis, elastic) as shared,
    ):
        print(describe(shared.flowing))
        print(head(), flush=True)
        usual = QUICK if arguments.short else [name for name in PARTS if name != "mixed"]
        for name in arguments.only or usual:
            if (name in NEEDING and not (redis and elastic)) or (name == "twice" and not redis):
                print(f"{name}: not run, its servers are not here (make servers)")
                continue
            for row in PARTS[name](shared):
                rows.append(row)
                print(row.line(), flush=True)
                for reason in row.broken():
                    print(f"    {reason}", flush=True)
    return whole(rows)


if __name__ == "__main__":
    sys.exit(main())
