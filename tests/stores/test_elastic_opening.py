"""From an address to a store on Elasticsearch: what is not understood, not there, or something else is told in time."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.services.faulty import PRODUCT, Answer, Asked, answering, silent
from tocsin.errors import Away, UserError
from tocsin.stores.elastic import opening
from tocsin.stores.elastic.opening import opened

SECRET = "hush-hush"


def says(url: str) -> str:
    """What is said to who opens this; within ten seconds, in one sentence, and without its secrets."""
    begun = time.monotonic()
    with pytest.raises(UserError) as told:
        opened(url)
    assert time.monotonic() - begun < 10
    message = str(told.value)
    assert SECRET not in message
    assert "\n" not in message
    return message


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No patience for those who will not answer."""
    monkeypatch.setattr(opening, "_GREETING", 1.0)


@pytest.mark.parametrize(
    "url",
    [
        f"elastic+https://user:{SECRET}/@host:9200/prefix",
        f"elastic+https://user:{SECRET}#@host:9200/prefix",
        f"elastic+https://user:?{SECRET}@host:9200/prefix",
        f"elastic+https://user:{SECRET}@host:9200/Prefix",
        f"elastic+https://user:{SECRET}@host:9200/two/parts",
        f"elastic+https://user:{SECRET}@host:9200/_hidden",
        f"elastic+https://user:{SECRET}@host:9200/*",
        f"elastic+https://user:{SECRET}@host:99999/prefix",
        f"elastic+https://user:{SECRET}@/prefix",
        f"elastic+https://host:9200/prefix?api_key={SECRET}&verify=no",
        f"elastic+https://host:9200/prefix?password={SECRET}",
        f"elastic+ftp://user:{SECRET}@host/prefix",
    ],
)
def test_an_address_that_makes_no_sense_is_not_repeated(url: str) -> None:
    assert says(url).startswith("The store address is not understood: write elastic+https://")


@pytest.mark.parametrize(
    "part", ["user:${TOCSIN_NOTHING}@host/p", "${TOCSIN_NOTHING}:x@host/p", "host/p?api_key=${TOCSIN_NOTHING}"]
)
def test_a_secret_that_is_not_set_is_named(part: str) -> None:
    assert says(f"elastic+https://{part}") == (
        "The store address names ${TOCSIN_NOTHING}, which is not set in the environment."
    )


@pytest.mark.parametrize(("file", "why"), [("/nowhere/ca.pem", "No such file"), (__file__, "it holds no certificate")])
def test_an_authority_that_cannot_be_read_is_named(file: str, why: str) -> None:
    message = says(f"elastic+https://user:{SECRET}@host:9200/p?ca={file}")
    assert message.startswith(f"The authority of the store, {file}, cannot be read: {why}")


def test_an_unknown_host_and_a_closed_port_are_told_apart(free_port: int, soon: None) -> None:
    assert "is not known by that name" in says(f"elastic+https://user:{SECRET}@nowhere.invalid:9200/p")
    for scheme in ("http", "https"):
        assert says(f"elastic+{scheme}://user:{SECRET}@127.0.0.1:{free_port}/p") == (
            f"Elasticsearch at {scheme}://127.0.0.1:{free_port} cannot be reached. Is it running?"
        )


def test_a_port_that_never_answers_is_left_in_time() -> None:
    with silent() as address:
        assert says(f"elastic+{address}/p") == f"Elasticsearch at {address} does not answer in time. Is it running?"


def test_https_to_a_plain_port_says_so() -> None:
    with answering(always(200, PRODUCT, b"{}")) as address:
        message = says(f"elastic+{address.replace('http', 'https')}/p")
    assert message.endswith("does not speak TLS. Is it elastic+http:// there?")


def always(*answer: Any) -> Callable[[Asked], Answer]:
    """Whatever it is asked, it says this."""

    def answered(asked: Asked) -> Answer:
        status, headers, body = answer
        return status, headers, body

    return answered


def version(number: str) -> Callable[[Asked], Answer]:
    """A server of a version."""
    return always(200, PRODUCT, json.dumps({"nodes": {"one": {"version": number}}}).encode())


@pytest.mark.parametrize("number", ["7.17.0", "8.18.9", "10.0.0", "10.0.0-SNAPSHOT"])
def test_another_version_is_refused(number: str) -> None:
    with answering(version(number)) as address:
        assert says(f"elastic+{address}/p") == (
            f"Elasticsearch at {address} has version {number}; Tocsin works with 8.19 and later, and with 9."
        )


def error(kind: str, reason: str) -> bytes:
    """The body of a refusal."""
    return json.dumps({"error": {"type": kind, "reason": reason, "root_cause": []}, "status": 400}).encode()


OTHERS = {
    "a page": ((200, {"content-type": "text/html"}, b"<h1>It works!</h1>"), "does not look like Elasticsearch"),
    "a log-in": ((302, {"location": "/login"}, b""), "does not look like Elasticsearch"),
    "no such page": ((404, {"content-type": "text/html"}, b"<h1>Gone</h1>"), "does not look like Elasticsearch"),
    "another engine": ((200, {"content-type": "application/json"}, b"{}"), "does not look like Elasticsearch"),
    "half an answer": ((200, PRODUCT, b'{"nodes":'), "sends no JSON"),
    "a list": ((200, PRODUCT, b"[]"), "names no version"),
    "no nodes": ((200, PRODUCT, b'{"nodes":{}}'), "names no version"),
    "words as a version": ((200, PRODUCT, b'{"nodes":{"a":{"version":"new"}}}'), "names no version"),
    "another language": (
        (400, PRODUCT, error("media_type_header_exception", "Invalid media-type value on headers [Accept]")),
        "is of a version that this client does not speak to; Tocsin works with 8.19 and later",
    ),
    "locked": ((401, PRODUCT, error("security_exception", f"unable to authenticate with {SECRET}")), "does not accept"),
}


@pytest.mark.parametrize("which", OTHERS)
def test_what_is_something_else_is_told_so(which: str) -> None:
    answer, sentence = OTHERS[which]
    with answering(always(*answer)) as address:
        assert sentence in says(f"elastic+{address}/p")


def test_a_server_that_is_still_starting_is_said_to_be(soon: None) -> None:
    starting = (
        503,
        PRODUCT,
        error("cluster_block_exception", "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered];"),
    )
    with (
        answering(always(*starting)) as address,
        pytest.raises(Away, match="too busy, or still starting: blocked"),
    ):
        opened(f"elastic+{address}/p")


@pytest.mark.parametrize(
    ("address", "header"),
    [
        ("{host}/p?api_key=${{TOCSIN_KEY}}", "ApiKey aWQ6a2V5+/=="),
        ("{host}/p?api_key=aWQ6a2V5+/==", "ApiKey aWQ6a2V5+/=="),
        ("user:${{TOCSIN_KEY}}@{host}/p", "Basic dXNlcjphV1E2YTJWNSsvPT0="),
        ("us%40er:pass%2Fword%3A@{host}/p", "Basic dXNAZXI6cGFzcy93b3JkOg=="),
        ("{host}/p", None),
    ],
)
def test_how_it_is_let_in(monkeypatch: pytest.MonkeyPatch, address: str, header: str | None) -> None:
    """The distribution that tests run makes no API keys: that a key is sent as it should be is seen by a stub."""
    monkeypatch.setenv("TOCSIN_KEY", "aWQ6a2V5+/==")
    seen: list[str | None] = []

    def answer(asked: Asked) -> Answer:
        seen.append(asked[2].get("authorization"))
        return version("7.0.0")(asked)

    with answering(answer) as host:
        says(f"elastic+http://{address.format(host=host.removeprefix('http://'))}")
    assert seen == [header]
