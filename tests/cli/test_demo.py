"""The newcomer's minute: `tocsin demo` ends by itself, rings in time, and stores what the press published."""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from spiders.extract.dateday import NOW
from tocsin.press import Piece, open_press
from tocsin.records import Article
from tocsin.stores import open_store

SECONDS = 60
SETTLED = timedelta(seconds=12)
"""What the press published this long before the end must have arrived."""


class Run(NamedTuple):
    """A demo that has ended."""

    folder: Path
    code: int
    output: list[str]
    first_alert: float
    """Seconds from typing the command to the first alert on the screen."""
    ended: datetime
    articles: dict[str, list[Article]]
    """By address, in order of their versions."""
    truth: list[Piece]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One demo of a minute, as `make demo` runs it, over a folder that stays."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "tocsin.cli", "demo", "--for", str(SECONDS)]
    started, first, output = time.monotonic(), float("inf"), []
    with subprocess.Popen(
        command, env={**os.environ, "TOCSIN_DATA_DIR": str(folder)}, stdout=subprocess.PIPE, text=True
    ) as demo:
        for line in demo.stdout or ():
            output.append(line.rstrip("\n"))
            if " ← " in line:
                first = min(first, time.monotonic() - started)
    ended = datetime.now(UTC)
    memory = json.loads((folder / "press.json").read_text())
    with open_press(port=memory["port"], started=datetime.fromisoformat(memory["started"])) as press:
        truth = press.published(ended - SETTLED)
    articles: dict[str, list[Article]] = {}
    store = open_store(f"sqlite:{folder}/tocsin.db")
    for article in store.walk():
        articles.setdefault(article.url, []).append(article)
    store.close()
    return Run(folder, demo.returncode, output, first, ended, articles, truth)


pytestmark = pytest.mark.timeout(180)


def lines(run: Run) -> list[dict[str, object]]:
    """What the file channel was told."""
    return [json.loads(line) for line in (run.folder / "alerts.jsonl").read_text().splitlines()]


def test_it_ends_by_itself_and_rings_in_time(run: Run) -> None:
    """Exit code 0, the first alert within 20 seconds, both subscriptions, a desk, a summary, the next step."""
    assert run.code == 0
    assert run.first_alert <= 20
    assert {line["subscription"]["name"] for line in lines(run)} == {"conscription", "Bakhmut"}  # type: ignore[index]
    text = "\n".join(run.output)
    assert "http://127.0.0.1:" in text
    assert "Left out: robots.txt disallows" in text
    assert "make up" in run.output[-1]


def test_everything_published_is_stored_and_read_right(run: Run) -> None:
    """Each story of the press, its title letter for letter and its time to the minute; what is no story is left out."""
    stories = [piece for piece in run.truth if not piece.dropped and piece.kind in ("article", "entry")]
    missing = [piece.url for piece in stories if piece.url not in run.articles]
    assert missing == []
    wrong = [
        (piece.title, run.articles[piece.url][0].title)
        for piece in stories
        if run.articles[piece.url][0].title != piece.title
    ]
    assert wrong == []
    late = [piece.url for piece in stories if not at_the_minute(piece, run.articles[piece.url][0])]
    assert late == []
    assert [piece.url for piece in run.truth if piece.dropped and piece.url in run.articles] == []


def at_the_minute(piece: Piece, article: Article) -> bool:
    """Whether the publication time is known, with its zone, to the minute; or refused for what it might have been.

    The demo reads pages seconds after they came out. A page that only prints its time cannot be told from a clock then.
    """
    when = article.published
    if when is None:
        return NOW in article.published_note
    return when.tzinfo is not None and abs(when - piece.published) <= timedelta(minutes=1)


def test_what_is_left_out_has_a_reason(run: Run) -> None:
    """PDF, cookie wall, gallery, missing page, robots: each address has its row."""
    store = open_store(f"sqlite:{run.folder}/tocsin.db")
    for piece in run.truth:
        if piece.dropped:
            assert any("left out" in line["what"] for line in store.why(piece.url)), piece
    store.close()


def test_a_wire_story_rings_once_and_its_copies_are_counted(run: Run) -> None:
    """Three outlets, one first notice for each subscription, the copies as a number."""
    store = open_store(f"sqlite:{run.folder}/tocsin.db")
    alerts = [alert for alert, _ in store.alerts(limit=1000)]
    wires = {piece.wire: [] for piece in run.truth if piece.wire}
    for piece in run.truth:
        if piece.wire:
            wires[piece.wire].append(run.articles[piece.url][0])
    assert sorted(map(len, wires.values())) == [3, 3]
    for copies in wires.values():
        assert len({article.story for article in copies}) == 1
        assert "original" in {article.relation for article in copies}
        own = [alert for alert in alerts if alert.story == copies[0].story]
        assert len(own) == len({alert.subscription for alert in own})
        assert {alert.copies for alert in own} == {2}
    told = [line["alert"] for line in lines(run)]
    assert len(told) == len(set(told)) == len(alerts)
    store.close()


def test_words_meet_through_family_and_case(run: Run) -> None:
    """`conscription` rings for a text that only says conscripts, `Bakhmut` for one that only says Бахмутом."""
    ways = {(hit["word"], hit["form"].lower()) for line in lines(run) for hit in line["hits"]}  # type: ignore[attr-defined]
    assert ("conscription", "conscripts") in ways
    assert ("Bakhmut", "бахмутом") in ways
    texts = {
        article.id: f"{article.title} {article.text}".lower() for all_ in run.articles.values() for article in all_
    }
    by_alert = [(line["subscription"]["name"], texts[line["article"]["id"]]) for line in lines(run)]  # type: ignore[index]
    assert any(name == "conscription" and "conscription" not in text for name, text in by_alert)
    assert any(name == "Bakhmut" and "bakhmut" not in text and "бахмутом" in text for name, text in by_alert)


def test_no_false_friend_rings(run: Run) -> None:
    """Prizes and appeals are no call-up; a READ MORE teaser is no text."""
    texts = {
        article.id: f"{article.title} {article.text}".lower() for all_ in run.articles.values() for article in all_
    }
    for line in lines(run):
        text = texts[line["article"]["id"]]  # type: ignore[index]
        if line["subscription"]["name"] == "conscription":  # type: ignore[index]
            assert "conscript" in text
        else:
            assert any(
                name in text for name in ("bakhmut", "бахмут", "artemivsk", "артемівськ", "артёмовск", "артемовск")
            )


def test_the_corrected_article_has_two_versions(run: Run) -> None:
    """One address, two texts, one story."""
    corrected = [versions for versions in run.articles.values() if len(versions) > 1 and versions[0].kind == "article"]
    assert corrected
    for versions in corrected:
        assert [article.version for article in versions] == list(range(1, len(versions) + 1))
        assert len({article.story for article in versions}) == 1
        assert versions[1].relation == "version"
