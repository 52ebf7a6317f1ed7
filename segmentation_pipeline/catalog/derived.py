"""Computes the derived fields of an object where its source left them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.derivations import DERIVATIONS, Derivation, Joined, Rate, inputs

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import ObjectType

_RATE = pl.Decimal(38, 2)


def derive(kind: ObjectType, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with derived columns filled where they are absent or null.

    A column none of whose inputs is in the frame is left as it is; one input that is missing
    counts as null.
    """
    for field in kind.fields.values():
        if field.derived is None:
            continue
        derivation = DERIVATIONS[field.derived]
        present = frame.schema.keys() & set(inputs(derivation))
        if not present:
            continue
        missing = [pl.lit(None).alias(name) for name in inputs(derivation) if name not in present]
        value = frame.select(*present, *missing).select(value=derived_value(derivation)).get_column("value")
        given = [frame.get_column(field.name)] if field.name in frame.columns else []
        column = given[0].cast(value.dtype).fill_null(value) if given else value
        frame = frame.with_columns(column.alias(field.name))
    return frame


def derived_value(derivation: Derivation) -> pl.Expr:
    """Return what a derivation computes of the columns of a row."""
    if isinstance(derivation, Joined):
        return _joined(derivation)
    return _rate(derivation)


def _joined(derivation: Joined) -> pl.Expr:
    parts = [_text_or_null(part) for part in derivation.parts]
    text = pl.concat_str(parts, separator=" ", ignore_nulls=True)
    return pl.when(pl.all_horizontal(part.is_null() for part in parts)).then(None).otherwise(text)


def _text_or_null(column: str) -> pl.Expr:
    text = pl.col(column).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _rate(derivation: Rate) -> pl.Expr:
    """Half up at the second decimal, in whole numbers: no float decides a digit."""
    part, whole = (pl.col(name).cast(pl.Int64).fill_null(0) for name in (derivation.part, derivation.whole))
    divisor = pl.when(whole > 0).then(whole)
    hundredths = ((20_000 * part + divisor) // (2 * divisor)).fill_null(0)
    return hundredths.cast(_RATE) / pl.lit(100).cast(_RATE)
