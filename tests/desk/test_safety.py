"""What strangers write stays text, nothing is loaded from outside, and only this machine is answered."""

import asyncio

import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from tocsin.desk.guard import Guard

PATHS = (
    "/",
    "/search",
    "/search?q=conscripts",
    "/search?q=%28",
    "/alerts",
    "/why",
    "/nothing",
    "/why?url=https://a.example/",
)


@pytest.fixture
def attacked(client, store, words, expander, newsroom):
    """Every page over a store in which an outlet attacks with every field it has."""
    hostile = newsroom.hostile()
    newsroom.publish(store, words, hostile)
    for number, one in enumerate(hostile):
        attack = newsroom.HOSTILE[number].encode("utf-8", "replace").decode()
        told = newsroom.Hit(
            word=attack,
            form="conscripts",
            how=attack,
            field="text",
            sentence=f"{attack} conscripts",
            start=len(attack) + 1,
        )
        newsroom.tell(store, words, expander, "conscripts", f"{attack} {number}", one, 1, channels=(attack,), hit=told)
    quoted = [
        f"/search?q={attack}"
        for attack in ("%3Cscript%3Ealert(9)%3C/script%3E", "%22%3E%3Cimg%20src=x%20onerror=alert(9)%3E")
    ]
    return client, [*PATHS, *quoted, *[f"/article/{one.id}?q=conscripts" for one in hostile]]


def test_no_field_of_an_outlet_becomes_markup(attacked, newsroom):
    client, paths = attacked
    for path in paths:
        tree = LexborHTMLParser(client.get(path).text)
        assert not tree.css("script, iframe, object, embed, svg, base, style"), path
        for node in tree.css("*"):
            for name, value in node.attributes.items():
                assert not name.startswith("on"), (path, name)
                assert name != "style", path
                assert name not in {"href", "src", "action"} or not (value or "").lower().startswith(
                    ("javascript:", "data:")
                ), path
    shown = client.get("/search?q=conscripts").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "{{ 7*7 }}" in shown
    assert "49{%" not in shown


def test_no_page_loads_anything_from_outside_and_links_tell_nothing(attacked):
    client, paths = attacked
    for path in paths:
        tree = LexborHTMLParser(client.get(path).text)
        for node in tree.css("[src], link[href], form[action]"):
            target = node.attributes.get("src") or node.attributes.get("href") or node.attributes.get("action")
            assert target.startswith("/"), (path, target)
            assert not target.startswith("//"), (path, target)
        for link in tree.css("a[href]"):
            target = link.attributes["href"]
            if target.startswith(("/", "#")):
                continue
            assert target.startswith(("https://", "http://")), (path, target)
            assert {"noreferrer", "noopener"} <= set(link.attributes["rel"].split()), (path, target)
            assert "q=" not in target, (path, target)
    sheet = client.get("/static/desk.css").text
    assert "url(" not in sheet
    assert "@import" not in sheet


@pytest.mark.parametrize("path", [*PATHS, "/static/desk.css", "/api/v1/overview", "/feeds/search.atom"])
def test_every_answer_carries_the_guarding_headers(client, path):
    headers = client.get(path).headers
    assert headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-dns-prefetch-control"] == "off"
    assert "access-control-allow-origin" not in headers
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200), ("localhost:8765", 200), ("localhost", 200), ("[::1]:8765", 200), ("127.3.2.1", 200),
        ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:8765", 421), ("10.0.0.1", 421),
        ("0.0.0.0", 421), ("[::ffff:10.0.0.1]", 421), ("", 421), ("localhost@evil.example", 421),
    ],
)  # fmt: skip
def test_only_loopback_names_are_answered(client, host, status):
    for path in ("/", "/api/v1/search", "/static/desk.css"):
        answer = client.get(path, headers={"host": host})
        assert answer.status_code == status, path
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_request_with_two_names_is_refused():
    """Which of the two the application behind believes is not known."""
    sent = []

    async def remember(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(b"host", b"localhost"), (b"host", b"evil.example")],
    }
    asyncio.run(Guard(lambda *_: pytest.fail("the request went through"))(scope, None, remember))
    assert sent[0]["status"] == 421


def test_no_request_changes_anything(client):
    schema = client.get("/api/v1/openapi.json").json()
    assert {method for path in schema["paths"].values() for method in path} == {"get"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/", "/search", "/alerts", "/api/v1/search", "/static/desk.css"):
            assert client.request(method, path).status_code == 405, (method, path)
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/%2e%2e/records.py", "/static//etc/passwd"]
)
def test_static_files_are_those_of_the_folder_alone(client, path):
    assert client.get(path).status_code == 404


def test_a_failing_page_shows_no_inner_workings(client, store, monkeypatch):
    monkeypatch.setattr(store, "overview", lambda: 1 / 0)
    client._transport.raise_server_exceptions = False
    for path in ("/", "/api/v1/overview"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert "ZeroDivision" not in answer.text
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_a_poisoned_title_does_not_break_the_feed(attacked):
    client, _ = attacked
    feed = etree.fromstring(client.get("/feeds/search.atom", params={"q": "conscripts"}).content)
    atom = {"a": "http://www.w3.org/2005/Atom"}
    titles = feed.xpath("//a:entry/a:title/text()", namespaces=atom)
    assert "<script>alert(1)</script>" in titles
    assert any("evil" in title and "\x0b" not in title for title in titles)
    assert not [href for href in feed.xpath("//a:link/@href", namespaces=atom) if not href.startswith("http")]
