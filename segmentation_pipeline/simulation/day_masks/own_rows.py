"""Leaves that an object's own row decides: constant, or moving with the day as dates are compared with it.

A date or an instant is compared by where it lies among the ends of the days' windows. Between two ends
every value has the same mask of days, so each is found by a search and a look-up; what the mask is, the
comparison itself says of one value between each two ends. Objects whose values changed since are few:
they are compared again, day by day, with the values of the day.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, polars_type
from segmentation_pipeline.catalog.types import Date, Datetime
from segmentation_pipeline.evaluation.columns import compared_fields
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.comparisons.predicates import compare
from segmentation_pipeline.evaluation.to_polars import Rows
from segmentation_pipeline.rules.operators import OPERATORS
from segmentation_pipeline.rules.tree import Compare, Field
from segmentation_pipeline.rules.windows import Bounds, Complete, Ever, Period, Rolling
from segmentation_pipeline.simulation.day_masks.bits import add_day, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.simulation.day_masks.bits import Array, Words
    from segmentation_pipeline.simulation.day_masks.past import Past

_WINDOWS = (Bounds, Complete, Ever, Period, Rolling)
_NULL = "null"


@dataclass(frozen=True, slots=True)
class Among:
    """The mask of days of every value of a date or an instant: by its place among ``edges``.

    ``masks`` has a column for each place, 0 … len(edges), and a last one for null.
    """

    edges: Array
    masks: Words

    def of(self, values: pl.Series) -> Words:
        """Return the masks of numbers, shape (words, values)."""
        places = np.full(len(values), len(self.edges) + 1, dtype=np.int64)
        known = values.is_not_null().to_numpy()
        numbers = values.fill_null(0).to_numpy()
        places[known] = np.searchsorted(self.edges, numbers[known] if not known.all() else numbers, "right")
        return self.masks[:, places]


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The leaves over own fields of objects of one kind, by how they are computed."""

    past: Past
    kind: str
    constant: Mapping[Leaf, pl.Expr]
    among: Mapping[Leaf, Among]
    daily: Mapping[Leaf, tuple[pl.Expr, ...]]
    _names: Mapping[Leaf, str] = field(repr=False)

    def __contains__(self, leaf: Leaf) -> bool:
        return leaf in self._names

    def masks(self, bucket: Bucket) -> Iterator[tuple[Leaf, Words | Array]]:
        """Yield the masks of the days of a block of objects, shape (words, positions).

        Booleans, shape (positions,), say the same of all days.
        """
        if not self._names:
            return
        fields = {_operand(leaf).name for leaf in self.among}
        rows = bucket.rows(self.past.index.stored(self.kind))
        columns = [pl.col(name).to_physical().cast(pl.Int64).alias(f"field:{name}") for name in fields]
        columns += [truth.alias(self._names[leaf]) for leaf, truth in self.constant.items()]
        columns += [
            truth.alias(f"{self._names[leaf]}:{day}")
            for leaf, truths in self.daily.items()
            for day, truth in enumerate(truths)
        ]
        dense = bucket.spread(rows.select(bucket.position, *columns).collect(engine="streaming"))
        changed = _Changed.of(self.past, self.kind, bucket, self._names)
        every = self.past.days.every
        for leaf, name in self._names.items():
            if leaf in self.among:
                words = self.among[leaf].of(dense[f"field:{_operand(leaf).name}"])
            elif leaf in self.constant:
                truths = dense[name].fill_null(value=False).to_numpy()
                if not changed.says(leaf):
                    yield leaf, truths
                    continue
                words = np.where(truths, every, np.uint64(0))
            else:
                words = np.zeros((self.past.days.words, bucket.size), dtype=np.uint64)
                for day in range(len(self.past.days)):
                    add_day(words, day, dense[f"{name}:{day}"].fill_null(value=False).to_numpy())
            changed.correct(leaf, words)
            yield leaf, words


def compile_own_rows(past: Past, kind: str, leaves: Iterable[Leaf]) -> OwnRows:
    """Return how those of the leaves are computed that own fields decide, whose past is known by changes."""
    mine = [leaf for leaf in leaves if _is_own(leaf, past, kind)]
    codings = past.index.stored(kind).codings
    constant, among, daily = {}, {}, {}
    for leaf in mine:
        clocks = past.days.clocks(leaf.zone)
        if not _moves(leaf):
            constant[leaf] = CodedRows(clocks[0], codings).leaf(cast("Compare", leaf.node))
        elif _is_between_edges(leaf):
            among[leaf] = _among(cast("Compare", leaf.node), clocks)
        else:
            daily[leaf] = tuple(CodedRows(c, codings).leaf(cast("Compare", leaf.node)) for c in clocks)
    names = {leaf: f"own:{number}" for number, leaf in enumerate(mine)}
    return OwnRows(past, kind, constant, among, daily, names)


@dataclass(slots=True)
class _Changed:
    """The objects of a block that had other values: their leaves, judged on the values of each day."""

    positions: Array
    words: dict[Leaf, Words] = field(default_factory=dict)

    @classmethod
    def of(cls, past: Past, kind: str, bucket: Bucket, names: Mapping[Leaf, str]) -> _Changed:
        read = {leaf: {one.name for one in compared_fields(cast("Compare", leaf.node))} for leaf in names}
        fields = {name for mine in read.values() for name in mine} & past.changed_fields(kind)
        leaves = {leaf: name for leaf, name in names.items() if read[leaf] & fields}
        found = cls(np.zeros(0, dtype=np.int64))
        for day, rows in enumerate(past.changed_rows(kind, bucket, fields) if leaves else ()):
            if not found.words:
                found.positions = (rows[OBJECT_INDEX] - bucket.start).to_numpy()
                shape = (past.days.words, rows.height)
                found.words = {leaf: np.zeros(shape, dtype=np.uint64) for leaf in leaves}
            clocks = {leaf.zone: past.days.clocks(leaf.zone)[day] for leaf in leaves}
            truths = rows.select(
                Rows(clocks[leaf.zone]).leaf(cast("Compare", leaf.node)).alias(name)
                for leaf, name in leaves.items()
            )
            for leaf, name in leaves.items():
                add_day(found.words[leaf], day, truths[name].to_numpy())
        return found

    def says(self, leaf: Leaf) -> bool:
        return leaf in self.words

    def correct(self, leaf: Leaf, words: Words) -> None:
        if self.says(leaf):
            words[:, self.positions] = self.words[leaf]


def _operand(leaf: Leaf) -> Field:
    return cast("Field", cast("Compare", leaf.node).operand)


def _is_own(leaf: Leaf, past: Past, kind: str) -> bool:
    node = leaf.node
    if not isinstance(node, Compare) or not isinstance(node.operand, Field):
        return False
    fields = compared_fields(node)
    return all(len(one.path) == 1 for one in fields) and past.is_told(kind, {one.name for one in fields})


def _moves(leaf: Leaf) -> bool:
    """Return whether the day decides, too: a date is compared with something else than another field."""
    node = cast("Compare", leaf.node)
    kind = getattr(node.operand.type, "of", node.operand.type)
    return isinstance(kind, Date | Datetime) and node.value is not None and not isinstance(node.value, Field)


def _is_between_edges(leaf: Leaf) -> bool:
    node = cast("Compare", leaf.node)
    operator = OPERATORS[node.operator]
    return isinstance(node.operand.type, Date | Datetime) and "anniversary" not in (
        operator.name,
        operator.positive,
    )


def _among(node: Compare, clocks: tuple[Clock, ...]) -> Among:
    daily = isinstance(node.operand.type, Date)
    ends = {edge for clock in clocks for edge in _edges(node.value, daily=daily, clock=clock)}
    edges = sorted(ends)
    probes = [edges[0] - 1, *edges] if edges else [0]
    column = pl.Series("value", [*probes, None], dtype=pl.Int64)
    if daily:
        column = column.cast(pl.Int32)
    frame = column.cast(polars_type(node.operand.type)).to_frame()
    truths = [frame.select(compare(node, pl.col("value"), clock)).to_series().to_numpy() for clock in clocks]
    return Among(np.array(edges, dtype=np.int64), packed(np.array(truths)))


def _edges(value: Any, *, daily: bool, clock: Clock) -> Iterator[int]:
    """Yield where the truth of a comparison may change, in the unit of its operand."""
    if isinstance(value, _WINDOWS):
        ends = (clock.day_span if daily else clock.span)(value)
        yield from (end for end in ends if end is not None)
        return
    moments: tuple[Moment, ...] = value if isinstance(value, tuple) else (value,)
    for moment in moments:
        yield from (clock.days if daily else clock.extent)(moment)
