"""Measured operands: counts by the rows they count, all others as values that are not looked into."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.types import Integer
from segmentation_pipeline.conflicts.formulas.row_counts import RowCounts
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.nouns import never_null

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.formulas.encoding import Encoding
    from segmentation_pipeline.conflicts.formulas.parts import Part, Subject
    from segmentation_pipeline.rules.clock import Clock

_ROUNDED = ("avg", "median")
_NOT_NEGATIVE = ("count", "count_distinct", "active_days", "active_periods", "longest_streak",
                 "days_since_first", "days_since_last")  # fmt: skip


class Measures:
    """The measured operands of one encoding, and the rows that its counts are about."""

    def __init__(self) -> None:
        self.counts: dict[tuple[Subject, str], RowCounts] = {}
        self._encoding: Encoding | None = None

    def serve(self, encoding: Encoding) -> None:
        self._encoding = encoding

    @property
    def encoding(self) -> Encoding:
        assert self._encoding is not None
        return self._encoding

    def close(self) -> None:
        """Add what holds between counts, once every formula is there; before the operands are closed."""
        for counts in self.counts.values():
            counts.close()

    @singledispatchmethod
    def part(self, operand: Any, subject: Subject, clock: Clock) -> Part:
        """Return the part of a measured operand of the row at ``subject``."""
        raise NotImplementedError(f"the prover has no operand {type(operand).__name__}")

    @part.register(tree.Measure)
    def _(self, operand: tree.Measure, subject: Subject, clock: Clock) -> Part:
        if operand.measure == "count":
            return self._count(operand, subject, clock)
        least = 0 if operand.measure in _NOT_NEGATIVE else None
        return self.encoding.registry.computed(
            ("measure", operand, subject, clock.zone),
            operand.type,
            nullable=not never_null(operand),
            dense=operand.measure in _ROUNDED,
            least=least,
        )

    @part.register(tree.Ratio)
    def _(self, operand: tree.Ratio, subject: Subject, clock: Clock) -> Part:
        key = ("ratio", operand, subject, clock.zone)
        return self.encoding.registry.computed(key, operand.type, nullable=True, dense=True, least=None)

    @part.register(tree.Response)
    def _(self, operand: tree.Response, subject: Subject, clock: Clock) -> Part:
        key = ("response", operand, subject, clock.zone)
        return self.encoding.registry.computed(
            key, operand.type, nullable=True, dense=False, least=0, most=operand.latest
        )

    @part.register(tree.Rank)
    def _(self, operand: tree.Rank, subject: Subject, clock: Clock) -> Part:
        least, most = (0, 100) if operand.form == "percentile" else (1, operand.buckets)
        return self.encoding.registry.computed(
            ("rank", operand, subject, clock.zone),
            operand.type,
            nullable=True,
            dense=not isinstance(operand.type, Integer),
            least=least,
            most=most,
        )

    def _count(self, operand: tree.Measure, subject: Subject, clock: Clock) -> Part:
        source = operand.source
        name = source.source if isinstance(source, tree.Events) else source.relation
        counts = self.counts.get((subject, name))
        if counts is None:
            counts = self.counts[subject, name] = RowCounts(self.encoding, source, subject)
        return counts.part(operand, clock)
