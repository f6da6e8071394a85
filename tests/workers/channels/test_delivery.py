"""All channels at once on their road: faults first, then a good day. Each notice arrives, or is parked with why."""

import io
import json
import re
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.workers.channels.conftest import LOOPBACK
from tests.workers.conftest import Receiver
from tests.workers.test_deliver import HandClock, ring, state, until_quiet
from tocsin.stores import open_store
from workers.channels import Channels, Post, matrix, ntfy, slack, telegram
from workers.deliver import deliver_due


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (matrix, ntfy, slack, telegram):
        monkeypatch.setattr(module, "_PACE", 0.0)


def test_each_notice_arrives_or_is_parked_with_its_reason(tmp_path: Path, mail_server: Any) -> None:
    services = {name: Receiver() for name in ("telegram", "blocked", "slack", "matrix", "ntfy", "webhook")}
    ports = {name: service.port for name, service in services.items()}
    box = mail_server()
    secrets = {"TOKEN": "1:swordfish", "PASSWORD": "swordfish"}
    addresses = {
        "mail": "mailto:reader@example.org",
        "telegram": f"telegram://${{TOKEN}}@42?api=http://127.0.0.1:{ports['telegram']}",
        "blocked": f"telegram://${{TOKEN}}@43?api=http://127.0.0.1:{ports['blocked']}",
        "slack": f"slack+http://127.0.0.1:{ports['slack']}/services/${{TOKEN}}",
        "matrix": f"matrix+http://${{TOKEN}}@127.0.0.1:{ports['matrix']}/!r:example.org",
        "ntfy": f"ntfy+http://${{TOKEN}}@127.0.0.1:{ports['ntfy']}/topic",
        "webhook": f"webhook+http://127.0.0.1:{ports['webhook']}/hook",
    }
    refused = b'{"ok":false,"error_code":%d,"description":"%s","parameters":%s}'
    box.rcpt, box.drop_after_data = ["450 4.2.0 greylisted"], 1
    one = Receiver.status
    services["telegram"].answers = [
        one(services["telegram"], 429, refused % (429, b"Too Many Requests", b'{"retry_after":2}')),
        one(services["telegram"], 400, refused % (400, b"can't parse entities", b"null")),
        one(services["telegram"], 200, b'{"ok":true}'),
    ]
    services["blocked"].answers = [
        one(services["blocked"], 403, refused % (403, b"Forbidden: bot was blocked by the user", b"null"))
    ]
    for name in ("slack", "matrix", "ntfy", "webhook"):
        receiver = services[name]
        receiver.answers = [receiver.status(500), receiver.status(429, Retry_After="3"), receiver.status(200, b"{}")]

    clock = HandClock()
    store = open_store(f"sqlite:{tmp_path / 'tocsin.db'}")
    post = Post(f"smtp://127.0.0.1:{box.port}?from=alerts@tocsin.example")
    channels = Channels(
        data_dir=tmp_path, allow_private=LOOPBACK, stream=io.StringIO(), secrets=secrets.get, timeout=1.0, post=post
    )
    rows = dict(zip(addresses, ring(store, 1, list(addresses.values())), strict=True))
    until_quiet(store, channels, clock)
    reasons = {name: state(store, row).error for name, row in rows.items()}
    assert state(store, rows["blocked"]).state == "failed"
    assert "bot was blocked by the user" in reasons["blocked"]
    assert "450: 4.2.0 greylisted" in reasons["mail"]
    assert all(reasons.values()), "each says why it waits"
    assert not any("swordfish" in reason for reason in reasons.values())
    for _ in range(6):
        clock.time += timedelta(minutes=10)
        channels.lines.resting.clear()
        until_quiet(store, channels, clock)
    assert deliver_due(store, channels, clock, UTC) == 0
    outcome = {name: state(store, row).state for name, row in rows.items()}
    assert outcome == dict.fromkeys(addresses, "delivered") | {"blocked": "failed"}

    assert len(box.got) == 2, "dropped after the data, and once more"
    assert {it["Message-ID"] for it in box.got} == {f"<{rows['mail'].id}@tocsin.example>"}
    assert {headers["webhook-id"] for _, headers, _ in services["webhook"].got} == {rows["webhook"].id}
    assert {re.sub(r".*/", "", path) for path, _, _ in services["matrix"].got} == {rows["matrix"].id}
    assert {json.loads(body)["sequence_id"] for _, _, body in services["ntfy"].got} == {rows["ntfy"].id}
    assert [len(services[name].got) for name in services] == [3, 1, 3, 3, 3, 3]
    for service in services.values():
        service.stop()
    store.close()
