"""Structured logs, one event a line, to standard error: for people on a terminal, as JSON elsewhere."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Set the least level that is written: debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    written: list[structlog.typing.Processor] = (
        [structlog.dev.set_exc_info, structlog.dev.ConsoleRenderer()]
        if sys.stderr.isatty()
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *written,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s"
    )
    # What a server does is said in our own words, once and not at each try.
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)
