"""What it means when a Redis refuses, is full, or does not answer: one sentence each, without its password."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as Unconnected
from redis.exceptions import TimeoutError as TooSlow

from tocsin.errors import Away, UserError


@contextmanager
def in_words(client: Redis) -> Iterator[None]:
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
        if "invalid username-password" in words:
            return UserError(f"Redis at {where} does not accept this user or password.", 1)
        return UserError(f"Redis at {where} asks for a password: write redis://:password@{where}.", 1)
    if isinstance(error, NoPermissionError):
        return UserError(f"Redis at {where} does not allow it: {words}.", 1)
    if isinstance(error, InvalidResponse):
        return UserError(f"What answers at {where} is no Redis.", 1)
    if isinstance(error, OutOfMemoryError):
        return Away(f"Redis at {where} is full: raise its maxmemory, or make room.")
    if isinstance(error, ReadOnlyError | BusyLoadingError) or words.startswith("MISCONF"):
        return Away(f"Redis at {where} takes no writes for now: {words}.")
    if isinstance(error, TooSlow):
        return Away(f"Redis at {where} does not answer in time. Is it running?")
    if isinstance(error, Unconnected) and "Name or service not known" in words:
        return Away(f"Redis at {where} is not known by that name, or there is no network.")
    if isinstance(error, Unconnected):
        return Away(f"Redis at {where} cannot be reached. Is it running?")
    return UserError(f"Redis at {where} refuses: {words}.", 1)
