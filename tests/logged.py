"""What a module writes to its log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest import mock

import structlog


@contextmanager
def log_of(module: ModuleType) -> Iterator[list[structlog.typing.EventDict]]:
    """Gather the events of ``module.log``, at any level, and those of no other module.

    A logger keeps the settings of its first use: one that a test before has used would go on writing elsewhere.
    """
    gathered = structlog.testing.LogCapture()
    log = structlog.wrap_logger(
        structlog.PrintLogger(),
        processors=[gathered],
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
    )
    with mock.patch.object(module, "log", log):
        yield gathered.entries
