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
from segmentation_pipeline.evaluation.index import HISTORY
from segmentation_pipeline.evaluation.needs import needs
from segmentation_pipeline.rules.graph import leaves
from segmentation_pipeline.rules.tree import InSegment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Catalog
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
