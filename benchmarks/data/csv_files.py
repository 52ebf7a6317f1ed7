"""The rows of one size as a customer would send them: two CSV files, and how their columns become fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.data.activity_rows import activity_chunks
from benchmarks.data.contact_rows import contact_chunks
from benchmarks.data.dataset import read_catalog
from segmentation_pipeline.catalog.contracts import table_schema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TABLES = ("contacts", "activities")
_LEFT_OUT = ("object_index", "month")
_TIME = "%Y-%m-%dT%H:%M:%S%.6fZ"
_CONTACTS = """table: contacts
columns:
{columns}
  tags: {{column: tags, split: ";"}}
"""


@dataclass(frozen=True, slots=True)
class CsvFiles:
    """A folder: ``contacts.csv`` and ``activities.csv``, the contacts' mapping, a lake."""

    folder: Path
    contacts: int
    events: int
    seed: int

    @property
    def lake(self) -> Path:
        return self.folder / "lake"

    @property
    def mapping(self) -> Path:
        """How the contacts' columns become fields: all by name, tags split."""
        return self.folder / "contacts.yaml"

    def file(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def write(self) -> None:
        """Write everything but the lake; files that are complete stay."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("contacts", contact_chunks(self.contacts, self.seed))
        self._write("activities", activity_chunks(self.contacts, self.events, self.seed))
        columns = "\n".join(f"  {name}: {name}" for name in columns_of("contacts") if name != "tags")
        self.mapping.write_text(_CONTACTS.format(columns=columns))

    def _write(self, table: str, chunks: Iterable[pl.DataFrame]) -> None:
        path, columns = self.file(table), columns_of(table)
        if path.exists():
            return
        part = path.with_suffix(".part")
        lists = [name for name, kind in columns.items() if isinstance(kind, pl.List)]
        with part.open("wb") as file:
            for number, rows in enumerate(chunks):
                texts = rows.select(columns.keys()).with_columns(pl.col(lists).list.join(";"))
                texts.write_csv(file, include_header=not number, datetime_format=_TIME)
        part.rename(path)


def columns_of(table: str) -> dict[str, pl.DataType]:
    """Return the columns of a file in their order, with the types they have in the lake."""
    stored = table_schema(read_catalog(), table)
    return {name: kind for name, kind in stored.items() if name not in _LEFT_OUT}
