"""Runs a simulation by its name, and keeps what it found."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.analytics.days import day_of
from segmentation_pipeline.errors import RunFailed, UsageError
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.making import Task, make, needed_by, with_record
from segmentation_pipeline.simulation.reading import find_simulation
from segmentation_pipeline.simulation.record import TABLES, record_run, result_hash
from segmentation_pipeline.simulation.tables import RUN, RUNS
from segmentation_pipeline.simulation.variants import read_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segmentation_pipeline.simulation.declaration import Simulation
    from segmentation_pipeline.workspace import Workspace

WAIT_SECONDS = 60.0
"""So long a run waits at its end for another that is just being written."""


@dataclass(frozen=True, slots=True)
class SimulationRun:
    """A run that was recorded: its rows by table, and which conditions of `fail_if` hold."""

    run: str
    frames: Mapping[str, pl.DataFrame]
    failed: tuple[str, ...]

    def __getitem__(self, table: str) -> pl.DataFrame:
        """Return the rows of one table; raise `UsageError` for one that simulations do not have."""
        if table not in self.frames:
            raise UsageError(f"simulations have no table `{table}`", allowed=sorted(self.frames))
        return self.frames[table]


def simulate(
    workspace: Workspace,
    name: str,
    *,
    as_of: dt.datetime,
    now: Callable[[], dt.datetime],
    wait_seconds: float = WAIT_SECONDS,
) -> SimulationRun:
    """Simulate on the data as it is, looked at from ``as_of``, and record the run.

    Nothing else of the lake is written, and nobody waits for it. Killed at any instant, it leaves
    nothing that anybody sees.

    Raises:
        UsageError: there is no such simulation, policy or revision; its days are still to come.
        DefinitionError: the simulation, the catalog, a segment or the policy cannot be read.
        RunFailed: members cannot be evaluated, or figures do not add up.
        LakeError: a table cannot be read or written.
    """
    started = time.monotonic()
    definitions = read_definitions(workspace)
    said, text = find_simulation(workspace, definitions, name)
    sides = read_sides(workspace, said.variants, definitions)
    for side in sides:
        side.check()
    store = open_lake(workspace)
    inputs = store.snapshot(needed_by(said, sides))
    if not inputs.versions:
        raise RunFailed(
            "there is nothing to simulate: no table has been imported",
            where=store.root.text,
            hint="segmentation import TABLE FILE",
        )
    days = days_of(said, as_of, sides[0].zone)
    task = Task(said, text, sides, days, as_of, store, inputs)
    return keep(task, make(task), now=now(), started=started, wait_seconds=wait_seconds)


def days_of(said: Simulation, as_of: dt.datetime, zone: str) -> tuple[dt.date, ...]:
    """Return the days that are simulated: the last that are over, or today alone.

    Raises `UsageError` for a day that is not over yet.
    """
    today = day_of(as_of, zone)
    if said.mode == "what_if":
        return (today,)
    over = day_of(as_of + dt.timedelta(microseconds=1), zone) - dt.timedelta(days=1)
    last = said.to or over
    if last > over:
        raise UsageError(f"`to: {last}` is not over yet: the last day that is, is {over}", where=zone)
    return tuple(last - dt.timedelta(days=back) for back in reversed(range(said.days)))


def keep(
    task: Task,
    frames: Mapping[str, pl.DataFrame],
    *,
    now: dt.datetime,
    started: float,
    wait_seconds: float,
    repeats: str | None = None,
) -> SimulationRun:
    """Record a run; ``started`` is what the monotonic clock said at its beginning."""
    runs = with_record(
        frames[RUNS.name],
        engine_version=importlib.metadata.version("segmentation_pipeline"),
        result_hash=result_hash(frames),
        repeats=repeats,
        recorded_at=now,
        seconds=time.monotonic() - started,
    )
    texts = {side.hash: side.files for side in task.sides}
    run = record_run(task.store, runs, frames, texts, wait_seconds)
    made = {**frames, RUNS.name: runs}
    numbered = {
        table.name: made[table.name].with_columns(pl.lit(run).alias(RUN)).select(table.schema.names())
        for table in (RUNS, *TABLES)
    }
    return SimulationRun(run, numbered, tuple(runs["failed"][0]))
