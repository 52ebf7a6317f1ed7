"""The project's own engine over its stored index; integer memberships only."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from benchmarks.data.dataset import read_catalog
from benchmarks.measure import measured
from benchmarks.membership_rows import read_tallies, write_memberships
from benchmarks.peer import Cost, numbers
from segmentation_pipeline.evaluation.evaluate import evaluate_index
from segmentation_pipeline.index.stored import input_tables, read_index, refresh_index
from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.peer import Tally
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Definitions


def prepare(data: Dataset, workspace: Path) -> None:
    """Build the index in a lake of its own, which shares the files of the generated one."""
    lake = workspace / "lake"
    if not lake.exists():
        shutil.copytree(data.lake, lake, copy_function=os.link)
    store, catalog = DeltaStore(lake), read_catalog()
    refresh_index(store, catalog, store.snapshot(input_tables(catalog)))


def index_beside(workspace: Path) -> Index:
    """Return the index that `prepare` built, given the folder of this or another engine of the data set."""
    store, catalog = DeltaStore(lake_beside(workspace)), read_catalog()
    return read_index(store, catalog, store.snapshot(input_tables(catalog)))


def lake_beside(workspace: Path) -> Path:
    return workspace.parent / "segmentation" / "lake"


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> Cost:
    """Evaluate every segment in one pass and write the members as one Delta table."""
    evaluation, evaluating = measured(lambda: evaluate_index(definitions, index_beside(workspace), as_of))
    if evaluation.failed:
        raise RuntimeError(f"segments failed: {dict(evaluation.failed)}")
    members = ((number, evaluation.members[name]) for name, number in numbers(definitions).items())
    _, writing = measured(lambda: write_memberships(output, members))
    return Cost(phases={"evaluate": evaluating.cpu_s, "write": writing.cpu_s})


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    return read_tallies(output, definitions)
