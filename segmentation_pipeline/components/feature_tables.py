"""Group `features`: tables that are computed from imported ones, before the index is built over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.index_tables import GROUP
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.source_tables import table_facts
from segmentation_pipeline.features.refresh import refresh_features
from segmentation_pipeline.features.tables import feature_tables
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint


def build_feature_tables(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    """Return one multi-asset of all tables that can be computed; each is a commit of its own."""
    catalog = blueprint.catalog
    if catalog is None or not blueprint.derived:
        return []
    inputs = feature_tables(catalog)
    specs = [
        dg.AssetSpec(
            table,
            deps=[name for name in dict.fromkeys(inputs[table]) if name in blueprint.tables],
            group_name=GROUP,
            description=catalog_table(catalog, table).comment,
            kinds={"polars", "deltalake"},
        )
        for table in blueprint.derived
    ]

    @dg.multi_asset(name="feature_tables", specs=specs, can_subset=True, pool=POOL)
    def compute_feature_tables(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            current = load_catalog(workspace.catalog_file)
            chosen = [spec.key.path[-1] for spec in specs if spec.key in context.selected_asset_keys]
            as_of = workspace.as_of or dt.datetime.now(dt.UTC)
            with lake.lock(workspace, "features"):
                done = {one.name: one for one in refresh_features(store, current, as_of, only=chosen)}
            for name in chosen:
                facts = table_facts(store, current, name)
                if (found := done.get(name)) is not None:
                    facts |= {
                        "as_of": dg.MetadataValue.timestamp(as_of),
                        "seconds": round(found.seconds, 3),
                        "rows_recomputed": found.recomputed,
                        "written": found.written,
                        "whole": found.whole,
                    }
                version = dg.DataVersion(str(facts.get("version", "none")))
                yield dg.MaterializeResult(asset_key=name, data_version=version, metadata=facts)

    return [compute_feature_tables]
