"""What is found of a server with its security on, by a user with the role that ``docs/scale.md`` names."""

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.services.elastic_server import Server
from tests.services.secrets_of_server import ADMIN, LACKING, TOCSIN
from tocsin.clock import SystemClock
from tocsin.stores.elastic import ElasticStore
from tocsin.stores.elastic.health import examined


def opened(server: Server, user: str, folder: Path, prefix: str) -> ElasticStore:
    """A store as a user sees it."""
    assert server.secrets
    (folder / "ca.pem").write_bytes(server.secrets.authority)
    word = quote(server.secrets.passwords[user], safe="")
    host = server.address.removeprefix("https://")
    return ElasticStore.open(
        f"elastic+https://{user}:{word}@{host}/{prefix}?ca={quote(str(folder / 'ca.pem'), safe='')}"
    )


@pytest.mark.parametrize("user", [ADMIN, TOCSIN])
def test_the_role_is_enough_to_look_at_all(secure_elasticsearch: Server, user: str, tmp_path: Path) -> None:
    store = opened(secure_elasticsearch, user, tmp_path, "tocsin")
    found = {it.name: it for it in examined(store.server, SystemClock())}
    store.close()
    assert not [it for it in found.values() if it.state == "bad" or "cannot be told" in it.detail]
    assert found["rights"].detail == f"{user} may do all that is needed"


@pytest.mark.parametrize("right", ["maintenance", "delete_index"])
def test_a_right_that_is_missing_is_named(secure_elasticsearch: Server, right: str, tmp_path: Path) -> None:
    """Before the night in which it is needed."""
    opened(secure_elasticsearch, ADMIN, tmp_path, "tocsin").close()
    store = opened(secure_elasticsearch, f"{LACKING}{right}-index", tmp_path, "tocsin")
    found = {it.name: it for it in examined(store.server, SystemClock())}
    store.close()
    assert found["rights"].state == "bad"
    assert f"lacks {right} on tocsin-*" in found["rights"].detail


def test_another_prefix_is_not_ours(secure_elasticsearch: Server, tmp_path: Path) -> None:
    """The role of one prefix does not reach to another."""
    opened(secure_elasticsearch, ADMIN, tmp_path, "elsewhere").close()
    store = opened(secure_elasticsearch, TOCSIN, tmp_path, "tocsin")
    store.server.prefix = "elsewhere"
    found = {it.name: it for it in examined(store.server, SystemClock())}
    store.close()
    assert "lacks create_index, delete_index" in found["rights"].detail
    assert found["durability"].state == "note"
