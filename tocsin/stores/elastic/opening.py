"""From the address of a store to an open server on which all its indices stand."""

import re
import ssl
from contextlib import suppress
from socket import create_connection
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from elasticsearch import Elasticsearch

from tocsin.errors import Away, UserError
from tocsin.settings import secret
from tocsin.stores.elastic import schema
from tocsin.stores.elastic.server import TIMEOUT, Server, Write

OLDEST, TOO_NEW = (8, 19), (10, 0)
"""Versions of the server that this client speaks to: from the one on, before the other."""
_GREETING = 7.0
"""Seconds in which it has to answer for the first time."""
_PREFIX = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


def opened(url: str) -> Server:
    """Connect to ``elastic+https://user:password@host:9200/prefix?ca=FILE`` and bring about what is missing there.

    ``${NAME}`` in user, password or ``?api_key=`` is taken from the environment. Raises UserError where the address
    makes no sense, no server that we know answers there within ten seconds, or a newer Tocsin has written the store.
    """
    address, prefix, access = _read(url)
    client = Elasticsearch(address, request_timeout=TIMEOUT, max_retries=0, **access)
    server = Server(client, prefix, address)
    try:
        _greet(server)
        _prepare(server)
    except UserError:
        server.close()
        raise
    return server


def _read(url: str) -> tuple[str, str, dict[str, Any]]:
    """Address of the server, prefix, and how to be let in."""
    # Of what is not understood nothing is repeated: it may be half of a password.
    mistake = UserError(
        "The store address is not understood: write elastic+https://user:password@host:9200/prefix with a prefix in "
        "small letters, ?ca=FILE for a certificate of your own, and what is special in a password as %40, %2F, %3A."
    )
    try:
        parts = urlsplit(url.removeprefix("elastic+"))
        port = parts.port or 9200
        told = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except ValueError:
        raise mistake from None
    asked = {name: values[-1] for name, values in told.items()}
    prefix = parts.path.strip("/") or "tocsin"
    known = parts.scheme in {"http", "https"} and parts.hostname and not parts.fragment
    if not known or not _PREFIX.fullmatch(prefix) or asked.keys() - {"ca", "api_key"}:
        raise mistake
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    return f"{parts.scheme}://{host}:{port}", prefix, _access(parts, asked)


def _access(parts: SplitResult, asked: dict[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if parts.scheme == "https" and "ca" in asked:
        given["ssl_context"] = _trusting(asked["ca"])
    if "api_key" in asked:
        # A plus stands for a space in addresses, and in no key is a space.
        given["api_key"] = _filled(asked["api_key"].replace(" ", "+"))
    elif parts.username:
        given["basic_auth"] = _filled(unquote(parts.username)), _filled(unquote(parts.password or ""))
    return given


def _filled(text: str) -> str:
    if not (text.startswith("${") and text.endswith("}")):
        return text
    value = secret(text[2:-1])
    if value is None:
        raise UserError(f"The store address names {text}, which is not set in the environment.")
    return value


def _trusting(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise UserError(f"The authority of the store, {authority}, cannot be read: {why}.") from error


def _greet(server: Server) -> None:
    # The root address has no answer on a server of few modules.
    try:
        told = server.ask("GET", "/_nodes/_local?filter_path=nodes.*.version", seconds=_GREETING)
    except Away:
        if server.told.startswith("http://") and _speaks_tls(server.told):
            raise UserError(f"What answers at {server.told} speaks TLS: write elastic+https://.", 1) from None
        raise
    try:
        version = str(next(iter(told["nodes"].values()))["version"])
        number = tuple(int(part) for part in version.split(".")[:2])
    except (TypeError, KeyError, ValueError, AttributeError, StopIteration):
        raise UserError(f"What answers at {server.told} names no version, as Elasticsearch does.", 1) from None
    if not OLDEST <= number < TOO_NEW:
        raise UserError(
            f"Elasticsearch at {server.told} has version {version}; Tocsin works with 8.19 and later, and with 9.", 1
        )


def _speaks_tls(address: str) -> bool:
    parts = urlsplit(address)
    context = ssl.create_default_context()
    # Nothing is said to it, and nothing that it says is believed.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        suppress(OSError),
        create_connection((str(parts.hostname), parts.port or 9200), timeout=1) as line,
        context.wrap_socket(line),
    ):
        return True
    return False


def _prepare(server: Server) -> None:
    kept = server.rows([(server.name(schema.META), "schema")])
    found = int(kept["schema"].source["value"]) if kept else 0
    if found == schema.VERSION:
        return
    if found > schema.VERSION:
        raise UserError(
            f"The store {server.prefix} on {server.told} was written by a newer Tocsin (store version {found}, this "
            f"one knows {schema.VERSION}); nothing was changed. Install the newer version.",
            1,
        )
    for name, template in schema.templates(server.prefix).items():
        server.ask("PUT", f"/_index_template/{name}", template)
    for name in schema.plain_indices():
        _make(server, server.name(name))
    server.write([Write("index", server.name(schema.META), "schema", {"value": schema.VERSION})])


def _make(server: Server, index: str) -> None:
    try:
        server.ask("PUT", f"/{index}")
    except UserError as error:
        # Two that begin at once, or one that died in the middle.
        if "already exists" not in str(error):
            raise
