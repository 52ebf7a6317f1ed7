"""Features: what measures and responses come to for every object of a bucket, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.evaluation.measures import aggregate
from segmentation_pipeline.evaluation.responses import count_answered
from segmentation_pipeline.evaluation.rows import source_rows
from segmentation_pipeline.rules.tree import Events, Field, Measure, Operand, Rank, Ratio, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

    from segmentation_pipeline.evaluation.index import Index
    from segmentation_pipeline.evaluation.plan import Plan


@dataclass(frozen=True, slots=True)
class Feature:
    """A measure or response in the days of a zone."""

    operand: Measure | Response
    zone: str


def features_of(operand: Operand, zone: str) -> Iterator[Feature]:
    """Yield the features an operand is made of; a rank is computed elsewhere, a field is a column."""
    match operand:
        case Measure() | Response():
            yield Feature(operand, zone)
        case Ratio(numerator, denominator):
            yield Feature(numerator, zone)
            yield Feature(denominator, zone)
        case Field() | Rank():
            return


def named(features: Iterable[Feature]) -> dict[Feature, str]:
    """Return a column name for every distinct feature."""
    return {feature: f"feature:{number}" for number, feature in enumerate(dict.fromkeys(features))}


def join_features(
    plan: Plan, index: Index, rows: pl.LazyFrame, names: Mapping[Feature, str], here: pl.Expr
) -> pl.LazyFrame:
    """Return rows with a column a feature; null for objects without a single row of its source."""
    for computed in (*_measured(plan, index, names, here), *_answered(plan, index, names, here)):
        rows = rows.join(computed, on=OBJECT_INDEX, how="left", maintain_order="left")
    return rows


def _measured(
    plan: Plan, index: Index, names: Mapping[Feature, str], here: pl.Expr
) -> Iterator[pl.LazyFrame]:
    """Yield one frame a source: all of its measures in one ``group_by``."""
    by_source: dict[tuple[str, str], list[tuple[Measure, Feature]]] = {}
    for feature in names:
        if isinstance(feature.operand, Measure):
            source = feature.operand.source
            key = ("events", source.source) if isinstance(source, Events) else ("related", source.relation)
            by_source.setdefault(key, []).append((feature.operand, feature))
    for group in by_source.values():
        measures = [measure for measure, _ in group]
        rows, timeline = source_rows(plan.catalog, index, plan.object, measures, here)
        aggregates = [
            expression
            for measure, feature in group
            for expression in aggregate(measure, timeline, plan.clock(feature.zone), names[feature])
        ]
        yield rows.group_by(OBJECT_INDEX).agg(aggregates)


def _answered(
    plan: Plan, index: Index, names: Mapping[Feature, str], here: pl.Expr
) -> Iterator[pl.LazyFrame]:
    for feature, name in names.items():
        if isinstance(feature.operand, Response):
            source = plan.catalog.events[feature.operand.source.source]
            events = index.events[source.name].filter(here)
            yield count_answered(feature.operand, source, events, plan.clock(feature.zone), name)
