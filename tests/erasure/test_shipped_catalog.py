"""The same with all that the shipped catalog declares: what it gains is covered without a word here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
MARK = "Xq7Zmark"


@pytest.mark.integration
def test_no_table_of_the_shipped_catalog_keeps_a_trace(make_lake: Callable[..., object], tmp_path):
    catalog = (ROOT / "segment_definitions" / "catalog.yaml").read_text(encoding="utf-8")
    lake = make_lake(tmp_path / "project", catalog)
    assert len(lake.traces()) > 100
    assert "unknown" not in lake.eraser.ways().values()
    lake.run("forget", MARK)
    assert lake.traces() == []
    lake.run("run")
    assert lake.traces() == []
