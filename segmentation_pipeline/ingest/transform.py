"""One batch of a file as typed rows of its table, before anything is compared with the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import FINDINGS, ROW, Batch, Checked
from segmentation_pipeline.ingest.cleaning import draw, holding, origin
from segmentation_pipeline.ingest.identity import made_key
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.ingest.typing import Reading, problem, read_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segmentation_pipeline.catalog.model import Field
    from segmentation_pipeline.ingest.mapping import Rejection, Source, SourceMapping
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.ingest.run import Run
    from segmentation_pipeline.ingest.targets import Target


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields that a mapping fills, where each comes from, and the zone of times without one.

    Rows that one of ``rejections`` describes are none of the table's. ``owner`` is the unique e-mail by
    which a field with `lookup` finds its object: its value is the key that would be made from it.
    """

    sources: Mapping[str, Source]
    fields: Mapping[str, Field]
    time_zone: str
    rejections: Sequence[Rejection] = ()
    owner: Field | None = None

    def typed(self, batch: Batch) -> Checked:
        """Return the rows with the mapped fields and `ROW`, less those with a value that cannot be read."""
        columns = [batch.frame.get_column(ROW)]
        findings = [_broken(batch)]
        for name, source in self.sources.items():
            column, found = self._field(batch.frame, name, source)
            columns.append(column.alias(name))
            findings.append(found)
        every = self._ruled(batch.frame, pl.concat(findings))
        return Checked(pl.DataFrame(columns), every.clear()).without(every)

    def identities(self, frame: pl.DataFrame, name: str) -> pl.Series:
        """Return the e-mails by which a field with `lookup` finds its object."""
        source = self.sources[name]
        assert self.owner is not None
        column, _ = self._chosen(frame, self.owner, source.model_copy(update={"lookup": None}))
        return column

    def _ruled(self, frame: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
        """Return the findings, of a row that a rule rejects that of the first such rule alone."""
        ruled = findings.clear()
        for rule in self.rejections:
            held = frame.filter(holding(frame, rule.when))
            found = held.select(
                ROW,
                pl.lit(rule.when.column).alias("column"),
                as_text(held.get_column(rule.when.column)).alias("value"),
                pl.lit(rule.reason).alias("reason"),
            )
            ruled = pl.concat([ruled, found.join(ruled, on=ROW, how="anti", maintain_order="left")])
        if ruled.is_empty():
            return findings
        return pl.concat([ruled, findings.join(ruled, on=ROW, how="anti", maintain_order="left")])

    def reading(self, field: Field, source: Source) -> Reading:
        return Reading(
            time_zone=source.time_zone or self.time_zone,
            formats=source.formats,
            date_order=source.date_order,
            decimal=source.decimal,
            thousands=source.thousands,
            split=source.split,
            normalise=field.normalise,
        )

    def _field(self, frame: pl.DataFrame, name: str, source: Source) -> tuple[pl.Series, pl.DataFrame]:
        if source.lookup is None or self.owner is None:
            return self._chosen(frame, self.fields[name], source)
        column, found = self._chosen(frame, self.owner, source)
        return made_key(column), found

    def _chosen(self, frame: pl.DataFrame, field: Field, source: Source) -> tuple[pl.Series, pl.DataFrame]:
        """Return the values of the first part that has one, and what is wrong with those that decide."""
        if source.first is None:
            return self._part(frame, field, source)
        open_ = pl.repeat(value=True, n=frame.height, eager=True)
        chosen, findings = None, []
        for part in source.first:
            column, found = self._part(frame, field, part)
            given = _given(frame, draw(frame, part), part) & _counting(frame, part)
            decides = open_ & given
            chosen = column if chosen is None else column.zip_with(decides, chosen)
            rows = frame.get_column(ROW).filter(decides)
            findings.append(found.filter(pl.col(ROW).is_in(rows.implode())))
            open_ &= ~given
        assert chosen is not None
        return chosen, pl.concat(findings)

    def _part(self, frame: pl.DataFrame, field: Field, source: Source) -> tuple[pl.Series, pl.DataFrame]:
        kind, how = field.type, self.reading(field, source)
        drawn = draw(frame, source)
        column = read_as(kind, drawn, how)
        exact = source.multiply is None and source.others != "reject"
        bad = None
        if column.null_count() != (drawn.null_count() if exact else 0):
            bad = column.is_null() & _given(frame, drawn, source) & _counting(frame, source)
        if source.when is not None:
            nothing = pl.Series([None], dtype=column.dtype)
            column = column.zip_with(_counting(frame, source), nothing.new_from_index(0, len(column)))
        if bad is None or not bad.any():
            return column, pl.DataFrame(schema=FINDINGS)
        values = origin(frame, source).filter(bad)
        label = source.column or " × ".join(source.drawn_from) or field.name
        if source.others == "reject" and source.values is not None:
            known = ", ".join(sorted(source.values))
            unknown = _filled(values) & ~values.is_in(list(source.values))
            reasons = [
                f"`{value}` is none of {known}" if new else f"`{value}` {problem(kind, how, value)}"
                for value, new in zip(values, unknown, strict=True)
            ]
        else:
            reasons = [f"`{value}` {problem(kind, how, value)}" for value in values]
        rows = frame.get_column(ROW).filter(bad)
        found = {ROW: rows, "column": [label] * len(rows), "value": values, "reason": reasons}
        return column, pl.DataFrame(found, schema=FINDINGS)


def fields_of(run: Run) -> Fields:
    """Return the fields of an import, as its mapping and its catalog have them."""
    mapping, source, owner = run.mapping, run.target.source, None
    if source is not None:
        owner = target_of(run.catalog, run.catalog.owner_of_source(source.name).table).identity
    zone = mapping.time_zone or run.time_zone
    return Fields(mapping.columns, run.target.fields, zone, mapping.reject, owner)


def check_columns(file: SourceFile, mapping: SourceMapping, target: Target) -> tuple[str, ...]:
    """Return the file's columns that the mapping neither uses nor ignores.

    Raises:
        ImportFailed: the mapping reads a column that the file has not. Lines of JSON may all leave
            a name out, unless no row can land without it.
    """
    reads = mapping.reads
    if file.format.type == "jsonl":
        reads = () if mapping.reject else tuple(_needed(mapping, target, file.headings))
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


def _needed(mapping: SourceMapping, target: Target, headings: Sequence[str]) -> Iterator[str]:
    """Yield the columns without which no row can land: of several that may serve, one that is there."""
    for name in target.needed:
        source = mapping.columns.get(name)
        if source is None:
            continue
        parts = source.first or (source,)
        if not any(set(part.reads) <= set(headings) for part in parts):
            yield from parts[0].reads


def _broken(batch: Batch) -> pl.DataFrame:
    rows = [(line.row, None, line.text, line.reason) for line in batch.broken]
    return pl.DataFrame(rows, schema=FINDINGS, orient="row")


def _given(frame: pl.DataFrame, drawn: pl.Series, source: Source) -> pl.Series:
    """Whether the source has a value, so that a null means that it could not be read."""
    if source.others == "reject" and source.column is not None:
        emptied = [value for value, becomes in (source.values or {}).items() if becomes is None]
        written = as_text(frame.get_column(source.column))
        return _filled(written) & ~written.is_in(emptied).fill_null(value=False)
    if source.multiply is None:
        return _filled(drawn)
    filled = _filled(frame.get_column(source.multiply[0]))
    for name in source.multiply[1:]:
        filled = filled & _filled(frame.get_column(name))
    return filled


def _counting(frame: pl.DataFrame, source: Source) -> pl.Series:
    """Return in which rows the condition of a part holds."""
    if source.when is None:
        return pl.repeat(value=True, n=frame.height, eager=True)
    return holding(frame, source.when)


def _filled(column: pl.Series) -> pl.Series:
    return (as_text(column).str.strip_chars() != "").fill_null(value=False)
