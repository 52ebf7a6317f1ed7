"""Which rows of an import of merges may land: none that merges an object into itself, or in a circle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.merging import ACTION, MERGE, MERGE_ID, MERGED, MERGED_AT, PRIMARY, UNDO
from segmentation_pipeline.ingest.batch import FINDINGS, ROW
from segmentation_pipeline.ingest.merges import chain, merge_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.lake.store import DeltaStore

MERGE_CLAIMS = (PRIMARY, MERGED, ACTION, MERGED_AT)


@dataclass
class _Standing:
    """Who is merged into whom, and when that was last said, while rows are judged in order of time."""

    into: dict[object, object]
    said: dict[object, tuple[Any, str]]
    rivals: Mapping[object, Mapping[str, tuple[object, ...]]]

    def refusal(self, row: Mapping[str, Any]) -> tuple[str, str] | None:
        """Take a row in; or return the column at fault and the reason, and stay as it was."""
        one, primary = row[MERGED], row[PRIMARY]
        if row[ACTION] == MERGE and one == primary:
            return MERGED, f"`{one}` would be merged into itself"
        when = (row[MERGED_AT], row[MERGE_ID])
        if one in self.said and self.said[one] > when:
            return None
        if row[ACTION] == UNDO:
            for column, others in self.rivals.get(one, {}).items():
                taken = next((other for other in others if other not in self.into), None)
                if one in self.into and taken is not None:
                    return MERGED, f"by itself again, `{one}` would share its `{column}` with `{taken}`"
            self.into.pop(one, None)
        else:
            if (way := chain(self.into, primary))[-1] == one:
                return PRIMARY, f"merges would go in a circle: {' → '.join(map(str, [one, *way]))}"
            self.into[one] = primary
        self.said[one] = when
        return None


def merge_findings(store: DeltaStore, kind: ObjectType, claims: pl.DataFrame, file: str) -> pl.DataFrame:
    """Return findings on the claims (one a ``merge_id``) that must not land, in the order of ``merged_at``.

    Claims and findings have `ROW` and a column ``file``.

    So that unique values stay so among live objects, an undoing is refused whose object would share
    one with another.
    """
    rows = claims.sort(MERGED_AT, MERGE_ID).select(file, ROW, MERGE_ID, *MERGE_CLAIMS)
    undone = rows.filter(pl.col(ACTION) == UNDO)[MERGED].unique()
    stored = _stored(store, kind, claims[MERGE_ID])
    standing = _Standing({}, {}, _rivals(store, kind, undone))
    for row in stored.sort(MERGED_AT, MERGE_ID).iter_rows(named=True):
        standing.said[row[MERGED]] = (row[MERGED_AT], row[MERGE_ID])
        if row[ACTION] == MERGE:
            standing.into[row[MERGED]] = row[PRIMARY]
        else:
            standing.into.pop(row[MERGED], None)
    return pl.DataFrame(list(_refused(rows, standing)), schema={file: pl.Int64(), **FINDINGS}, orient="row")


def _refused(rows: pl.DataFrame, standing: _Standing) -> Iterator[tuple[object, ...]]:
    for row in rows.iter_rows(named=True):
        if (refusal := standing.refusal(row)) is not None:
            column, reason = refusal
            yield *(row[name] for name in rows.columns[:2]), column, str(row[column]), reason


def _stored(store: DeltaStore, kind: ObjectType, replaced: pl.Series) -> pl.DataFrame:
    """Return the rows that stay as they are, whatever lands."""
    name = str(kind.merges)
    columns = (MERGED, PRIMARY, ACTION, MERGED_AT, MERGE_ID)
    if not store.exists(name):
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String()))
    stay = ~pl.col(MERGE_ID).is_in(replaced.implode())
    return merge_rows(store.scan(name), kind).filter(stay).collect()


def _rivals(
    store: DeltaStore, kind: ObjectType, undone: pl.Series
) -> dict[object, dict[str, tuple[object, ...]]]:
    """Return, by object and unique field, the other objects that hold its value."""
    unique = [
        name for name, field in kind.fields.items() if field.unique and field.stored and name != kind.key
    ]
    found: dict[object, dict[str, tuple[object, ...]]] = {}
    if undone.is_empty() or not store.exists(kind.table):
        return found
    there = set(store.schema(kind.table))
    for name in (name for name in unique if name in there):
        value = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
        held = store.scan(kind.table).select(pl.col(kind.key).alias("one"), value.alias("value")).drop_nulls()
        mine = held.filter(pl.col("one").is_in(undone.implode())).collect()
        others = held.rename({"one": "other"}).join(mine.lazy(), on="value", how="inner")
        others = others.filter(pl.col("other") != pl.col("one")).sort("other")
        for one, other in others.select("one", "other").collect().iter_rows():
            before = found.setdefault(one, {}).get(name, ())
            found[one][name] = (*before, other)
    return found
