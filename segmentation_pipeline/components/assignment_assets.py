"""Group `simulation`: what the night decides, who is contacted today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.assignment.assign import assign
from segmentation_pipeline.assignment.reasons import CLAIMS, NO_CLAIMS
from segmentation_pipeline.assignment.tables import ASSIGNMENTS, RUNS
from segmentation_pipeline.catalog.scores import CONTACT
from segmentation_pipeline.components.followers import has_private_keys
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table, table_metadata
from segmentation_pipeline.components.segment_assets import MEMBERSHIPS_KEY
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.tables import TRANSITIONS

if TYPE_CHECKING:
    from segmentation_pipeline.assignment.assign import Assigned
    from segmentation_pipeline.assignment.runs import AssignmentRun
    from segmentation_pipeline.components.blueprint import Blueprint

GROUP = "simulation"
TRUSTED = "members_are_of_the_last_run"
_TABLES = (ASSIGNMENTS, RUNS)


def has_contacts(blueprint: Blueprint) -> bool:
    """Return whether there is anybody to contact: whether the catalog declares contacts."""
    return blueprint.catalog is not None and CONTACT in blueprint.catalog.objects


def build_assignments(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    """Return the two tables of the night as one step; a day that is decided is left as it is."""
    return [_assignments()] if has_contacts(blueprint) else []


def _assignments() -> dg.AssetsDefinition:
    specs = [
        dg.AssetSpec(
            table.name,
            deps=[MEMBERSHIPS_KEY, TRANSITIONS.name],
            group_name=GROUP,
            description=table.comment,
            kinds={"deltalake"},
        )
        for table in _TABLES
    ]
    check = dg.AssetCheckSpec(
        TRUSTED,
        asset=ASSIGNMENTS.name,
        description="The last run could evaluate every segment that contacts or suppresses.",
    )

    @dg.multi_asset(name="assign_contacts", specs=specs, check_specs=[check], pool=POOL)
    def assign_contacts(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace, store = lake.open()
            done = assign(workspace, now=lambda: dt.datetime.now(dt.UTC), wait_seconds=lake.wait_seconds)
            catalog = read_definitions(workspace).catalog
            private = {"contact_id"} if has_private_keys(catalog) else set()
            context.log.info(
                "%s: %s contacts%s", done.run.day, done.run.won, "" if done.fresh else ", decided before"
            )
            for table in _TABLES:
                facts = table_metadata(store, table.name, comments=table.column_comments, private=private)
                yield dg.MaterializeResult(
                    asset_key=table.name,
                    metadata={**facts, **_said(done)},
                    data_version=dg.DataVersion(done.run.run_id),
                )
        yield dg.AssetCheckResult(
            asset_key=ASSIGNMENTS.name,
            check_name=TRUSTED,
            passed=not done.doubts,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "segments": dg.MetadataValue.md(markdown_table(["segment", "why"], done.doubts.items()))
            },
        )

    return assign_contacts


def _said(done: Assigned) -> dict[str, Any]:
    run = done.run
    return {
        "day": str(run.day),
        "policy": run.policy,
        "contacts": run.won,
        "claims": run.claims,
        "decided_before": not done.fresh,
        "outdated": done.outdated,
        "decisions": dg.MetadataValue.md(decisions_markdown(run)),
    }


def decisions_markdown(run: AssignmentRun) -> str:
    """Return a row a segment, in rank order: how many contacts have which decision."""
    reasons = [reason.value for reason in (*reversed(CLAIMS), *NO_CLAIMS) if run.totals.get(reason)]
    rows = [[name, *(counted.get(reason, 0) for reason in reasons)] for name, counted in run.counts.items()]
    return markdown_table(["segment", *reasons], rows)
