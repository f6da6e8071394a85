"""Structured logs, one event a line, to standard error: for people on a terminal, as JSON elsewhere."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Set the least level that is written: debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    tail: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks if not sys.stderr.isatty() else structlog.dev.set_exc_info,
            tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
