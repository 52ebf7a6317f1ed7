"""The elements of lists, apart and together again: one row an element, however a file writes lists."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from segmentation_pipeline.ingest.text import as_text

PLACE, ELEMENT = "place", "element"


def elements(column: pl.Series, split: str | None) -> pl.DataFrame:
    """Return `PLACE`, the number of the row from 0, and `ELEMENT`, text, of every element that is not blank.

    A cell holds parts between ``split``, a JSON list, or one value itself.
    """
    places = pl.int_range(len(column), dtype=pl.Int64, eager=True).alias(PLACE)
    if column.dtype == pl.String and split is not None:
        parts = column.str.split(split)
    elif column.dtype == pl.String and not column.str.strip_chars_start().str.starts_with("[").any():
        parts = column.to_frame().select(pl.concat_list(pl.all())).to_series()
    else:
        values = column if isinstance(column.dtype, pl.List | pl.Array) else as_text(column)
        parts = pl.Series([_parts(value, split) for value in values.to_list()], dtype=pl.List(pl.String))
    rows = pl.DataFrame([places, parts.alias(ELEMENT)]).explode(ELEMENT)
    return rows.with_columns(pl.col(ELEMENT).str.strip_chars()).filter(pl.col(ELEMENT) != "")


def lists(column: pl.Series, places: pl.Series, values: pl.Series) -> pl.Series:
    """Return the list of each row of ``column``, each value once, in order.

    Null where ``column`` is, and where one of the ``values`` at the row's ``places`` is.
    """
    flat = pl.DataFrame({PLACE: places, ELEMENT: values})
    bad = flat.filter(pl.col(ELEMENT).is_null()).get_column(PLACE).unique()
    distinct = flat.unique(maintain_order=True).group_by(PLACE, maintain_order=True).agg(ELEMENT)
    rows = column.is_null().to_frame("null").with_row_index(PLACE).cast({PLACE: pl.Int64})
    empty = pl.lit([], pl.List(values.dtype))
    found = rows.join(distinct, on=PLACE, how="left", maintain_order="left").select(
        pl.when(~pl.col("null") & ~pl.col(PLACE).is_in(bad.implode())).then(pl.col(ELEMENT).fill_null(empty))
    )
    return found.to_series().alias(column.name)


def _parts(value: Any, split: str | None) -> list[str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        if split is not None:
            value = value.split(split)
        elif value.lstrip().startswith("["):
            try:
                value = json.loads(value)
            except ValueError:
                value = [value]
        else:
            value = [value]
    found: list[str] = as_text(pl.Series("x", value, strict=False)).to_list() if value else []
    return found
