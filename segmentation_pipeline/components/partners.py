"""What goes out to others: groups `enrichment` (off by default) and the deliveries of webhooks."""

from __future__ import annotations

import datetime as dt
import os
import random
import time
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table, table_metadata
from segmentation_pipeline.components.segment_specs import GROUP as SEGMENTS
from segmentation_pipeline.enrichment.providers import FOLDER as PROVIDERS
from segmentation_pipeline.enrichment.providers import contact_target, load_providers
from segmentation_pipeline.enrichment.queue import counts
from segmentation_pipeline.enrichment.tables import QUEUE
from segmentation_pipeline.enrichment.work import Worker
from segmentation_pipeline.notifications.notify import notify
from segmentation_pipeline.notifications.tables import DELIVERIES
from segmentation_pipeline.partners.waiting import Clock
from segmentation_pipeline.partners.webhooks import webhook_files
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint

GROUP = "enrichment"
ENRICH = "enrich_contacts"
NOTIFY = "deliver_webhooks"
CRONS = {ENRICH: "0 1 * * *", NOTIFY: "*/5 * * * *"}
# Others wait for the lake while a step of this length holds its place in the pool.
_PATIENCE = dt.timedelta(minutes=2)
_COUNTS = ("enriched", "not_found", "failed", "requests", "pending", "stopped")


def build_partners(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    """Return the queue where there are providers, and the outbox where there are webhooks."""
    definitions = blueprint.workspace.definitions
    built = []
    if blueprint.catalog is not None and any((definitions / PROVIDERS).glob("*.yaml")):
        built.append(_queue(contact_target(blueprint.catalog).table))
    if webhook_files(definitions):
        built.append(_deliveries())
    return built


def partner_jobs(assets: list[dg.AssetsDefinition]) -> list[Any]:
    """Return a job for each of `build_partners`."""
    said = {
        QUEUE.name: (ENRICH, "Ask every provider about the contacts that wait in its queue."),
        DELIVERIES.name: (NOTIFY, "Deliver to webhooks what is due."),
    }
    names = [key.path[-1] for asset in assets for key in asset.keys]
    return [
        dg.define_asset_job(said[name][0], dg.AssetSelection.assets(name), description=said[name][1])
        for name in names
    ]


def _queue(contacts: str) -> dg.AssetsDefinition:
    # Not in the pool of the lake: it waits for others most of the time, and takes the lock for moments.
    @dg.asset(
        name=QUEUE.name, deps=[contacts], group_name=GROUP, description=QUEUE.comment, kinds={"deltalake"}
    )
    def enrich_contacts(lake: LakeResource) -> dg.MaterializeResult[Any]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            catalog = load_catalog(workspace.catalog_file)
            worker = Worker(
                store,
                catalog,
                time_zone=workspace.time_zone,
                env=os.environ,
                clock=_clock(),
                wait_seconds=lake.wait_seconds,
                progress=lambda what, _done, _total: context.log.info(what),
            )
            providers = load_providers(workspace.definitions, catalog, workspace.file_name)
            done = [worker.work(named) for named in providers.values()]
            refused = [worked for worked in done if worked.refused]
            if refused:
                said = "; ".join(f"{worked.provider}: {worked.stopped}" for worked in refused)
                raise dg.Failure(said, allow_retries=False)
            rows = [[one.provider, *(getattr(one, name) for name in _COUNTS)] for one in done]
            standing = [list(row.values()) for row in counts(store)]
            facts = table_metadata(
                store, QUEUE.name, comments=QUEUE.column_comments, private={"contact_id", "answer"}
            )
            return dg.MaterializeResult(
                metadata={
                    **facts,
                    "worked": dg.MetadataValue.md(markdown_table(["provider", *_COUNTS], rows)),
                    "queue": dg.MetadataValue.md(
                        markdown_table(["provider", "status", "outcome", "contacts", "oldest"], standing)
                    ),
                }
            )

    return enrich_contacts


def _deliveries() -> dg.AssetsDefinition:
    @dg.asset(
        name=DELIVERIES.name,
        deps=[TRANSITIONS.name],
        group_name=SEGMENTS,
        description=DELIVERIES.comment,
        kinds={"deltalake"},
        pool=POOL,
    )
    def deliver(lake: LakeResource) -> dg.MaterializeResult[Any]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            told = notify(
                workspace,
                env=os.environ,
                clock=_clock(),
                patience=_PATIENCE,
                wait_seconds=lake.wait_seconds,
            )
        for one in told:
            if one.trouble is not None:
                context.log.warning("%s: %s deliveries wait: %s", one.webhook, one.waiting, one.trouble)
        names = ("webhook", "posted", "delivered", "given_up", "waiting", "trouble")
        rows = [[getattr(one, name) for name in names] for one in told]
        facts = table_metadata(store, DELIVERIES.name, comments=DELIVERIES.column_comments)
        waiting = sum(one.waiting for one in told)
        return dg.MaterializeResult(
            metadata={**facts, "waiting": waiting, "told": dg.MetadataValue.md(markdown_table(names, rows))}
        )

    return deliver


def _clock() -> Clock:
    return Clock(lambda: dt.datetime.now(dt.UTC), time.sleep, random.random)
