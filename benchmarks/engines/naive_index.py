"""One lazy Polars query a segment over the stored index: its layout without its algorithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.engines import naive
from benchmarks.engines.segmentation import index_beside
from benchmarks.naive.coded_layout import CodedLayout
from segmentation_pipeline.rules.clock import Clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions

tally = naive.tally


def prepare(data: Dataset, workspace: Path) -> None:
    """Do nothing: it reads the index that the project's own engine reads."""


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Write a Parquet file a segment."""
    index = index_beside(workspace)
    clock = Clock(to_micros(as_of), "UTC")
    layout = CodedLayout(index.stored("contact"), index.stored("activities"), clock)
    naive.write_segments(definitions, layout, output)
