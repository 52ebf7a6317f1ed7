"""The project's own run as users have it: evaluate, publish, bring every table that follows up to date.

A first run: everybody enters every segment, so the transitions hold a row a membership too.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.engines import segmentation
from benchmarks.peer import Tally
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.segments.tables import MEMBERSHIPS
from segmentation_pipeline.workspace import Workspace

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions


def prepare(data: Dataset, workspace: Path) -> None:
    """Share the lake that the project's own engine indexed; it is prepared before."""
    lake = workspace / "lake"
    shutil.rmtree(lake, ignore_errors=True)
    shutil.copytree(segmentation.lake_beside(workspace), lake, copy_function=os.link)


def before(definitions: Definitions, workspace: Path, reference: Path) -> None:
    """Forget what an earlier run published."""
    kept = {path.name for path in segmentation.lake_beside(workspace).iterdir()}
    for table in (workspace / "lake").iterdir():
        if table.name not in kept and table.is_dir():
            shutil.rmtree(table)


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Publish for the first time."""
    folder = data.definitions(len(definitions.segments))
    project = Workspace("benchmark", "Benchmark", folder.parent, folder, workspace / "lake", as_of=as_of)
    done = publish(project, now=lambda: as_of)
    if bad := [result for result in done.segments if result.status != "fresh"]:
        raise RuntimeError(f"segments failed: {bad}")


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    """Count what the published table holds."""
    rows = DeltaStore(workspace / "lake").scan(MEMBERSHIPS.name).group_by("segment_id")
    sums = rows.agg(pl.len().cast(pl.Int64), pl.col("object_index").cast(pl.Int64).sum())
    found = {name: Tally(*sums) for name, *sums in sums.collect(engine="streaming").iter_rows()}
    return {name: found.get(name, Tally(0, 0)) for name in definitions.segments}
