"""docs/simulation.md names every figure, every mode and every table of simulations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from segmentation_pipeline.simulation.declaration import Mode
from segmentation_pipeline.simulation.figures import FIGURES
from segmentation_pipeline.simulation.record import TABLES
from segmentation_pipeline.simulation.tables import RUNS

NAMED = set(re.findall(r"`(\w+)`", (Path(__file__).parents[2] / "docs" / "simulation.md").read_text("utf-8")))
PRESSURE = re.compile(r"(p50|p95|p99|max)_contacts_in_(1|7|30)_days")


@pytest.mark.parametrize("name", [*FIGURES, *get_args(Mode), RUNS.name, *(table.name for table in TABLES)])
def test_it_is_named(name):
    assert PRESSURE.sub("p99_contacts_in_7_days", name) in NAMED
