"""Repeats a run from its record: the same texts, the same versions of every table, the same figures."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.analytics.days import days_between
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import read_documents, read_model
from segmentation_pipeline.errors import LakeError, RunFailed, UsageError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.lake.reading import Snapshot
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.declaration import Simulation
from segmentation_pipeline.simulation.making import Task, make
from segmentation_pipeline.simulation.record import result_hash
from segmentation_pipeline.simulation.run import WAIT_SECONDS, keep
from segmentation_pipeline.simulation.tables import DEFINITIONS, RUN, RUNS, VARIANT
from segmentation_pipeline.simulation.variants import side_of, write_files

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.simulation.declaration import Variant
    from segmentation_pipeline.simulation.run import SimulationRun
    from segmentation_pipeline.simulation.variants import Side
    from segmentation_pipeline.workspace import Workspace

_GONE = "a run can be repeated until maintenance or an erasure removes what it read"


def repeat(
    workspace: Workspace, run: str, *, now: Callable[[], dt.datetime], wait_seconds: float = WAIT_SECONDS
) -> SimulationRun:
    """Do a recorded run again, and record that.

    Raises:
        UsageError: there is no such run.
        LakeError: a definition, or a version of a table, is gone.
        RunFailed: the figures are others than they were: then the program is another.
    """
    started = time.monotonic()
    store = open_lake(workspace)
    rows = _rows(store, run)
    first = rows[0]
    (node,) = read_documents(first["declaration"], f"{first['simulation']}.yaml")
    said = read_model(Simulation, node, "simulation-shape")
    sides = tuple(_side(store, workspace, said.variants[row[VARIANT]], row) for row in rows)
    days = tuple(days_between(first["from_day"], first["to_day"]))
    inputs = _inputs(store, first["inputs"])
    task = Task(said, first["declaration"], sides, days, first["as_of"], store, inputs)
    frames = make(task)
    if result_hash(frames) != first["result_hash"]:
        raise RunFailed(
            f"{run} was made by version {first['engine_version']}, and this one finds other figures",
            where=run,
            hint="run the simulation by its name, and compare both reports",
        )
    return keep(task, frames, now=now(), started=started, wait_seconds=wait_seconds, repeats=run)


def _rows(store: DeltaStore, run: str) -> Sequence[dict[str, Any]]:
    known = store.scan(RUNS.name).collect() if store.exists(RUNS.name) else pl.DataFrame(schema=RUNS.schema)
    rows = known.filter(pl.col(RUN) == run).sort(VARIANT).to_dicts()
    if not rows:
        raise UsageError(f"there is no run `{run}`", where=RUNS.name, hint=did_you_mean(run, known[RUN]))
    return rows


def _side(store: DeltaStore, workspace: Workspace, variant: Variant, row: dict[str, Any]) -> Side:
    """Return a variant, read from the texts that the run kept."""
    wanted = pl.col("definitions_hash") == row["definitions_hash"]
    found = store.scan(DEFINITIONS.name).filter(wanted).collect() if store.exists(DEFINITIONS.name) else None
    if found is None or found.is_empty():
        raise LakeError(f"the definitions of {row[RUN]} are gone", where=DEFINITIONS.name, hint=_GONE)
    with tempfile.TemporaryDirectory(prefix="segmentation-") as folder:
        place = Path(folder).resolve() / workspace.definitions.name
        write_files(dict(found.select("path", "text").iter_rows()), place)
        then = replace(workspace, definitions=place, project=place.parent)
        side = side_of(then, row[VARIANT], variant, read_definitions(then))
    if (side.hash, side.policy.hash) != (row["definitions_hash"], row["policy_hash"]):
        raise LakeError(f"the definitions of {row[RUN]} are not what they were", where=DEFINITIONS.name)
    if side.zone != row["time_zone"]:
        side = replace(side, zone=row["time_zone"])
    return side


def _inputs(store: DeltaStore, versions: Sequence[dict[str, Any]]) -> Snapshot:
    """Return the tables as the run read them."""
    tables = {}
    for one in versions:
        name, version = one["table"], one["version"]
        try:
            tables[name] = store.open(name, version)
            lost = Snapshot(store.root, tables).files(name).lost()
        except LakeError as error:
            raise LakeError(f"version {version} of `{name}` is gone", where=name, hint=_GONE) from error
        if lost is not None:
            raise LakeError(f"version {version} of `{name}` is gone: {lost}", where=name, hint=_GONE)
    return Snapshot(store.root, tables)
