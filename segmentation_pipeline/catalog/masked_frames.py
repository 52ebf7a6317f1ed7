"""Frames whose personal columns are masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.masking import MASK

if TYPE_CHECKING:
    from collections.abc import Collection


def mask(frame: pl.DataFrame, columns: Collection[str]) -> pl.DataFrame:
    """Return the frame with every value of ``columns`` masked, of whatever type; null stays null."""
    hidden = [name for name in frame.columns if name in columns]
    return frame.with_columns(
        pl.when(pl.col(name).is_not_null()).then(pl.lit(MASK)).alias(name) for name in hidden
    )
