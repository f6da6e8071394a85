"""The short form of the fault table on one machine without servers. ``make faults`` is the long one."""

from pathlib import Path

import pytest

from tests.faults.fault_table import table


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_a_full_disk_failing_writes_and_poison_on_sqlite(root: Path) -> None:
    told = table(root, "kills-sqlite", "disk", "nth-sqlite", "poison-sqlite")
    assert told.count("kill -9:") >= 4
    assert "every promise holds" in told
