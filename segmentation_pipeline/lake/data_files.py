"""The data files of one version of a table, as its log lists them: what is known without reading any."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from segmentation_pipeline.lake.root import Root

# Writers may cut the bounds of times to milliseconds, downwards.
_CUT = dt.timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Paths, rows and bounds of the files; ``exact`` says that each one's rows are known."""

    root: Root
    name: str
    listed: pl.DataFrame
    exact: bool

    @classmethod
    def of(cls, root: Root, name: str, table: DeltaTable) -> DataFiles:
        listed = pl.DataFrame(table.get_add_actions(flatten=True))
        marked_deleted = "deletionVectors" in (table.protocol().reader_features or ())
        return cls(root, name, listed, not marked_deleted and listed["num_records"].null_count() == 0)

    @property
    def rows(self) -> int | None:
        """Rows of the table; None where the log does not say."""
        return int(self.listed["num_records"].sum()) if self.exact else None

    def rows_by(self, column: str) -> dict[str, int] | None:
        """Return the rows of every slice that has any; None where the log does not say."""
        if not self.exact:
            return None
        counted = self.listed.group_by(pl.col(f"partition.{column}").alias(column)).agg(
            pl.col("num_records").sum().cast(pl.Int64).alias("rows")
        )
        return dict(counted.filter(pl.col("rows") > 0).select(column, "rows").iter_rows())

    def latest(self, column: str) -> dt.datetime | None:
        """Return an instant that no value of ``column`` lies after; None where the log does not say."""
        bound = f"max.{column}"
        if bound not in self.listed.columns or not isinstance(self.listed.schema[bound], pl.Datetime):
            return None
        filled = self.listed.filter(pl.col("num_records") > 0) if self.exact else self.listed
        nulls = filled.get_column(f"null_count.{column}", default=None)
        if nulls is not None and self.exact:
            filled = filled.filter(nulls < filled["num_records"])
        if filled.is_empty() or filled[bound].null_count():
            return None
        last = filled[bound].max()
        assert isinstance(last, dt.datetime)
        return last.astimezone(dt.UTC) + _CUT

    def may_hold(self, column: str, text: str) -> bool:
        """Whether a value of a text column may be ``text``, as far as the bounds tell."""
        low, high = f"min.{column}", f"max.{column}"
        if low not in self.listed.columns or self.listed.schema[low] != pl.String:
            return True
        none = (pl.col(low) > text) | (pl.col(high) < text)
        return not self.listed.select(none.fill_null(value=False).all()).item()

    def of_slice(self, column: str, value: str) -> DataFiles:
        """Return what is known of one slice alone."""
        return replace(self, listed=self.listed.filter(pl.col(f"partition.{column}") == value))

    def paths_of(self, column: str, value: str) -> list[str]:
        """Return the files of one slice as readers take them."""
        return [self._path(name) for name in self.of_slice(column, value).listed["path"]]

    def widths(self) -> dict[str, float]:
        """Return the bytes, not compressed, that a value of each column takes in the largest file.

        Nothing is known of a table without files, or in an object store. Only the file's end is read.
        """
        if not self.root.local or self.listed.is_empty():
            return {}
        path = self._path(self.listed.sort("size_bytes")["path"][-1])
        found = pq.read_metadata(path)
        total: dict[str, int] = {}
        for group in (found.row_group(number) for number in range(found.num_row_groups)):
            for column in (group.column(number) for number in range(group.num_columns)):
                name = column.path_in_schema.partition(".")[0]
                total[name] = total.get(name, 0) + column.total_uncompressed_size
        return {name: size / max(1, found.num_rows) for name, size in total.items()}

    def lost(self) -> str | None:
        """Return the path of a file of a local table that is no longer there, if any."""
        if not self.root.local:
            return None
        paths = (self._path(name) for name in self.listed["path"])
        return next((path for path in paths if not Path(path).exists()), None)

    def _path(self, name: str) -> str:
        return f"{self.root.table(self.name)}/{unquote(name)}"
