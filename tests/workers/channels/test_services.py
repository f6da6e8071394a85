"""Telegram, Slack, Matrix and ntfy against stubs of what their public documentation says, and the faults of each."""

import html
import json
import re
import time
from typing import Any

import pytest

from tocsin.errors import UserError
from tocsin.messages import Message
from tocsin.records import near_id
from workers.channels import matrix, ntfy, slack, telegram
from workers.channels.port import Later, Refused

TOKEN = "123456:AAE-swordfish_x"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of their own are tested once; elsewhere nobody waits."""
    for module in (matrix, ntfy, slack, telegram):
        monkeypatch.setattr(module, "_PACE", 0.0)
    monkeypatch.setattr(telegram, "_PACE_OF_GROUPS", 0.0)


def addresses(port: int) -> dict[str, str]:
    return {
        "telegram": f"telegram://{TOKEN}@-10012345?api=http://127.0.0.1:{port}",
        "slack": f"slack+http://127.0.0.1:{port}/services/T0SWORD/B0FISH/swordfishswordfish",
        "matrix": f"matrix+http://swordfish_token@127.0.0.1:{port}/!room:example.org",
        "ntfy": f"ntfy+http://swordfish_tk@127.0.0.1:{port}/bakhmut_7f3k",
        "webhook": f"webhook+http://127.0.0.1:{port}/9swordfish/x9",
    }


def opened(given: Any, kind: str, port: int, **way: Any) -> Any:
    from workers.channels.kinds import kind_of

    address = addresses(port)[kind]
    return kind_of(address).module().opened(given(address, **way))


def said(receiver: Any, at: int = -1) -> tuple[str, dict[str, str], dict[str, Any]]:
    path, headers, body = receiver.got[at]
    return path, headers, json.loads(body)


def test_telegram(receiver, given, notice) -> None:
    opened(given, "telegram", receiver.port).send(notice(title="A <b> & @everyone"))
    path, headers, body = said(receiver)
    assert path == f"/bot{TOKEN}/sendMessage"
    assert headers["content-type"].startswith("application/json")
    assert (body["chat_id"], body["parse_mode"]) == ("-10012345", "HTML")
    assert body["link_preview_options"] == {"is_disabled": True}
    lines = body["text"].splitlines()
    assert lines[1] == "A &lt;b&gt; &amp; @\u2060everyone"
    url = "https://hromada.example/news/17?a=1&amp;b=2"
    assert lines[2] == f'<a href="{url}">{url}</a>'
    assert "під <b>Бахмутом</b> тривали" in body["text"]


@pytest.mark.parametrize(("chat", "whom"), [("42", "42"), ("-42", "-42"), ("tocsin_news", "@tocsin_news")])
def test_telegram_chats(receiver, given, notice, chat: str, whom: str) -> None:
    address = f"telegram://{TOKEN}@{chat}?thread=7&api=http://127.0.0.1:{receiver.port}"
    telegram.opened(given(address)).send(notice())
    assert said(receiver)[2]["chat_id"] == whom
    assert said(receiver)[2]["message_thread_id"] == 7


def test_telegram_that_cannot_read_the_markup_gets_plain_text(receiver, given, notice) -> None:
    told = {"ok": False, "error_code": 400, "description": "Bad Request: can't parse entities: Unsupported start tag"}
    receiver.answers = [receiver.status(400, json.dumps(told).encode()), receiver.status(200, b'{"ok":true}')]
    opened(given, "telegram", receiver.port).send(notice(title="A <b>"))
    first, second = said(receiver, 0)[2], said(receiver, 1)[2]
    assert "parse_mode" not in second
    assert "A <b>" in second["text"]
    assert second["chat_id"] == first["chat_id"]
    assert second["link_preview_options"] == {"is_disabled": True}


def test_second_request_has_what_the_first_left(receiver, given, notice) -> None:
    """An attempt ends by its deadline whatever it consists of: the lease of a delivery lasts no longer."""

    def slow(handler: Any) -> None:
        time.sleep(0.4)
        receiver.status(400, b'{"description":"can\'t parse entities"}')(handler)

    receiver.answers = [slow]
    begun = time.monotonic()
    with pytest.raises(Later, match="no answer within"):
        opened(given, "telegram", receiver.port, timeout=0.6).send(notice())
    assert len(receiver.got) == 2
    assert time.monotonic() - begun < 5


def test_telegram_says_how_long_to_wait(receiver, given, notice) -> None:
    told = {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 17",
        "parameters": {"retry_after": 17},
    }
    receiver.answers = [receiver.status(429, json.dumps(told).encode())]
    with pytest.raises(Later, match="429: Too Many Requests") as caught:
        opened(given, "telegram", receiver.port).send(notice())
    assert caught.value.after_seconds == 17
    assert not caught.value.only_this


@pytest.mark.parametrize(
    ("code", "description", "parameters"),
    [
        (403, "Forbidden: bot was blocked by the user", None),
        (404, "Not Found", None),
        (400, "Bad Request: chat not found", None),
        (400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1001999}),
    ],
)
def test_telegram_that_never_will(receiver, given, notice, code: int, description: str, parameters: Any) -> None:
    told = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    receiver.answers = [receiver.status(code, json.dumps(told).encode())]
    with pytest.raises(Refused, match="-1001999" if parameters else description):
        opened(given, "telegram", receiver.port).send(notice())
    assert len(receiver.got) == 1


def test_slack(receiver, given, notice) -> None:
    opened(given, "slack", receiver.port).send(notice(title="A <!channel> & <b>"))
    path, _, body = said(receiver)
    assert path == "/services/T0SWORD/B0FISH/swordfishswordfish"
    assert "A &lt;!channel&gt; &amp; &lt;b&gt;" in body["text"]
    assert body["unfurl_links"] is body["unfurl_media"] is body["link_names"] is False
    elements = [it for block in body["blocks"] for section in block["elements"] for it in section["elements"]]
    assert {it["type"] for it in elements} == {"text", "link"}
    assert [it["url"] for it in elements if it["type"] == "link"] == ["https://hromada.example/news/17?a=1&b=2"]
    assert {it["text"] for it in elements if it.get("style")} == {"Бахмутом"}
    assert any("A <!channel> & <b>" in it.get("text", "") for it in elements)


def test_slack_that_does_not_take_blocks_gets_text(receiver, given, notice) -> None:
    receiver.answers = [receiver.status(400, b"invalid_blocks"), receiver.status(200, b"ok")]
    opened(given, "slack", receiver.port).send(notice(title="A <!channel>"))
    body = said(receiver)[2]
    assert "blocks" not in body
    assert "A &lt;!channel&gt;" in body["text"]
    assert body["mrkdwn"] is False


@pytest.mark.parametrize(
    ("code", "told"), [(404, b"no_service"), (410, b"channel_is_archived"), (403, b"action_prohibited")]
)
def test_slack_that_is_gone(receiver, given, notice, code: int, told: bytes) -> None:
    receiver.answers = [receiver.status(code, told)]
    with pytest.raises(Refused, match=told.decode()):
        opened(given, "slack", receiver.port).send(notice())


def test_matrix_gets_a_message_once(receiver, given, notice) -> None:
    channel = opened(given, "matrix", receiver.port)
    told = notice(title="A <b> @room")
    receiver.answers = [receiver.status(502), receiver.status(200, b'{"event_id":"$x"}')]
    with pytest.raises(Later):
        channel.send(told)
    channel.send(told)
    name = near_id(told.id, "delivery", told.id, addresses(receiver.port)["matrix"])
    path = f"/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/{name}"
    assert [one for one, _, _ in receiver.got] == [path, path]
    assert receiver.methods == ["PUT", "PUT"]
    _, headers, body = said(receiver)
    assert headers["authorization"] == "Bearer swordfish_token"
    assert body["msgtype"] == "m.notice"
    assert body["m.mentions"] == {}
    assert "@\u2060room" in body["body"]
    assert "A &lt;b&gt; @\u2060room" in body["formatted_body"]
    assert "<strong>Бахмутом</strong>" in body["formatted_body"]


def test_matrix_says_how_long_to_wait(receiver, given, notice) -> None:
    told = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too many requests", "retry_after_ms": 2500}
    receiver.answers = [receiver.status(429, json.dumps(told).encode())]
    with pytest.raises(Later, match="M_LIMIT_EXCEEDED Too many requests") as caught:
        opened(given, "matrix", receiver.port).send(notice())
    assert caught.value.after_seconds == 2.5


def test_matrix_that_never_will(receiver, given, notice) -> None:
    told = {"errcode": "M_FORBIDDEN", "error": "User not in room"}
    receiver.answers = [receiver.status(403, json.dumps(told).encode())]
    with pytest.raises(Refused, match="M_FORBIDDEN User not in room"):
        opened(given, "matrix", receiver.port).send(notice())


def test_ntfy(receiver, given, notice) -> None:
    told = notice(title="A <b>")
    opened(given, "ntfy", receiver.port).send(told)
    path, headers, body = said(receiver)
    assert path == "/"
    assert headers["authorization"] == "Bearer swordfish_tk"
    assert body["topic"] == "bakhmut_7f3k"
    assert body["title"] == told.subject
    assert "A <b>" in body["message"]
    assert "під Бахмутом тривали" in body["message"]
    assert body["click"] == told.url
    assert body["sequence_id"] == near_id(told.id, "delivery", told.id, addresses(receiver.port)["ntfy"])


@pytest.mark.parametrize(
    ("code", "seconds"), [(42901, 60.0), (42908, 3600.0)], ids=["too many at once", "too many today"]
)
def test_ntfy_that_had_enough(receiver, given, notice, code: int, seconds: float) -> None:
    told = {"code": code, "http": 429, "error": "limit reached: too many requests"}
    receiver.answers = [receiver.status(429, json.dumps(told).encode())]
    with pytest.raises(Later, match="limit reached") as caught:
        opened(given, "ntfy", receiver.port).send(notice())
    assert caught.value.after_seconds == seconds


def test_ntfy_with_a_password(receiver, given, notice) -> None:
    ntfy.opened(given(f"ntfy+http://me:p%40ss@127.0.0.1:{receiver.port}/t")).send(notice())
    assert said(receiver)[1]["authorization"] == "Basic bWU6cEBzcw=="


KINDS = ("telegram", "slack", "matrix", "ntfy", "webhook")


@pytest.mark.parametrize("kind", KINDS)
def test_receivers_faults(receiver, given, notice, scripted, free_port: int, kind: str) -> None:
    """Each notice waits or is parked, with a reason that a person can read and that holds no secret."""
    reasons = []

    def outcome(expected: type[Exception], port: int = 0) -> Any:
        with pytest.raises(expected) as caught:
            opened(given, kind, port or receiver.port, timeout=0.5).send(notice())
        reasons.append(str(caught.value))
        return caught.value

    def hang(handler: Any) -> None:
        time.sleep(1.0)

    def reset(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
        handler.connection.close()

    def echo(handler: Any) -> None:
        receiver.status(404, f"cannot {handler.path} {handler.headers['Authorization']}".encode())(handler)

    receiver.answers = [hang]
    begun = time.monotonic()
    assert "no answer within 0.5 seconds" in outcome(Later).reason
    assert time.monotonic() - begun < 5
    receiver.answers = [reset]
    assert "cannot be reached" in outcome(Later).reason
    receiver.answers = [receiver.status(500)]
    assert outcome(Later).only_this
    receiver.answers = [receiver.status(429, Retry_After="7")]
    assert outcome(Later).after_seconds == 7.0
    receiver.answers = [receiver.status(410)]
    assert "gone for good" in outcome(Refused).reason
    receiver.answers = [receiver.status(302, Location="http://127.0.0.1:1/inside")]
    assert "Redirects are not followed" in outcome(Refused).reason
    receiver.answers = [echo]
    assert "404: cannot" in outcome(Refused).reason
    assert "cannot be reached" in outcome(Later, free_port).reason
    assert not any(secret in reason for reason in reasons for secret in ("swordfish", "SWORD", "FISH", "AAE-")), reasons


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ip", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "::ffff:10.0.0.5", "100.64.0.1"])
def test_guard_stands_before_each(receiver, given, notice, kind: str, ip: str) -> None:
    channel = opened(given, kind, receiver.port, allow_private=(), resolve=lambda *_: [ip])
    with pytest.raises(Later, match="egress guard refuses"):
        channel.send(notice())
    assert receiver.got == []


def test_telegram_keeps_its_pace(receiver, given, notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram, "_PACE_OF_GROUPS", 0.3)
    channel = opened(given, "telegram", receiver.port)
    for _ in range(3):
        channel.send(notice())
    # A busy machine may hear the first one late; without a pace all three come within a few milliseconds.
    assert receiver.at[2] - receiver.at[0] > 0.3


def visible(kind: str, body: dict[str, Any]) -> str:
    """What a reader sees of a message."""
    if kind == "telegram":
        return html.unescape(re.sub(r"</?(?:b|a)\b[^>]*>", "", body["text"]))
    if kind == "slack":
        elements = [it for block in body["blocks"] for section in block["elements"] for it in section["elements"]]
        return "".join(it.get("text", it.get("url")) for it in elements)
    return str(body["body"] if kind == "matrix" else body["message"])


LIMITS = {"telegram": 4096, "slack": 12_100, "matrix": 16_000, "ntfy": 4096}


@pytest.mark.parametrize("kind", LIMITS)
def test_what_is_too_long_says_how_much_is_left_out(receiver, given, notice, kind: str) -> None:
    long = notice()
    lines = tuple(f"Рядок {number}: {'слово 🔥 & <b> @me ' * 20}" for number in range(400))
    told = Message(**{field: getattr(long, field) for field in long.__struct_fields__} | {"lines": lines})
    opened(given, kind, receiver.port).send(told)
    body = said(receiver)[2]
    text = visible(kind, body).rstrip("\n")
    size = {"telegram": len(text.encode("utf-16-le")) // 2, "slack": len(text)}.get(kind, len(text.encode()))
    assert size <= LIMITS[kind]
    assert size > LIMITS[kind] * 0.8
    left_out = re.search(r"… and (\d+) more lines; all of it:", text)
    assert left_out
    shown = text.count("Рядок ")
    assert int(left_out[1]) + shown == 400
    assert text.endswith(told.url)
    assert len(receiver.got[-1][2]) < 65_536


@pytest.mark.parametrize("kind", LIMITS)
def test_what_is_too_long_leads_to_the_desk_where_there_is_no_article(receiver, given, digest, kind: str) -> None:
    opened(given, kind, receiver.port, desk="https://tocsin.example").send(digest)
    text = visible(kind, said(receiver)[2])
    if "… and" in text:
        assert text.rstrip("\n").endswith("https://tocsin.example")
    else:
        assert text.count("https://hromada.example/news/") == 40


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("telegram://${TOKEN}", "names no chat"),
        ("telegram://${TOKEN}@", "names no chat"),
        ("telegram://${TOKEN}@12?api=ftp://x", "names no chat"),
        ("slack+https://", "names no host"),
        ("slack://x", "not understood"),
        ("matrix://${TOKEN}@server/#alias:server", "names no room"),
        ("matrix://server/!room:server", "names no room"),
        ("ntfy://host", "names no topic"),
        ("ntfy://host/a/b", "names no topic"),
        ("ntfy://host/тема", "names no topic"),
    ],
)
def test_address_that_cannot_be_one_is_told_when_subscribing(address: str, says: str) -> None:
    from workers.channels import check_channel

    with pytest.raises(UserError, match=says):
        check_channel(address)


@pytest.mark.parametrize(
    "address",
    [
        "telegram://${TOKEN}@-10012345",
        "telegram://${TOKEN}@tocsin_news?thread=3",
        "slack+https://hooks.slack.com/services/${HOOK}",
        "matrix://${TOKEN}@matrix.example.org/!abc:example.org",
        "matrix://${TOKEN}@matrix.example.org/!V12room-without-a-server",
        "ntfy://ntfy.sh/topic_9",
        "ntfys://${TOKEN}@ntfy.example/topic",
        "mailto:reader@example.org",
        "webhook+https://host.example/hook#secret=${KEY}",
    ],
)
def test_address_that_can_be_one(address: str) -> None:
    from workers.channels import check_channel

    check_channel(address)
