"""What becomes of a page that a child is asked to read: its articles, or the reason why the child was lost over it."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from tocsin.errors import UserError

if TYPE_CHECKING:
    from spiders.extract import Extraction

T = TypeVar("T")
DEADLINE = 20.0
"""Seconds that a page may take."""


async def outcome(asking: Callable[[], Awaitable[T]]) -> "T | Extraction":
    """What comes of asking a child for a page; where it is lost over the page, the reason in place of articles.

    Raises UserError where no child can be started.
    """
    from spiders.children import ChildDied, ChildRaised, ChildTimeout, NoChild
    from spiders.extract import Extraction

    try:
        return await _twice(asking)
    except ChildTimeout as error:
        return Extraction(drop="took too long", detail=str(error))
    except ChildRaised as error:
        return Extraction(drop="the reader failed", detail=str(error))
    except ChildDied as error:
        return Extraction(drop="the page killed its reader", detail=str(error))
    except NoChild as error:
        raise UserError(f"The processes that read pages cannot be started: {error}.", code=1) from error


async def _twice(asking: Callable[[], Awaitable[T]]) -> T:
    """A child may be killed for what others do to the machine: a second one is asked before the page is blamed."""
    from spiders.children import ChildDied, ChildRaised, ChildTimeout

    try:
        return await asking()
    except (ChildTimeout, ChildRaised):
        raise
    except ChildDied:
        return await asking()
