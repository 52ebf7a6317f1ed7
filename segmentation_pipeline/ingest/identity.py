"""Who a row is: ids of events and contacts that bring none, and the dense index of objects.

Everything here depends on values alone, never on the file's format, its name or the batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import polars_hash as plh

from segmentation_pipeline.catalog.types import Datetime
from segmentation_pipeline.ingest.hash_set import HashSet
from segmentation_pipeline.ingest.text import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import Field

_HEX = 32
HASH = "row hash"
_HALVES = ("first half", "second half")
_COUNT = "count"
_ONE = pl.lit(1, pl.get_index_type()).alias(_COUNT)


def made_key(identity: pl.Series) -> pl.Series:
    """Return the key of an object that is known by its e-mail alone; null without one."""
    digest = _digest(identity.to_frame("text"))
    return digest.to_frame("x").select(pl.lit("email-") + pl.col("x")).to_series()


def row_hash(frame: pl.DataFrame, fields: Mapping[str, Field]) -> pl.Series:
    """Return a 128-bit hash, in hex, of each row's non-null fields as ``name=value`` in name order."""
    texts = pl.DataFrame(
        [_canonical(frame.get_column(name), fields[name]).alias(name) for name in sorted(fields)]
    )
    parts = [_part(name) for name in texts.columns]
    return _digest(texts.select(text=pl.concat_str(parts, ignore_nulls=True)))


class Occurrences:
    """Numbers equal rows of one file 1, 2, 3 …, whatever batches they come in.

    Holds 28 bytes for every different row of a batch. Rows are equal by all 128 bits; the first 64
    tell those, as a rule nearly all, that no other row equals. Where equal rows are not told apart
    (``each=False``) all are the first.
    """

    def __init__(self, *, each: bool = True) -> None:
        self._each = each
        self._seen = HashSet()
        self._parts: list[pl.DataFrame] = []

    def number(self, hashes: pl.Series) -> pl.Series:
        """Return which occurrence each row is, counting the batches before."""
        if not self._each:
            return pl.repeat(1, len(hashes), dtype=pl.Int64, eager=True)
        rows = hashes.to_frame(HASH).select(
            pl.col(HASH).str.slice(start, _HEX // 2).str.to_integer(base=16, dtype=pl.UInt64).alias(name)
            for name, start in zip(_HALVES, (0, _HEX // 2), strict=True)
        )
        first = rows.get_column(_HALVES[0])
        before = pl.Series(self._seen.common(first.to_numpy()))
        maybe = first.is_in(before.implode()) | first.is_duplicated()
        numbers = pl.repeat(1, rows.height, dtype=pl.Int64, eager=True)
        if maybe.any():
            numbers = numbers.scatter(maybe.arg_true(), self._counted(rows.filter(maybe), before))
        self._seen.add(first.to_numpy())
        self._parts.append(rows.group_by(_HALVES).len(_COUNT) if maybe.any() else rows.with_columns(_ONE))
        return numbers

    def _counted(self, rows: pl.DataFrame, before: pl.Series) -> pl.Series:
        known = [part.filter(pl.col(_HALVES[0]).is_in(before.implode())) for part in self._parts]
        counts = pl.concat([rows.clear().with_columns(_ONE), *known])
        counts = counts.group_by(_HALVES).agg(pl.col(_COUNT).sum().cast(pl.Int64))
        here = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(_HALVES).alias("here")
        joined = rows.with_columns(here).join(counts, on=_HALVES, how="left", maintain_order="left")
        return joined.select(pl.col("here") + pl.col(_COUNT).fill_null(0)).to_series()


def event_ids(hashes: pl.Series, numbers: pl.Series) -> pl.Series:
    """Return ``<hash>-<occurrence>``."""
    return pl.DataFrame({"h": hashes, "n": numbers}).select(pl.format("{}-{}", "h", "n")).to_series()


def _part(name: str) -> pl.Expr:
    """``name=length:value;``, null where the value is: lengths keep two values from running together."""
    x = pl.col(name)
    return pl.concat_str(pl.lit(f"{name}="), x.str.len_bytes(), pl.lit(":"), x, pl.lit(";"))


def _canonical(column: pl.Series, field: Field) -> pl.Series:
    # Microseconds since 1970 rather than ISO text: exact, and ten times as fast.
    return as_text(column.cast(pl.Int64) if isinstance(field.type, Datetime) else column)


def _digest(text: pl.DataFrame) -> pl.Series:
    return text.select(plh.col(text.columns[0]).chash.sha2_256().str.slice(0, _HEX)).to_series()
