"""The file and stdout channels, and channel addresses: each notice once whatever is killed, no secret printed."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels import Channels, Later, check_channel
from workers.channels.address import fill
from workers.channels.file import FileChannel


def message(name: str, text: str = "Бахмутом") -> Message:
    payload = {"schema": 1, "id": name, "text": text}
    return Message(id=name, alert="al", kind="first", subject="s", lines=("one", "два"), url="", payload=payload)


def ids(path: Path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_bytes().splitlines()]


def test_lines_are_appended_in_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "alerts.jsonl"
    channel = FileChannel(path)
    for name in "abc":
        channel.send(message(name))
    assert ids(path) == ["a", "b", "c"]
    assert json.loads(path.read_bytes().splitlines()[0])["text"] == "Бахмутом"


def test_what_the_tail_has_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    FileChannel(path).send(message("a"))
    fresh = FileChannel(path)
    fresh.send(message("a"))
    fresh.send(message("b"))
    fresh.send(message("b"))
    assert ids(path) == ["a", "b"]


def test_line_of_another_process_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    one, other = FileChannel(path), FileChannel(path)
    one.send(message("a"))
    other.send(message("b"))
    one.send(message("b"))
    assert ids(path) == ["a", "b"]


@pytest.mark.parametrize("kept", [3, 10, 25])
def test_torn_line_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "alerts.jsonl"
    FileChannel(path).send(message("a"))
    path.write_bytes(path.read_bytes() + message("b").body()[:kept])
    FileChannel(path).send(message("b"))
    assert ids(path) == ["a", "b"]


def test_whole_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(message("a").body())
    channel = FileChannel(path)
    channel.send(message("a"))
    channel.send(message("b"))
    assert ids(path) == ["a", "b"]


def test_last_line_of_somebody_else_is_never_cut(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my own notes, without an end of line")
    FileChannel(path).send(message("a"))
    assert path.read_text().splitlines()[0] == "my own notes, without an end of line"
    assert json.loads(path.read_text().splitlines()[1])["id"] == "a"


def test_file_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channel = FileChannel(path)
    channel.send(message("a"))
    path.rename(tmp_path / "alerts.1")
    channel.send(message("b"))
    assert ids(path) == ["b"]
    assert ids(tmp_path / "alerts.1") == ["a"]


def test_only_the_tail_is_read(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    long = "x" * 1000
    with path.open("wb") as file:
        file.writelines(message(f"n{number}", long).body() + b"\n" for number in range(6000))
    channel = FileChannel(path)
    channel.send(message("n5999"))
    assert len(ids(path)) == 6000
    channel.send(message("n0"))
    assert ids(path)[-1] == "n0", "beyond the last 4 MiB an id is no longer known"


def test_many_writers_make_whole_lines_each_once(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    names = [f"n{number}" for number in range(60)]
    script = (
        "import sys; from pathlib import Path; from tocsin.messages import Message\n"
        "from workers.channels.file import FileChannel\n"
        "channel = FileChannel(Path(sys.argv[1]))\n"
        "for number in range(60):\n"
        "    name = f'n{number}'\n"
        "    channel.send(Message(id=name, alert='', kind='first', subject='', lines=(), url='',"
        " payload={'schema': 1, 'id': name}))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", script, str(path)]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    assert sorted(ids(path)) == sorted(names)


def test_killed_while_writing_leaves_each_id_once(tmp_path: Path) -> None:
    """A writer is killed -9 again and again at whatever it is doing; the next one sends everything from the start."""
    path = tmp_path / "alerts.jsonl"
    script = (
        "import sys; from pathlib import Path; from tocsin.messages import Message\n"
        "from workers.channels.file import FileChannel\n"
        "channel = FileChannel(Path(sys.argv[1]))\n"
        "for number in range(400):\n"
        "    name = f'n{number}'\n"
        "    channel.send(Message(id=name, alert='', kind='first', subject='', lines=(), url='',"
        " payload={'schema': 1, 'id': name, 'text': 'x' * 3000}))\n"
        "    print(name, flush=True)\n"
    )
    for stop_after in (3, 40, 111):
        process = subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout
        for _ in range(stop_after):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.stdout.close()
        assert process.wait(10) == -signal.SIGKILL
    subprocess.run([sys.executable, "-c", script, str(path)], stdout=subprocess.DEVNULL, check=True, timeout=60)
    assert ids(path) == [f"n{number}" for number in range(400)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_device_is_no_file() -> None:
    with pytest.raises(UserError, match="cannot be written"):
        FileChannel(Path("/dev/full"))


def test_full_disk_waits_and_leaves_no_half_line(tmp_path: Path) -> None:
    """A limit on the size of files stands for a full disk: the kernel takes a part of the line and refuses the rest."""
    path = tmp_path / "alerts.jsonl"
    script = (
        "import resource, signal, sys; from pathlib import Path; from tocsin.messages import Message\n"
        "from workers.channels import Later; from workers.channels.file import FileChannel\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))\n"
        "channel = FileChannel(Path(sys.argv[1]))\n"
        "for name in 'ab':\n"
        "    try:\n"
        "        channel.send(Message(id=name, alert='', kind='first', subject='', lines=(), url='',"
        " payload={'schema': 1, 'id': name, 'text': 'x' * 1000}))\n"
        "        print('sent')\n"
        "    except Later as answer:\n"
        "        print(answer.reason)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.splitlines() == ["sent", f"The file {path} cannot be written: its disk is full."]
    assert ids(path) == ["a"]
    FileChannel(path).send(message("b"))
    assert ids(path) == ["a", "b"]


def test_file_put_out_of_reach_waits(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "alerts.jsonl"
    channel = FileChannel(path)
    (tmp_path / "sub").write_text("a file where a folder should be")
    with pytest.raises(Later, match="cannot be written"):
        channel.send(message("a"))


def test_pipe_in_its_place_does_not_hold_the_channel(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channel = FileChannel(path)
    os.mkfifo(path)
    with pytest.raises(Later, match="not a plain file"):
        channel.send(message("a"))


def test_stdout_prints_the_lines() -> None:
    stream = io.StringIO()
    Channels(data_dir=Path(), stream=stream).of("stdout:").send(message("a"))
    assert stream.getvalue() == "one\nдва\n\n"


def test_stdout_of_another_alphabet_still_speaks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    Channels(data_dir=Path(), stream=stream).of("stdout:").send(message("a"))
    assert raw.getvalue() == b"one\n\\u0434\\u0432\\u0430\n\n"


def test_broken_pipe_waits() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    with pytest.raises(Later, match="Standard output"):
        Channels(data_dir=Path(), stream=stream).of("stdout:").send(message("a"))
    with pytest.raises(BrokenPipeError):
        stream.close()


def test_relative_file_lies_in_the_data_folder(tmp_path: Path) -> None:
    channel = Channels(data_dir=tmp_path).of("file:out/alerts.jsonl")
    channel.send(message("a"))
    assert ids(tmp_path / "out" / "alerts.jsonl") == ["a"]


def test_channel_is_opened_once(tmp_path: Path) -> None:
    channels = Channels(data_dir=tmp_path)
    assert channels.of("file:a.jsonl") is channels.of("file:a.jsonl")
    assert channels.of("file:a.jsonl") is not channels.of("file:b.jsonl")


@pytest.mark.parametrize(
    "address",
    [
        "stdout:",
        "file:alerts.jsonl",
        "file:///tmp/alerts.jsonl",
        "https://host.example/hook",
        "http://127.0.0.1:8080/x?y=1",
        "https://user:pw@host.example/${TOKEN}",
        "https://host.example/#secret=whsec_MDEyMzQ1Njc4OWFiY2RlZg==",
        "https://[2001:db8::1]/hook",
        "https://приклад.укр/гак",
    ],
)
def test_good_address(address: str) -> None:
    check_channel(address)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "not understood"),
        ("alerts.jsonl", "not understood"),
        ("ftp://host/x", "not understood"),
        ("stdout:x", "not understood"),
        ("https:host", "not understood"),
        ("gopher://user:hunter2@host/", "not understood"),
        ("file:", "names no file"),
        ("file:folder/", "names no file"),
        ("file:/dev/null/alerts.jsonl", "cannot be written"),
        ("https://", "names no host"),
        ("https://host:99999/", "no usable web address"),
        ("https://host\\@evil/", "backslash"),
        ("https://ho st/", "blank"),
        ("https://host/\nX: y", "blank"),
        ("https://host/${", "without a name"),
        ("https://host/#secret=hunter2hunter2", "signing key"),
        ("https://host/#key=whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "signing key"),
        ("https://host/#secret=whsec_c2hvcnQ=", "signing key"),
    ],
)
def test_bad_address_is_told_in_one_sentence(address: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        check_channel(address)
    assert "\n" not in str(caught.value).replace("\nX", "")
    assert "hunter2" not in str(caught.value)


def test_folder_that_cannot_be_written_is_told_when_subscribing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        check_channel("file:file/alerts.jsonl", data_dir=tmp_path)
    assert not (tmp_path / "file").is_dir()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("stdout:", "stdout:"),
        ("file:/srv/me/alerts.jsonl", "file:/srv/me/alerts.jsonl"),
        ("https://hooks.example/v1/alerts", "https://hooks.example/v1/alerts"),
        (
            "https://hooks.chat.example/services/T0A1B2C3D/B0A1B2C3D/XyZabcdEFGHijklMNOPqrstu",
            "https://hooks.chat.example/services/…/…/…",
        ),
        ("https://bot.example/bot123456:AAE-xyz/send", "https://bot.example/…/send"),
        ("https://me:hunter2@host.example/x?token=abc&plain", "https://…@host.example/x?token=…&…"),
        ("https://host.example/x#secret=whsec_abc", "https://host.example/x#secret=…"),
        ("https://host.example/${TOKEN}/x#secret=${KEY}", "https://host.example/${TOKEN}/x#secret=${KEY}"),
        ("tgram://bottoken/chat", "tgram:…"),
        ("mailto:reader@example.org", "mailto:reader@example.org"),
        ("mailto:reader@example.org?x=hunter2", "mailto:…"),
        ("telegram://${TOKEN}@-100123", "telegram://${TOKEN}@-100123"),
        ("telegram://1:AAE@42", "telegram://…@42"),
        ("matrix://${TOKEN}@matrix.example/!room:example", "matrix://${TOKEN}@matrix.example/…"),
        ("ntfy://ntfy.example/t9x", "ntfy://ntfy.example/…"),
        ("slack+https://hooks.example/services/T0/B0/xyz9", "slack+https://hooks.example/services/…/…/…"),
        ("smtps://me:hunter2@mail.example:465?from=a@b.c", "smtps://…@mail.example:465?from=…"),
        ("apprise+discord://1/abc", "apprise+discord:…"),
        ("sometoken", "…"),
    ],
)
def test_mask(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_secret_comes_from_the_environment_at_sending_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = "file:${TOCSIN_TEST_FILE}.jsonl"
    check_channel(address)
    channels = Channels(data_dir=tmp_path)
    with pytest.raises(UserError, match="needs TOCSIN_TEST_FILE, which is not set"):
        channels.of(address)
    monkeypatch.setenv("TOCSIN_TEST_FILE", "filled")
    channels.of(address).send(message("a"))
    assert ids(tmp_path / "filled.jsonl") == ["a"]


def test_value_of_a_secret_is_not_filled_in_again() -> None:
    assert fill("https://h/${A}", {"A": "${B}", "B": "no"}.get) == "https://h/${B}"


def test_two_threads_on_one_file_through_two_channels(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    channels = [FileChannel(path) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda c=c: [c.send(message(f"n{number}")) for number in range(40)]) for c in channels
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(path)) == sorted(f"n{number}" for number in range(40))
