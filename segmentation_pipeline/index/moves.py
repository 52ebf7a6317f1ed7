"""What moves within the index because merges came or were undone since it was made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.merging import key_columns
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.index.coding import BUCKET, BUCKET_COLUMN
from segmentation_pipeline.index.merged import Merged, digest_of
from segmentation_pipeline.ingest.merges import redirects_in
from segmentation_pipeline.lake.file_changes import files_by
from segmentation_pipeline.lake.reading import Snapshot, scan_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deltalake import DeltaTable

    from segmentation_pipeline.catalog.model import ObjectType
    from segmentation_pipeline.index.state import PartState
    from segmentation_pipeline.index.writing import Build


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Files of a part that go, as the log names them, and by bucket the stored rows that take their place."""

    taken: tuple[str, ...] = ()
    rows: Iterable[tuple[int, pl.DataFrame]] = ()


def merged_before(build: Build, before: PartState) -> dict[str, Merged] | None:
    """Return the merged objects that a part was made with, by kind; None where that can no longer be read."""
    if before.merged == build.state.merged:
        return dict(build.merged)
    if not before.merged:
        return {}
    found = {}
    for name in build.part.merging:
        kind = build.catalog.objects[name]
        try:
            tables = {table: before.followed[table] for table in (kind.table, str(kind.merges))}
            past = {table: build.store.open(table, version) for table, (_, version) in tables.items()}
            pairs = redirects_in(Snapshot(build.store.root, past), kind)
        except (KeyError, LakeError):
            return None
        if pairs.height:
            found[name] = Merged(kind, pairs, build.inputs.scan(kind.table))
    return found if digest_of(found, build.part.merging) == before.merged else None


def moved_buckets(build: Build, kind: ObjectType, former: Mapping[str, Merged]) -> set[int]:
    """Return the buckets of an object whose profiles other merges change."""
    buckets: set[int] = set()
    for name in build.part.merging:
        changed = _changed(build.merged.get(name), former.get(name))
        if changed.is_empty():
            continue
        columns = list(key_columns(build.catalog, build.catalog.objects[name]).get(kind.table, ()))
        named = changed["key"]
        if name == kind.name:
            columns.append(kind.key)
            named = pl.concat([named, changed["before"].drop_nulls(), changed["now"].drop_nulls()])
        rows = build.inputs.scan(kind.table)
        for column in columns:
            text = isinstance(named.dtype, pl.String)
            key = pl.col(column).str.normalize("NFC") if text else pl.col(column)
            mine = rows.filter(key.is_in(named.implode()))
            buckets |= set(mine.select((pl.col(OBJECT_INDEX) // BUCKET).unique()).collect().to_series())
    return buckets


def _changed(now: Merged | None, before: Merged | None) -> pl.DataFrame:
    """Return the keys that count as another object than before: ``key``, ``before``, ``now``."""
    one = now or before
    if one is None:
        return pl.DataFrame(schema={"key": pl.String, "before": pl.String, "now": pl.String})
    nobody = one.pairs.clear()
    left = (nobody if before is None else before.pairs).rename({"merged": "key", "primary": "before"})
    right = (nobody if now is None else now.pairs).rename({"merged": "key", "primary": "now"})
    both = left.join(right, on="key", how="full", coalesce=True)
    return both.filter(pl.col("before").ne_missing(pl.col("now")))


def moved_objects(former: pl.DataFrame, keys: pl.DataFrame, key: str) -> pl.DataFrame | None:
    """Return keys with the index they had (``before``) and have (``now``), where these differ.

    None where a key has none any more: its events would have to go.
    """
    both = former.join(keys, on=key, how="left", suffix=" now", maintain_order="left")
    both = both.rename({OBJECT_INDEX: "before", f"{OBJECT_INDEX} now": "now"})
    if both["now"].null_count():
        return None
    return both.filter(pl.col("before") != pl.col("now"))


def moved_events(build: Build, key: str, moved: pl.DataFrame) -> Rewriting:
    """Return the stored events of the files that hold any of ``moved`` objects, with their new indexes."""
    name = build.part.name
    target = build.store.open(name)
    taken: list[str] = []
    buckets = set((moved["before"] // BUCKET).cast(pl.String))
    folder = build.store.root.table(name)
    for bucket, files in files_by(target, BUCKET_COLUMN).items():
        for path in files if bucket in buckets else ():
            rows = scan_files(folder, target, [unquote(path)])
            mine = rows.filter(pl.col(OBJECT_INDEX).is_in(moved["before"].implode()))
            if mine.filter(pl.col(key).is_in(moved[key].implode())).head(1).collect().height:
                taken.append(path)
    return Rewriting(tuple(taken), _placed(folder, target, taken, key, moved))


def _placed(
    folder: str, target: DeltaTable, paths: Iterable[str], key: str, moved: pl.DataFrame
) -> Iterator[tuple[int, pl.DataFrame]]:
    index = pl.coalesce("now", OBJECT_INDEX)
    for path in paths:
        rows = scan_files(folder, target, [unquote(path)]).drop(BUCKET_COLUMN).collect()
        there = rows.join(moved.select(key, "now"), on=key, how="left", maintain_order="left")
        placed = there.with_columns(index.cast(rows.schema[OBJECT_INDEX]).alias(OBJECT_INDEX))
        numbers = (placed[OBJECT_INDEX] // BUCKET).alias(BUCKET_COLUMN)
        for bucket in numbers.unique().sort():
            yield int(bucket), placed.filter(numbers == bucket).select(rows.columns)
