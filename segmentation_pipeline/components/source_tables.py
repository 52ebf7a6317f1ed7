"""Group `ingestion`: an asset a table of the catalog, imported from what sources.yaml names for it."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.masking import personal_columns
from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.blueprint import Blueprint, satellite_tables
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table, table_metadata
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.origins.origin import source_watermarks
from segmentation_pipeline.ingest.sources import import_source, load_sources
from segmentation_pipeline.lake.tables import catalog_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.errors import SegmentationError
    from segmentation_pipeline.ingest.run import Step
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.lake.store import DeltaStore

GROUP = "ingestion"
_COUNTS = ("read", "landed", "unchanged", "duplicates", "rejected", "orphaned", "created", "adopted")


def build_source_tables(blueprint: Blueprint) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Return an asset a table: one that imports where it has a source, else an external one.

    The row count of an external one comes from whoever writes it, such as the import of contacts
    for their custom fields, and from the step that reads it.
    """
    if blueprint.catalog is None:
        return []
    built: list[dg.AssetsDefinition | dg.AssetSpec] = []
    for table in (name for name in blueprint.tables if name not in blueprint.derived):
        deps = sorted(tables_before(blueprint, table))
        description = catalog_table(blueprint.catalog, table).comment
        if table in blueprint.fed:
            built.append(_imported(table, deps, description))
        else:
            built.append(
                dg.AssetSpec(table, deps=deps, group_name=GROUP, description=description, kinds={"deltalake"})
            )
    return built


def table_facts(store: DeltaStore, catalog: Catalog, table: str) -> dict[str, Any]:
    """Return the metadata of a table of the catalog, personal data masked."""
    comments = catalog_table(catalog, table).column_comments
    return table_metadata(store, table, comments=comments, private=personal_columns(catalog, table))


def _imported(table: str, deps: Sequence[str], description: str) -> dg.AssetsDefinition:
    @dg.asset(
        name=table, deps=deps, group_name=GROUP, description=description, kinds={"deltalake"}, pool=POOL
    )
    def import_table(lake: LakeResource) -> dg.MaterializeResult[Any]:
        with told_plainly():
            return _import(dg.AssetExecutionContext.get(), lake, table)

    return import_table


def _import(context: dg.AssetExecutionContext, lake: LakeResource, table: str) -> dg.MaterializeResult[Any]:
    workspace, store = lake.open()
    catalog = load_catalog(workspace.catalog_file)
    before = store.snapshot(catalog.table_names()).versions
    jobs: list[tuple[str, ImportJob]] = []
    failed: list[SegmentationError] = []
    for source in load_sources(workspace.sources_file, catalog).values():
        if source.table != table:
            continue
        try:
            job = import_source(
                store,
                catalog,
                source,
                project=workspace.project,
                definitions=workspace.definitions,
                time_zone=workspace.time_zone,
                now=lambda: dt.datetime.now(dt.UTC),
                env=os.environ,
                wait_seconds=lake.wait_seconds,
                progress=said(context.log),
            )
        except ImportFailed as error:
            # The table's other sources need not wait for this one.
            context.log.warning("%s", error)
            failed.append(error)
            continue
        tell(context.log, source.name, job)
        if job.status == "failed":
            hint = f"their reasons stand in import_records, job {job.job}"
            failed.append(ImportFailed("every row was rejected", where=f"source `{source.name}`", hint=hint))
        jobs.append((source.name, job))
    others = changed_tables(store, catalog, before, table)
    for other in others:
        context.log_event(other)
    if failed:
        raise failed[0] if len(failed) == 1 else ImportFailed("; ".join(map(str, failed)), where=table)
    facts = table_facts(store, catalog, table)
    landed = dg.DataVersion(str(facts.get("version", "none")))
    imports = dg.MetadataValue.md(_imports_table(store, jobs))
    return dg.MaterializeResult(data_version=landed, metadata={**facts, "imports": imports})


def said(log: Any) -> Callable[[Step], None]:
    """Return a listener that logs the steps of an import."""
    return lambda step: log.info("%s: %s rows read, %.0f %%", step.status, step.counts.read, 100 * step.share)


def tell(log: Any, name: str, job: ImportJob) -> None:
    """Log how an import ended, and what its source could not carry over."""
    log.info("%s: %s %s, %s of %s rows landed", name, job.job, job.status, job.landed, job.read)
    for note in job.notes:
        log.warning("%s: %s", name, note)


def changed_tables(
    store: DeltaStore, catalog: Catalog, before: Mapping[str, int], but: str | None = None
) -> list[dg.AssetMaterialization]:
    """Return what is to be reported of the tables that an import wrote, ``but`` one."""
    return [
        dg.AssetMaterialization(
            table,
            description="written by an import" if but is None else f"written by the import of {but}",
            metadata=table_facts(store, catalog, table),
            tags={"dagster/data_version": str(version)},
        )
        for table, version in store.snapshot(catalog.table_names()).versions.items()
        if table != but and before.get(table) != version
    ]


def _imports_table(store: DeltaStore, jobs: Sequence[tuple[str, ImportJob]]) -> str:
    reached = source_watermarks(store)
    rows = [
        [name, job.job, job.status, *(getattr(job, count) for count in _COUNTS), reached.get(name)]
        for name, job in jobs
    ]
    return markdown_table(["source", "job", "status", *_COUNTS, "read up to"], rows)


def tables_before(blueprint: Blueprint, table: str) -> set[str]:
    """Return the tables that are imported before this one: those it refers to.

    Only a table that stands earlier in sources.yaml counts, so that there can be no loop.
    """
    fed, catalog = blueprint.fed, blueprint.catalog
    if catalog is None:
        return set()
    if table in fed:
        return _refers_to(catalog, table) & set(fed[: fed.index(table)])
    return _owners(catalog, table) & set(fed)


def _refers_to(catalog: Catalog, table: str) -> set[str]:
    if kind := catalog.object_of_table(table):
        return {catalog.objects[r.object].table for r in kind.relations.values() if r.key is not None} - {
            table
        }
    if source := catalog.source_of_table(table):
        return {catalog.owner_of_source(source.name).table}
    return _owners(catalog, table)


def _owners(catalog: Catalog, table: str) -> set[str]:
    """Return the tables of the objects whose fields a table holds: their import writes it too."""
    return {kind.table for kind in catalog.objects.values() if table in satellite_tables(kind)}
