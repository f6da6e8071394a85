"""Structured logs, one event a line, to standard error: for people on a terminal, as JSON elsewhere.

An article is ``article=`` its id in each line that tells of it, from the crawler to its last delivery.
"""

import io
import logging
import sys
from collections.abc import Sequence
from typing import TextIO, cast

import structlog

_BEFORE: tuple[structlog.typing.Processor, ...] = (
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


_log = structlog.get_logger()


class _StandardError(io.TextIOBase):
    """Standard error as it is when a line is written: who looks on, as a test does, may put another in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


_STANDARD_ERROR = _StandardError()


def configure(level: str, libraries: str = "warning") -> None:
    """Set the least level of our own events, and of those of the libraries: debug, info, warning, error, critical."""
    structlog.configure(
        processors=[*_BEFORE, *_written()],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _STANDARD_ERROR)),
        cache_logger_on_first_use=True,
    )
    quieten(libraries)


def quieten(libraries: str) -> None:
    """Set the least level at which the libraries' events are written, in the form of our own."""
    said = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_written()],
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_BEFORE],
    )
    handler = logging.StreamHandler(_STANDARD_ERROR)
    handler.setFormatter(said)
    logging.basicConfig(handlers=[handler])
    logging.root.setLevel(_number(libraries))
    for one in logging.root.handlers:
        # Some libraries set the level of their own loggers, which then passes by that of the root.
        if isinstance(one.formatter, structlog.stdlib.ProcessorFormatter):
            one.setLevel(_number(libraries))
    # What a server does is said in our own words, once and not at each try.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)


def follow(event: str, level: str = "debug", /, **values: object) -> None:
    """Write down that an article (``article=`` its id), or a batch of them, has come so far on its road.

    In a process that set up no log nothing is written: structlog alone would write all of it to standard output.
    """
    if structlog.is_configured():
        _log.log(_number(level), event, **values)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _written() -> Sequence[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return structlog.dev.set_exc_info, structlog.dev.ConsoleRenderer()
    return structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)
