"""The rows behind some objects as the interpreter reads them, taken from the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.evaluation.index import OBJECT_INDEX
from segmentation_pipeline.rules.world import World

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.evaluation.index import Index

    Rows = dict[str, dict[str, dict[str, Any]]]


def gather_world(
    evaluation: Evaluation, as_of: dt.datetime, object_name: str, keys: Collection[str]
) -> World:
    """Return a world of the objects with ``keys``: their parents, related rows, events, memberships."""
    index, definitions = evaluation.index, evaluation.definitions
    catalog = definitions.catalog
    kind = catalog.objects[object_name]
    rows: Rows = {}
    found = _add(catalog, index, rows, kind, pl.col(kind.key).is_in(list(keys)))
    for relation in kind.relations.values():
        other = catalog.objects[relation.object]
        if relation.foreign_key is not None and _has(index, other.name, relation.foreign_key):
            _add(catalog, index, rows, other, pl.col(relation.foreign_key).is_in(list(keys)))
    owners = dict(zip(found[OBJECT_INDEX], found[kind.key], strict=True))
    events = {}
    for source in kind.events:
        if source in index.events:
            held = index.events[source].filter(pl.col(OBJECT_INDEX).is_in(list(owners))).collect()
            events[source] = _by_owner(held.iter_rows(named=True), owners)
    known = memberships(evaluation, object_name, keys)
    return World(catalog, rows, as_of, events, known, definitions.week_starts)


def memberships(evaluation: Evaluation, object_name: str, keys: Collection[str]) -> dict[str, set[str]]:
    """Return which of ``keys`` are members of every evaluated segment of their object."""
    kind = evaluation.definitions.catalog.objects[object_name]
    profile = evaluation.index.profiles[object_name].filter(pl.col(kind.key).is_in(list(keys)))
    owners = dict(profile.select(OBJECT_INDEX, kind.key).collect().iter_rows())
    asked = pl.Series(list(owners), dtype=pl.Int64)
    return {
        name: {owners[one] for one in ids.filter(ids.is_in(asked.implode()))}
        for name, ids in evaluation.members.items()
        if evaluation.definitions.segments[name].object == object_name
    }


def _add(catalog: Catalog, index: Index, rows: Rows, kind: ObjectType, chosen: pl.Expr) -> pl.DataFrame:
    frame = index.profiles[kind.name].filter(chosen).collect()
    mine = rows.setdefault(kind.name, {})
    new = {row[kind.key]: row for row in frame.iter_rows(named=True) if row[kind.key] not in mine}
    mine |= new
    for relation in kind.relations.values():
        if relation.key is None or relation.object not in index.profiles or relation.key not in frame.columns:
            continue
        parent = catalog.objects[relation.object]
        wanted = {row[relation.key] for row in new.values()} - set(rows.get(parent.name, {})) - {None}
        if wanted:
            _add(catalog, index, rows, parent, pl.col(parent.key).is_in(sorted(wanted)))
    return frame


def _has(index: Index, object_name: str, column: str) -> bool:
    return object_name in index.profiles and column in index.profiles[object_name].collect_schema()


def _by_owner(rows: Iterable[dict[str, Any]], owners: Mapping[int, str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(owners[row[OBJECT_INDEX]], []).append(row)
    return found
