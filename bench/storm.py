"""A storm: one text from three hundred outlets within two minutes, and ten thousand subscriptions of which 200 want it.

The articles are accepted in the store of one machine while ``python -m workers`` runs over it; two hundred readers have
a channel each on a receiver of this bench, which writes down when what came. Each must hear of the text once, the
counters must be right, and nobody may wait. Prints a table; exits 1 where a figure falls short of what is asked.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from tocsin.addresses import address_id, article_id
from tocsin.clock import SystemClock
from tocsin.records import Article, Subscription, derived_id
from tocsin.stores import open_store
from tocsin.stores.port import Store

OUTLETS = 300
SUBSCRIPTIONS = 10_000
WANTED = 200
SECONDS = 120.0
"""In which the outlets publish it."""
ASKED = 10.0
"""Seconds from ready to sent, of 95 in a hundred notices."""
PATIENCE = 300.0
TEXT = (
    "The regional draft office said late on Friday that reservists from {0} would report to the barracks near Bakhmut "
    "by Monday noon. Officers had handed out the papers at the railway station, at two mills and in the market hall. "
    "A spokesman confirmed that drivers and medics were called first, and that nobody under twenty had been asked to "
    "come. Relatives gathered in the square until dusk; some had brought warm clothes and bread for the journey. The "
    "town council meets on Tuesday to hear a report, and the governor is expected to speak on local radio."
)


class Receiver(BaseHTTPRequestHandler):
    """Takes every message and notes when it came."""

    got: ClassVar[list[tuple[float, str, str]]] = []

    def do_POST(self) -> None:
        """One notice."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.got.append((time.time(), self.path, body["id"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def main() -> int:
    """Blow, count, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    arguments = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="tocsin-storm-") as folder:
        store = open_store(f"sqlite:{folder}/tocsin.db")
        store.put_subscriptions(_subscriptions(server.server_port))
        environment = {**os.environ, "TOCSIN_DATA_DIR": folder, "TOCSIN_ALLOW_PRIVATE": "127.0.0.0/8"}
        worker = subprocess.Popen(
            [sys.executable, "-m", "workers"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _blow(store, arguments.seconds)
            _wait(store)
        finally:
            worker.terminate()
            worker.wait(60)
        short = judge(store)
        store.close()
    server.shutdown()
    return short


def _subscriptions(port: int) -> list[Subscription]:
    now = SystemClock().now()

    def made(number: int) -> Subscription:
        query = f"reservists AND Bakhmut AND NOT nothing{number}" if number < WANTED else f"word{number} AND Bakhmut"
        channel = f"http://127.0.0.1:{port}/{number}"
        return Subscription(id=f"s{number:05}", name=query, query=query, channels=(channel,), created=now)

    return [made(number) for number in range(SUBSCRIPTIONS)]


def _blow(store: Store, seconds: float) -> None:
    """Accept the text of one outlet after the other."""
    begun = time.monotonic()
    for number in range(OUTLETS):
        url = f"https://outlet{number}.example/news/reservists"
        text = TEXT.format("the district")
        address, digest = address_id(url), derived_id("text", text)
        store.accept(
            [
                Article(
                    id=article_id(address, digest), address_id=address, url=url, outlet=f"outlet{number}",
                    first_seen=SystemClock().now(), title="Reservists are told to report", text=text,
                    text_hash=digest, lang="en",
                )
            ]
        )  # fmt: skip
        time.sleep(max(0.0, begun + seconds * (number + 1) / OUTLETS - time.monotonic()))


def _wait(store: Store) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        seen = store.overview()
        if seen["ready"] == OUTLETS and not seen["waiting"]:
            return
        time.sleep(0.5)


def judge(store: Store) -> int:
    """Print the table; 1 where a figure falls short."""
    told = Counter((path, name) for _, path, name in Receiver.got)
    alerts = store.alerts(limit=SUBSCRIPTIONS)
    made = {notices[0].id: notices[0].created.timestamp() for _, notices in alerts}
    first: dict[str, float] = {}
    for at, _, name in Receiver.got:
        first.setdefault(name, at)
    waits = sorted(at - made[name] for name, at in first.items())
    copies = {alert.copies for alert, _ in alerts}
    stories = {alert.story for alert, _ in alerts}
    p95 = waits[int(0.95 * (len(waits) - 1))] if waits else float("inf")
    rows: list[tuple[str, object, bool]] = [
        ("texts ready", store.overview()["ready"], store.overview()["ready"] == OUTLETS),
        ("stories", len(stories), len(stories) == 1),
        ("alerts", len(alerts), len(alerts) == WANTED),
        ("notices of an alert", sorted({len(it) for _, it in alerts}), all(len(it) == 1 for _, it in alerts)),
        ("readers told", len({path for path, _ in told}), len({path for path, _ in told}) == WANTED),
        ("told twice", sum(number > 1 for number in told.values()), all(number == 1 for number in told.values())),
        ("copies counted", sorted(copies), copies == {OUTLETS - 1}),
        ("seconds from ready to sent, p95", f"{p95:.2f}", p95 < ASKED),
    ]
    for name, value, good in rows:
        print(f"{name:36} {value!s:>10}{'' if good else '  SHORT'}")
    return int(not all(good for _, _, good in rows))


if __name__ == "__main__":
    sys.exit(main())
