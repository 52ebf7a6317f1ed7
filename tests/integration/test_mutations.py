"""The conformance suite notices every way of breaking the package that `tests/mutations` lists."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "mutations" / "run.py"


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_every_mutation_is_noticed():
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.rsplit("\n", 2)[-2].split()[0]) >= 30
