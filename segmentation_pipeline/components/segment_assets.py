"""Every segment as one subsettable multi-asset: one evaluation, one commit, a page each.

A bad segment yields a failed check and no output. That skips nothing else: what follows hangs on
`segment_memberships` alone, and `run_verdict` names the bad at the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.masking import masked_text
from segmentation_pipeline.components.lake import POOL, LakeResource, told_plainly
from segmentation_pipeline.components.last_run import last_results
from segmentation_pipeline.components.metadata import column_schema, markdown_table, preview, table_metadata
from segmentation_pipeline.components.segment_checks import build_segment_checks, check_fresh, check_size
from segmentation_pipeline.components.segment_contents import Contents
from segmentation_pipeline.components.segment_specs import GROUP, build_segment_specs, segment_key
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.publish import publish
from segmentation_pipeline.segments.tables import MEMBERS, MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.segments.publish import Run, SegmentResult
    from segmentation_pipeline.workspace import Workspace

BAD = "bad_segments"
MEMBERSHIPS_KEY = dg.AssetKey(MEMBERSHIPS.name)
PUBLISHED = dg.FreshnessPolicy.time_window(fail_window=dt.timedelta(hours=26))
"""What is published is a day old at most, and two hours for the night itself."""


def build_segments(blueprint: Blueprint) -> dg.AssetsDefinition:
    """Return the multi-asset of all segments and of the table in which a run commits."""
    specs = build_segment_specs(blueprint)
    memberships = dg.AssetSpec(
        MEMBERSHIPS_KEY,
        deps=[spec.key for spec in specs],
        group_name=GROUP,
        description=MEMBERSHIPS.comment,
        kinds={"deltalake"},
        freshness_policy=PUBLISHED,
    )

    @dg.multi_asset(
        name="evaluate_segments",
        specs=[*specs, memberships],
        check_specs=build_segment_checks(specs),
        can_subset=True,
        pool=POOL,
    )
    def evaluate_segments(
        lake: LakeResource,
    ) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        context = dg.AssetExecutionContext.get()
        names = [spec.key.path[-1] for spec in specs if spec.key in context.selected_asset_keys]
        with told_plainly():
            _, store = lake.open()
            if not context.selected_asset_keys:
                yield from _checks_alone(blueprint, store, context.selected_asset_check_keys)
                return
            run = _publish(context, lake, names, complete=len(names) in (0, len(specs)))
            yield from _segments(blueprint, store, run, names, context.selected_asset_check_keys)
            if MEMBERSHIPS_KEY in context.selected_asset_keys:
                yield _memberships(store, run)

    return evaluate_segments


def _publish(
    context: dg.AssetExecutionContext, lake: LakeResource, names: Collection[str], *, complete: bool
) -> Run:
    workspace = lake.workspace()
    run = publish(
        workspace,
        now=lambda: dt.datetime.now(dt.UTC),
        # A complete run also empties segments that have no definition any more.
        select=None if complete else _defined(workspace, names),
        wait_seconds=lake.wait_seconds,
        progress=lambda what, done, whole: context.log.info("%s: %s of %s buckets", what, done, whole),
    )
    if not run.published:
        raise RunFailed(
            f"nothing was published: {run.as_of:%Y-%m-%d %H:%M} UTC lies before the last published run",
            hint="members never go back in time; look at the past with `segmentation run --as-of`",
        )
    return run


def _defined(workspace: Workspace, names: Collection[str]) -> list[str]:
    """Return those that still have a definition; Dagster may show files that were deleted since."""
    definitions = read_definitions(workspace)
    return [name for name in names if name in definitions.segments or name in definitions.broken]


def _segments(
    blueprint: Blueprint,
    store: DeltaStore,
    run: Run,
    names: Collection[str],
    wanted: Collection[dg.AssetCheckKey],
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
    results = {result.segment: result for result in run.segments}
    contents = Contents.of(store)
    for name in names:
        result = results.get(name)
        checks = list(_checked(blueprint, name, result))
        if result is not None and checks[0].passed:
            yield _materialized(blueprint, contents, run, result)
        yield from (check for check in checks if _key(name, check) in wanted)


def _checks_alone(
    blueprint: Blueprint, store: DeltaStore, wanted: Collection[dg.AssetCheckKey]
) -> Iterator[dg.AssetCheckResult]:
    """Yield what the checks say of the last run: a check that is executed by itself publishes nothing."""
    results = last_results(store)
    for name in sorted({key.asset_key.path[-1] for key in wanted}):
        checks = _checked(blueprint, name, results.get(name))
        yield from (check for check in checks if _key(name, check) in wanted)


def _checked(blueprint: Blueprint, name: str, result: SegmentResult | None) -> Iterator[dg.AssetCheckResult]:
    """Yield the checks of a segment: of one that is bad, but not held, its size says nothing."""
    fresh = check_fresh(name, result)
    yield fresh
    if result is not None and (fresh.passed or result.status == "held"):
        yield check_size(name, blueprint.segments.get(name), result)


def _key(name: str, check: dg.AssetCheckResult) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(segment_key(name), str(check.check_name))


def _materialized(
    blueprint: Blueprint, contents: Contents, run: Run, result: SegmentResult
) -> dg.MaterializeResult[Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": result.size,
        "dagster/uri": f"{contents.memberships}/segment_id={result.segment}",
        "dagster/column_schema": column_schema(MEMBERS.schema, MEMBERS.column_comments),
        "entered": result.entered,
        "exited": result.exited,
        "status": result.status,
        # What could not have changed is as good as evaluated, and has the same data version.
        "evaluated": result.evaluated,
        "as_of": dg.MetadataValue.timestamp(run.as_of),
        "seconds": result.seconds,
        "run": run.run_id,
    }
    if (sample := contents.sample(result.segment)) is not None:
        metadata["members"] = dg.MetadataValue.md(
            preview(sample, contents.private(blueprint, result.segment))
        )
    version = dg.DataVersion(contents.data_version(blueprint, result))
    return dg.MaterializeResult(
        asset_key=segment_key(result.segment), metadata=metadata, data_version=version
    )


def _memberships(store: DeltaStore, run: Run) -> dg.MaterializeResult[Any]:
    bad = {
        result.segment: masked_text(str(result.cause))
        for result in run.segments
        if result.status in ("failed", "stale")
    }
    metadata = {
        **table_metadata(store, MEMBERSHIPS.name, comments=MEMBERSHIPS.column_comments),
        "as_of": dg.MetadataValue.timestamp(run.as_of),
        "run": run.run_id,
        "evaluated": sum(result.evaluated for result in run.segments),
        "unchanged": sum(result.status == "fresh" and not result.evaluated for result in run.segments),
        BAD: dg.MetadataValue.json(bad),
    }
    if bad:
        metadata["causes"] = dg.MetadataValue.md(markdown_table(["segment", "cause"], sorted(bad.items())))
    version = dg.DataVersion(str(store.version(MEMBERSHIPS.name)))
    return dg.MaterializeResult(asset_key=MEMBERSHIPS_KEY, metadata=metadata, data_version=version)
