"""What a module writes to its log."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from unittest import mock

import structlog


@contextmanager
def log_of(module: ModuleType) -> Iterator[list[structlog.typing.EventDict]]:
    """Gather the events of ``module.log``.

    A logger keeps the settings of its first use: one that a test before has used would go on writing elsewhere.
    """
    with structlog.testing.capture_logs() as said, mock.patch.object(module, "log", structlog.get_logger()):
        yield said
