"""Objects found to be one: whom each merged one counts as, and which rows may say so.

Of the rows about one merged object the latest by ``merged_at`` (ties by ``merge_id``) decides: into
whom it is merged, or that it is itself again. Merges follow each other: where a is merged into b and
b into c, a counts as c. One into an object that nobody knows waits until that arrives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.catalog.merging import ACTION, MERGE, MERGE_ID, MERGED, MERGED_AT, PRIMARY
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot


def redirects(store: DeltaStore, catalog: Catalog, object_name: str = "contact") -> pl.DataFrame:
    """Return ``merged`` and ``primary``: every object that counts as another, and that other.

    Empty without a table of merges. Raises `LakeError` for merges that go in a circle.
    """
    return stored_redirects(store, catalog.objects[object_name])


def stored_redirects(store: DeltaStore, kind: ObjectType) -> pl.DataFrame:
    """Return the redirects of one kind of object as the lake has them now."""
    names = [kind.table] if kind.merges is None else [kind.table, kind.merges]
    return redirects_in(store.snapshot(names), kind)


def known_keys(store: DeltaStore, kind: ObjectType) -> pl.LazyFrame:
    """Return the keys of the stored objects, and those that merges know to be one of them."""
    names = [kind.table] if kind.merges is None else [kind.table, kind.merges]
    tables = store.snapshot(names)
    own, merged = tables.scan(kind.table).select(kind.key), redirects_in(tables, kind)
    if merged.is_empty():
        return own
    return pl.concat([own, merged.lazy().select(pl.col("merged").alias(kind.key))])


def redirects_in(tables: Snapshot, kind: ObjectType) -> pl.DataFrame:
    """Return the redirects of pinned tables."""
    wanted = [name for name in (kind.table, kind.merges) if name is not None and name in tables]
    return redirects_of({name: tables.scan(name) for name in wanted}, kind)


def redirects_of(frames: Mapping[str, pl.LazyFrame], kind: ObjectType) -> pl.DataFrame:
    """Return the redirects of frames named by table; without merges none of them is read."""
    nothing = _frame(kind, {})
    if kind.merges is None or kind.merges not in frames or kind.table not in frames:
        return nothing
    into = latest(merge_rows(frames[kind.merges], kind).collect())
    if not into:
        return nothing
    primaries = pl.Series(list(set(into.values())), dtype=nothing.schema["primary"])
    key = _normal(kind, kind.key)
    there = frames[kind.table].select(key).filter(pl.col(kind.key).is_in(primaries.implode()))
    return _frame(kind, _resolved(into, set(there.collect().to_series()), kind.merges))


def merge_rows(frame: pl.LazyFrame, kind: ObjectType) -> pl.LazyFrame:
    """Return what decides, of every row that names two objects."""
    named = pl.col(MERGED).is_not_null() & pl.col(PRIMARY).is_not_null()
    keys = [_normal(kind, MERGED), _normal(kind, PRIMARY)]
    return frame.filter(named).select(*keys, ACTION, MERGED_AT, MERGE_ID)


def latest(rows: pl.DataFrame) -> dict[object, object]:
    """Return, by merged object, into whom it is merged; those whose latest row is an undoing are left out."""
    last = rows.sort(MERGED_AT, MERGE_ID, nulls_last=False).unique(MERGED, keep="last", maintain_order=True)
    merges = last.filter(pl.col(ACTION) == MERGE)
    return dict(zip(merges[MERGED], merges[PRIMARY], strict=True))


def chain(into: Mapping[object, object], start: object) -> list[object]:
    """Return where merges lead from an object, itself first; one that comes again ends it."""
    found = {start: None}
    at = start
    while (there := into.get(at)) is not None:
        if there in found:
            return [*found, there]
        found[there] = None
        at = there
    return list(found)


def _resolved(into: Mapping[object, object], known: Collection[object], where: str) -> dict[object, object]:
    """Return the last known object of every chain; one that leads to nobody known waits."""
    ends: dict[object, object] = {}
    for start in into:
        path: dict[object, None] = {}
        at = start
        while at in into and at not in ends:
            if at in path:
                circle = " → ".join(map(str, chain(into, at)))
                hint = "import a row with the action `undo` for one of them"
                raise LakeError(f"merges go in a circle: {circle}", where=where, hint=hint)
            path[at] = None
            at = into[at]
        for one in reversed(path):
            there = into[one]
            further = ends.get(there)
            ends[one] = there if further is None and there in known else further
    return {one: end for one, end in ends.items() if end is not None}


def _normal(kind: ObjectType, column: str) -> pl.Expr:
    """Return a column of keys as rules see them."""
    text = isinstance(kind.fields[kind.key].type, Text)
    return pl.col(column).str.normalize("NFC") if text else pl.col(column)


def _frame(kind: ObjectType, ends: Mapping[object, object]) -> pl.DataFrame:
    dtype = polars_type(kind.fields[kind.key].type)
    columns = {"merged": list(ends), "primary": list(ends.values())}
    return pl.DataFrame(columns, schema={"merged": dtype, "primary": dtype}).sort("merged")
