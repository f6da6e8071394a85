"""The fault table as its tests call it."""

import subprocess
import sys
from pathlib import Path

SEED = "7"


def table(root: Path, *parts: str) -> str:
    """What the table says of some parts; fails with all of it where a promise is broken."""
    command = [sys.executable, "-m", "bench.faults", "--short", "--seed", SEED, "--only", *parts]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout
