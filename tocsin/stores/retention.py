"""How long rows are kept."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

RETENTION: Mapping[str, timedelta] = MappingProxyType(
    {"drops": timedelta(days=30), "deliveries": timedelta(days=90), "articles": timedelta(days=400)}
)
"""By kind of row; articles that an alert told of are evidence and stay."""
