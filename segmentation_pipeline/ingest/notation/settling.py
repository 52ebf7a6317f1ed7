"""What a mapping leaves open of days and numbers, settled by the files themselves or refused.

A sample says which columns have days such as ``01/02/2026`` or numbers with marks that need a
look; only those are read, over the whole of each file, before anything is imported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, Integer, Number
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.batch import ROW
from segmentation_pipeline.ingest.cleaning import draw, holding
from segmentation_pipeline.ingest.dialect.value import Shown
from segmentation_pipeline.ingest.notation.dates import YEAR, date_kinds, date_order
from segmentation_pipeline.ingest.notation.evidence import Evidence, Undecided
from segmentation_pipeline.ingest.notation.numbers import is_plain, number_kinds, number_notation
from segmentation_pipeline.ingest.targets import target_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.mapping import Source, SourceMapping
    from segmentation_pipeline.ingest.reading.source_file import SourceFile
    from segmentation_pipeline.ingest.targets import Target

_ROWS = 100_000
_NUMBERS = (Integer, Number, Decimal)
_DAYS = (Date, Datetime)


@dataclass(frozen=True, slots=True)
class _Open:
    """A field whose mapping leaves open how its values are written; ``made`` is the table of `creates`."""

    made: str | None
    name: str
    source: Source = dataclass_field(compare=False)
    days: bool = False
    part: int | None = None

    @property
    def label(self) -> str:
        return " × ".join(self.source.drawn_from) or self.name


def settle_notation(
    files: Sequence[SourceFile], mapping: SourceMapping, target: Target, catalog: Catalog
) -> tuple[list[SourceFile], SourceMapping]:
    """Return the files with what they show of days and numbers, and the mapping that says it.

    Raises:
        ImportFailed: a column can be read in two ways, or is written in both, or the files differ.
    """
    open_fields = list(_open(mapping, target, catalog))
    settled: dict[_Open, dict[str, object]] = {}
    shown_files: list[SourceFile] = []
    for file in files:
        shown = []
        for field, (said, line) in _found(file, open_fields).items():
            before = settled.setdefault(field, said)
            if any(before[name] != said[name] for name in ("date_order", "decimal") if name in said):
                raise ImportFailed(
                    f"column `{field.label}` is written otherwise than before: {line.value} ({line.how})",
                    where=file.name,
                    hint="import the files one by one, or say in the mapping how they are written",
                )
            settled[field] = {name: value or before[name] for name, value in said.items()}
            if line.how:
                shown.append(line)
        shown_files.append(replace(file, dialect=(*file.dialect, *dict.fromkeys(shown))))
    return shown_files, _said(mapping, settled)


def _open(mapping: SourceMapping, target: Target, catalog: Catalog) -> Iterator[_Open]:
    parts: list[tuple[str | None, Target, dict[str, Source]]] = [(None, target, mapping.columns)]
    parts += [(table, target_of(catalog, table), made) for table, made in mapping.creates.items()]
    for made, into, sources in parts:
        for name, source in sources.items():
            field = into.fields.get(name)
            if field is None:
                continue
            pieces = [(None, source)] if source.first is None else list(enumerate(source.first))
            for part, piece in pieces:
                if not piece.drawn_from:
                    continue
                if isinstance(field.type, _DAYS) and not piece.formats and piece.date_order is None:
                    yield _Open(made, name, piece, days=True, part=part)
                if isinstance(field.type, _NUMBERS) and piece.decimal is None:
                    yield _Open(made, name, piece, days=False, part=part)


def _found(file: SourceFile, fields: Sequence[_Open]) -> dict[_Open, tuple[dict[str, object], Shown]]:
    """Return what the file decides of the fields of which its sample says that they need it."""
    there = [field for field in fields if set(field.source.reads) <= set(file.headings)]
    if not there:
        return {}
    sample = file.sample([name for field in there for name in field.source.reads])
    typed = {field: _typed() for field in there if not field.days and _is_typed(file, field.source, sample)}
    found = {field: _look(field, sample, Evidence()) for field in there if field not in typed}
    doubtful = {field: Evidence() for field, evidence in found.items() if not _is_enough(field, evidence)}
    if doubtful:
        columns = list(dict.fromkeys(name for field in doubtful for name in field.source.reads))
        for batch in file.batches(_ROWS, columns):
            for field, evidence in doubtful.items():
                _look(field, batch.frame, evidence)
    decided = {
        field: _decided(file, field, evidence) for field, evidence in (found | doubtful).items() if evidence
    }
    return typed | decided


def _is_typed(file: SourceFile, source: Source, sample: pl.DataFrame) -> bool:
    """Whether the file itself says what is a number, as JSON does and Parquet may."""
    if file.format.type == "jsonl":
        return True
    return all(sample.schema[name] != pl.String for name in source.drawn_from)


def _typed() -> tuple[dict[str, object], Shown]:
    return {"decimal": ".", "thousands": None}, Shown("numbers", "typed", "")


def _is_enough(field: _Open, found: Evidence) -> bool:
    """Whether the sample will do: it has nothing to decide, or numbers as they are as a rule."""
    if field.days:
        return not found.counts.keys() - {YEAR}
    return not found or is_plain(found)


def _look(field: _Open, frame: pl.DataFrame, into: Evidence) -> Evidence:
    """Add what the rows of ``frame`` say, those that the mapping draws from."""
    source = field.source
    if source.when is not None:
        frame = frame.filter(holding(frame, source.when))
    factors = [frame.get_column(name) for name in source.multiply or ()]
    for column in factors or [draw(frame, source)]:
        if column.dtype == pl.String:
            into.add((date_kinds if field.days else number_kinds)(frame.get_column(ROW), column))
    return into


def _decided(file: SourceFile, field: _Open, found: Evidence) -> tuple[dict[str, object], Shown]:
    try:
        if field.days:
            order, why = date_order(found)
            return {"date_order": order}, Shown(f"days of `{field.label}`", order.replace("_", " "), why)
        notation, why = number_notation(found)
        said: dict[str, object] = {"decimal": notation.decimal, "thousands": notation.thousands}
        return said, Shown(f"numbers of `{field.label}`", str(notation), why)
    except Undecided as undecided:
        allowed = ("day_first", "month_first") if field.days else ('decimal: "."', 'decimal: ","')
        option = "date_order: day_first" if field.days else 'decimal: ",", thousands: "."'
        column = field.source.column or field.label
        raise ImportFailed(
            f"column `{field.label}` {undecided.what}",
            where=file.name,
            allowed=allowed,
            hint=f"say in the mapping how it is meant, such as `{field.name}: {{column: {column}, {option}}}`"
            + (", or give `format` the patterns of both" if field.days else ""),
        ) from undecided


def _said(mapping: SourceMapping, settled: dict[_Open, dict[str, object]]) -> SourceMapping:
    """Return the mapping with what is settled written into it."""
    if not settled:
        return mapping
    columns = dict(mapping.columns)
    creates = {table: dict(made) for table, made in mapping.creates.items()}
    for field, said in settled.items():
        into = columns if field.made is None else creates[field.made]
        source = into[field.name]
        if field.part is not None and source.first is not None:
            parts = list(source.first)
            parts[field.part] = parts[field.part].model_copy(update=said)
            into[field.name] = source.model_copy(update={"first": tuple(parts)})
        else:
            into[field.name] = source.model_copy(update=said)
    return mapping.model_copy(update={"columns": columns, "creates": creates})
