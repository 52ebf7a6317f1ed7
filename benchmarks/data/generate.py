"""Writes the rows of one size in two forms, chunk by chunk; `python -m benchmarks generate --help`."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data.activity_rows import activity_chunks
from benchmarks.data.contact_rows import contact_chunks
from benchmarks.data.dataset import CATALOG, Dataset, read_catalog
from segmentation_pipeline.lake.store import DeltaStore
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SEED = 20261101
_ROW_GROUP = 1 << 17


def default_events(contacts: int) -> int:
    """Return how many events a size has: 15 a contact, 10 at ten million."""
    return contacts * (10 if contacts >= 10_000_000 else 15)


def dataset(
    root: Path,
    contacts: int,
    events: int | None = None,
    seed: int = SEED,
    say: Callable[[str], None] = lambda _text: None,
) -> Dataset:
    """Return the data set of a size under ``root``, written now unless it is there.

    What an interrupted generation left is written anew.
    """
    events = default_events(contacts) if events is None else events
    data = Dataset(root / f"{contacts}x{events}-{seed}", contacts, events)
    stamp = data.folder / "complete.json"
    recipe = {"contacts": contacts, "events": events, "seed": seed, "code": _code()}
    if stamp.exists() and json.loads(stamp.read_text()) == recipe:
        return data
    shutil.rmtree(data.folder, ignore_errors=True)
    data.plain_contacts.mkdir(parents=True)
    data.plain_activities.mkdir(parents=True)
    say(f"generating {contacts:,} contacts and {events:,} events in {data.folder}")
    _write_contacts(data, seed)
    _write_activities(data, seed)
    stamp.write_text(json.dumps(recipe))
    return data


def _code() -> str:
    """Return a hash of what decides the rows: other code, other rows."""
    here = Path(__file__).parent
    files = [CATALOG, *(here / name for name in ("vocabulary.py", "contact_rows.py", "activity_rows.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _write_contacts(data: Dataset, seed: int) -> None:
    store, table = DeltaStore(data.lake), catalog_table(read_catalog(), "contacts")
    for number, rows in enumerate(contact_chunks(data.contacts, seed)):
        store.append(table, rows.select(table.schema.names()))
        _write_parquet(data.plain_contacts / f"{number:04}.parquet", [plain(rows)])


def _write_activities(data: Dataset, seed: int) -> None:
    store, table = DeltaStore(data.lake), catalog_table(read_catalog(), "activities")
    month, writer = "", None
    for rows in activity_chunks(data.contacts, data.events, seed):
        store.append(table, rows.select(table.schema.names()))
        here = plain(rows.drop("activity_id", "contact_id", "month"))
        if rows["month"].first() != month:
            if writer is not None:
                writer.close()
            month = str(rows["month"].first())
            writer = _writer(data.plain_activities / f"{month}.parquet", here.schema)
        assert writer is not None
        writer.write_table(here, row_group_size=_ROW_GROUP)
    if writer is not None:
        writer.close()


def plain(rows: pl.DataFrame) -> pa.Table:
    """Return rows as peers read them best: narrow integers and decimals, instants without a zone."""
    columns = []
    for name, dtype in rows.schema.items():
        column = pl.col(name)
        match dtype:
            case pl.Decimal():
                column = column.cast(pl.Decimal(18, dtype.scale))
            case pl.Datetime():
                column = column.dt.replace_time_zone(None)
            case pl.Int64():
                column = column.cast(pl.Int32)
        columns.append(column)
    first = ["object_index"]
    frame = rows.select(columns)
    frame = frame.select(*first, pl.exclude(first))
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, store_decimal_as_integer=True
    )


def _write_parquet(path: Path, tables: Iterable[pa.Table]) -> None:
    tables = list(tables)
    with _writer(path, tables[0].schema) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=_ROW_GROUP)
