"""The only reader of the environment: every setting of Tocsin, prefix ``TOCSIN_``."""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from tocsin.errors import UserError

Network = IPv4Network | IPv6Network


def _xdg(name: str, default: str) -> Path:
    value = os.environ.get(name, "")
    return Path(value) if value.startswith("/") else Path.home() / default


class Settings(BaseSettings):
    """What a person may choose. Each field is read from ``TOCSIN_<NAME>`` or given by a command-line option."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", frozen=True, extra="ignore", env_ignore_empty=True)

    data_dir: Path = Field(default_factory=lambda: _xdg("XDG_DATA_HOME", ".local/share") / "tocsin")
    """Folder of all local state: the store, the lock, files of the file channel."""
    cache_dir: Path = Field(default_factory=lambda: _xdg("XDG_CACHE_HOME", ".cache") / "tocsin")
    """Folder of what can be made again: compiled dictionaries."""
    store: str = ""
    """Address of the store; empty: ``sqlite:`` + ``data_dir``/tocsin.db."""
    redis: str = ""
    """Address of the Redis in which the workers of a store on Elasticsearch find copies: ``redis://host:6379/0``."""
    broker: str = ""
    """Address of the Redis through which Celery workers get their hints; empty: one worker that asks the store."""
    processes: int = Field(default_factory=lambda: max(2, os.cpu_count() or 2), ge=1, le=256)
    """Processes of a Celery worker."""
    lists_dir: Path | None = None
    """Folder of edited word lists; empty: ``data_dir``/lists where it exists."""
    allow_private: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks that the egress guard lets through although they are not public, separated by commas."""
    contact: str = ""
    """Address or mailbox named in the crawler's user agent, so that an outlet can complain."""
    proxy: str = ""
    """Proxy of all outlets that name none of their own."""
    children: int = Field(default_factory=lambda: max(1, (os.cpu_count() or 2) - 1), ge=1, le=64)
    """Extraction children beside the crawler."""
    desk_port: int = Field(default=8765, ge=0, le=65535)
    """Port of the reader's desk on loopback; 0 takes a free one."""
    url: str = ""
    """Address under which readers unsubscribe, as ``https://tocsin.example.org``; mails lead there."""
    smtp: str = ""
    """Mail server of channels ``mailto:``: ``smtp+starttls://user:${SMTP_PASSWORD}@host:587?from=alerts@example.org``,
    ``smtps://…``, or ``smtp://…`` on this machine. ``${NAME}`` is a value of the environment."""
    time_zone: str = "UTC"
    """IANA zone in which times are shown."""
    log_level: str = "warning"

    @field_validator("allow_private", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str) -> str:
        if value and not value.startswith("http://"):
            raise ValueError("a proxy is written http://host:port")
        return value

    @field_validator("redis", "broker")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("a Redis is written redis://host:6379/0")
        return value

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s?#@\"<>]+", value):
            raise ValueError("the desk's address is written https://tocsin.example.org")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("not an IANA time zone such as Europe/Kyiv") from error
        return value

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("choose debug, info, warning or error")
        return value.lower()

    @cached_property
    def store_url(self) -> str:
        """Address of the store to open."""
        return self.store or f"sqlite:{self.data_dir / 'tocsin.db'}"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def user_lists(self) -> Path | None:
        """Folder of edited lists, or None."""
        folder = self.lists_dir or self.data_dir / "lists"
        return folder if folder.is_dir() else None


FILE = "tocsin.env"
"""File of settings in the data folder, one ``TOCSIN_NAME=value`` a line; the environment wins over it."""


def load(**given: object) -> Settings:
    """Settings from the environment and the data folder's file, with the given ones on top; None means: not given.

    Raises UserError naming the variable and what is wrong with it.
    """
    chosen = {key: value for key, value in given.items() if value is not None}
    file = Path(FILE)
    try:
        file = Settings(**chosen).data_dir / FILE  # type: ignore[arg-type]
        return Settings(_env_file=file, **chosen)  # type: ignore[arg-type,call-arg]
    except ValidationError as error:
        first = error.errors()[0]
        name = "TOCSIN_" + "_".join(str(part) for part in first["loc"]).upper()
        what = first["msg"].removeprefix("Value error, ")
        message = f"The setting {name} cannot be used: {what} (it is {first['input']!r})."
        raise UserError(message) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"The settings file {file} cannot be read as text in UTF-8: {error}.") from error


def secret(name: str) -> str | None:
    """A value of the environment that a channel address names as ``${NAME}``; None where it is not set."""
    return os.environ.get(name)


def data_dir_given() -> bool:
    """Whether a person named a data folder in the environment."""
    return bool(os.environ.get("TOCSIN_DATA_DIR"))


def child_environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of a room in a process of its own: this one's, with changes, its output unbuffered."""
    return {**os.environ, **changes, "PYTHONUNBUFFERED": "1"}
