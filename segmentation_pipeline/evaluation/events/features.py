"""Features: what measures and responses come to for every object of a bucket, each computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.events.measures import aggregate
from segmentation_pipeline.evaluation.events.responses import count_answered
from segmentation_pipeline.evaluation.events.rows import event_rows, related_rows
from segmentation_pipeline.rules.tree import Events, Field, Measure, Operand, Rank, Ratio, Related, Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

    from segmentation_pipeline.evaluation.plan import Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.index.build import Index


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


def grouped(
    plan: Plan, index: Index, features: Mapping[Feature, str], bucket: Bucket
) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Yield by source the measures that need an object's rows together: all of it in one ``group_by``.

    A frame has `POSITION` and the features' columns, and no row for objects without rows.
    """
    by_source: dict[Events | Related, dict[Feature, Measure]] = {}
    for feature in features:
        if isinstance(feature.operand, Measure):
            by_source.setdefault(feature.operand.source, {})[feature] = feature.operand
    for source, group in by_source.items():
        if isinstance(source, Events):
            found = event_rows(plan, index, source.source, source.types, bucket)
            said = f"{source.source}: {', '.join(source.types)}"
        else:
            found, said = related_rows(plan, index, list(group.values()), bucket), source.relation
        aggregates = [
            expression
            for feature, measure in group.items()
            for clock in [plan.clock(feature.zone)]
            for expression in aggregate(measure, found.timeline, found.frame(clock), clock, features[feature])
        ]
        yield said, found.rows.group_by(bucket.position).agg(aggregates)


def answered(
    plan: Plan, index: Index, features: Mapping[Feature, str], bucket: Bucket
) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Yield every response: `POSITION` and the feature's column, no row for objects without events."""
    for feature, name in features.items():
        if isinstance(feature.operand, Response):
            source = plan.catalog.events[feature.operand.source.source]
            events = bucket.values(index.events[source.name])
            counted = count_answered(feature.operand, source, events, plan.clock(feature.zone), name)
            yield f"{source.name}: response", counted.select(bucket.position, name)
