"""Features from tallies: the parts that several types of events contribute, added up and completed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.evaluation.events.event_scans import AT
from segmentation_pipeline.evaluation.events.tallies import (
    EXACT,
    NEVER,
    NEVER_YET,
    earliest,
    latest,
    slices,
    totals,
)
from segmentation_pipeline.evaluation.positions import POSITION
from segmentation_pipeline.rules.clock import DAY
from segmentation_pipeline.rules.tree import Measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from segmentation_pipeline.evaluation.events.event_scans import EventScan, Quantity, Selection, Tally
    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.events.tallies import Array

    Columns = dict[str, pl.Series]

_JOIN = {"count": np.add, "sum": np.add, "latest": np.maximum, "earliest": np.minimum}


@dataclass(slots=True)
class Totals:
    """The tallied features of a bucket on their way: what is complete is handed over and forgotten."""

    features: Mapping[str, Feature]
    size: int
    as_of: int
    unfit: dict[Feature, str] = field(default_factory=dict)
    """Features whose sums are too great for 64-bit floats, with their names: they must be grouped."""
    _missing: dict[str, int] = field(default_factory=dict)
    _parts: dict[str, dict[Quantity, Array]] = field(default_factory=dict)
    _magnitudes: dict[str, float] = field(default_factory=dict)

    def expect(self, scans: Iterable[EventScan]) -> None:
        """Note how many parts every feature will have."""
        for scan in scans:
            for selection in scan.selections:
                for tally in selection.tallies:
                    self._missing[tally.feature] = self._missing.get(tally.feature, 0) + 1

    def take(self, selection: Selection, rows: pl.DataFrame) -> Columns:
        """Tally a selection's rows, ordered by time; return the columns of features now complete."""
        complete: Columns = {}
        for of in dict.fromkeys(tally.of for tally in selection.tallies):
            tallies = [tally for tally in selection.tallies if tally.of == of]
            for tally, part, magnitude in self._tallied(tallies, of, rows):
                complete |= self._add(tally, part, magnitude)
        return complete

    def _tallied(
        self, tallies: Sequence[Tally], of: str | None, rows: pl.DataFrame
    ) -> Iterator[tuple[Tally, Array, float]]:
        """Yield the part of every tally over the rows that have a value, and how great its sums may be."""
        if of is not None and rows[of].null_count():
            rows = rows.filter(pl.col(of).is_not_null())
        positions, times = rows[POSITION].to_numpy(), rows[AT].to_numpy()
        spans = slices(times, (tally.span for tally in tallies))
        for quantity in dict.fromkeys(tally.quantity for tally in tallies):
            mine = [tally for tally in tallies if tally.quantity == quantity]
            wanted = {spans[tally.span] for tally in mine}
            weights, magnitude = None, 0.0
            if quantity == "sum":
                assert of is not None
                weights = rows[of].to_numpy()
                magnitude = float(np.abs(weights).sum())
            if quantity in ("count", "sum"):
                found = totals(positions, wanted, self.size, weights)
            else:
                ends = latest if quantity == "latest" else earliest
                found = ((s, ends(positions[slice(*s)], times[slice(*s)], self.size)) for s in wanted)
            for part, array in found:
                yield from ((tally, array, magnitude) for tally in mine if spans[tally.span] == part)

    def _add(self, tally: Tally, part: Array, magnitude: float) -> Columns:
        name = tally.feature
        parts = self._parts.setdefault(name, {})
        before = parts.get(tally.quantity)
        parts[tally.quantity] = part if before is None else _JOIN[tally.quantity](before, part)
        self._magnitudes[name] = self._magnitudes.get(name, 0.0) + magnitude
        self._missing[name] -= 1
        if self._missing[name]:
            return {}
        feature, parts = self.features[name], self._parts.pop(name)
        if not self._magnitudes.pop(name) < EXACT:
            self.unfit[feature] = name
            return {}
        return self._complete(feature, name, parts)

    def _complete(self, feature: Feature, name: str, parts: Mapping[Quantity, Array]) -> Columns:
        assert isinstance(feature.operand, Measure)
        match feature.operand.measure:
            case "count":
                return {name: pl.Series(parts["count"])}
            case "sum":
                return {name: pl.Series(parts["sum"].astype(np.int64))}
            case "avg":
                total = pl.Series(parts["sum"].astype(np.int64))
                return {name: total, f"{name}:count": pl.Series(parts["count"])}
            case "days_since_first":
                return {name: self._days_since(parts["earliest"], NEVER_YET)}
            case "days_since_last":
                return {name: self._days_since(parts["latest"], NEVER)}
        raise NotImplementedError(f"`{feature.operand.measure}` is not tallied")

    def _days_since(self, times: Array, never: int) -> pl.Series:
        """Return whole elapsed days; null where there was no event."""
        days = self.as_of - times
        days //= DAY
        return pl.select(pl.when(pl.Series(times != never)).then(pl.Series(days))).to_series()
