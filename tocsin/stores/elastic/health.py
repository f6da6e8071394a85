"""How the servers of a store are: versions, clocks, whether what is acknowledged is on disk, room, rights."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from tocsin.clock import Clock
from tocsin.errors import Away, UserError
from tocsin.stores.elastic import schema
from tocsin.stores.elastic.opening import OLDEST, TOO_NEW
from tocsin.stores.elastic.server import Server
from tocsin.stores.upkeep import Finding

_SECONDS = 4.0
"""How long the server may take for one answer."""
_APART = 2.0
"""Seconds by which clocks may differ."""
_LEASE = 15.0
"""Seconds from which leases are no more what they should be: half of one."""
_CLUSTER = ("monitor", "manage_index_templates")
_INDICES = ("read", "write", "create_index", "delete_index", "maintenance", "monitor")
"""What the role that ``docs/scale.md`` names may do."""
_UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40, "b": 1}


def examined(server: Server, clock: Clock) -> list[Finding]:
    """All that is found. Raises Away where the server goes away meanwhile."""
    found: list[Finding] = []
    for name, look in _LOOKS.items():
        try:
            found += filter(None, [look(server, clock)])
        except Away:
            raise
        except UserError as error:
            found.append(Finding(name, "note", f"cannot be told: {error}"))
    return found


def _ask(server: Server, path: str, method: str = "GET", body: Any = None) -> Any:
    return server.ask(method, path, body, seconds=_SECONDS)


def _versions(server: Server, _: Clock) -> Finding:
    nodes = _ask(server, "/_nodes?filter_path=nodes.*.version,nodes.*.name")["nodes"].values()
    versions = sorted({str(node["version"]) for node in nodes})
    told = f"{len(nodes)} node{'s' if len(nodes) > 1 else ''} at {server.told}, version {', '.join(versions)}"
    numbers = [tuple(int(part) for part in version.split(".")[:2]) for version in versions]
    if any(not OLDEST <= number < TOO_NEW for number in numbers):
        return Finding("elasticsearch", "bad", f"{told}: bring every node to 8.19 or later, or to 9")
    if len(versions) > 1:
        return Finding("elasticsearch", "note", f"{told}: bring all to the same")
    return Finding("elasticsearch", "ok", told)


def _whole(server: Server, _: Clock) -> Finding:
    told = _ask(server, f"/_cluster/health/{server.prefix}-*?level=indices&timeout=2s")
    bad = sorted(name for name, index in told["indices"].items() if index["status"] == "red")
    if bad:
        return Finding("indices", "bad", f"no whole copy of {', '.join(bad)}: start the nodes that hold them")
    missing = [server.name(name) for name in schema.plain_indices() if server.name(name) not in told["indices"]]
    if missing:
        return Finding("indices", "bad", f"{', '.join(missing)} is missing: bring it back from a snapshot")
    count = f"{len(told['indices'])} indices {server.prefix}-*"
    if told["status"] == "yellow":
        return Finding("indices", "note", f"{count} are whole, and their copies are not: a disk that fails takes them")
    if told["number_of_data_nodes"] == 1:
        return Finding("indices", "note", f"{count} are whole, on one node alone: take snapshots of them")
    return Finding("indices", "ok", f"{count} are whole, and their copies too")


def _clocks(server: Server, clock: Clock) -> Finding:
    before = clock.now()
    nodes = _ask(server, "/_nodes/stats/os?filter_path=nodes.*.timestamp")["nodes"].values()
    after = clock.now()
    apart = max(
        # A node was asked at some moment between the two.
        (max((before - at).total_seconds(), (at - after).total_seconds(), 0.0) for at in map(_moment, nodes)),
        default=0.0,
    )
    if apart <= _APART:
        return Finding("clocks", "ok", "this machine's and the servers' agree")
    what = f"this machine's and the servers' are {apart:.0f} s apart: leases end too early or too late; use NTP on all"
    return Finding("clocks", "bad" if apart > _LEASE else "note", what)


def _moment(node: Mapping[str, Any]) -> datetime:
    return datetime.fromtimestamp(node["timestamp"] / 1000, UTC)


def _durable(server: Server, _: Clock) -> Finding:
    told = _settings(server)
    if not told:
        return Finding("durability", "note", f"no index of {server.prefix}-* can be seen")
    wrong = [name for name, its in told.items() if its.get("translog", {}).get("durability", "request") != "request"]
    if wrong:
        what = (
            f"index.translog.durability is not request on {', '.join(sorted(wrong))}: a power cut loses what was stored"
        )
        return Finding("durability", "bad", what)
    return Finding("durability", "ok", "what is stored is on disk before it counts (translog.durability=request)")


def _settings(server: Server) -> dict[str, dict[str, Any]]:
    shown = "filter_path=*.settings.index.translog,*.settings.index.blocks,*.settings.index.provided_name"
    told = _ask(server, f"/{server.prefix}-*/_settings?{shown}")
    return {name: its["settings"]["index"] for name, its in told.items()}


def _room(server: Server, _: Clock) -> Finding:
    blocked = sorted(
        name
        for name, its in _settings(server).items()
        if any(value == "true" for value in its.get("blocks", {}).values())
    )
    if blocked:
        what = f"{', '.join(blocked)} takes no writes: make room on the disk, or take index.blocks away"
        return Finding("disk", "bad", what)
    limits = _watermarks(server)
    nodes = _ask(server, "/_nodes/stats/fs?filter_path=nodes.*.name,nodes.*.fs.total")["nodes"].values()
    states = [_disk(node, limits) for node in nodes]
    return next((it for state in ("bad", "note") for it in states if it.state == state), states[0])


def _watermarks(server: Server) -> dict[str, str]:
    """``low``, ``high`` and ``flood_stage`` as they are set; none where the server does not look at disks."""
    asked = "include_defaults=true&flat_settings=true&filter_path=*.cluster.routing.allocation.disk*"
    told = _ask(server, f"/_cluster/settings?{asked}")
    # The later ones win.
    merged = {
        name: value for layer in ("defaults", "persistent", "transient") for name, value in told.get(layer, {}).items()
    }
    start = "cluster.routing.allocation.disk."
    if merged.get(f"{start}threshold_enabled") == "false":
        return {}
    return {name: str(merged.get(f"{start}watermark.{name}", "")) for name in ("flood_stage", "high", "low")}


def _disk(node: Mapping[str, Any], limits: Mapping[str, str]) -> Finding:
    size, free = node["fs"]["total"]["total_in_bytes"], node["fs"]["total"]["available_in_bytes"]
    told = f"{free / 2**30:.0f} GiB of {size / 2**30:.0f} are free on {node['name']}"
    if not limits:
        return Finding("disk", "note", f"{told}, and the server does not watch them: set disk.threshold_enabled")
    over = next((name for name, limit in limits.items() if _is_over(limit, size, free)), "")
    if over == "low":
        return Finding("disk", "note", f"{told}, past its low watermark: no new months begin there; make room")
    if over:
        return Finding("disk", "bad", f"{told}, past its {over} watermark: soon it takes no writes; make room")
    return Finding("disk", "ok", told)


def _is_over(limit: str, size: int, free: int) -> bool:
    """Whether a disk is past a watermark: a share that is used, ``85%`` or ``0.85``, or a size that is to be free."""
    text = limit.strip().lower()
    for unit, factor in _UNITS.items():
        if text.endswith(unit):
            return free < float(text.removesuffix(unit) or 0) * factor
    if not text:
        return False
    share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    return size - free > share * size


def _rights(server: Server, _: Clock) -> Finding | None:
    wanted = {"cluster": _CLUSTER, "index": [{"names": [f"{server.prefix}-*"], "privileges": _INDICES}]}
    try:
        told = _ask(server, "/_security/user/_has_privileges", "POST", wanted)
    except Away:
        raise
    except UserError as error:
        if "no handler found" in str(error) or "not enabled" in str(error) or "is disabled" in str(error):
            return None  # its security is off
        raise
    if told["has_all_requested"]:
        return Finding("rights", "ok", f"{told['username']} may do all that is needed")
    lacking = {*_lacking(told["cluster"]), *(name for its in told["index"].values() for name in _lacking(its))}
    return Finding(
        "rights", "bad", f"{told['username']} lacks {', '.join(sorted(lacking))} on {server.prefix}-*: grant it"
    )


def _lacking(granted: Mapping[str, bool]) -> Iterable[str]:
    return (name for name, is_granted in granted.items() if not is_granted)


def _refused(server: Server, _: Clock) -> Finding:
    count = server.count(schema.REFUSED, {"match_all": {}})
    if count:
        return Finding("refused rows", "note", f"{count} lie aside: see tocsin requeue --dry-run for the reasons")
    return Finding("refused rows", "ok", "none")


_LOOKS: Mapping[str, Callable[[Server, Clock], Finding | None]] = {
    "elasticsearch": _versions,
    "indices": _whole,
    "clocks": _clocks,
    "durability": _durable,
    "disk": _room,
    "rights": _rights,
    "refused rows": _refused,
}
