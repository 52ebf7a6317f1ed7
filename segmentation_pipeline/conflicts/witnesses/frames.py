"""Witnesses as the frames that the engine reads: every table of the catalog, most of them empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import polars_type
from segmentation_pipeline.index.build import HISTORY, TRANSITIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.conflicts.model import Witness


def frames_of(catalog: Catalog, witnesses: Iterable[Witness]) -> dict[str, pl.DataFrame]:
    """Return one frame a table with the rows of all witnesses; their keys must differ."""
    columns = {kind.table: kind.fields for kind in catalog.objects.values()}
    columns |= {source.table: source.columns for source in catalog.events.values()}
    rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in columns}
    for witness in witnesses:
        for table, found in witness.rows.items():
            rows[table] += found
    frames = {
        table: pl.DataFrame(
            {
                name: pl.Series(name, [row.get(name) for row in rows[table]], dtype=polars_type(field.type))
                for name, field in fields.items()
            }
        )
        for table, fields in columns.items()
    }
    return {**frames, HISTORY: pl.DataFrame(schema=TRANSITIONS)}
