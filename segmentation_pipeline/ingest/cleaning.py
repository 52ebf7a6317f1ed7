"""From source columns to one column per field, as the mapping says, still untyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.types import Decimal
from segmentation_pipeline.ingest.text import as_text
from segmentation_pipeline.ingest.typing import Reading, read_as

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.ingest.mapping import Case, Condition, Source

_FACTOR = Decimal(9)


def draw(frame: pl.DataFrame, source: Source) -> pl.Series:
    """Return the values that ``source`` takes from a batch.

    Text unless the file has types and nothing asks to clean them; a product is an exact decimal,
    null where a factor is missing or no number.
    """
    if source.constant is not None:
        return _constant(frame, source.constant)
    if source.case is not None:
        return _cleaned(_cases(frame, source.case, source.default), source)
    if source.multiply is not None:
        return _product(frame, source)
    if source.column is None:
        return _constant(frame, None)
    return _cleaned(frame.get_column(source.column), source)


def origin(frame: pl.DataFrame, source: Source) -> pl.Series:
    """Return what a message shows for a value of ``source``: the file's own text."""
    parts = [as_text(frame.get_column(name)) for name in source.drawn_from]
    if not parts:
        return _constant(frame, source.constant)
    if len(parts) == 1:
        return parts[0]
    texts = [part.fill_null("").alias(str(at)) for at, part in enumerate(parts)]
    return pl.DataFrame(texts).select(pl.concat_str(pl.all(), separator=" × ")).to_series()


def whole_numbers(text: pl.Series) -> pl.Series:
    """Return ``17850.0`` as ``17850``; other text is left for the field's type to judge."""
    return text.str.strip_chars().str.replace(r"^\+?(-?)0*(\d+)(?:\.0*)?$", "$1$2")


def _cleaned(column: pl.Series, source: Source) -> pl.Series:
    touched = source.strip or source.remove or source.values is not None or source.as_ is not None
    if not touched:
        return column
    text = as_text(column)
    if source.strip:
        text = text.str.strip_chars()
    for part in source.remove:
        text = text.str.replace_all(part, "", literal=True)
    if source.strip and source.remove:
        text = text.str.strip_chars()
    if source.values is not None:
        known = pl.Series(list(source.values.values()), dtype=pl.String)
        if source.others == "keep":
            text = text.replace(list(source.values), known)
        else:
            text = text.replace_strict(list(source.values), known, default=None)
    if source.as_ == "integer":
        text = whole_numbers(text)
    return text


def _product(frame: pl.DataFrame, source: Source) -> pl.Series:
    how = Reading(decimal=source.decimal, thousands=source.thousands)
    factors = [_factor(frame, name, how) for name in source.multiply or ()]
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def _factor(frame: pl.DataFrame, name: str, how: Reading) -> pl.Series:
    return read_as(_FACTOR, frame.get_column(name), how)


def _cases(frame: pl.DataFrame, cases: tuple[Case, ...], default: str | None) -> pl.Series:
    texts = _tested(frame, [case.when for case in cases])
    chosen = pl.lit(default, pl.String)
    for case in reversed(cases):
        chosen = pl.when(_holds(case.when)).then(pl.lit(case.value, pl.String)).otherwise(chosen)
    return texts.select(chosen.alias("case")).to_series()


def holding(frame: pl.DataFrame, test: Condition) -> pl.Series:
    """Return which rows of a batch pass a condition."""
    return _tested(frame, [test]).select(_holds(test).alias("holds")).to_series()


def _tested(frame: pl.DataFrame, tests: Sequence[Condition]) -> pl.DataFrame:
    names = dict.fromkeys(test.column for test in tests)
    return pl.DataFrame([as_text(frame.get_column(name)).alias(name) for name in names])


def _holds(test: Condition) -> pl.Expr:
    """All tests of a condition; what is null holds nothing but ``is_empty``."""
    x = pl.col(test.column)
    parts: list[pl.Expr] = []
    if test.equals is not None:
        parts.append(x == test.equals)
    if test.one_of is not None:
        parts.append(x.is_in(list(test.one_of)))
    if test.starts_with is not None:
        parts.append(x.str.starts_with(test.starts_with))
    if test.ends_with is not None:
        parts.append(x.str.ends_with(test.ends_with))
    if test.contains is not None:
        parts.append(x.str.contains(test.contains, literal=True))
    if test.less_than is not None:
        parts.append(x.cast(pl.Float64, strict=False) < test.less_than)
    if test.greater_than is not None:
        parts.append(x.cast(pl.Float64, strict=False) > test.greater_than)
    if test.is_empty is not None:
        empty = x.is_null() | (x == "")
        parts.append(empty if test.is_empty else ~empty)
    return pl.all_horizontal(parts).fill_null(value=False)


def _constant(frame: pl.DataFrame, value: str | None) -> pl.Series:
    return pl.repeat(value, frame.height, dtype=pl.String, eager=True)
