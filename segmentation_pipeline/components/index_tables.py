"""Group `features`: the index that rules are evaluated on, a table an object and one an event source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.masking import personal_columns
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import table_metadata
from segmentation_pipeline.components.source_tables import table_facts
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.estimate import tables_read
from segmentation_pipeline.index.stored import (
    index_parts,
    input_tables,
    refresh_index,
)

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.lake.store import DeltaStore, Snapshot
    from segmentation_pipeline.rules.segment import Segment

GROUP = "features"


def build_index_tables(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    """Return one multi-asset of all parts: they are built from one pinned snapshot, under one lock."""
    if blueprint.catalog is None:
        return []
    specs = [
        dg.AssetSpec(
            part.name,
            deps=[table for table in (*part.inputs, *part.merges) if table in blueprint.tables],
            group_name=GROUP,
            description=part.comment,
            kinds={"polars", "deltalake"},
        )
        for part in index_parts(blueprint.catalog)
        if part.inputs[0] in blueprint.tables
    ]
    made_here = {*blueprint.fed, *blueprint.derived}
    external = [table for table in blueprint.tables if table not in made_here]

    @dg.multi_asset(name="index_tables", specs=specs, can_subset=True, pool=POOL)
    def index_tables(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            catalog = load_catalog(workspace.catalog_file)
            chosen = [spec.key.path[-1] for spec in specs if spec.key in context.selected_asset_keys]
            with lake.lock(workspace, "index"):
                inputs = _inputs(store, catalog)
                before = store.snapshot(chosen).versions
                versions = refresh_index(store, catalog, inputs, only=chosen)
            for table in external:
                if table in inputs:
                    context.log_event(_observed(store, catalog, table, inputs.versions[table]))
            for name in chosen:
                rebuilt = versions.get(name) != before.get(name)
                yield dg.MaterializeResult(
                    asset_key=name,
                    data_version=dg.DataVersion(str(versions.get(name, "none"))),
                    metadata={
                        **table_metadata(store, name, private=_private(catalog, name)),
                        "rebuilt": rebuilt,
                    },
                )

    return [index_tables]


def parts_read(segment: Segment, catalog: Catalog) -> set[str]:
    """Return the parts of the index that a segment's own rule reads."""
    tables = tables_read(segment, catalog)
    return {
        part.name
        for part in index_parts(catalog)
        if part.inputs[0] in tables or (part.is_profile and tables.intersection(part.inputs))
    }


def _inputs(store: DeltaStore, catalog: Catalog) -> Snapshot:
    inputs = store.snapshot(input_tables(catalog))
    if not inputs.versions:
        raise RunFailed(
            "there is nothing to index: no table has been imported",
            where=store.root.text,
            hint="materialize the group `ingestion` first",
        )
    return inputs


def _observed(store: DeltaStore, catalog: Catalog, table: str, version: int) -> dg.AssetObservation:
    return dg.AssetObservation(
        table, metadata=table_facts(store, catalog, table), tags={"dagster/data_version": str(version)}
    )


def _private(catalog: Catalog, name: str) -> frozenset[str]:
    """Return the columns of a part that hold personal data; they are named for fields, codes or not."""
    part = next(part for part in index_parts(catalog) if part.name == name)
    if not part.is_profile:
        return personal_columns(catalog, catalog.events[part.subject].table)
    kind = catalog.objects[part.subject]
    return personal_columns(catalog, kind.table) | {name for name, field in kind.fields.items() if field.pii}
