"""Why a segment must not be evaluated now: a source that is stale or shrank, a scan that is too large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.estimate import estimate, tables_read
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.ingest.sources import load_sources

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.segments.basis import Basis
    from segmentation_pipeline.workspace import Workspace

DEFAULT_SHRINK = 0.5


def refusals(
    workspace: Workspace, basis: Basis, chosen: Collection[str], bad: Mapping[str, str]
) -> dict[str, str]:
    """Return the cause by segment; those segments keep their last good members.

    ``bad`` are the tables that cannot be trusted, as `source_problems` says.
    """
    causes = {}
    for name in sorted(chosen):
        segment = basis.definitions.segments.get(name)
        if segment is None or not segment.active:
            continue
        table = next((table for table in sorted(tables_read(segment, basis.catalog)) if table in bad), None)
        size = estimate(segment, basis.catalog, basis.rows).bytes
        if table is not None:
            causes[name] = bad[table]
        elif workspace.max_scan_bytes is not None and size > workspace.max_scan_bytes:
            causes[name] = f"`{name}` would read {size} bytes, over `max_scan_bytes` of {workspace.max_scan_bytes}"
    return causes


def source_problems(workspace: Workspace, basis: Basis, at: dt.datetime) -> dict[str, str]:
    """Return, by table, why its data cannot be trusted: it shrank, or its last import is too old.

    A table is compared with its rows at the last run that trusted it; without a source of its own
    it may lose `DEFAULT_SHRINK`.
    """
    sources = load_sources(workspace.sources_file, basis.catalog).values()
    problems = {}
    before = basis.previous.input_rows if basis.previous is not None else {}
    for table, rows in basis.rows.items():
        allowed = max((source.max_shrink for source in sources if source.table == table), default=DEFAULT_SHRINK)
        if rows < before.get(table, 0) * (1 - allowed):
            lost = f"table `{table}` shrank from {before[table]} to {rows} rows, more than {allowed:.0%}"
            problems[table] = f"{lost}; if that is right, raise `max_shrink` in sources.yaml for one run"
    for source in sources:
        last = _last_import(basis, source.table) if source.stale_after is not None else None
        if source.stale_after is not None and (last is None or at - last > source.stale_after):
            ago = f"its last import ended at {last:%Y-%m-%d %H:%M} UTC" if last else "it was never imported"
            problems[source.table] = f"source `{source.name}` of table `{source.table}` is stale: {ago}"
    return problems


def _last_import(basis: Basis, table: str) -> dt.datetime | None:
    if not basis.store.exists(IMPORT_JOBS.name):
        return None
    good = pl.col("status").is_in(["completed", "partially_completed"])
    jobs = basis.store.scan(IMPORT_JOBS.name).filter(pl.col("table") == table, good)
    last: dt.datetime | None = jobs.select(pl.col("finished_at").max()).collect().item()
    return last
