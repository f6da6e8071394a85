"""Killing everything at once loses nothing and doubles nothing. ``make faults`` does it ten times."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(240)
def test_a_killed_demo_resumes_without_loss_or_doubles(root: Path) -> None:
    """Two kill -9 of the whole process group, then a run to the end."""
    command = [sys.executable, "bench/kill_demo.py", "--kills", "2", "--seed", "7", "--latest", "14", "--last", "20"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "holds" in result.stdout
