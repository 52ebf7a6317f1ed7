"""Whether days such as ``01/02/2026`` have the day or the month first: proved by a column, or not at all.

A spreadsheet that was opened in another country leaves some of its days turned round, and writes
those in another style. So one style proves nothing of another: values with the same mark are of
one style, unless some are padded with zeros (``04/08/1966``) and others are not (``5/14/1965``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.notation.evidence import Undecided

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.ingest.mapping import DateOrder
    from segmentation_pipeline.ingest.notation.evidence import Evidence, Example

_YEAR_LAST = r"^(\d{1,2})([/.\-])(\d{1,2})[/.\-]\d{4}(?:[T ,].*)?$"
_YEAR_FIRST = r"^\d{4}(?:[/.]\d{1,2}[/.]\d{1,2}|-\d-\d{1,2}|-\d{1,2}-\d)(?:[T ,].*)?$"
_STYLES = ("padded", "unpadded", "neutral")
YEAR = "year"


def date_kinds(rows: pl.Series, text: pl.Series) -> pl.DataFrame:
    """Return the ``kind`` of each value: mark, style, and what it says of the order; null for other text."""
    x, first, second = pl.col("value"), pl.col("1").cast(pl.Int8), pl.col("3").cast(pl.Int8)
    parts = pl.DataFrame({"row": rows, "value": text.str.strip_chars()})
    parts = parts.with_columns(x.str.extract_groups(_YEAR_LAST).alias("parts")).unnest("parts")
    padded = pl.col("1").str.starts_with("0") | pl.col("3").str.starts_with("0")
    short = (pl.col("1").str.len_bytes() == 1) | (pl.col("3").str.len_bytes() == 1)
    style = pl.when(short).then(pl.lit("unpadded")).when(padded).then(pl.lit("padded"))
    says = (
        pl.when((first > 12) & (second > 12))
        .then(pl.lit("neither"))
        .when(first > 12)
        .then(pl.lit("day"))
        .when(second > 12)
        .then(pl.lit("month"))
        .when(first == second)
        .then(pl.lit("same"))
        .otherwise(pl.lit("both"))
    )
    last = pl.concat_str(pl.col("2"), style.otherwise(pl.lit("neutral")), says, separator=" ")
    kind = pl.when(first.is_not_null()).then(last).when(x.str.contains(_YEAR_FIRST)).then(pl.lit(YEAR))
    return parts.select("row", "value", kind.alias("kind"))


def date_order(found: Evidence) -> tuple[DateOrder, str]:
    """Return the one order that the values leave, and what proves it; or raise `Undecided`."""
    marks = sorted({kind[0] for kind in found.counts if kind != YEAR})
    if not marks:
        return "year_first", str(found.first(YEAR))
    everything = [f"{mark} {style}" for mark in marks for style in _STYLES]
    day, month = _first(found, everything, "day"), _first(found, everything, "month")
    if day is not None and month is not None:
        raise Undecided(f"is written in two orders: {day} has the day first, {month} the month")
    for mark in marks:
        for group in _groups(found, mark):
            both = _first(found, group, "both")
            if both is not None and not any(_first(found, group, says) for says in ("day", "month")):
                count = found.count(*(f"{style} both" for style in everything))
                where = "" if group == everything else " of this style, and other styles do not speak for it"
                raise Undecided(
                    f"can be read with the day first and with the month first: {both} and "
                    f"{count - 1:,} more; no value proves either{where}"
                )
    if day is not None:
        return "day_first", str(day)
    if month is not None:
        return "month_first", str(month)
    return "day_first", "every value is the same day with the month first"


def _groups(found: Evidence, mark: str) -> list[list[str]]:
    """Return the styles that speak for each other; a value that any style has is in none beside two."""
    styles = {style: f"{mark} {style}" for style in _STYLES}
    there = {style for style, name in styles.items() if any(kind.startswith(name) for kind in found.counts)}
    if {"padded", "unpadded"} <= there:
        return [[styles["padded"]], [styles["unpadded"]]]
    return [list(styles.values())]


def _first(found: Evidence, styles: Iterable[str], says: str) -> Example | None:
    return found.first(*(f"{style} {says}" for style in styles))
