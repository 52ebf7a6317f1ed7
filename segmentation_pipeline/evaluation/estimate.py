"""What a segment reads: its tables, and an estimate of rows and bytes after pruning columns and types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Boolean, Date, Decimal, FieldType, Integer, ListOf, Number
from segmentation_pipeline.evaluation.columns import compared_fields, rule_comparisons, source_fields
from segmentation_pipeline.rules.tree import Events, Field, Measure, Related

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Segment

_TEXT = 24
_WIDTHS: dict[type, int] = {Boolean: 1, Date: 4, Integer: 8, Number: 8, Decimal: 16}
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
    columns = {(own.table, Field((own.key,), own.fields[own.key].type))}
    for compare in rule_comparisons(segment):
        for found in compared_fields(compare):
            columns |= _along(found, segment.object, catalog)
        if isinstance(compare.operand, Measure):
            columns |= _of_source(compare.operand.source, compare.operand, segment.object, catalog)
    return columns


def _along(found: Field, object_name: str, catalog: Catalog) -> set[tuple[str, Field]]:
    kind = catalog.objects[object_name]
    for hop in found.path[:-1]:
        kind = catalog.objects[kind.relations[hop].object]
    declared = kind.fields[found.path[-1]]
    table = declared.satellite.table if declared.satellite is not None else kind.table
    return {(table, Field(found.path[-1:], found.type))}


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
    names = [name for name in (relation.foreign_key, relation.time) if name is not None]
    columns = {(other.table, Field((name,), other.fields[name].type)) for name in names}
    for found in source_fields(measure):
        columns |= _along(found, other.name, catalog)
    return columns
