"""Objects that were merged into others: their rows count as those of their primaries.

A merged object is none of its own any more: it has no profile. What names it (events, rows of other
objects, rows of satellites) counts as its primary's; its own fields do not. Without merges frames
are returned as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.catalog.merging import key_columns
from segmentation_pipeline.catalog.types import Text
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.merges import redirects_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.catalog.model import Catalog, ObjectType

    Frames = Mapping[str, pl.LazyFrame]


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """The merged objects of one kind: ``pairs`` (``merged``, ``primary``), and their ``rows`` as stored."""

    kind: ObjectType
    pairs: pl.DataFrame
    rows: pl.LazyFrame

    @property
    def digest(self) -> str:
        said = hashlib.sha256()
        for column in self.pairs.iter_columns():
            texts = column.cast(pl.String).to_list()
            said.update("".join(f"{len(text)}:{text}" for text in texts).encode())
        return said.hexdigest()[:16]

    def is_merged(self, column: str) -> pl.Expr:
        """Whether a column names a merged object; false for null."""
        return self._normal(column).is_in(self.pairs["merged"].implode()).fill_null(value=False)

    def primary(self, column: str) -> pl.Expr:
        """Return a column of keys with those of primaries for merged objects."""
        return self._normal(column).replace(self.pairs["merged"], self.pairs["primary"]).alias(column)

    def primary_of(self, key: str) -> str | None:
        """Return the key, as text, of the object that a key counts as; None where it is not merged."""
        found = self.pairs.filter(pl.col("merged").cast(pl.String) == key)["primary"]
        return None if found.is_empty() else str(found[0])

    def numbered(self, keys: pl.LazyFrame, key: str) -> pl.LazyFrame:
        """Return live keys and ``object_index``, then merged ones with the index of their primary."""
        known = keys.rename({key: "primary"})
        more = self.pairs.lazy().join(known, on="primary", how="inner", maintain_order="left")
        return pl.concat([keys, more.select(pl.col("merged").alias(key), OBJECT_INDEX)])

    def indexes(self) -> pl.Series:
        """Return the ``object_index`` that merged objects themselves have, sorted."""
        if OBJECT_INDEX not in self.rows.collect_schema():
            return pl.Series(OBJECT_INDEX, dtype=pl.Int64)
        return self.rows.select(pl.col(OBJECT_INDEX).cast(pl.Int64).sort()).collect().to_series()

    def keys(self) -> pl.LazyFrame:
        """Return, as text, the ``key`` of every merged object and that of its ``primary``."""
        return self.pairs.lazy().select(
            pl.col("merged").cast(pl.String).alias("key"), pl.col("primary").cast(pl.String)
        )

    def emails(self) -> pl.LazyFrame:
        """Return the e-mails of merged objects themselves, in small letters, and the ``primary``'s key."""
        there = set(self.rows.collect_schema())
        own = self.rows.with_columns(self._normal(self.kind.key).cast(pl.String))
        found = [
            own.select(pl.col(self.kind.key).alias("key"), pl.col(name).str.to_lowercase().alias("email"))
            for name, field in self.kind.fields.items()
            if field.form == "email" and name in there
        ]
        nothing = pl.LazyFrame(schema={"key": pl.String, "email": pl.String})
        named = pl.concat([nothing, *found]).drop_nulls()
        return named.join(self.keys(), on="key", how="inner").select("email", "primary")

    def _normal(self, column: str) -> pl.Expr:
        text = isinstance(self.kind.fields[self.kind.key].type, Text)
        return pl.col(column).str.normalize("NFC") if text else pl.col(column)


def merged_objects(catalog: Catalog, frames: Frames) -> tuple[dict[str, Merged], dict[str, str]]:
    """Return the merged objects of every kind that has any, and why those of other kinds cannot be told.

    Only tables of merges are read, and keys where there are any.
    """
    found: dict[str, Merged] = {}
    broken: dict[str, str] = {}
    for kind in catalog.objects.values():
        if kind.merges is None or kind.merges not in frames or kind.table not in frames:
            continue
        try:
            pairs = redirects_of(frames, kind)
        except LakeError as error:
            broken[kind.name] = str(error)
        except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
            broken[kind.name] = f"table `{kind.merges}` cannot be read: {error}"
        else:
            if pairs.height:
                mine = Merged(kind, pairs, frames[kind.table])
                found[kind.name] = Merged(kind, pairs, frames[kind.table].filter(mine.is_merged(kind.key)))
    return found, broken


def live_frames(catalog: Catalog, frames: Frames, merged: Mapping[str, Merged]) -> Frames:
    """Return the frames without merged objects, and with their primaries where other rows name them."""
    changed = dict(frames)
    for one in merged.values():
        kind = one.kind
        own_keys = {other.table: other.key for other in catalog.objects.values()}
        if kind.table in changed:
            changed[kind.table] = changed[kind.table].filter(~one.is_merged(kind.key))
        ranked = {found.satellite.table for found in kind.fields.values() if found.satellite is not None}
        for table, columns in key_columns(catalog, kind).items():
            if table not in changed:
                continue
            there = set(changed[table].collect_schema())
            for column in (name for name in columns if name in there):
                if own_keys.get(table) == column:
                    # A row that is about one object, as its profile is: the primary has its own.
                    changed[table] = changed[table].filter(~one.is_merged(column))
                elif table in ranked and column == kind.key:
                    changed[table] = _own_last(changed[table], column, one)
                else:
                    changed[table] = changed[table].with_columns(one.primary(column))
    return changed


def _own_last(frame: pl.LazyFrame, column: str, merged: Merged) -> pl.LazyFrame:
    """Return the rows of a satellite so that, of one value a field, the primary's own is the last."""
    theirs = merged.is_merged(column)
    moved = frame.filter(theirs).sort(column, descending=True).with_columns(merged.primary(column))
    return pl.concat([moved, frame.filter(~theirs)])


def digest_of(merged: Mapping[str, Merged], kinds: Iterable[str]) -> str:
    """Return a digest of the merges of some kinds of objects; '' where there are none."""
    return " ".join(f"{name} {merged[name].digest}" for name in kinds if name in merged)
