"""Why a segment must not be evaluated now: its source cannot be trusted, or the rule may not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.estimate import estimate, tables_read
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.ingest.sources import load_sources

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterator, Mapping

    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.segments.basis import Basis
    from segmentation_pipeline.workspace import Workspace

DEFAULT_SHRINK = 0.5


def source_problems(workspace: Workspace, basis: Basis) -> dict[str, str]:
    """Return, by table, why its data cannot be trusted: unreadable, shrunk, or its last import too old.

    A table is compared with its rows at the last run that trusted it; without a source of its own
    it may lose `DEFAULT_SHRINK`.
    """
    sources = load_sources(workspace.sources_file, basis.catalog).values()
    problems = dict(basis.unreadable)
    before = basis.previous.input_rows if basis.previous is not None else {}
    for table, rows in basis.rows.items():
        allowed = max(
            (source.max_shrink for source in sources if source.table == table), default=DEFAULT_SHRINK
        )
        if rows < before.get(table, 0) * (1 - allowed):
            lost = f"table `{table}` shrank from {before[table]} to {rows} rows, more than {allowed:.0%}"
            problems[table] = f"{lost}; if that is right, raise `max_shrink` in sources.yaml for one run"
    for source in sources:
        if source.stale_after is None:
            continue
        last = _last_import(basis, source.table)
        if last is None or basis.as_of - last > source.stale_after:
            ago = f"its last import ended at {last:%Y-%m-%d %H:%M} UTC" if last else "it was never imported"
            problems[source.table] = f"source `{source.name}` of table `{source.table}` is stale: {ago}"
    return problems


def trusted_rows(basis: Basis, untrusted: Collection[str]) -> dict[str, int]:
    """Return the rows of every table to compare the next run's with: of one not trusted, the old ones."""
    before = basis.previous.input_rows if basis.previous is not None else {}
    return {**before, **{name: rows for name, rows in basis.rows.items() if name not in untrusted}}


def untrusting(basis: Basis, chosen: Collection[str], untrusted: Mapping[str, str]) -> dict[str, str]:
    """Return the segments that read a table that is not trusted, with the cause."""
    causes = {}
    for segment in _active(basis, chosen):
        tables = sorted(tables_read(segment, basis.catalog) & set(untrusted))
        if tables:
            causes[segment.id] = untrusted[tables[0]]
    return causes


def forbidden(basis: Basis, chosen: Collection[str], max_scan_bytes: int | None) -> dict[str, str]:
    """Return the segments whose rule may not run, with the cause: too large a scan, another object."""
    causes = {}
    for segment in _active(basis, chosen):
        held = basis.states[segment.id].object if basis.sizes.get(segment.id) else segment.object
        read = estimate(segment, basis.catalog, basis.rows).bytes
        if max_scan_bytes is not None and read > max_scan_bytes:
            causes[segment.id] = (
                f"`{segment.id}` would read {read} bytes, over `max_scan_bytes` of {max_scan_bytes}"
            )
        elif held != segment.object:
            why = f"`{segment.id}` holds members of `{held}`, its definition is of `{segment.object}`"
            causes[segment.id] = f"{why}: take another id, or publish it once with `active: false`"
    return causes


def _active(basis: Basis, chosen: Collection[str]) -> Iterator[Segment]:
    segments = basis.definitions.segments
    return (segments[name] for name in sorted(chosen) if name in segments and segments[name].active)


def _last_import(basis: Basis, table: str) -> dt.datetime | None:
    if not basis.store.exists(IMPORT_JOBS.name):
        return None
    good = pl.col("status").is_in(["completed", "partially_completed"])
    jobs = basis.store.scan(IMPORT_JOBS.name).filter(pl.col("table") == table, good)
    last: dt.datetime | None = jobs.select(pl.col("finished_at").max()).collect().item()
    return last
