"""What it means when the server refuses, is busy, or does not answer: one sentence each."""

from collections.abc import Mapping
from typing import Any

from elasticsearch import ApiError, ConnectionTimeout, SerializationError, SSLError, TransportError
from elasticsearch.exceptions import UnsupportedProductError

from tocsin.errors import Away, UserError

BUSY = frozenset({429, 502, 503, 504})
"""Answers after which the same may be asked again."""
_BLOCK = "cluster_block_exception"
_GONE = "search_context_missing_exception"
_FULL = "flood-stage"
_SAFE = "What was stored is safe."
_LONG = 400


def refused(told: str, error: ApiError) -> UserError:
    """What a refusal of the server at an address means."""
    where = f"Elasticsearch at {told}"
    if isinstance(error, UnsupportedProductError) or not isinstance(error.body, dict):
        return UserError(
            f"What answers at {told} does not look like Elasticsearch (status {error.meta.status}). Is another program "
            "at that port, or a proxy before it?",
            1,
        )
    if error.status_code == 401:
        return UserError(f"{where} does not accept this user, password or key.", 1)
    kind, reason = _named(error.body)
    if kind == _BLOCK:
        return blocked(told, reason)
    if kind == "media_type_header_exception":
        return UserError(
            f"{where} is of a version that this client does not speak to; Tocsin works with 8.19 and later, and with "
            f"9 ({reason}).",
            1,
        )
    if _GONE in str(error.body):
        return Away(f"{where} was started anew while its documents were read one after the other. {_SAFE}")
    if error.status_code == 403:
        return forbidden(told, reason)
    return UserError(f"{where} refuses: {reason}.", 1)


def forbidden(told: str, reason: str) -> UserError:
    """The user lacks a right."""
    return UserError(
        f"Elasticsearch at {told} does not allow it: {reason}. Which role the user needs stands in docs/scale.md.", 1
    )


def blocked(told: str, reason: str) -> Away:
    """Nothing may be written for now."""
    first = f"{reason.partition(';')[0].rstrip(']')}]."
    if _FULL in reason:
        return Away(f"Elasticsearch at {told} takes no writes, its disk is almost full: {first} {_SAFE}")
    return Away(f"Elasticsearch at {told} takes no writes, it was set read-only: {first} {_SAFE}")


def may_return(error: ApiError) -> bool:
    """Whether the same request may be answered in a moment: the server is busy or still starting."""
    return error.status_code in BUSY and not (error.status_code == 429 and _named(error.body)[0] == _BLOCK)


def denied(told: str, status: int, reason: str) -> UserError | None:
    """Why a single write of several is refused, where the reason lies in no document but in the server or the user."""
    if status in (403, 429) and reason.startswith(_BLOCK):
        return blocked(told, reason.removeprefix(f"{_BLOCK}: "))
    return forbidden(told, reason.partition(": ")[2]) if status == 403 else None


def hopeless(told: str, error: TransportError) -> UserError | None:
    """What no second try can mend: certificates, and what does not speak as it should. None where one may help."""
    words = _cause(error)
    if isinstance(error, SerializationError):
        return UserError(f"What answers at {told} does not look like Elasticsearch: it sends no JSON.", 1)
    if not isinstance(error, SSLError):
        return None
    if "CERTIFICATE_VERIFY_FAILED" in words:
        why = words.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "it could not be verified"
        return UserError(
            f"The certificate of Elasticsearch at {told} is not trusted: {why}. Name the authority that signed it: "
            "?ca=FILE.",
            1,
        )
    if "WRONG_VERSION_NUMBER" in words or "record layer failure" in words:
        return UserError(f"What answers at {told} does not speak TLS. Is it elastic+http:// there?", 1)
    return None


def away(told: str, error: Exception | str) -> Away:
    """What is said after the last try: of an error, or of the reason why single writes were not taken."""
    where = f"Elasticsearch at {told}"
    if isinstance(error, str):
        return Away(f"{where} is too busy: {error} {_SAFE}")
    if isinstance(error, ApiError):
        return Away(f"{where} is too busy, or still starting: {_named(error.body)[1]} {_SAFE}")
    if isinstance(error, ConnectionTimeout):
        return Away(f"{where} does not answer in time. Is it running?")
    if "Failed to resolve" in _cause(error):
        return Away(f"{where} is not known by that name, or there is no network.")
    return Away(f"{where} cannot be reached. Is it running?")


def _cause(error: Exception) -> str:
    """What went wrong underneath: the error of the client itself says only that something did."""
    return f"{error} {error.__cause__}"


def _named(body: Any) -> tuple[str, str]:
    """Kind and reason of an error."""
    told = body.get("error", body) if isinstance(body, Mapping) else body
    if isinstance(told, Mapping):
        cause = (told.get("root_cause") or [{}])[0]
        kind = str(told.get("type") or "")
        return kind, str(cause.get("reason") or told.get("reason") or kind or "no reason is given")[:_LONG]
    return "", str(told or "no reason is given")[:_LONG]
