"""What strangers write is text in every channel: sixty titles, each also the sentence and the word that was met."""

import importlib.util
import json
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from tests.workers.channels.hostile import HOSTILE
from tocsin.messages import plain
from workers.channels import matrix, ntfy, others, slack, telegram
from workers.channels.letter import page
from workers.channels.mail import MailChannel
from workers.channels.webhook import WebhookChannel

JOINER = "\u2060"
URL = "https://hromada.example/news/17?a=1&b=2"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matrix, ntfy, slack, telegram):
        monkeypatch.setattr(module, "_PACE", 0.0)
    monkeypatch.setattr(telegram, "_PACE_OF_GROUPS", 0.0)


class Seen(HTMLParser):
    """The tags, attributes and text of HTML, as a tolerant reader sees them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.other: list[str] = []
        self._skip = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        self._skip = tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._skip = False
        self.text += "\n" if tag == "p" else ""

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.handle_starttag(tag, attrs)
        self.text += "\n"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._skip else data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def shown(message: Any) -> str:
    """The title as the message's own line has it."""
    title: str = message.lines[1]
    return title


def bodies(receiver: Any) -> list[dict[str, Any]]:
    return [json.loads(body) for _, _, body in receiver.got]


@pytest.fixture
def told(notice: Any) -> list[Any]:
    return [notice(title=title, sentence=f"{title} Бахмутом", form=title[:40] or "x") for title in HOSTILE]


def test_there_are_sixty() -> None:
    assert len(set(HOSTILE)) == 60


def test_mail(mail_server, given, told) -> None:
    box = mail_server()
    channel = MailChannel(given("mailto:r@example.org", smtp=f"smtp://127.0.0.1:{box.port}?from=a@t.example"))
    for message in told:
        channel.send(message)
    assert len(box.got) == 60, "no message became two, and none was lost"
    for got, message, raw in zip(box.got, told, box.raw, strict=True):
        heads = raw.split(b"\r\n\r\n")[0]
        assert got.keys() == box.got[0].keys(), "no header of a stranger's"
        assert b"\0" not in raw
        assert b"evil.example" not in re.sub(rb"Subject:.*(\n .*)*", b"", heads.replace(b"\r", b""))
        subject = decoded(heads)
        assert message.subject.startswith(subject.removesuffix(" …"))
        assert len(subject) > 300 or subject == message.subject
        assert shown(message) in got.get_body(("plain",)).get_content().splitlines()
        page = got.get_body(("html",)).get_content()
        seen = Seen(page)
        assert shown(message) in seen.text.splitlines(), "as text"
        assert seen.other == []
        assert_harmless(seen)
        assert not re.search(r"url\(|@import|src\s*=", style_of(page))


def decoded(heads: bytes) -> str:
    from email.header import decode_header

    (found,) = re.findall(rb"^Subject: (.*(?:\n[ \t].*)*)", heads.replace(b"\r", b""), re.MULTILINE)
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in decode_header(found.decode("ascii"))
    )


def style_of(page: str) -> str:
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    return style


def assert_harmless(seen: Seen) -> None:
    """Only tags of the template, only addresses of the article, nothing that is loaded."""
    allowed = {"html", "head", "meta", "title", "style", "body", "main", "p", "a", "b", "footer"}
    assert {tag for tag, _ in seen.tags} <= allowed
    for tag, attributes in seen.tags:
        assert attributes.keys() <= {
            "html": {"lang"},
            "meta": {"charset", "name", "content"},
            "p": {"class", "dir"},
            "a": {"href", "rel"},
        }.get(tag, set()), (tag, attributes)
        if tag == "a":
            assert attributes == {"href": URL, "rel": "noreferrer noopener"}
        if tag == "meta":
            assert "http-equiv" not in attributes


def test_telegram(receiver, given, told) -> None:
    channel = telegram.opened(given(f"telegram://1:a@2?api=http://127.0.0.1:{receiver.port}"))
    for message in told:
        channel.send(message)
    for body, message in zip(bodies(receiver), told, strict=True):
        seen = Seen(body["text"])
        assert {tag for tag, _ in seen.tags} <= {"a", "b"}
        assert {attributes["href"] for tag, attributes in seen.tags if tag == "a"} == {URL}
        assert all(not attributes for tag, attributes in seen.tags if tag == "b")
        assert seen.other == []
        assert shown(message) in seen.text.replace(JOINER, "").splitlines()
        assert not re.search(r"[@\uff20]\w", seen.text)


def test_slack(receiver, given, told) -> None:
    channel = slack.opened(given(f"slack+http://127.0.0.1:{receiver.port}/x"))
    for message in told:
        channel.send(message)
    for body, message in zip(bodies(receiver), told, strict=True):
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", body["text"])
        elements = [it for block in body["blocks"] for section in block["elements"] for it in section["elements"]]
        assert {it["type"] for it in elements} == {"text", "link"}
        assert {it["url"] for it in elements if it["type"] == "link"} == {URL}
        assert shown(message) in "".join(it.get("text", "") for it in elements).splitlines()


def test_matrix(receiver, given, told) -> None:
    channel = matrix.opened(given(f"matrix+http://t@127.0.0.1:{receiver.port}/!r:x"))
    for message in told:
        channel.send(message)
    for body, message in zip(bodies(receiver), told, strict=True):
        seen = Seen(body["formatted_body"].replace("<br>", "<br/>"))
        assert {tag for tag, _ in seen.tags} <= {"a", "strong", "br"}
        assert {attributes["href"] for tag, attributes in seen.tags if tag == "a"} == {URL}
        assert body["m.mentions"] == {}
        for text in (seen.text, body["body"]):
            assert shown(message) in text.replace(JOINER, "").splitlines()
            assert not re.search(r"[@\uff20]\w", text)


def test_ntfy(receiver, given, told) -> None:
    channel = ntfy.opened(given(f"ntfy+http://127.0.0.1:{receiver.port}/t"))
    for message in told:
        channel.send(message)
    for body, message in zip(bodies(receiver), told, strict=True):
        assert body["click"] == URL
        assert body.keys() == {"topic", "title", "message", "sequence_id", "click"}, (
            "no markdown, no attachment, no action"
        )
        assert shown(message) in body["message"].splitlines()
        assert message.subject.startswith(body["title"].removesuffix(" …"))


def test_webhook(receiver, given, told) -> None:
    channel = WebhookChannel(given(f"webhook+http://127.0.0.1:{receiver.port}/x"))
    for message in told:
        channel.send(message)
    for (_, _, raw), title in zip(receiver.got, HOSTILE, strict=True):
        assert json.loads(raw)["article"]["title"] == title, "machines get what was written"
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]", raw.decode())


def test_apprise(receiver, given, told, needs) -> None:
    needs(importlib.util.find_spec("apprise"), "apprise")
    channel = others.opened(given(f"apprise+json://127.0.0.1:{receiver.port}/x"))
    for message in told:
        channel.send(message)
    for body, message in zip(bodies(receiver), told, strict=True):
        assert shown(message) in body["message"].replace(JOINER, "").splitlines()
        assert not re.search(r"[@\uff20]\w|<[!@#:/a-zA-Z]", body["message"] + body["title"])


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "https://u:p@evil.example/", "https://e/\u202e"],
)
def test_address_that_nobody_may_follow_is_no_link(receiver, given, notice, mail_server, url: str) -> None:
    message = notice(url=url)
    box = mail_server()
    MailChannel(given("mailto:r@example.org", smtp=f"smtp://127.0.0.1:{box.port}?from=a@t.example")).send(message)
    assert not [tag for tag, _ in Seen(box.got[0].get_body(("html",)).get_content()).tags if tag == "a"]
    telegram.opened(given(f"telegram://1:a@2?api=http://127.0.0.1:{receiver.port}")).send(message)
    slack.opened(given(f"slack+http://127.0.0.1:{receiver.port}/x")).send(message)
    matrix.opened(given(f"matrix+http://t@127.0.0.1:{receiver.port}/!r:x")).send(message)
    ntfy.opened(given(f"ntfy+http://127.0.0.1:{receiver.port}/t")).send(message)
    first, second, third, last = bodies(receiver)
    for line in (url, f"  {url}"):
        # As a digest has it: nothing else on the line.
        alone = msgspec.structs.replace(message, url="", lines=(line,))
        assert not [tag for tag, _ in Seen(page(alone, [line])).tags if tag == "a"]
    assert "href" not in first["text"]
    assert '"link"' not in json.dumps(second)
    assert "href" not in third["formatted_body"]
    assert "click" not in last
    assert plain(url)[:20] in first["text"].replace(JOINER, "")
