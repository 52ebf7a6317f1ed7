"""The tables of a lake as pages show them: what each is for, its columns, its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class TableEntry:
    """``columns`` are name, type and what is said of it."""

    name: str
    comment: str
    rows: int | None
    columns: tuple[tuple[str, str, str], ...]


def table_entries(store: DeltaStore, names: list[str]) -> list[TableEntry]:
    """Return the tables that the lake has, by name, as their own logs describe them."""
    snapshot = store.snapshot(names)
    return [_entry(store, name, snapshot.files(name).rows) for name in sorted(snapshot.versions)]


def _entry(store: DeltaStore, name: str, rows: int | None) -> TableEntry:
    table = store.open(name)
    said = {field.name: str(field.metadata.get("comment", "")) for field in table.schema().fields}
    columns = tuple((column, str(kind), said[column]) for column, kind in store.schema(name).items())
    return TableEntry(name, table.metadata().description or "", rows, columns)
