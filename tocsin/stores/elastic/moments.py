"""Times as aggregations give them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def moment(found: Mapping[str, Any] | None) -> datetime | None:
    """The time of a ``max`` or ``min``, to the millisecond; None where there was none."""
    value = found.get("value") if found else None
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)
