"""What follows the memberships, and the verdict of the run: they hang on `segment_memberships` alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import table_metadata
from segmentation_pipeline.components.segment_assets import BAD, MEMBERSHIPS_KEY, PUBLISHED
from segmentation_pipeline.components.segment_specs import GROUP
from segmentation_pipeline.segments.basis import object_keys
from segmentation_pipeline.segments.followers import catch_up
from segmentation_pipeline.segments.tables import MEMBERS, SEGMENTS, TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog

VERDICT = "run_verdict"
_TABLES = (MEMBERS, TRANSITIONS, SEGMENTS)


def build_followers() -> list[dg.AssetsDefinition]:
    return [_followers(), _run_verdict()]


def _followers() -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            table.name,
            deps=[MEMBERSHIPS_KEY],
            group_name=GROUP,
            description=table.comment,
            kinds={"deltalake"},
            freshness_policy=PUBLISHED,
        )
        for table in _TABLES
    ]

    @dg.multi_asset(name="follow_memberships", specs=specs, can_subset=True, pool=POOL)
    def follow_memberships(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            catalog = load_catalog(workspace.catalog_file)
            with lake.lock(workspace, "followers"):
                catch_up(store, object_keys(store, catalog))
            private = {"object_key"} if has_private_keys(catalog) else set()
            for table in _TABLES:
                if dg.AssetKey(table.name) in context.selected_asset_keys:
                    facts = table_metadata(store, table.name, comments=table.column_comments, private=private)
                    version = dg.DataVersion(str(facts.get("version", "none")))
                    yield dg.MaterializeResult(asset_key=table.name, metadata=facts, data_version=version)

    return follow_memberships


def _run_verdict() -> dg.AssetsDefinition:
    @dg.asset(
        name=VERDICT,
        deps=[table.name for table in _TABLES],
        group_name=GROUP,
        description="Fails a run in which a segment could not be evaluated, after everything else was done.",
    )
    def run_verdict() -> dg.MaterializeResult[Any]:
        event = dg.AssetExecutionContext.get().instance.get_latest_materialization_event(MEMBERSHIPS_KEY)
        found = event.asset_materialization if event is not None else None
        said = found.metadata.get(BAD) if found is not None else None
        bad = said.value if isinstance(said, dg.JsonMetadataValue) else {}
        if bad:
            lines = "\n".join(f"{name}: {cause}" for name, cause in sorted(bad.items()))
            raise dg.Failure(
                f"{len(bad)} segments could not be evaluated and keep their last good members:\n{lines}",
                metadata={BAD: dg.MetadataValue.json(bad)},
                allow_retries=False,
            )
        return dg.MaterializeResult(metadata={BAD: dg.MetadataValue.json({})})

    return run_verdict


def has_private_keys(catalog: Catalog) -> bool:
    """Return whether the key of an object is personal data."""
    return any(kind.key in kind.fields and kind.fields[kind.key].pii for kind in catalog.objects.values())
