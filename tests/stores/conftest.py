"""What several files about leases start from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tocsin.stores.leases import Leases, open_leases


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Addresses of a store and of its Redis, as ``open_leases`` takes them."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/store.db", ""
    return f"elastic+http://unused:9200/{tmp_path.name}", request.getfixturevalue("redis")


@pytest.fixture
def leases(place: tuple[str, str]) -> Iterator[Leases]:
    opened = open_leases(*place)
    yield opened
    opened.close()
