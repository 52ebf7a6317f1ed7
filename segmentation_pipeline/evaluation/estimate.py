"""What a segment reads: its tables, and an estimate of rows and bytes after pruning columns and types."""

from __future__ import annotations

from dataclasses import dataclass
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
from segmentation_pipeline.evaluation.needs import Need, needs
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.rules.graph import leaves
from segmentation_pipeline.rules.tree import Compare, InSegment, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.tree import Condition

_TEXT = 24
_WIDTHS: dict[type, int] = {Boolean: 1, Date: 4, Datetime: 8, Integer: 8, Number: 8, Decimal: 16}
_LIST_ELEMENTS = 2
_VIEW = 16
_RANKED = 24
"""An object's number, what it is ranked by, and its place."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Rows and bytes a segment's distinct leaves read, uncompressed, each column once."""

    rows: int
    bytes: int


def tables_read(segment: Segment, catalog: Catalog) -> set[str]:
    """Return every table that decides a segment's membership, plainly embedded segments left out."""
    asked = any(isinstance(node, InSegment) for node in leaves(segment))
    return {need.table for need in needs(segment, catalog)} | ({HISTORY} if asked else set())


def estimate(segment: Segment, catalog: Catalog, rows: Mapping[str, int]) -> Estimate:
    """Return what evaluating a segment alone reads, from the rows of each table."""
    columns = set(needs(segment, catalog))
    read = sum(rows.get(table, 0) for table in {need.table for need in columns})
    return Estimate(read, sum(rows.get(need.table, 0) * width(need.type) for need in columns))


def width(kind: FieldType) -> int:
    """Return the bytes one value takes in memory, text and lists at a typical length."""
    if isinstance(kind, ListOf):
        return _LIST_ELEMENTS * width(kind.of)
    return _WIDTHS.get(type(kind), _TEXT)


def footprint(
    segments: Iterable[Segment],
    catalog: Catalog,
    rows: Mapping[str, int],
    bucket_size: int,
    stored: Callable[[str], Mapping[str, float]],
) -> int:
    """Return the bytes that evaluating segments together should need at most, from the rows of each table.

    That is a mask of every segment, now and as published, and of one bucket every column that is read,
    events of every type at once; ranks hold a number of every object. ``stored`` gives, by table, the
    bytes that a value of each column takes in its files.
    """
    chosen = list(segments)
    objects = {kind.name: rows.get(kind.table, 0) for kind in catalog.objects.values()}
    masks = sum(2 * objects[segment.object] // 8 for segment in chosen)
    ranked = max((objects[s.object] for s in chosen if any(map(_is_ranked, leaves(s)))), default=0)
    columns = {need for segment in chosen for need in needs(segment, catalog)}
    share = min(1.0, bucket_size / max(1, *objects.values()))
    widths = {table: stored(table) for table in sorted({need.table for need in columns})}
    read = sum(rows.get(need.table, 0) * _held(need, widths[need.table]) for need in columns)
    return masks + ranked * _RANKED + int(read * share)


def _held(need: Need, stored: Mapping[str, float]) -> float:
    """Return the bytes a value takes while it is read: text twice, as it comes and as it is kept."""
    usual = width(need.type)
    return usual if type(need.type) in _WIDTHS else max(usual, _VIEW + 2 * stored.get(need.column, 0))


def _is_ranked(node: Condition) -> bool:
    return isinstance(node, Compare) and isinstance(node.operand, Rank)
