"""Turns the contract of a table of the catalog into its asset check: a blocking error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from segmentation_pipeline.catalog.contracts import failures, layout
from segmentation_pipeline.catalog.masking import MASK, masked_text, personal_columns, told
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table
from segmentation_pipeline.components.source_tables import tables_before
from segmentation_pipeline.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.lake.store import DeltaStore

NAME = "contract"
_SHOWN = 20


def build_contract_checks(blueprint: Blueprint) -> list[dg.AssetChecksDefinition]:
    """Return one check a source table; where it fails, nothing that reads the table runs."""
    return [
        build_contract_check(table, sorted(tables_before(blueprint, table))) for table in blueprint.tables
    ]


def build_contract_check(table: str, after: Sequence[str] = ()) -> dg.AssetChecksDefinition:
    """Return the check of one table; ``after`` are tables whose import may write it too."""

    @dg.asset_check(
        asset=table,
        name=NAME,
        blocking=True,
        additional_deps=after,
        description="Every row meets what the catalog says of its columns: types, nulls, ranges, keys.",
    )
    def contract(lake: LakeResource) -> dg.AssetCheckResult:
        with told_plainly():
            workspace, store = lake.open()
            return _checked(store, load_catalog(workspace.catalog_file), table)

    return contract


def _checked(store: DeltaStore, catalog: Catalog, table: str) -> dg.AssetCheckResult:
    if not store.exists(table):
        return dg.AssetCheckResult(
            asset_key=table, check_name=NAME, passed=True, description="there are no rows yet"
        )
    try:
        found = pl.concat(failures(catalog, table, part) for part in _parts(store, catalog, table))
    except ContractError as error:
        return dg.AssetCheckResult(
            asset_key=table,
            check_name=NAME,
            passed=False,
            description=masked_text(error.what),
            metadata={"table": told(error)},
        )
    return dg.AssetCheckResult(
        asset_key=table, check_name=NAME, passed=found.is_empty(), metadata=_said(catalog, table, found)
    )


def _parts(store: DeltaStore, catalog: Catalog, table: str) -> Iterator[pl.LazyFrame]:
    """Yield the table, or its slices one by one: a year of events at once may not fit into memory.

    A key that stands in two slices is not found here; ingestion never writes one.
    """
    whole = store.snapshot([table]).scan(table)
    slices = layout(catalog, table).partition_by
    if not slices:
        yield whole
        return
    column = slices[0]
    values = whole.select(pl.col(column).unique().sort()).collect().to_series()
    yield whole.head(0)
    for value in values:
        yield whole.filter(pl.col(column).eq_missing(value))


def _said(catalog: Catalog, table: str, found: pl.DataFrame) -> dict[str, Any]:
    said: dict[str, Any] = {"breaches": found.height}
    if found.is_empty():
        return said
    hidden = pl.col("column").is_in(sorted(personal_columns(catalog, table)))
    # A reason starts with the value in back quotes: of a private column only what follows is shown.
    after = pl.col("reason").str.slice(pl.col("value").fill_null(pl.col("column")).str.len_chars() + 2)
    masked = found.with_columns(
        value=pl.when(hidden & pl.col("value").is_not_null()).then(pl.lit(MASK)).otherwise(pl.col("value")),
        reason=pl.when(hidden).then(pl.lit(f"`{MASK}`") + after).otherwise(pl.col("reason")),
    )
    counted = found.group_by("column", maintain_order=True).agg(pl.len().alias("breaches"))
    said["by_column"] = dg.MetadataValue.md(markdown_table(counted.columns, counted.rows()))
    said["failures"] = dg.MetadataValue.md(markdown_table(masked.columns, masked.head(_SHOWN).rows()))
    return said
