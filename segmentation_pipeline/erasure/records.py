"""System tables that hold texts of rows: what names the subject in them goes, the rest stays."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.ingest.erased import naming_columns
from segmentation_pipeline.ingest.jobs.journal import Checkpoint
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.commit import Commit

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.erasure.texts import Mentions
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

_COLUMNS = ("value", "reason", "row")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A table as it is to be, and how many rows of it were removed or changed."""

    table: Table
    rows: pl.DataFrame
    count: int
    changed: bool = False

    def write(self, store: DeltaStore) -> None:
        if self.count or self.changed:
            store.replace(self.table, self.rows, Commit({"maintenance": "forget"}))


def clean_records(store: DeltaStore, catalog: Catalog, table: Table, mentions: Mentions) -> Cleaned:
    """Return the records of rejected rows without those that name the subject."""
    frame = store.scan(table.name).select(table.schema.names()).collect()
    columns = _key_columns(store, catalog)
    may = _may(frame, _COLUMNS, mentions)
    bad = [
        mentions.in_row(row["row"], columns.get(row["job"]))
        or mentions.in_cell(row["value"])
        or mentions.in_cell(row["reason"])
        for row in frame.filter(may).iter_rows(named=True)
    ]
    gone = frame.filter(may).filter(pl.Series(bad, dtype=pl.Boolean))
    same = ["job", "file", "row_number"]
    kept = frame.join(
        gone.select(same).unique(), on=same, how="anti", nulls_equal=True, maintain_order="left"
    )
    return Cleaned(table, kept, frame.height - kept.height)


def clean_jobs(store: DeltaStore, mentions: Mentions, gone: Collection[tuple[str, str]]) -> Cleaned:
    """Return the jobs whose samples of rejects and errors do not name the subject.

    ``gone`` are the (job, ``file, row n``) of records that were removed.
    """
    frame = store.scan(IMPORT_JOBS.name).select(IMPORT_JOBS.schema.names()).collect()
    rows, count, broken_off = [], 0, False
    for row in frame.iter_rows(named=True):
        kept = [
            text
            for text in row["rejects"] or ()
            if not mentions.in_cell(text) and (row["job"], text.split(": ", 1)[0]) not in gone
        ]
        error = None if row["error"] is None else mentions.without(row["error"])
        changed = kept != list(row["rejects"] or ()) or error != row["error"]
        count += changed
        rejects = kept if row["rejects"] is not None else None
        checkpoint = row["checkpoint"] and _void(row["checkpoint"])
        broken_off = broken_off or checkpoint != row["checkpoint"]
        rows.append(row | {"rejects": rejects, "error": error, "checkpoint": checkpoint})
    return Cleaned(IMPORT_JOBS, pl.DataFrame(rows, schema=IMPORT_JOBS.schema), count, broken_off)


def _void(checkpoint: str) -> str:
    """Return a checkpoint at which no import can go on: the versions that it speaks of are cut off."""
    return replace(Checkpoint.read(checkpoint), identity="").text()


def places(store: DeltaStore, table: Table, kept: pl.DataFrame) -> set[tuple[str, str]]:
    """Return what samples call the rows of a table of records that ``kept`` has no more."""
    before = store.scan(table.name).select("job", "file", "row_number").collect()
    after = set(kept.select("job", "file", "row_number").iter_rows())
    return {
        (job, f"{file}, row {row}") for job, file, row in before.iter_rows() if (job, file, row) not in after
    }


def clean_texts(store: DeltaStore, table: Table, mentions: Mentions, blanked: Collection[str]) -> Cleaned:
    """Return a derived table without what names the subject: `blanked` columns emptied, other rows gone."""
    frame = store.scan(table.name).select(table.schema.names()).collect()
    others = [name for name, kind in table.schema.items() if kind == pl.String() and name not in blanked]
    rows: list[dict[str, Any]] = []
    count = 0
    for row in frame.iter_rows(named=True):
        if any(mentions.in_text(row[name]) for name in others):
            count += 1
        elif any(mentions.in_json(row[name]) for name in blanked):
            count += 1
            rows.append(row | dict.fromkeys(blanked))
        else:
            rows.append(row)
    return Cleaned(table, pl.DataFrame(rows, schema=table.schema), count)


def _may(frame: pl.DataFrame, columns: Collection[str], mentions: Mentions) -> pl.Series:
    """Return which rows can name the subject at all: those whose texts hold a term of it."""
    held = [
        pl.col(name).str.to_lowercase().str.contains_any(mentions.terms).fill_null(value=False)
        for name in columns
    ]
    return frame.select(pl.any_horizontal(held)).to_series()


def _key_columns(store: DeltaStore, catalog: Catalog) -> dict[str, set[str]]:
    """Return, by import, the columns of its files that hold keys, as its mapping says."""
    if not store.exists(IMPORT_JOBS.name):
        return {}
    found = {}
    jobs = store.scan(IMPORT_JOBS.name).select("job", "table", "mapping").collect()
    for job, table, mapping in jobs.iter_rows():
        if mapping is None or table not in catalog.table_names():
            continue
        said = json.loads(mapping)
        made = list(said.get("creates", {}).values())
        wanted = naming_columns(catalog, table) | {kind.key for kind in catalog.objects.values()}
        columns: set[str] = set()
        for part in (said.get("columns", {}), *made):
            for name, source in part.items():
                if name in wanted:
                    columns |= _reads(source)
        found[job] = columns
    return found


def _reads(source: Any) -> set[str]:
    """Return every text within the declaration of a field's source: the columns it reads are among them."""
    if isinstance(source, str):
        return {source}
    parts = source.values() if isinstance(source, dict) else source if isinstance(source, list) else ()
    return {text for part in parts for text in _reads(part)}
