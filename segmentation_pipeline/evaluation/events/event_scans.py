"""What is read of events: one scan a type and bucket, and what is made of the rows that meet each filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.positions import POSITION
from segmentation_pipeline.rules.tree import Events, Measure

if TYPE_CHECKING:
    from typing import Literal

    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.events.tallies import Span
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.index.build import Index

    Quantity = Literal["count", "sum", "latest", "earliest"]

AT = "event:at"
NUMBER = "event:number"
"""Tells the events of a bucket apart, whatever their types."""
QUANTITIES: dict[str, tuple[Quantity, ...]] = {
    "count": ("count",),
    "sum": ("sum",),
    "avg": ("sum", "count"),
    "days_since_first": ("earliest",),
    "days_since_last": ("latest",),
}
"""The measures that are tallied in time order, and what each is made of; the others are grouped."""


@dataclass(frozen=True, slots=True)
class Tally:
    """One quantity of a feature, over the rows in a window that have a value of ``of`` (None: all)."""

    feature: str
    quantity: Quantity
    span: Span
    of: str | None


@dataclass(frozen=True, slots=True)
class StepRows:
    """The rows in a window as the candidates of one step of a sequence, by the mask of its leaf."""

    leaf: str
    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one type that meet one filter, and who takes them.

    ``where`` is a boolean column of the scan (None: all rows); ``said`` is the filter in English.
    """

    where: str | None
    said: str
    tallies: tuple[Tally, ...]
    steps: tuple[StepRows, ...]

    def of(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return the events that are meant, with the columns that are used of them."""
        values = dict.fromkeys(tally.of for tally in self.tallies if tally.of is not None)
        used = [POSITION, AT, *values, *([NUMBER] if self.steps else [])]
        if self.where is None:
            return events[used]
        return pl.DataFrame([events[name].filter(events[self.where]) for name in used])


@dataclass(frozen=True, slots=True)
class EventScan:
    """One read of one type of events: position and time in time order, filters and values as columns."""

    source: str
    type: str
    rows: tuple[pl.Expr, ...]
    columns: tuple[pl.Expr, ...]
    selections: tuple[Selection, ...]

    @property
    def has_steps(self) -> bool:
        return any(selection.steps for selection in self.selections)

    def read(self, bucket: Bucket, index: Index) -> pl.DataFrame:
        """Return `POSITION`, `AT` and the columns, ordered by time."""
        rows = bucket.rows(index.stored(self.source)).filter(*self.rows)
        found = rows.select(bucket.position, *self.columns).collect(engine="streaming")
        return found if found[AT].is_sorted() else found.sort(AT)


def is_tallied(feature: Feature) -> bool:
    """Return whether a feature is computed in time order; the others need their rows grouped."""
    operand = feature.operand
    return (
        isinstance(operand, Measure) and isinstance(operand.source, Events) and operand.measure in QUANTITIES
    )
