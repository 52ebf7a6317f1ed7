"""Pinned versions of Delta tables as LazyFrames, wherever the lake lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.data_files import DataFiles
from segmentation_pipeline.lake.guard import wrapping

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from deltalake import DeltaTable

    from segmentation_pipeline.lake.root import Root


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Several tables, each at the version it had when the snapshot was taken."""

    root: Root
    tables: Mapping[str, DeltaTable]

    @property
    def versions(self) -> dict[str, int]:
        return {name: table.version() for name, table in self.tables.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def identity(self, name: str) -> str:
        """Return what a table has in common only with itself: one made anew counts its versions anew."""
        return str(self._table(name).metadata().id)

    def files(self, name: str) -> DataFiles:
        """Return what the log says of the table's data files."""
        with wrapping("cannot read the log of the table", name):
            return DataFiles.of(self.root, name, self._table(name))

    def scan(self, name: str) -> pl.LazyFrame:
        return scan_table(self.root, name, self._table(name))

    def scan_slice(self, files: DataFiles, column: str, value: str) -> pl.LazyFrame:
        """Scan the rows of one slice of a table, without ``column``: only its own files are looked at.

        Rows come in no particular order.
        """
        if not self.root.local:
            return self.scan(files.name).filter(pl.col(column) == value).drop(column)
        schema = pl.Schema({name: kind for name, kind in self.schema(files.name).items() if name != column})
        paths = files.paths_of(column, value)
        if not paths:
            return pl.LazyFrame(schema=schema)
        return pl.scan_parquet(
            paths,
            glob=False,
            schema=schema,
            hive_partitioning=False,
            missing_columns="insert",
            extra_columns="ignore",
        )

    def schema(self, name: str) -> pl.Schema:
        return stored_schema(self._table(name))

    def _table(self, name: str) -> DeltaTable:
        if name not in self.tables:
            raise LakeError(f"the snapshot has no table `{name}`", allowed=sorted(self.tables))
        return self.tables[name]


def stored_schema(table: DeltaTable) -> pl.Schema:
    """Return the columns of the opened version as Polars types."""
    return pl.Schema(table.schema())


def scan_table(root: Root, name: str, table: DeltaTable) -> pl.LazyFrame:
    """Scan the version at which ``table`` was opened; later commits do not show.

    Rows come in no order that may be relied on: files are listed newest first.
    """
    with wrapping("cannot read the table", name):
        if root.plain:
            return pl.scan_delta(table, version=table.version())
        # Polars' Delta reader takes files from percent-encoded addresses, which are no file names
        # where the lake's path holds a blank, an umlaut, `%`, `#` or `?`.
        return scan_files(root.table(name), table)


def scan_files(
    folder: str,
    table: DeltaTable,
    chosen: Collection[str] | None = None,
    storage_options: dict[str, str] | None = None,
) -> pl.LazyFrame:
    """Scan the version's files by their names, or those ``chosen`` of them and of the past."""
    schema = stored_schema(table)
    sliced = pl.Schema({name: schema[name] for name in table.metadata().partition_columns})
    stored = pl.Schema({name: dtype for name, dtype in schema.items() if name not in sliced})
    if chosen is None:
        chosen = [unquote(path) for path in pl.DataFrame(table.get_add_actions())["path"].to_list()]
    if not chosen:
        return pl.LazyFrame(schema=schema)
    return pl.scan_parquet(
        [f"{folder}/{path}" for path in chosen],
        glob=False,
        schema=stored,
        hive_partitioning=bool(sliced),
        hive_schema=sliced or None,
        missing_columns="insert",
        extra_columns="ignore",
        storage_options=storage_options,
    ).select(schema.names())
