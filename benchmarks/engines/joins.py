"""What changed since the last run, by a full join of the membership rows now and before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from benchmarks.engines import xor
from segmentation_pipeline.evaluation.positions import ids_in_steps

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from benchmarks.data.dataset import Dataset
    from benchmarks.peer import Tally
    from segmentation_pipeline.rules.segment import Definitions

_KEY = ("segment", "object_index")
_rows: list[pl.DataFrame] = []
_found: list[pl.DataFrame] = []


def prepare(data: Dataset, workspace: Path) -> None:
    """Do nothing: members come from the run before."""


def before(definitions: Definitions, workspace: Path, reference: Path) -> None:
    """Make rows of the masks that `xor` is given."""
    masks = xor.masks_now_and_before(definitions, reference)
    _rows.append(_long((number, now) for number, (now, _) in masks.items()))
    _rows.append(_long((number, old) for number, (_, old) in masks.items()))


def run(data: Dataset, definitions: Definitions, as_of: dt.datetime, workspace: Path, output: Path) -> None:
    """Join, and keep what stands on one side alone."""
    now, old = (rows.lazy() for rows in _rows)
    marked = now.with_columns(pl.lit(value=True).alias("is_now"))
    both = marked.join(
        old.with_columns(pl.lit(value=True).alias("was")), on=list(_KEY), how="full", coalesce=True
    )
    moved = both.filter(pl.col("is_now").is_null() | pl.col("was").is_null())
    _found.append(
        moved.select(*_KEY, pl.col("is_now").is_not_null().alias("entered")).collect(engine="streaming")
    )


def tally(definitions: Definitions, workspace: Path, output: Path) -> Mapping[str, Tally]:
    return xor.tally_changes(definitions, pl.concat(_found))


def _long(masks: Iterable[tuple[int, pl.Series]]) -> pl.DataFrame:
    parts = [
        ids.cast(pl.Int32).to_frame().select(pl.lit(number, pl.Int32).alias("segment"), "object_index")
        for number, mask in masks
        for ids in ids_in_steps(mask)
    ]
    return pl.concat(parts)
