"""``tocsin backtest``, and what ``tocsin subscribe`` is to say before it saves."""

import json
from pathlib import Path

import pytest

from tests.cli.test_explain import LINES, tocsin
from tocsin import settings, subscriptions
from tocsin.cli.backtest import ENOUGH, told_before_saving
from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.stores import open_store

DAILY = [
    {"url": f"https://one.example/d{number}", "title": f"Report {number}", "lang": "en", "outlet": "daily",
     "text": f"Trains number {number} and {number + 1} left depot {7 * number} for Lviv. Nobody of yard {number} knew, "
             f"{'Zabrodovych' if number % 2 else 'Zabrodovyk'} said."}
    for number in range(40)
]  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a store of some articles, one of them a copy."""
    folder = tmp_path_factory.mktemp("data")
    copy = {**LINES[0], "url": "https://three.example/1", "outlet": "three"}
    (folder / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in (*LINES, copy, *DAILY)))
    tocsin(folder, "import", str(folder / "in.jsonl"))
    return folder


def test_what_it_would_have_sent(data: Path) -> None:
    shown = tocsin(data, "backtest", "Bakhmut", "--lang", "en", "--messages", "9").stdout
    assert "Bakhmut: 2 texts since" in shown
    assert "  met         3 articles, 1 copy" in shown
    assert "  told        2 new; 2 messages to each channel" in shown
    assert "  outlets     one 2, three 1" in shown
    assert "**Bakhmut**" in shown
    assert "[Bakhmut] Conscripts refuse | one" in shown
    digest = tocsin(data, "backtest", "Bakhmut", "--every", "daily", "--messages", "1").stdout
    assert "[Bakhmut] 3 new texts" in digest


def test_as_json_and_nothing_is_written(data: Path) -> None:
    row = json.loads(tocsin(data, "backtest", "conscription NOT zyzzyva", "--json", "--messages", "1").stdout)
    assert (row["articles"], row["alerts"], row["copies"], row["over_broad"]) == (3, 2, 1, False)
    assert [remark["message"] for remark in row["remarks"]] == [
        "NOT zyzzyva leaves nothing out: no article that meets the rest has it",
        "no article has zyzzyva",
    ]
    assert row["sent"][0]["payload"]["kind"] == "first"
    store = open_store(f"sqlite:{data}/tocsin.db")
    assert (store.alerts(), store.subscriptions()) == ([], [])
    store.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give tocsin backtest one QUERY, or --name"),
        (("Bakhmut", "--name", "x"), "Give tocsin backtest one QUERY, or --name"),
        (("--name", "nobody"), "There is no subscription named 'nobody'"),
        (("(Bakhmut",), "is never closed"),
        (("NOT Bakhmut",), "only says what must not be there"),
        (("Bakhmut", "--every", "never"), "every 'never' is not known"),
        (("topic:nosuch",), "no list has the topic"),
    ],
)
def test_mistakes_are_one_sentence(data: Path, words: tuple[str, ...], said: str) -> None:
    assert said in tocsin(data, "backtest", *words, code=2).stderr


def test_nothing_to_try_it_on(tmp_path: Path) -> None:
    shown = tocsin(tmp_path, "backtest", "Bakhmut")
    assert "Bakhmut: nothing since" in shown.stdout
    assert "the store has no article yet" in shown.stderr


def test_what_is_meant_is_offered(data: Path) -> None:
    """A slip; a name letter for letter that has other spellings; a name that no list has, spelt otherwise."""
    assert "conscripts" in tocsin(data, "backtest", "conscirpts").stderr
    assert "Perhaps: Bakhmut" in tocsin(data, "backtest", "=Bakhmut").stderr
    shown = tocsin(data, "backtest", "Zabrodovyk trains").stderr
    assert "Zabrodovyk does not meet zabrodovych (20 articles), which is spelt nearly so" in shown
    assert "Perhaps: (Zabrodovyk OR zabrodovych) trains" in shown


def test_before_saving(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """More than anybody reads wants a yes."""
    store, chosen = open_store(f"sqlite:{data}/tocsin.db"), settings.load(data_dir=data)

    def it(query: str) -> subscriptions.Subscription:
        return subscriptions.new(query, query, ("stdout:",), SystemClock().now())

    told_before_saving(store, chosen, it("Bakhmut"), yes=False)
    assert "Bakhmut: 3 texts since" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"would tell 40 a day.*--yes"):
        told_before_saving(store, chosen, it("trains"), yes=False)
    told_before_saving(store, chosen, it("trains"), yes=True)
    assert "about 40 notices a day" in capsys.readouterr().err
    assert ENOUGH > 30 * 7
    store.close()
