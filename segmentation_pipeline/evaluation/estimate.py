"""What a segment reads: its tables, and an estimate of rows and bytes after pruning columns and types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    FieldType,
    Integer,
    ListOf,
    Number,
)
from segmentation_pipeline.evaluation.columns import compared_fields, rule_comparisons, source_fields
from segmentation_pipeline.rules.tree import Events, Field, Measure, Related

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.rules.segment import Segment

_TEXT = 24
_WIDTHS: dict[type, int] = {Boolean: 1, Date: 4, Datetime: 8, Integer: 8, Number: 8, Decimal: 16}
_LIST_ELEMENTS = 2


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rows and bytes a segment's distinct leaves read, uncompressed, each column once."""

    rows: int
    bytes: int


def tables_read(segment: Segment, catalog: Catalog) -> set[str]:
    """Return every table that decides a segment's membership, embedded segments left out."""
    return {table for table, _ in _columns_read(segment, catalog)}


def estimate(segment: Segment, catalog: Catalog, rows: Mapping[str, int]) -> Estimate:
    """Return what evaluating a segment alone reads, from the rows of each table."""
    columns = _columns_read(segment, catalog)
    tables = {table for table, _ in columns}
    read = sum(rows.get(table, 0) for table in tables)
    size = sum(rows.get(table, 0) * width(found.type) for table, found in columns)
    return Estimate(read, size)


def width(kind: FieldType) -> int:
    """Return the bytes one value takes in memory, text and lists at a typical length."""
    if isinstance(kind, ListOf):
        return _LIST_ELEMENTS * width(kind.of)
    return _WIDTHS.get(type(kind), _TEXT)


def _columns_read(segment: Segment, catalog: Catalog) -> set[tuple[str, Field]]:
    own = catalog.objects[segment.object]
    columns = {_column(own, own.key)}
    for compare in rule_comparisons(segment):
        for found in compared_fields(compare):
            columns |= _along(found, segment.object, catalog)
        if isinstance(compare.operand, Measure):
            columns |= _of_source(compare.operand.source, compare.operand, segment.object, catalog)
    return columns


def _along(found: Field, object_name: str, catalog: Catalog) -> set[tuple[str, Field]]:
    """Return the column a path ends at, and the keys it leads over."""
    kind = catalog.objects[object_name]
    columns = set()
    for hop in found.path[:-1]:
        relation = kind.relations[hop]
        parent = catalog.objects[relation.object]
        columns |= {_column(kind, relation.key), _column(parent, parent.key)}
        kind = parent
    return columns | {_column(kind, found.path[-1])}


def _column(kind: ObjectType, name: str | None) -> tuple[str, Field]:
    assert name is not None
    declared = kind.fields[name]
    table = declared.satellite.table if declared.satellite is not None else kind.table
    return (table, Field((name,), declared.type))


@singledispatch
def _of_source(
    source: Events | Related, measure: Measure, object_name: str, catalog: Catalog
) -> set[tuple[str, Field]]:
    raise NotImplementedError(f"no estimate for rows of {type(source).__name__}")


@_of_source.register(Events)
def _(source: Events, measure: Measure, _object_name: str, catalog: Catalog) -> set[tuple[str, Field]]:
    events = catalog.events[source.source]
    always = {Field((name,), events.fields[name].type) for name in (events.key, events.type, events.time)}
    return {(events.table, found) for found in always | source_fields(measure)}


@_of_source.register(Related)
def _(source: Related, measure: Measure, object_name: str, catalog: Catalog) -> set[tuple[str, Field]]:
    relation = catalog.objects[object_name].relations[source.relation]
    other = catalog.objects[relation.object]
    columns = {_column(other, name) for name in (relation.foreign_key, relation.time) if name is not None}
    for found in source_fields(measure):
        columns |= _along(found, other.name, catalog)
    return columns
