"""One batch of a file as typed rows of its table, before anything is compared with the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Batch, Checked
from segmentation_pipeline.ingest.cleaning import draw, origin
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.ingest.typing import Reading, problem, read_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Field
    from segmentation_pipeline.ingest.mapping import Source, SourceMapping
    from segmentation_pipeline.ingest.reading import SourceFile
    from segmentation_pipeline.ingest.targets import Target


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that a mapping fills, where each comes from, and the zone of times without one."""

    sources: Mapping[str, Source]
    fields: Mapping[str, Field]
    time_zone: str

    def typed(self, batch: Batch) -> Checked:
        """Return the rows with the mapped fields and `ROW`, less those with a value that cannot be read."""
        columns = [batch.frame.get_column(ROW)]
        findings = [_broken(batch)]
        for name, source in self.sources.items():
            column, found = self._field(batch.frame, name, source)
            columns.append(column.alias(name))
            findings.append(found)
        every = pl.concat(findings)
        return Checked(pl.DataFrame(columns), every.clear()).without(every)

    def reading(self, name: str) -> Reading:
        source = self.sources[name]
        return Reading(
            time_zone=source.time_zone or self.time_zone,
            formats=source.formats,
            date_order=source.date_order,
            decimal=source.decimal,
            split=source.split,
            normalise=self.fields[name].normalise,
        )

    def _field(self, frame: pl.DataFrame, name: str, source: Source) -> tuple[pl.Series, pl.DataFrame]:
        kind, how = self.fields[name].type, self.reading(name)
        drawn = draw(frame, source)
        column = read_as(kind, drawn, how)
        if column.null_count() == (drawn.null_count() if source.multiply is None else 0):
            return column, pl.DataFrame(schema=FINDINGS)
        bad = column.is_null() & _given(frame, drawn, source)
        values = origin(frame, source).filter(bad)
        label = source.column or " × ".join(source.reads) or name
        reason = problem(kind, how)
        rows = frame.get_column(ROW).filter(bad)
        return column, pl.DataFrame(
            {
                ROW: rows,
                "column": [label] * len(rows),
                "value": values,
                "reason": [f"`{value}` {reason}" for value in values],
            },
            schema=FINDINGS,
        )


def check_columns(file: SourceFile, mapping: SourceMapping, target: Target) -> tuple[str, ...]:
    """Return the file's columns that the mapping neither uses nor ignores.

    Raises:
        ImportFailed: the mapping reads a column that the file has not. Lines of JSON may all leave
            a name out, unless no row can land without it.
    """
    reads = mapping.reads
    if file.format.type == "jsonl":
        needed = [mapping.columns[field] for field in target.needed if field in mapping.columns]
        reads = tuple(name for source in needed for name in source.reads)
    missing = [name for name in reads if name not in file.headings]
    if missing:
        raise ImportFailed(
            f"there is no column {' or '.join(f'`{name}`' for name in missing)}",
            where=file.name,
            allowed=file.headings,
            hint="the mapping names a column that the file does not have",
        )
    used = {*mapping.reads, *mapping.ignore}
    return tuple(name for name in file.headings if name not in used)


def _broken(batch: Batch) -> pl.DataFrame:
    rows = [(line.row, None, line.text, line.reason) for line in batch.broken]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row")


def _given(frame: pl.DataFrame, drawn: pl.Series, source: Source) -> pl.Series:
    """Whether the source has a value, so that a null means that it could not be read."""
    if source.multiply is None:
        return _filled(drawn)
    filled = _filled(frame.get_column(source.multiply[0]))
    for name in source.multiply[1:]:
        filled = filled & _filled(frame.get_column(name))
    return filled


def _filled(column: pl.Series) -> pl.Series:
    return (as_text(column).str.strip_chars() != "").fill_null(value=False)
