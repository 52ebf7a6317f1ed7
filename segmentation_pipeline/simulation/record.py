"""Keeps what simulations found: all tables of a run, then the rows that make it count.

Until `simulation_runs` names a run, nobody sees its rows (`published_rows`). A process killed before
leaves slices of a run that has no number yet: the next run takes this number, and replaces them all.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.simulation.tables import DEFINITIONS, ROWS, RUN, RUNS
from segmentation_pipeline.simulation.what_if.tables import TABLES as WHAT_IF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.lake.store import DeltaStore

TABLES = (*ROWS, *WHAT_IF)
"""The tables with the figures of runs, each run a slice."""
LOCK = ".simulations"


def result_hash(frames: Mapping[str, pl.DataFrame]) -> str:
    """Return a hash of all rows of a run, in any order; the run's id is no part of it."""
    digest = hashlib.sha256()
    for table in TABLES:
        frame = frames[table.name].drop(RUN, strict=False)
        lines = sorted(frame.write_ndjson().splitlines())
        digest.update(f"{table.name} {len(lines)}\n".encode())
        for line in lines:
            digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def record_run(
    store: DeltaStore,
    runs: pl.DataFrame,
    frames: Mapping[str, pl.DataFrame],
    texts: Mapping[str, Mapping[str, str]],
    wait_seconds: float,
) -> str:
    """Write a run, and return the id it was given; other writers of simulations wait, nobody else.

    ``runs`` are its rows of `simulation_runs`, ``frames`` those of all other tables, without id;
    ``texts`` are the files of its definitions, by their hash. Raises `LockedError` where another
    simulation is being written for longer than ``wait_seconds``.
    """
    with lake_lock(store.root.folder, "simulation", wait_seconds, LOCK):
        run = _next(store)
        for table in TABLES:
            rows = _of(run, frames[table.name]).select(table.schema.names())
            if not rows.is_empty() or store.exists(table.name):
                store.replace_where(table, rows, RUN, [run], Commit({RUN: run}))
        _keep_texts(store, texts)
        store.append(RUNS, _of(run, runs).select(RUNS.schema.names()), Commit({RUN: run}))
    return run


def published_rows(store: DeltaStore, name: str) -> pl.LazyFrame:
    """Return the rows of a table of simulations that belong to a run that was published."""
    rows = store.scan(name)
    if name not in {table.name for table in TABLES}:
        return rows
    if not store.exists(RUNS.name):
        return rows.clear()
    return rows.join(store.scan(RUNS.name).select(RUN).unique(), on=RUN, how="semi")


def _next(store: DeltaStore) -> str:
    last = 0
    if store.exists(RUNS.name):
        ids = store.scan(RUNS.name).select(RUN).unique().collect()[RUN]
        last = max((int(run.removeprefix("sim-")) for run in ids), default=0)
    return f"sim-{last + 1:06d}"


def _of(run: str, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit(run, dtype=pl.String).alias(RUN))


def _keep_texts(store: DeltaStore, texts: Mapping[str, Mapping[str, str]]) -> None:
    kept: set[str] = set()
    if store.exists(DEFINITIONS.name):
        kept = set(store.scan(DEFINITIONS.name).select("definitions_hash").unique().collect().to_series())
    rows = [
        (found, path, text)
        for found, files in texts.items()
        if found not in kept
        for path, text in sorted(files.items())
    ]
    if rows:
        store.append(DEFINITIONS, pl.DataFrame(rows, schema=DEFINITIONS.schema, orient="row"))
