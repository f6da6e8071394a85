"""What it means when a Redis refuses, is full, or does not answer: one sentence each, without its password."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError, TimeoutError
from redis.exceptions import ConnectionError as Unconnected

from tocsin.errors import Away, UserError

_PASSING = ("OOM", "MISCONF", "READONLY", "LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN")
"""Beginnings of what it says when it takes no writes for now."""


@contextmanager
def told(client: Redis) -> Iterator[None]:
    """What the server refuses inside of it is raised as UserError; Away where it may come back by itself."""
    try:
        yield
    except RedisError as error:
        raise _refused(_address(client), error) from error


def _address(client: Redis) -> str:
    given = client.connection_pool.connection_kwargs
    return str(given.get("path") or f"{given.get('host', 'localhost')}:{given.get('port', 6379)}")


def _refused(where: str, error: RedisError) -> UserError:
    words = str(error).rstrip(".")
    if isinstance(error, AuthenticationError):
        if "without any password" in words:
            return UserError(f"Redis at {where} has no password set: leave it out of TOCSIN_REDIS, or set it there.", 1)
        if "required" in words.lower():
            return UserError(f"Redis at {where} asks for a password: write redis://:${{NAME}}@{where}.", 1)
        return UserError(f"Redis at {where} does not accept this user or password.", 1)
    if isinstance(error, NoPermissionError):
        return UserError(f"Redis at {where} does not allow it: {words}.", 1)
    if isinstance(error, TimeoutError):
        return Away(f"Redis at {where} does not answer in time. Is it running?")
    if isinstance(error, Unconnected) and "Name or service not known" in words:
        return Away(f"Redis at {where} is not known by that name, or there is no network.")
    if isinstance(error, Unconnected) and not words.startswith(_PASSING):
        return Away(f"Redis at {where} cannot be reached. Is it running?")
    if words.startswith(_PASSING) or not isinstance(error, ResponseError):
        return Away(f"Redis at {where} takes no writes for now: {words}.")
    return UserError(f"Redis at {where} refuses: {words}.", 1)
