"""The store on an Elasticsearch with its security on: TLS, and a user with the role of docs/scale.md alone."""

import re
import time
from datetime import UTC, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from elasticsearch import Elasticsearch
from msgspec.structs import replace

from tests.services.elastic_server import Server
from tests.services.secrets_of_server import ADMIN, LACKING, STRANGER, TOCSIN
from tests.workers.test_flow import EXPANDER, START, HandClock, another, article, subscribe
from tocsin.errors import UserError
from tocsin.stores import open_store
from tocsin.stores.elastic import ElasticStore, opening, schema
from tocsin.stores.elastic.server import Server as Client
from tocsin.stores.elastic.server import Write
from tocsin.stores.redis import RedisFingerprints
from workers.channels import Channels
from workers.deliver import deliver_due, settle
from workers.flow import turn

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def authority(secure_elasticsearch: Server, tmp_path: Path) -> Path:
    """A file with the certificate of who signed the server's."""
    file = tmp_path / "ca.pem"
    assert secure_elasticsearch.secrets
    file.write_bytes(secure_elasticsearch.secrets.authority)
    return file


def address(server: Server, user: str, authority: Path | None, *, prefix: str = "tocsin", password: str = "") -> str:
    """Address of a store, with its user."""
    assert server.secrets
    word = quote(password or server.secrets.passwords[user], safe="")
    ca = f"?ca={quote(str(authority), safe='')}" if authority else ""
    return f"elastic+https://{user}:{word}@{server.address.removeprefix('https://')}/{prefix}{ca}"


def says(server: Server, url: str) -> str:
    """What is said to who opens this: in time, without a password."""
    begun = time.monotonic()
    with pytest.raises(UserError) as told:
        ElasticStore.open(url)
    assert time.monotonic() - begun < 10
    assert server.secrets
    assert not any(word in str(told.value) for word in server.secrets.passwords.values())
    return str(told.value)


def test_the_whole_road_works_with_the_role_and_no_more(
    secure_elasticsearch: Server,
    authority: Path,
    redis: str,
    shared_fingerprints: RedisFingerprints,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Indices, acceptance, filing, search, an alert in a file, retention; the password comes from the environment."""
    assert secure_elasticsearch.secrets
    monkeypatch.setenv("TOCSIN_PASSWORD", secure_elasticsearch.secrets.passwords[TOCSIN])
    url = address(secure_elasticsearch, TOCSIN, authority, password="-").replace(":-@", ":${TOCSIN_PASSWORD}@")
    store = open_store(url, redis)
    assert isinstance(store, ElasticStore)
    assert store.fingerprints
    store.fingerprints.rebuild([], [])
    subscribe(store, "conscription")
    (told,) = store.subscriptions()
    out = tmp_path / "alerts.jsonl"
    store.put_subscription(replace(told, channels=(f"file:{out}",)))
    old = replace(article("3", "reserves"), first_seen=START - timedelta(days=100))
    store.accept([article("1"), article("2", outlet="two"), old])
    store.server.refresh("*")
    hall = another(store)
    assert turn(hall) == 3
    store.server.refresh("*")
    assert store.count(EXPANDER.read("Bakhmut")) == 3
    ((alert, _),) = store.alerts()
    assert alert.copies == 1
    clock = HandClock()
    channels = Channels(data_dir=tmp_path, allow_private=())
    while deliver_due(store, channels, clock, UTC):
        pass
    settle(store, channels, clock)
    assert len(out.read_text().splitlines()) == 1
    assert len(list(store.walk())) == 3
    assert store.overview()["delivered"] == 1
    assert store.check() == "ok"
    assert store.size() > 1000
    # A month that is empty afterwards is removed with its index.
    store.prune(START + timedelta(days=500), dry_run=False)
    left = secure_elasticsearch.ask("GET", "/_cat/indices/tocsin-articles-*?format=json")
    assert [it["index"] for it in left] == ["tocsin-articles-2026.11"]  # type: ignore[index]
    store.close()


NEEDS = {
    "monitor": opening._greet,
    "manage_index_templates": lambda server: server.ask("PUT", "/_index_template/tocsin-meta", META),
    "read-index": lambda server: server.rows([("tocsin-meta", "schema")]),
    "write-index": lambda server: server.write([Write("index", "tocsin-meta", "schema", {"value": schema.VERSION})]),
    "create_index-index": lambda server: server.ask("PUT", "/tocsin-articles-2001.01"),
    "delete_index-index": lambda server: server.ask("DELETE", "/tocsin-articles-2001.01"),
    "maintenance-index": lambda server: server.refresh("meta"),
    "monitor-index": lambda server: server.ask("GET", "/tocsin-arrivals/_stats/docs"),
}
META = schema.templates("tocsin")["tocsin-meta"]


def test_every_right_of_the_role_is_needed(secure_elasticsearch: Server, authority: Path) -> None:
    """Nobody can make do with less: what the store does with each right is refused to who has all the others."""
    ElasticStore.open(address(secure_elasticsearch, TOCSIN, authority)).close()
    rights = {name.removeprefix(LACKING) for name in secure_elasticsearch.secrets.passwords if LACKING in name}
    assert rights == NEEDS.keys()
    for user, lacking in [(TOCSIN, NEEDS), *((f"{LACKING}{right}", [right]) for right in NEEDS)]:
        at, prefix, access = opening._read(address(secure_elasticsearch, user, authority))
        server = Client(Elasticsearch(at, max_retries=0, **access), prefix, at)
        for right in lacking:
            if user == TOCSIN:
                NEEDS[right](server)
            else:
                with pytest.raises(UserError, match=r"does not allow it: action \["):
                    NEEDS[right](server)
        server.close()


def test_a_foreign_store_is_not_read(secure_elasticsearch: Server, authority: Path) -> None:
    """The role is for one prefix."""
    secure_elasticsearch.ask("PUT", "/foreign-meta/_doc/schema", {"value": schema.VERSION})
    message = says(secure_elasticsearch, address(secure_elasticsearch, TOCSIN, authority, prefix="foreign"))
    assert re.search(r"does not allow it: action .* for user \[tocsin\] .*foreign-meta", message)
    assert message.endswith("Which role the user needs stands in docs/scale.md.")


def test_who_has_no_role_or_no_right_password_is_told(secure_elasticsearch: Server, authority: Path) -> None:
    server = secure_elasticsearch
    refusal = f"Elasticsearch at {server.address} does not accept this user, password or key."
    for user in (TOCSIN, ADMIN, STRANGER):
        assert says(server, address(server, user, authority, password="wrong")) == refusal
    assert "unauthorized for user [stranger]" in says(server, address(server, STRANGER, authority))
    nameless = f"elastic+{server.address}/tocsin?ca={authority}"
    assert says(server, nameless) == refusal
    assert says(server, f"{nameless}&api_key=bm90aGluZzpub3RoaW5n") == refusal


def test_another_authority_is_not_trusted(
    secure_elasticsearch: Server, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = secure_elasticsearch
    assert server.secrets
    trusted = address(server, TOCSIN, authority)
    wrong_name = says(server, trusted.replace("127.0.0.1", "localhost"))
    assert "is not trusted: Hostname mismatch" in wrong_name
    authority.write_bytes(server.secrets.other_authority)
    for url in (trusted, address(server, TOCSIN, None)):
        message = says(server, url)
        assert message.startswith(f"The certificate of Elasticsearch at {server.address} is not trusted: ")
        assert message.endswith("Name the authority that signed it: ?ca=FILE.")
    monkeypatch.setattr(opening, "_GREETING", 1.0)
    plain = says(server, trusted.replace("elastic+https", "elastic+http"))
    assert plain.endswith("speaks TLS: write elastic+https://.")


def test_what_is_refused_later_stops_the_work_and_parks_nothing(
    secure_elasticsearch: Server, authority: Path, shared_fingerprints: RedisFingerprints
) -> None:
    """A right that was taken away is no article's fault."""
    store = ElasticStore.open(address(secure_elasticsearch, TOCSIN, authority))
    store.server.prefix = "foreign"
    with pytest.raises(UserError, match="does not allow it"):
        store.accept([article("1")])
    store.server.prefix = "tocsin"
    assert store.server.count(schema.REFUSED, {"match_all": {}}) == 0
    store.close()
