"""One lazy Polars query a segment over the plain Parquet files, by the streaming engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.naive.query import ID, Layout, segment_query
from benchmarks.naive.value_predicates import compare, inside, instant
from benchmarks.peer import Tally, numbers
from segmentation_pipeline.catalog.types import Decimal
from segmentation_pipeline.rules.clock import Clock, to_micros

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.rules.tree import Compare


@dataclass(frozen=True, slots=True)
class PlainLayout:
    """Values as they are; instants without a zone."""

    contacts: pl.LazyFrame
    activities: pl.LazyFrame
    clock: Clock

    def contact(self, node: Compare) -> pl.Expr:
        return compare(node, pl.col(column_of(node)), self.clock, zoned=False)

    activity = contact

    def has_type(self, types: tuple[str, ...]) -> pl.Expr:
        column = pl.col("activity_type")
        return column == types[0] if len(types) == 1 else column.is_in(list(types))

    def happened(self, low: int | None, high: int) -> pl.Expr:
        return inside(pl.col("occurred_at"), (low, high), zoned=False)

    def at(self, micros: int) -> pl.Expr:
        return pl.lit(instant(micros, zoned=False))

    def amount(self, node: Compare) -> pl.Expr:
        kind = node.operand.type
        assert isinstance(kind, Decimal)
        return pl.lit(node.value, dtype=pl.Decimal(38, kind.scale))


def column_of(node: Compare) -> str:
    """Return the name of the field that a comparison reads from its row."""
    (name,) = node.operand.path  # type: ignore[union-attr]  # other operands have queries of their own
    return name


def prepare(data: Dataset, workspace: Path) -> None:
    """Do nothing: it reads what everyone reads."""


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Write a Parquet file a segment."""
    contacts = pl.scan_parquet(data.plain_contacts / "*.parquet")
    activities = pl.scan_parquet(data.plain_activities / "*.parquet")
    write_segments(definitions, PlainLayout(contacts, activities, Clock(to_micros(as_of), "UTC")), output)


def write_segments(definitions: Definitions, layout: Layout, output: Path) -> None:
    """Run the query of every segment in dependency order, each into a file of its own."""
    clock, known = layout.clock, numbers(definitions)
    files = {name: output / f"{number}.parquet" for name, number in known.items()}
    for name, segment in definitions.segments.items():
        query = segment_query(segment, layout, clock, lambda other: pl.scan_parquet(files[other]))
        query.sink_parquet(files[name], engine="streaming")


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    """Count what the files hold."""
    found = {}
    for name, number in numbers(definitions).items():
        ids = pl.scan_parquet(output / f"{number}.parquet").select(
            pl.len().cast(pl.Int64), pl.col(ID).cast(pl.Int64).sum()
        )
        found[name] = Tally(*ids.collect().row(0))
    return found
