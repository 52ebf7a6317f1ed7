"""What a segment needs of the index, and what is missing: the ground on which it fails closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.columns import compared_fields, rule_comparisons, source_fields
from segmentation_pipeline.evaluation.members import named_keys
from segmentation_pipeline.rules.tree import Events, Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.evaluation.index import Index
    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.rules.tree import Field


def missing(segment: Segment, catalog: Catalog, index: Index) -> str | None:
    """Return the first reason why a segment cannot be evaluated on an index, or None."""
    return next(_missing(segment, catalog, index), None)


def _missing(segment: Segment, catalog: Catalog, index: Index) -> Iterator[str]:
    kind = catalog.objects[segment.object]
    if kind.name not in index.profiles:
        yield _problem(index, kind.name, kind.key) or f"table `{kind.table}` has not been imported"
        return
    if any("@" in key for key in named_keys(segment)):
        for name in (name for name, found in kind.fields.items() if found.form == "email"):
            yield from _column(index, kind.name, name)
    for compare in rule_comparisons(segment):
        for found in compared_fields(compare):
            yield from _path(found, kind, catalog, index)
        if isinstance(compare.operand, Measure):
            yield from _source(compare.operand, kind, catalog, index)


def _path(found: Field, kind: ObjectType, catalog: Catalog, index: Index) -> Iterator[str]:
    for hop in found.path[:-1]:
        relation = kind.relations[hop]
        yield from _column(index, kind.name, relation.key)
        kind = catalog.objects[relation.object]
        if kind.name not in index.profiles:
            yield _problem(index, kind.name, kind.key) or f"table `{kind.table}` has not been imported"
            return
    yield from _column(index, kind.name, found.path[-1])


def _source(measure: Measure, kind: ObjectType, catalog: Catalog, index: Index) -> Iterator[str]:
    source = measure.source
    if isinstance(source, Events):
        events = catalog.events[source.source]
        if source.source not in index.events:
            known = (
                _problem(index, source.source, name)
                for name in (events.key, events.type, events.time, events.id)
            )
            yield next((p for p in known if p), f"table `{events.table}` has not been imported")
            return
        for found in source_fields(measure):
            yield from _column(index, source.source, found.name)
        return
    relation = kind.relations[source.relation]
    other = catalog.objects[relation.object]
    if other.name not in index.profiles:
        yield _problem(index, other.name, other.key) or f"table `{other.table}` has not been imported"
        return
    yield from _column(index, other.name, relation.foreign_key)
    yield from _column(index, other.name, relation.time)
    for found in source_fields(measure):
        yield from _path(found, other, catalog, index)


def _column(index: Index, owner: str, name: str | None) -> Iterator[str]:
    if name is not None and (problem := _problem(index, owner, name)) is not None:
        yield problem


def _problem(index: Index, owner: str, name: str) -> str | None:
    return index.problems.get(owner, {}).get(name)
