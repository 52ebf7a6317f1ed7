"""Of two values of a field, the stored one and the provider's: which one stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.ingest.batch import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.enrichment.declarations import Provider
    from segmentation_pipeline.ingest.targets import Target
    from segmentation_pipeline.lake.store import DeltaStore

ENRICHED_AT = "last_enriched_at"
_SET = "fields that are known"


@dataclass(frozen=True, slots=True)
class Winners:
    """``stored`` are the contacts as they are, with every column of their table."""

    store: DeltaStore
    target: Target
    provider: Provider
    stored: pl.DataFrame

    def whole(self, typed: pl.DataFrame) -> pl.DataFrame:
        """Return the contacts' whole rows as they would be, with `ROW` and the fields that lie elsewhere."""
        key = self.target.key[0]
        beside = self.stored.rename({name: _stored(name) for name in self.stored.columns if name != key})
        joined = typed.join(beside, on=key, how="inner", maintain_order="left")
        own = [name for name in self.stored.columns if name != key]
        return joined.select(
            ROW, key, *(self._winner(name, typed).alias(name) for name in own), *self._elsewhere(typed)
        )

    def parts(self, typed: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Yield the rows to land (`ROW`, key, fields that may change), those with the same fields together.

        A field that lies in a table of its own is left out where the provider knows nothing of it: to
        land nothing would take away what is there.
        """
        key = self.target.key[0]
        own = [name for name in self._fields(typed) if self.target.fields[name].stored]
        marks = [name for name in (ENRICHED_AT,) if name in self.target.fields]
        elsewhere = self._elsewhere(typed)
        rows = self.whole(typed).select(ROW, key, *dict.fromkeys([*own, *marks]), *elsewhere)
        if not elsewhere:
            if rows.height:
                yield rows
            return
        known = [self._known_elsewhere(rows, name).alias(name) for name in elsewhere]
        named = (
            pl.concat_list([pl.when(pl.col(name)).then(pl.lit(name)) for name in elsewhere])
            .list.drop_nulls()
            .list.join("\n")
        )
        sets = pl.DataFrame(known).select(named.alias(_SET)).to_series()
        for part in rows.with_columns(sets).partition_by(_SET, maintain_order=True):
            there = part.get_column(_SET)[0].split("\n")
            yield part.drop(_SET, *(name for name in elsewhere if name not in there))

    def _winner(self, name: str, typed: pl.DataFrame) -> pl.Expr:
        held = pl.col(_stored(name))
        if name == ENRICHED_AT and name in typed.columns:
            return pl.max_horizontal(held, pl.col(name))
        if name not in self.provider.fields or name not in typed.columns:
            return held
        match self.provider.policy(name):
            case "always":
                return pl.coalesce(pl.col(name), held)
            case "when_empty":
                return pl.coalesce(held, pl.col(name))
            case "never":
                return held

    def _fields(self, typed: pl.DataFrame) -> list[str]:
        return [name for name in self.provider.fields if name in typed.columns]

    def _elsewhere(self, typed: pl.DataFrame) -> list[str]:
        return [name for name in self._fields(typed) if not self.target.fields[name].stored]

    def _known_elsewhere(self, rows: pl.DataFrame, name: str) -> pl.Series:
        """Return whether a field in a table of its own is to be written, by row."""
        column = rows.get_column(name)
        known = column.is_not_null()
        if isinstance(column.dtype, pl.List):
            known &= (column.list.len() > 0).fill_null(value=False)
        match self.provider.policy(name):
            case "always":
                return known
            case "when_empty":
                return known & ~rows.get_column(self.target.key[0]).is_in(self._holders(name).implode())
            case "never":
                return pl.repeat(value=False, n=rows.height, dtype=pl.Boolean, eager=True)

    def _holders(self, name: str) -> pl.Series:
        """Return the contacts that have a value of such a field."""
        satellite, key = self.target.fields[name].satellite, self.target.key[0]
        if satellite is None or not self.store.exists(satellite.table):
            return pl.Series(key, dtype=pl.String)
        scan = self.store.scan(satellite.table).join(self.stored.select(key).lazy(), on=key, how="semi")
        if satellite.value is None:
            scan = scan.filter(pl.col("field_name") == name.partition(".")[2])
        return scan.select(key).unique().collect().to_series()


def _stored(name: str) -> str:
    return f"stored {name}"
