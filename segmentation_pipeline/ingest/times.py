"""Days and instants out of text, numbers and typed columns.

A time without a zone is local time of the mapping's zone: of two readings at the end of summer
time the earlier one, and none at all for one that the clocks skipped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.ingest.mapping import DateOrder

_INSTANT = pl.Datetime("us", "UTC")
_NAIVE = pl.Datetime("us")
_UNIX = {"unix": 1_000_000, "unix_ms": 1_000, "unix_us": 1}
_ISO = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?)?\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)?$"
)
_PLAIN = re.compile(r"\d{4}-\d{2}-\d{2}([T ])\d{2}:\d{2}:\d{2}(\.\d{3}|\.\d{6})?(Z|\+00:00|)")
_TRIED = 100
_ORDERED = r"^(\d{1,4})[/.\-](\d{1,2})[/.\-](\d{1,4})(?:[T ,]+(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?$"
_PLACES: dict[DateOrder, tuple[int, int, int]] = {
    "month_first": (3, 1, 2),
    "day_first": (3, 2, 1),
    "year_first": (1, 2, 3),
}
"""Which of the three numbers is year, month and day."""


def instants(
    column: pl.Series, zone: str, formats: Sequence[str] = (), order: DateOrder | None = None
) -> pl.Series:
    """Return instants in UTC microseconds; null where a value is none."""
    kind = column.dtype
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is not None:
            return column.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
        return _placed(column.dt.cast_time_unit("us"), zone)
    if kind == pl.Date:
        return _placed(column.cast(_NAIVE), zone)
    if kind == pl.Null:
        return column.cast(_INSTANT)
    text = as_text(column).str.strip_chars()
    if formats:
        return _coalesce([_by_format(text, form, zone) for form in formats])
    if order is not None:
        text = _ordered(text, order)
    return _iso(text, zone)


def days(
    column: pl.Series, zone: str, formats: Sequence[str] = (), order: DateOrder | None = None
) -> pl.Series:
    """Return calendar days; a time counts only where it is midnight (of ``zone``, where typed with one).

    Days are never shifted: a midnight that the clocks of ``zone`` skipped is a day like any other.
    """
    if column.dtype == pl.Date:
        return column
    text = column.dtype == pl.String
    if text and not formats and order is None:
        plain = column.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)
        if plain.null_count() == column.null_count():
            return plain
    zoned = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
    where = zone if zoned else "UTC"
    local = instants(column, where, formats, order).dt.convert_time_zone(where)
    x = pl.col("x")
    return local.to_frame("x").select(pl.when(x.dt.time() == pl.time(0)).then(x.dt.date())).to_series()


def _by_format(text: pl.Series, form: str, zone: str) -> pl.Series:
    if form in _UNIX:
        exact = text.cast(pl.Decimal(38, 6), strict=False) * pl.Series([_UNIX[form]]).cast(pl.Decimal(38, 0))
        return exact.cast(pl.Int64, strict=False).cast(_INSTANT)
    if "%z" in form or "%:z" in form or "%#z" in form:
        parsed = text.str.to_datetime(form, time_unit="us", strict=False)
        return parsed.dt.convert_time_zone("UTC") if _zoned(parsed) else parsed.cast(_INSTANT)
    if any(part in form for part in ("%H", "%I", "%T", "%R", "%X", "%c", "%s", "%r")):
        return _placed(text.str.to_datetime(form, time_unit="us", strict=False), zone)
    return _placed(text.str.to_date(form, strict=False).cast(_NAIVE), zone)


def _iso(text: pl.Series, zone: str) -> pl.Series:
    """Read values that are all written one way at once, and the others, as a rule few, by their parts."""
    form = next((match for value in text.head(_TRIED) if value and (match := _PLAIN.fullmatch(value))), None)
    if form is None:
        return _by_parts(text, zone)
    found = _written_as(text, form, zone)
    rest = found.is_null() & text.is_not_null()
    if not rest.any():
        return found
    others = text.filter(rest)
    return found.scatter(rest.arg_true(), (_by_parts if rest.all() else _iso)(others, zone))


def _written_as(text: pl.Series, form: re.Match[str], zone: str) -> pl.Series:
    """Return the instants of the values that have the digits of ``form`` in its places; null for others."""
    between, fraction, end = form.groups()
    places = len(fraction) - 1 if fraction else 0
    x = pl.col("x")
    same = x.str.contains(re.sub(r"\d", r"\\d", f"^{re.escape(form[0])}$"))
    # `.%6f` means what `%.6f` does, and is read six times as fast.
    pattern = f"%Y-%m-%d{between}%H:%M:%S{f'.%{places}f' if places else ''}{end}"
    parsed = pl.when(same).then(x).str.to_datetime(pattern, time_unit="us", strict=False, cache=False)
    naive = text.to_frame("x").select(parsed).to_series()
    return naive.dt.replace_time_zone("UTC") if end else _placed(naive, zone)


def _by_parts(text: pl.Series, zone: str) -> pl.Series:
    plain = text.str.replace("T", " ", literal=True).str.to_datetime(
        "%Y-%m-%d %H:%M:%S", time_unit="us", strict=False
    )
    found = _placed(plain, zone)
    if found.null_count() == text.null_count():
        return found
    parts = text.to_frame("x").select(pl.col("x").str.extract_groups(_ISO).alias("x")).unnest("x")
    parts.columns = ["day", "minute", "second", "offset"]
    clock = pl.concat_str(
        "day",
        pl.lit(" "),
        pl.col("minute").fill_null("00:00").str.zfill(5),
        pl.col("second").fill_null(":00"),
    )
    local = parts.select(pl.when(pl.col("day").is_not_null()).then(clock)).to_series()
    naive = local.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    offset = pl.col("offset").str.replace(r"^(Z|z|UTC)$", "+0000").str.replace(":", "", literal=True)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    minutes = sign * (
        offset.str.slice(1, 2).cast(pl.Int64) * 60
        + offset.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    )
    fixed = parts.with_columns(naive.alias("naive")).select(
        (pl.col("naive") - pl.duration(minutes=minutes)).dt.replace_time_zone("UTC")
    )
    local_time = naive.to_frame("x").select(pl.when(parts["offset"].is_null()).then(pl.col("x"))).to_series()
    return _coalesce([found, _placed(local_time, zone), fixed.to_series()])


def _ordered(text: pl.Series, order: DateOrder) -> pl.Series:
    """Rewrite ``4/8/1966`` into ISO; four digits first are the year. Two-digit years are not read."""
    parts = text.to_frame("x").select("x", pl.col("x").str.extract_groups(_ORDERED).alias("g")).unnest("g")
    leading = pl.col("1").str.len_bytes() == 4
    year, month, day = (
        pl.when(leading).then(pl.col(str(first))).otherwise(pl.col(str(place)))
        for first, place in zip(_PLACES["year_first"], _PLACES[order], strict=True)
    )
    rest = (
        pl.when(pl.col("4").is_not_null()).then(pl.concat_str(pl.lit(" "), pl.col("4"))).otherwise(pl.lit(""))
    )
    iso = pl.concat_str(year, pl.lit("-"), month.str.zfill(2), pl.lit("-"), day.str.zfill(2), rest)
    return parts.select(
        pl.when(pl.col("1").is_null() | pl.col("x").str.contains(r"^\d{4}-\d{2}-\d{2}"))
        .then(pl.col("x"))
        .otherwise(iso)
    ).to_series()


def _placed(naive: pl.Series, zone: str) -> pl.Series:
    placed = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return placed.dt.convert_time_zone("UTC")


def _coalesce(columns: list[pl.Series]) -> pl.Series:
    found = columns[0]
    for column in columns[1:]:
        if found.null_count() == 0:
            break
        found = found.fill_null(column.cast(_INSTANT))
    return found.cast(_INSTANT)


def _zoned(column: pl.Series) -> bool:
    return isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
