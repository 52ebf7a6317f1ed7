"""Events of a block as leaves read them: by position, in order of time, each with its place among edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.types import Number, Text
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.events.event_scans import AT, EventScan
from segmentation_pipeline.evaluation.events.measures import millionths
from segmentation_pipeline.evaluation.positions import POSITION
from segmentation_pipeline.evaluation.to_polars import compile_condition
from segmentation_pipeline.index.coding import Units
from segmentation_pipeline.rules.tree import Compare, Field

if TYPE_CHECKING:
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Condition
    from segmentation_pipeline.simulation.day_masks.bits import Array
    from segmentation_pipeline.simulation.day_masks.past import Past

_INSTANT = pl.Datetime("us", "UTC")
_LEAST = np.iinfo(np.int64).min
_MOST = float(2**62)


@dataclass(frozen=True, slots=True)
class Selection:
    """The events of some types that meet a condition; ``of`` is the field whose values are used."""

    source: str
    types: tuple[str, ...]
    where: Condition | None
    zone: str
    of: Field | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The events of a selection in a block, by position and time: places among edges, and values.

    ``values`` are whole minor units, of events that have a value; None where they are not used.
    ``fits`` is false where a sum of them may not fit 64 bits.
    """

    positions: Array
    places: Array
    values: Array | None
    fits: bool = True


@dataclass(slots=True)
class EventReads:
    """Every selection that leaves of one source ask for. Each type of event is read once a block."""

    past: Past
    source: str
    edges: list[Array] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    _columns: dict[str, dict[str, pl.Expr]] = field(default_factory=dict)
    _selections: dict[Selection, tuple[str | None, str | None]] = field(default_factory=dict)

    def add(self, selection: Selection, edges: Array, first: int, clock: Clock) -> None:
        """Note that a selection is asked for, where its meaning changes, and from when on it matters."""
        self.edges.append(edges)
        self.firsts.append(first)
        where = of = None
        for kind in selection.types:
            columns = self._columns.setdefault(kind, {})
            rows = CodedRows(clock, self.past.index.stored(self.source).codings)
            if selection.where is not None:
                where = f"where:{selection.zone}:{selection.where!r}"
                columns[where] = compile_condition(selection.where, rows)
            if selection.of is not None:
                of = f"of:{selection.of.name}"
                columns[of], columns[f"{of}:unfit"] = self._units(selection.of)
        self._selections[selection] = where, of

    def all_edges(self) -> Array:
        """Return every edge, ascending."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *self.edges]))

    def read(self, bucket: Bucket) -> Block:
        """Read every type that is asked for."""
        edges = self.all_edges()
        frames = {kind: self._scan(kind).read(bucket, self.past.index) for kind in self._columns}
        return Block(
            edges, {kind: _ordered(frame, edges) for kind, frame in frames.items()}, self._selections
        )

    def _scan(self, kind: str) -> EventScan:
        source = self.past.catalog.events[self.source]
        rows = CodedRows(self.past.days.clocks("UTC")[-1], self.past.index.stored(self.source).codings)
        kept = [rows.leaf(Compare(Field((source.type,), Text()), "equals", kind))]
        kept.append(pl.col(source.time) <= pl.lit(self.past.days.ends[-1], dtype=_INSTANT))
        if min(self.firsts) > _LEAST:
            kept.append(pl.col(source.time) >= pl.lit(min(self.firsts), dtype=_INSTANT))
        at = pl.col(source.time).to_physical().cast(pl.Int64).alias(AT)
        named = (column.alias(name) for name, column in self._columns[kind].items())
        return EventScan(self.source, kind, tuple(kept), (at, *named), ())

    def _units(self, of: Field) -> tuple[pl.Expr, pl.Expr]:
        """Return whole minor units in 64 bits, and whether a value is there that does not fit."""
        column = pl.col(of.name)
        if isinstance(of.type, Number):
            column = millionths(column)
        elif not isinstance(self.past.index.stored(self.source).codings.get(of.name), Units):
            column = column.to_physical()
        units = column.cast(pl.Int64, strict=False)
        return units, units.is_null() & column.is_not_null()


@dataclass(frozen=True, slots=True)
class Block:
    """The events of one block by type, in order."""

    edges: Array
    types: dict[str, pl.DataFrame]
    selections: dict[Selection, tuple[str | None, str | None]]

    def chosen(self, selection: Selection) -> Chosen:
        where, of = self.selections[selection]
        parts = [_part(self.types[kind], where, of) for kind in dict.fromkeys(selection.types)]
        positions, places, values, fits = parts[0]
        if len(parts) > 1:
            positions = np.concatenate([part[0] for part in parts])
            places = np.concatenate([part[1] for part in parts])
            order = np.argsort(positions.astype(np.int64) * (len(self.edges) + 1) + places, kind="stable")
            positions, places = positions[order], places[order]
            fits = all(part[3] for part in parts)
            if values is not None:
                values = np.concatenate([part[2] for part in parts if part[2] is not None])[order]
        if values is not None:
            fits = fits and bool(np.abs(values.astype(np.float64)).sum() < _MOST)
        return Chosen(positions, places, values, fits)


def _part(rows: pl.DataFrame, where: str | None, of: str | None) -> tuple[Array, Array, Array | None, bool]:
    positions, places = rows[POSITION], rows["place"]
    if where is None and of is None:
        return positions.to_numpy(), places.to_numpy(), None, True
    kept = rows[where] if where is not None else pl.repeat(value=True, n=rows.height, eager=True)
    fits = True
    values = None
    if of is not None:
        fits = not (rows[f"{of}:unfit"] & kept).any()
        kept = kept & rows[of].is_not_null()
        values = rows[of].filter(kept).to_numpy()
    return positions.filter(kept).to_numpy(), places.filter(kept).to_numpy(), values, fits


def _ordered(rows: pl.DataFrame, edges: Array) -> pl.DataFrame:
    """Return rows in order of time by position, then time, with their place among edges."""
    cuts = np.searchsorted(rows[AT].to_numpy(), edges)
    lengths = np.diff(np.concatenate([[0], cuts, [rows.height]]))
    places = np.repeat(np.arange(len(edges) + 1, dtype=np.int32), lengths)
    # Numbers of rows in the low bits keep the order of time: one sort of integers does it all.
    bits = max(1, rows.height.bit_length())
    keys = (rows[POSITION].to_numpy().astype(np.uint64) << np.uint64(bits)) | np.arange(
        rows.height, dtype=np.uint64
    )
    keys.sort()
    order = (keys & np.uint64((1 << bits) - 1)).astype(np.int64)
    frame = rows.drop(AT).with_columns(pl.Series("place", places), pl.col(POSITION).cast(pl.Int32))
    return frame[order]
