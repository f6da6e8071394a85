"""Subscriptions on the command line: made, changed, muted, planned from a file and taken over from other tools."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.stores.filled import fill
from tocsin.cli import main
from tocsin.cli.keywords import any_of, keywords
from tocsin.errors import UserError
from tocsin.stores import open_store

PAGE = Path(__file__).resolve().parents[2] / "docs/subscriptions.md"


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process, over a data folder of its own."""
    monkeypatch.setenv("TOCSIN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(int(ended.value.code or 0), out, err)

    return command


def listed(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("subscriptions", "list", "--json").out.splitlines()]


def file(tmp_path: Path, text: str, name: str = "alerts.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_all_that_can_be_set_is_kept(run: Run) -> None:
    """Each option in its field; made again it is the same one, made otherwise it is refused with what differs."""
    options = (
        "--every weekly --at 07:30 --weekday Friday --zone Europe/Kyiv --quiet 22:00-07:00 --priority urgent"
        " --throttle 4 --lang uk --lang no --outlet one --expires 2027-01-01 --tell grown --grown-at 5 --shows words:9"
        " --template {title} --evidence --spike --owner me --to file:a.jsonl --to stdout: --name east"
    ).split()
    made = run("subscribe", "Bakhmut", *options)
    assert (made.code, "no outlet named one" in made.err) == (0, True)
    (it,) = listed(run)
    wanted = {
        "name": "east", "query": "Bakhmut", "channels": ["file:a.jsonl", "stdout:"], "every": "weekly", "at": "07:30",
        "weekday": "friday", "zone": "Europe/Kyiv", "quiet": "22:00-07:00", "priority": "urgent", "throttle": 4,
        "langs": ["uk", "no"], "outlets": ["one"], "expires": "2027-01-01T00:00:00Z", "tells": ["grown"],
        "grown_at": [5], "shows": "words:9", "template": "{title}", "evidence": True, "spike": True, "owner": "me",
        "state": "active", "version": 1,
    }  # fmt: skip
    assert {name: it[name] for name in wanted} == wanted
    assert run("subscribe", "Bakhmut", *options).code == 0
    other = run("subscribe", "Bakhmut", "--name", "east")
    assert (other.code, "every: weekly → immediate" in other.err) == (2, True)
    assert listed(run) == [it]


def test_an_edit_changes_what_it_names_and_is_remembered(run: Run) -> None:
    """Lists and times can be taken back; the name may change; the id never does."""
    run("subscribe", "Bakhmut", "--lang", "uk", "--quiet", "22:00-07:00", "--expires", "30d")
    before = listed(run)[0]
    edit = run("subscriptions", "edit", "Bakhmut", "--lang", "all", "--quiet", "none", "--expires", "never",
               "--tell", "none", "--query", "Soledar", "--name", "renamed", "--every", "DAILY")  # fmt: skip
    assert (edit.code, "Bakhmut: langs: uk → all" in edit.out) == (0, True)
    after = listed(run)[0]
    assert (after["id"], after["version"], after["name"]) == (before["id"], 2, "renamed")
    assert [after[name] for name in ("langs", "quiet", "expires", "tells", "query", "every")] == [
        [], "", None, [], "Soledar", "daily",
    ]  # fmt: skip
    assert "nothing to change" in run("subscriptions", "edit", after["id"], "--every", "daily").out
    shown = json.loads(run("subscriptions", "show", "renamed", "--json").out)
    assert [(it["version"], it["query"]) for it in shown["history"]] == [(1, "Bakhmut")]
    assert "query: Bakhmut → Soledar" in run("subscriptions", "show", "renamed").out
    run("subscribe", "drone")
    taken = run("subscriptions", "edit", "drone", "--name", "renamed")
    assert (taken.code, "already" in taken.err) == (2, True)


def test_a_name_that_was_given_up_is_free(run: Run, tmp_path: Path) -> None:
    """The renamed one keeps its id, and who has its first name now has another; an export tells them apart."""
    run("subscribe", "Bakhmut", "--name", "one")
    run("subscriptions", "edit", "one", "--name", "two")
    assert run("subscribe", "Soledar", "--name", "one").code == 0
    assert run("subscriptions", "apply", file(tmp_path, "subscriptions:\n- name: three\n  query: b\n")).code == 0
    run("subscriptions", "edit", "three", "--name", "four")
    assert run("subscriptions", "apply", file(tmp_path, "subscriptions:\n- name: three\n  query: c\n")).code == 0
    made = listed(run)
    assert [(it["name"], it["query"]) for it in made] == [
        ("four", "b"), ("one", "Soledar"), ("three", "c"), ("two", "Bakhmut"),
    ]  # fmt: skip
    assert len({it["id"] for it in made}) == 4
    export = tmp_path / "export.yaml"
    run("subscriptions", "export", export)
    assert run("subscriptions", "plan", export, "--check", "--prune").code == 0


def test_states_are_shown_and_nothing_is_deleted(run: Run, tmp_path: Path) -> None:
    """Paused, expired, and broken because a place is no more in the lists; what is broken can be paused and mended."""
    for name in ("active", "paused", "expired", "broken"):
        assert run("subscribe", "Bakhmut", "--name", name).code == 0
    run("subscriptions", "pause", "paused")
    run("subscriptions", "edit", "expired", "--expires", "2020-01-01")
    store = open_store(f"sqlite:{tmp_path}/data/tocsin.db")
    import msgspec

    broken = next(it for it in store.subscriptions() if it.name == "broken")
    store.put_subscription(msgspec.structs.replace(broken, query="place:Atlantis"))
    store.close()
    assert {it["name"]: it["state"] for it in listed(run)} == {
        name: name for name in ("active", "paused", "expired", "broken")
    }
    text = run("subscriptions", "list").out
    assert re.search(r"broken \(broken: .*Atlantis.*\): place:Atlantis", text)
    assert "expired (expired: since 2020-01-01 00:00 UTC)" in text
    assert run("subscriptions", "pause", "broken").code == 0
    assert run("subscriptions", "edit", "broken", "--query", "Soledar").code == 0
    assert run("subscriptions", "resume", "broken").code == 0
    assert {it["name"]: it["state"] for it in listed(run)}["broken"] == "active"


def test_a_story_and_a_series_are_muted_and_unmuted(run: Run, tmp_path: Path) -> None:
    """A story by its id, a series by one of its articles; what is unknown is refused."""
    (tmp_path / "data").mkdir()
    store = open_store(f"sqlite:{tmp_path}/data/tocsin.db")
    fill(store)
    alert = store.alerts()[0][0]
    root = store.root(alert.story)
    assert root != alert.story, "one that was joined with another says more"
    store.close()
    assert run("subscriptions", "mute", "Bakhmut", "--story", alert.story, "--reason", "old").code == 0
    assert run("subscriptions", "mute", "Bakhmut", "--series", alert.article).code == 0
    assert "nothing to change" in run("subscriptions", "mute", "Bakhmut", "--story", alert.story).out
    (muted,) = [it["muted"] for it in listed(run) if it["name"] == "Bakhmut"]
    assert [(it["what"], it["key"], it["reason"]) for it in muted] == [
        ("story", root, "old"), ("series", "one:told to sign again", ""),
    ]  # fmt: skip
    assert run("subscriptions", "unmute", "Bakhmut", "--story", alert.story).code == 0
    assert run("subscriptions", "unmute", "Bakhmut", "--series", "one:told to sign again").code == 0
    for arguments in (["--story", "nope"], ["--series", "nope"], [], ["--story", alert.story, "--series", "a:b"]):
        refused = run("subscriptions", "mute", "Bakhmut", *arguments)
        assert (refused.code, len(refused.err.splitlines())) == (2, 1)
    assert run("subscriptions", "unmute", "Bakhmut", "--story", alert.story).code == 2


def test_a_pasted_list_is_one_subscription(run: Run, tmp_path: Path) -> None:
    """Or one a line where that is asked for."""
    words = file(
        tmp_path, "# places\nBakhmut\nChasiv Yar\ndrone AND refinery\nAvdiivka, Soledar,\n\nBakhmut\n", "w.txt"
    )
    made = run("subscribe", "--file", words)
    assert made.code == 0
    assert [(it["name"], it["query"]) for it in listed(run)] == [
        ("w", 'Bakhmut OR "Chasiv Yar" OR drone AND refinery OR Avdiivka OR Soledar')
    ]
    assert run("subscribe", "--file", words, "--each").code == 0
    assert len(listed(run)) == 6
    for arguments in (["x", "--file", words], [], ["--file", file(tmp_path, "# nothing\n", "empty.txt")]):
        assert run("subscribe", *arguments).code == 2


def test_keywords_are_no_operators() -> None:
    """Signs and operators make a query of a line; too many words are refused, and so is one that only forbids."""
    assert dict(keywords("a-b\nan and b\n(x OR y)\n-c\ntitle:x\nЧасів Яр\tБахмут; x")) == {
        "a-b": "a-b", "an and b": '"an and b"', "(x OR y)": "(x OR y)", "-c": "-c", "title:x": "title:x",
        "Часів Яр": '"Часів Яр"', "Бахмут": "Бахмут", "x": "x",
    }  # fmt: skip
    with pytest.raises(UserError, match="--each"):
        any_of([f"word{number}" for number in range(201)])


MISUSES = {
    "zone": (["--zone", "Kyiv"], "IANA"),
    "quiet": (["--quiet", "22"], "22:00-07:00"),
    "every": (["--every", "yearly"], "weekly"),
    "at": (["--at", "25:00"], "25:00"),
    "weekday": (["--weekday", "caturday"], "caturday"),
    "priority": (["--priority", "high"], "urgent"),
    "throttle": (["--throttle", "-2"], "throttle"),
    "lang": (["--lang", "ukrainian"], "two letters"),
    "outlet": (["--outlet", "a b"], "outlet"),
    "expires": (["--expires", "soon"], "30d"),
    "tell": (["--tell", "everything"], "added"),
    "shows": (["--shows", "words"], "words:N"),
    "template": (["--template", "{secret}"], "{secret}"),
    "name": (["--name", " "], "named"),
    "channel": (["--to", "pigeon:7"], "pigeon"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_a_mistake_is_one_sentence(name: str, run: Run) -> None:
    """That names what is wrong; nothing is made."""
    arguments, word = MISUSES[name]
    result = run("subscribe", "Bakhmut", *arguments)
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert word in result.err
    assert listed(run) == []


def test_the_example_of_the_page_is_applied(run: Run, tmp_path: Path) -> None:
    """Planned, applied, applied again, exported, and the export applied to an empty store gives the same."""
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    path = file(tmp_path, example)
    planned = run("subscriptions", "plan", path)
    assert (planned.code, [line[0] for line in planned.out.splitlines()]) == (0, ["+", "+", "+", "3"])
    assert run("subscriptions", "plan", path, "--check").code == 1
    assert listed(run) == []
    assert run("subscriptions", "apply", path).code == 0
    made = listed(run)
    assert [(it["name"], it["every"], it["zone"]) for it in made] == [
        ("Donbas", "immediate", "Europe/Kyiv"), ("call-up", "daily", "Europe/Kyiv"),
        ("refineries", "immediate", "Europe/Kyiv"),
    ]  # fmt: skip
    assert "3 as they were" in run("subscriptions", "apply", path).out
    assert listed(run) == made
    export = tmp_path / "export.yaml"
    assert run("subscriptions", "export", export).code == 0
    assert export.stat().st_mode & 0o077 == 0
    assert run("subscriptions", "plan", export, "--check", "--prune").code == 0
    for it in made:
        run("subscriptions", "remove", it["name"])
    assert run("subscriptions", "apply", export).code == 0
    again = listed(run)
    for it in (*made, *again):
        it.pop("created")
    assert again == made


def test_every_command_of_the_page_is_one(run: Run, tmp_path: Path) -> None:
    """The commands at the top are typed as they stand."""
    import shlex

    (commands,) = re.findall(r"```\n(tocsin .*?)```", PAGE.read_text(), re.DOTALL)
    file(tmp_path, "refinery\noil depot\n", "words.txt")
    for line in commands.splitlines():
        assert run(*shlex.split(line)[1:]).code == 0
    assert len(listed(run)) == 3


def test_a_file_changes_renames_and_prunes(run: Run, tmp_path: Path) -> None:
    """What it leaves out is by default, but for who is paused and what is muted; others go only when it is said."""
    for name in ("one", "two", "three"):
        run("subscribe", "Bakhmut", "--name", name, "--every", "daily")
    run("subscriptions", "mute", "one", "--series", "one:daily")
    run("subscriptions", "pause", "one")
    ids = {it["name"]: it["id"] for it in listed(run)}
    path = file(
        tmp_path, f"subscriptions:\n- name: one\n  query: Soledar\n- name: four\n  id: {ids['two']}\n  query: b\n"
    )
    planned = run("subscriptions", "plan", path, "--prune")
    assert planned.out == (
        "~ one\n    query: Bakhmut → Soledar\n    every: daily → immediate\n"
        "~ two\n    name: two → four\n    query: Bakhmut → b\n    every: daily → immediate\n"
        "- three: Bakhmut → stdout:\n"
        "0 made, 2 changed, 1 removed, 0 as they were. Do it: tocsin subscriptions apply.\n"
    )
    assert run("subscriptions", "apply", path).code == 0
    one, three = (next(it for it in listed(run) if it["name"] == name) for name in ("one", "three"))
    assert (one["paused"], len(one["muted"]), one["version"]) == (True, 1, 4)
    assert three["every"] == "daily"
    assert run("subscriptions", "apply", path, "--prune").code == 0
    assert {it["id"] for it in listed(run)} == {ids["one"], ids["two"]}


def test_a_secret_is_in_the_export_and_on_no_screen(run: Run, tmp_path: Path) -> None:
    """Where only the secret of a channel differs, plan says that."""
    path = "subscriptions:\n- name: a\n  query: b\n  channels: https://hooks.example/T0/{}\n"
    run("subscriptions", "apply", file(tmp_path, path.format("xk3Qz9sEcReT8aa")))
    planned = run("subscriptions", "plan", file(tmp_path, path.format("yk3Qz9sEcReT8bb")))
    texts = planned.out, run("subscriptions", "list", "--json").out, run("subscriptions", "show", "a").out
    assert "another secret" in planned.out
    assert not any("sEcReT" in text for text in texts)
    assert "xk3Qz9sEcReT8aa" in run("subscriptions", "export").out


FILES = {
    "no name": ("subscriptions:\n- query: b\n", "line 2", "name"),
    "no query": ("subscriptions:\n- name: b\n", "line 2", "query"),
    "twice": ("subscriptions:\n- name: a\n  query: b\n- name: a\n  query: c\n", "line 4", "line 2"),
    "a name twice": ("subscriptions:\n- name: a\n  name: b\n  query: c\n", "line 3", "line 2"),
    "a tag": ("subscriptions:\n- name: a\n  query: !!python/name:os.system x\n", "line 3", "tags"),
    "an anchor": ("subscriptions:\n- &a\n  name: a\n  query: b\n- *a\n", "line 2", "anchors"),
    "two documents": ("subscriptions: []\n---\na: b\n", "line 2", "document"),
    "unknown": ("subscriptions:\n- name: a\n  qeury: b\n", "line 3", "query"),
    "created": ("subscriptions:\n- name: a\n  query: b\n  created: 2026-01-01\n", "line 4", "created"),
    "unknown at the top": ("alerts: []\n", "line 1", "subscriptions"),
    "a list at the top": ("- name: a\n", "line 1", "names and values"),
    "no list": ("subscriptions: a\n", "alerts.yaml", "list"),
    "nothing": ("", "line 1", "names and values"),
    "bad query": ("subscriptions:\n- name: a\n  query: b AND (\n", "line 2", "column"),
    "bad place": ("subscriptions:\n- name: a\n  query: place:Atlantis\n", "line 2", "Atlantis"),
    "bad rhythm": ("subscriptions:\n- name: a\n  query: b\n  every: dayly\n", "line 2", "daily"),
    "bad number": ("subscriptions:\n- name: a\n  query: b\n  throttle: many\n", "line 4", "throttle"),
    "bad channel": ("subscriptions:\n- name: a\n  query: b\n  channels: pigeon:7\n", "line 2", "pigeon"),
    "a span": ("subscriptions:\n- name: a\n  query: b\n  expires: 30d\n", "line 4", "date"),
    "a quotation without end": ('subscriptions:\n- name: "a\n', "line 3", "end of stream"),
    "a tabulator": ("subscriptions:\n\t- name: a\n", "line 2", "alerts.yaml"),
    "deep": ("[" * 100_000, "line 1", "deep"),
    "a bell": ("a: \x07\n", "alerts.yaml", "no YAML"),
    "a name for another": ("subscriptions:\n- id: zz\n  name: standing\n  query: b\n", "line 2", "standing"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_is_one_sentence_with_its_line(name: str, run: Run, tmp_path: Path) -> None:
    """And nothing of it is applied."""
    text, *words = FILES[name]
    run("subscribe", "Bakhmut", "--name", "standing")
    for command in ("plan", "apply"):
        result = run("subscriptions", command, file(tmp_path, text))
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1), result
        assert [word for word in words if word not in result.err] == [], result.err
    assert [it["name"] for it in listed(run)] == ["standing"]


def test_values_are_what_stands_there(run: Run, tmp_path: Path) -> None:
    """Norwegian is no lie, 22:00 no number, and stdout: a channel."""
    path = file(tmp_path, "subscriptions:\n- name: on\n  query: 1_000\n  langs: [no]\n  at: 22:00\n  every: daily\n"
                "  channels:\n  - stdout:\n  evidence: true\n  throttle: 3\n  template:\n")  # fmt: skip
    assert run("subscriptions", "apply", path).code == 0
    (it,) = listed(run)
    assert [it[name] for name in ("name", "langs", "at", "channels", "evidence", "throttle", "template")] == [
        "on", ["no"], "22:00", ["stdout:"], True, 3, "",
    ]  # fmt: skip


def test_queries_of_other_tools_are_taken_over_line_by_line(run: Run, tmp_path: Path) -> None:
    """Kept, rewritten with the reason, or refused; the rest is made, and the exit code says that something lacks."""
    text = (
        'Bakhmut and "Chasiv Yar"\nstrikes\theadline:(drone near/5 refinery) and not raw:"Wagner"\n-sport\n'
        "authorVerified:true AND x\n"
    )
    path = file(tmp_path, text, "m.txt")
    dry = run("subscriptions", "import", path, "--from", "meltwater", "--dry-run", "--json")
    states = [json.loads(line)["state"] for line in dry.out.splitlines()]
    assert (dry.code, states, listed(run)) == (1, ["rewritten", "rewritten", "refused", "refused"], [])
    made = run("subscriptions", "import", path, "--from", "meltwater", "--every", "daily")
    assert (made.code, "0 kept, 2 rewritten, 2 refused. 2 made." in made.out) == (1, True)
    assert "operators are written in capitals" in made.out
    assert "There is no field authorverified" in made.out
    assert [(it["name"], it["query"], it["every"]) for it in listed(run)] == [
        ('Bakhmut AND "Chasiv Yar"', 'Bakhmut AND "Chasiv Yar"', "daily"),
        ("strikes", "title:(drone NEAR/5 refinery) AND NOT =Wagner", "daily"),
    ]
    again = run("subscriptions", "import", path, "--from", "meltwater", "--every", "daily")
    assert "0 made." in again.out


def test_google_reads_small_letters_as_words(run: Run, tmp_path: Path) -> None:
    path = file(tmp_path, "war and peace AROUND(5) treaty\n", "g.txt")
    assert run("subscriptions", "import", path, "--from", "google-alerts").code == 0
    assert "and" in [word for it in listed(run) for word in it["query"].split()]


def test_a_table_of_queries_may_have_several_lines(run: Run, tmp_path: Path) -> None:
    """As Brandwatch exports them; what is no table is refused in a sentence."""
    path = file(tmp_path, 'Name,Query\nOne,"(Bakhmut OR\n Soledar) AND NOT football"\nTwo,\n', "b.csv")
    assert run("subscriptions", "import", path, "--from", "brandwatch").code == 0
    assert [(it["name"], it["query"]) for it in listed(run)] == [("One", "(Bakhmut OR Soledar) AND NOT football")]
    for text in ("a,b\n1,2\n", 'query\n"x\n', ""):
        result = run("subscriptions", "import", file(tmp_path, text, "bad.csv"), "--from", "brandwatch")
        assert (result.code, len(result.err.splitlines())) == (2, 1)
    assert run("subscriptions", "import", path, "--from", "nobody").code == 2
