"""Responses: how many of an object's latest events have an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.comparisons.intervals import inside
from segmentation_pipeline.evaluation.to_polars import Rows, compile_condition

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Response

_AT = "response:at"


def count_answered(
    node: Response, source: EventSource, events: pl.LazyFrame, clock: Clock, name: str
) -> pl.LazyFrame:
    """Return ``object_index`` and how many of its latest events are answered; no row without events."""
    at = pl.col(source.time).to_physical().cast(pl.Int64)
    visible = events.with_columns(at.alias(_AT)).filter(pl.col(_AT) <= clock.as_of)
    order = [_AT, source.id]
    asked = _asked(node, source, visible, clock).sort(order, descending=True)
    latest = asked.group_by(OBJECT_INDEX, maintain_order=True).head(node.latest)
    answers = (
        visible.filter(pl.col(source.type).is_in(list(node.answered_by)), pl.col(node.matching).is_not_null())
        .sort(order, descending=True)
        .group_by(OBJECT_INDEX, node.matching, maintain_order=True)
        # Two are enough: the last answer may be the event itself where a type answers itself.
        .agg(pl.col(_AT).head(2).alias("answer:at"), pl.col(source.id).head(2).alias("answer:id"))
    )
    joined = latest.join(answers, on=[OBJECT_INDEX, node.matching], how="left")
    answered = pl.any_horizontal(
        [
            (pl.col("answer:at").list.get(place, null_on_oob=True) >= pl.col(_AT))
            & (pl.col("answer:id").list.get(place, null_on_oob=True) != pl.col(source.id))
            for place in (0, 1)
        ]
    ).fill_null(value=False)
    return joined.group_by(OBJECT_INDEX).agg(answered.sum().cast(pl.Int64).alias(name))


def _asked(node: Response, source: EventSource, events: pl.LazyFrame, clock: Clock) -> pl.LazyFrame:
    parts = [pl.col(source.type).is_in(list(node.source.types))]
    if node.within is not None:
        parts.append(inside(pl.col(_AT), clock.span(node.within)))
    if node.where is not None:
        parts.append(compile_condition(node.where, Rows(clock)))
    columns = list(dict.fromkeys([OBJECT_INDEX, node.matching, source.id, _AT]))
    return events.filter(*parts).select(columns)
