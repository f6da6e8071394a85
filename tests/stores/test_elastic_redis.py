"""The Redis beside the store: with a password or without, full, or not there. It is told in one sentence, in time."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from redis import Redis

from tests.services import redis_server
from tests.services.faulty import saying, silent
from tests.stores.test_contract import article, sketch_of
from tests.workers.test_flow import another
from tests.workers.test_flow import article as texted
from tocsin.errors import Away, UserError
from tocsin.stores import redis as module
from tocsin.stores.elastic import ElasticStore
from tocsin.stores.port import FingerprintsMissing
from tocsin.stores.redis import RedisFingerprints
from workers.flow import turn

SECRET = "hush-hush"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def locked(needs) -> Iterator[str]:
    """Host and port of a server with a password."""
    program = redis_server.program()
    needs(program, "Redis")
    with redis_server.running(program) as address:
        host = address.removeprefix("redis://")
        Redis.from_url(address).config_set("requirepass", SECRET)
        yield host


def says(url: str) -> UserError:
    """What is said to who looks for copies there: each time, within ten seconds, and without the password."""
    known = RedisFingerprints.open(url)
    for ask in (
        lambda: known.meet(sketch_of(article(1)), [1], [], 5),
        lambda: known.join("a" * 32, "b" * 32),
        lambda: known.root("a" * 32),
        lambda: known.rebuild([], []),
    ):
        begun = time.monotonic()
        with pytest.raises(UserError) as told:
            ask()
        assert time.monotonic() - begun < 10
        assert SECRET not in str(told.value)
    return told.value


def test_a_password_opens_it(locked: str) -> None:
    known = RedisFingerprints.open(f"redis://:{SECRET}@{locked}")
    with pytest.raises(FingerprintsMissing):
        known.meet(sketch_of(article(1)), [1], [], 5)
    assert known.rebuild([], [])
    assert known.meet(sketch_of(article(1)), [1], [], 5).near == []


def test_a_wrong_one_and_none_are_told_apart(locked: str) -> None:
    where = locked.removesuffix("/0")
    assert str(says(f"redis://:wrong@{locked}")) == f"Redis at {where} does not accept this user or password."
    assert str(says(f"redis://nobody:{SECRET}@{locked}")) == f"Redis at {where} does not accept this user or password."
    assert str(says(f"redis://{locked}")).startswith(f"Redis at {where} asks for a password: write redis://:")


def test_a_user_with_too_few_rights_is_told(locked: str) -> None:
    Redis.from_url(f"redis://:{SECRET}@{locked}").execute_command("ACL", "SETUSER", "weak", "on", f">{SECRET}", "+ping")
    assert "does not allow it: this user has no permissions" in str(says(f"redis://weak:{SECRET}@{locked}"))


def test_a_full_one_is_told_and_waited_for(redis: str) -> None:
    client = Redis.from_url(redis)
    RedisFingerprints.open(redis).rebuild([], [])
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Away, match="is full: raise its maxmemory"):
            RedisFingerprints.open(redis).meet(sketch_of(article(1)), [1], [], 5)
    finally:
        client.config_set("maxmemory", 0)
    assert RedisFingerprints.open(redis).meet(sketch_of(article(1)), [1], [], 5).near == []


def test_one_that_is_not_there_is_away(free_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 0.3)
    sentences = {
        f"redis://:{SECRET}@127.0.0.1:{free_port}/0": "cannot be reached. Is it running?",
        f"redis://:{SECRET}@nowhere.invalid/0": "is not known by that name, or there is no network.",
    }
    with silent() as address:
        sentences[f"redis://:{SECRET}@{address.removeprefix('http://')}"] = "does not answer in time. Is it running?"
        for url, sentence in sentences.items():
            told = says(url)
            assert isinstance(told, Away)
            assert (
                str(told)
                == f"Redis at {url.partition('@')[2].removesuffix('/0').replace('invalid', 'invalid:6379')} {sentence}"
            )


def test_something_else_at_that_port_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SECONDS", 2.0)
    with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address:
        assert str(says(address.replace("http", "redis"))).endswith("is no Redis.")


@pytest.mark.parametrize("url", [f"redis://:{SECRET}#@host:6379/0", f"redis://:{SECRET}@host:port/0"])
def test_an_address_that_makes_no_sense_is_not_repeated(url: str) -> None:
    with pytest.raises(UserError, match="not understood") as told:
        RedisFingerprints.open(url)
    assert SECRET not in str(told.value)


def test_without_it_filing_waits_and_the_rest_goes_on(
    elastic_store: ElasticStore, shared_fingerprints: RedisFingerprints, free_port: int
) -> None:
    """Acceptance, search and alerts need no Redis; the articles are given back and none is parked."""
    alone = ElasticStore(elastic_store.server, RedisFingerprints.open(f"redis://127.0.0.1:{free_port}"))
    alone.accept([texted("1")])
    alone.server.refresh("*")
    for _ in range(5):
        with pytest.raises(Away, match=r"Redis at .* cannot be reached"):
            turn(another(alone))
    assert alone.overview()["parked"] == 0
    assert turn(another(elastic_store)) == 1
    assert alone.count(None) == 1
