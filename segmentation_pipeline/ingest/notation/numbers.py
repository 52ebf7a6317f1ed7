"""Whether a point or a comma stands before the decimals: proved by a column, or not at all.

``1.234`` and ``1,234`` can each be a thousand or one and a bit. ``1.5``, ``0.125``, ``1,234.50`` and
``1,234,567`` have a decimal point, their mirror images a decimal comma.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import polars as pl

from segmentation_pipeline.ingest.notation.evidence import Evidence, Undecided

Mark = Literal[".", ","]
EITHER = r"^[+-]?[1-9]\d{0,2}[.,]\d{3}$"
_GROUPS = r"^[+-]?[1-9]\d{{0,2}}(?:{0}\d{{3}}){{2,}}$"
_WHOLE = r"[1-9]\d{{0,2}}(?:{1}\d{{3}})+"
_DECIMALS = rf"^[+-]?(?:(?:\d*|{_WHOLE}){{0}}\d+|(?:\d+|{_WHOLE}){{0}})(?:[eE][+-]?\d{{{{1,3}}}})?$"


class NumberNotation(NamedTuple):
    """The mark before the decimals, and the one between thousands, if there are any."""

    decimal: Mark
    thousands: Mark | None

    def __str__(self) -> str:
        names = {".": "point", ",": "comma"}
        between = f", {names[self.thousands]} between thousands" if self.thousands else ""
        return f"decimal {names[self.decimal]}{between}"


def number_kinds(rows: pl.Series, text: pl.Series) -> pl.DataFrame:
    """Return the ``kind`` of each value that has a mark: what it proves, or that it proves nothing."""
    x = pl.col("value")
    frame = pl.DataFrame({"row": rows, "value": text.str.strip_chars()}).filter(x.str.contains("[.,]"))
    point, comma = x.str.contains(".", literal=True), x.str.contains(",", literal=True)
    kind = (
        pl.when(x.str.contains(EITHER))
        .then(pl.when(point).then(pl.lit("either .")).otherwise(pl.lit("either ,")))
        .when(x.str.contains(_DECIMALS.format(r"\.", ",")))
        .then(pl.when(comma).then(pl.lit("point ,")).otherwise(pl.lit("point")))
        .when(x.str.contains(_DECIMALS.format(",", r"\.")))
        .then(pl.when(point).then(pl.lit("comma .")).otherwise(pl.lit("comma")))
        .when(x.str.contains(_GROUPS.format(",")))
        .then(pl.lit("point ,"))
        .when(x.str.contains(_GROUPS.format(r"\.")))
        .then(pl.lit("comma ."))
    )
    return frame.with_columns(kind.alias("kind"))


def is_plain(found: Evidence) -> bool:
    """Whether the values have a proved decimal point and no comma: the rule, that needs no closer look."""
    return found.count("point") > 0 and not found.count("point ,", "comma", "comma .", "either ,")


def number_notation(found: Evidence) -> tuple[NumberNotation, str]:
    """Return the one notation that the values leave, and what proves it; raise `Undecided` for two."""
    point, comma = found.first("point", "point ,"), found.first("comma", "comma .")
    if point is not None and comma is not None:
        raise Undecided(f"is written in two ways: {point} has a decimal point, {comma} a decimal comma")
    if point is not None:
        grouped = found.count("point ,", "either ,") > 0
        return NumberNotation(".", "," if grouped else None), str(point)
    if comma is not None:
        grouped = found.count("comma .", "either .") > 0
        return NumberNotation(",", "." if grouped else None), str(comma)
    either = found.first("either .", "either ,")
    more = found.count("either .", "either ,") - 1
    raise Undecided(
        f"can be read with a decimal point and with a decimal comma: {either} and {more:,} more; "
        "no value proves either"
    )
