"""The rows leaves are computed on: objects with their parents' fields, events, related rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.types import Datetime, Text
from segmentation_pipeline.evaluation.columns import source_fields
from segmentation_pipeline.evaluation.comparisons.coded_rows import CodedRows
from segmentation_pipeline.evaluation.events.measures import Timeline
from segmentation_pipeline.evaluation.to_polars import Rows
from segmentation_pipeline.rules.tree import Compare, Field, Related

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.plan import Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.to_polars import RowFrame
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.tree import Measure


def with_fields(
    catalog: Catalog, index: Index, object_name: str, needed: Iterable[Field], rows: pl.LazyFrame
) -> pl.LazyFrame:
    """Return rows of an object with the needed fields of its parents joined, named by their paths."""
    kind = catalog.objects[object_name]
    below: dict[str, list[Field]] = {}
    for found in sorted(set(needed), key=lambda found: found.path):
        if len(found.path) > 1:
            below.setdefault(found.path[0], []).append(Field(found.path[1:], found.type))
    for hop, fields in below.items():
        relation = kind.relations[hop]
        parent = catalog.objects[relation.object]
        parents = with_fields(catalog, index, parent.name, fields, index.profiles[parent.name])
        joined = parents.select(
            pl.col(parent.key).alias(f"{hop}:key"),
            *(pl.col(found.name).alias(f"{hop}.{found.name}") for found in fields),
        )
        rows = rows.join(
            joined, left_on=relation.key, right_on=f"{hop}:key", how="left", maintain_order="left"
        )
    return rows


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The rows that measures of one source are computed over, how they lie in time, what they hold."""

    rows: pl.LazyFrame
    timeline: Timeline
    frame: Callable[[Clock], RowFrame]


def event_rows(plan: Plan, index: Index, source: str, types: Iterable[str], bucket: Bucket) -> SourceRows:
    """Return the events of some types, of a bucket's objects, as they are stored."""
    events, stored = plan.catalog.events[source], index.stored(source)

    def frame(clock: Clock) -> CodedRows:
        return CodedRows(clock, stored.codings)

    typed = Compare(Field((events.type,), Text()), "in", tuple(types))
    rows = bucket.rows(stored).filter(frame(plan.clock("UTC")).leaf(typed))
    return SourceRows(rows, Timeline(events.time, Datetime(), events.id), frame)


def related_rows(plan: Plan, index: Index, measures: list[Measure], bucket: Bucket) -> SourceRows:
    """Return the rows of another object that point at a bucket's objects, with their ``object_index``."""
    catalog, kind, source = plan.catalog, plan.catalog.objects[plan.object], measures[0].source
    assert isinstance(source, Related)
    needed = {found for measure in measures for found in source_fields(measure)}
    mine = bucket.values(index.profiles[plan.object])
    keys = mine.select(pl.col(kind.key).alias("owner:key"), OBJECT_INDEX)
    other, relation = catalog.objects[source.object], kind.relations[source.relation]
    rows = with_fields(catalog, index, other.name, needed, index.profiles[other.name].drop(OBJECT_INDEX))
    joined = rows.join(keys, left_on=relation.foreign_key, right_on="owner:key", how="inner")
    timed = other.fields[relation.time].type if relation.time else Datetime()
    return SourceRows(joined, Timeline(relation.time, timed, other.key), Rows)
