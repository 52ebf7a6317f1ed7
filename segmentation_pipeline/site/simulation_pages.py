"""The pages of simulations: the last run of each, as its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.report.contents.simulation.report import simulation_report
from segmentation_pipeline.report.renderings.html import html
from segmentation_pipeline.simulation.record import TABLES
from segmentation_pipeline.simulation.tables import RUN, RUNS

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore


def simulation_pages(store: DeltaStore) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]]:
    """Return the titles and pages of the last run of every simulation, and why one is left out.

    Nobody is named on them.
    """
    if not store.exists(RUNS.name):
        return {}, ()
    last = store.scan(RUNS.name).group_by("simulation").agg(pl.col(RUN).max()).sort("simulation").collect()
    pages: dict[str, tuple[str, str]] = {}
    left_out: list[str] = []
    for name, run in last.iter_rows():
        try:
            shown = simulation_report(_rows(store, run), named=False)
        except SegmentationError as error:
            # Kept by an earlier version of the program, in words that this one does not know.
            left_out.append(f"simulation {name}, {run}: {error}")
            continue
        pages[name] = (shown.title, html(shown))
    return pages, tuple(left_out)


def _rows(store: DeltaStore, run: str) -> dict[str, pl.DataFrame]:
    """Return what a run left, by table."""
    there = [table.name for table in (RUNS, *TABLES) if store.exists(table.name)]
    return {name: store.scan(name).filter(pl.col(RUN) == run).collect() for name in there}
