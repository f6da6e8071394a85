"""How a Redis is: the one in which workers find copies, and the one through which they get their hints."""

from collections.abc import Callable
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tocsin.errors import UserError
from tocsin.stores.redis_refusals import in_words
from tocsin.stores.upkeep import Finding

_SECONDS = 4.0
"""How long the server may take to answer."""
_OLDEST = (6, 2)


def examine_fingerprints(url: str, prefix: str) -> list[Finding]:
    """The Redis in which the workers of a store with this prefix find copies."""
    return _examined("redis", url, lambda client, told: [*_server("redis", told), *_epoch(client, told, prefix)])


def examine_broker(url: str) -> list[Finding]:
    """The Redis through which Celery workers get their hints."""
    return _examined("broker", url, lambda _, told: [*_server("broker", told), _persistence(told)])


def _examined(name: str, url: str, look: Callable[[Any, dict[str, Any]], list[Finding]]) -> list[Finding]:
    try:
        client: Any = Redis.from_url(
            url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
        )
    except ValueError:
        # Not repeated: it may be half of a password.
        return [Finding(name, "bad", "its address is not understood: write redis://:password@host:6379/0")]
    try:
        with client, in_words(client):
            return look(client, client.info())
    except UserError as error:
        return [Finding(name, "bad", str(error))]


def _server(name: str, told: dict[str, Any]) -> list[Finding]:
    version = str(told["redis_version"])
    line = f"Redis, version {version}"
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        return [Finding(name, "bad", f"{line}: install 6.2 or later"), _memory(name, told)]
    return [Finding(name, "ok", line), _memory(name, told)]


def _memory(name: str, told: dict[str, Any]) -> Finding:
    policy, limit, used = str(told["maxmemory_policy"]), int(told["maxmemory"]), int(told["used_memory"])
    name = f"{name} memory"
    size = f"{used / 2**20:,.0f} MiB in use"
    if not limit:
        return Finding(name, "ok", f"{size}, no limit")
    told_of = f"{size} of {limit / 2**20:,.0f}, maxmemory-policy {policy}"
    if policy != "noeviction":
        return Finding(name, "bad", f"{told_of}: what is thrown out is not missed until copies ring; set noeviction")
    if used > 0.9 * limit:
        return Finding(name, "bad", f"{told_of}: soon nothing can be written; raise maxmemory")
    return Finding(name, "ok", told_of)


def _persistence(told: dict[str, Any]) -> Finding:
    name = "broker disk"
    bad = next((it for it in ("aof_last_write_status", "rdb_last_bgsave_status") if told.get(it, "ok") != "ok"), "")
    if bad:
        return Finding(name, "bad", f"Redis cannot write to its disk ({bad}); make room, or look at its log")
    if int(told["aof_enabled"]):
        return Finding(name, "ok", "appendonly is on")
    what = "appendonly is off: hints of the last minutes are lost with it, and come again from the store"
    return Finding(name, "note", what)


def _epoch(client: Any, told: dict[str, Any], prefix: str) -> list[Finding]:
    name = "fingerprints"
    epoch = client.hget(f"{{{prefix}}}:state", "epoch")
    if epoch is None:
        return [Finding(name, "note", "none in Redis: the first worker fills them in from the store, and filing waits")]
    if epoch.decode() != str(told["run_id"]):
        return [Finding(name, "note", "Redis was started anew: the first worker fills them in, and filing waits")]
    return [Finding(name, "ok", "in Redis since its last start")]
