"""The rows leaves are computed on: objects with their parents' fields, events, related rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Datetime
from segmentation_pipeline.evaluation.columns import source_fields
from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.evaluation.measures import Timeline
from segmentation_pipeline.rules.tree import Events, Field, Measure, Related

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.evaluation.index import Index


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


def source_rows(
    catalog: Catalog, index: Index, object_name: str, measures: list[Measure], here: pl.Expr
) -> tuple[pl.LazyFrame, Timeline]:
    """Return the rows that measures of one source are computed over, with their ``object_index``."""
    source = measures[0].source
    if isinstance(source, Events):
        events = catalog.events[source.source]
        asked = [measure.source for measure in measures if isinstance(measure.source, Events)]
        types = sorted({kind for source in asked for kind in source.types})
        rows = index.events[source.source].filter(here, pl.col(events.type).is_in(types))
        return rows, Timeline(events.time, events.fields[events.time].type, events.id, events.type)
    return _related_rows(catalog, index, object_name, measures, here), _timeline(catalog, object_name, source)


def _related_rows(
    catalog: Catalog, index: Index, object_name: str, measures: list[Measure], here: pl.Expr
) -> pl.LazyFrame:
    kind, source = catalog.objects[object_name], measures[0].source
    assert isinstance(source, Related)
    needed = {found for measure in measures for found in source_fields(measure)}
    keys = index.profiles[object_name].filter(here).select(pl.col(kind.key).alias("owner:key"), OBJECT_INDEX)
    rows = with_fields(
        catalog, index, source.object, needed, index.profiles[source.object].drop(OBJECT_INDEX)
    )
    foreign_key = kind.relations[source.relation].foreign_key
    return rows.join(keys, left_on=foreign_key, right_on="owner:key", how="inner")


def _timeline(catalog: Catalog, object_name: str, source: Related) -> Timeline:
    time = catalog.objects[object_name].relations[source.relation].time
    other = catalog.objects[source.object]
    return Timeline(time, other.fields[time].type if time else Datetime(), other.key)
