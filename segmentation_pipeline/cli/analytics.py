"""`segmentation analytics`: what members did, day by day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    Debug,
    Project,
    WorkspaceId,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, say
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.analytics.update import Updated
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.workspace import Workspace

COLUMNS = (
    "segment",
    "contact_count",
    "emails_delivered",
    "unique_opens",
    "unique_clicks",
    "conversions",
    "revenue",
)


def analytics(
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="Compute every day from this one on, whatever is there."),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option("--to", metavar="DAY", help="… up to this one; default: that of the last run."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Compute every day anew.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Bring the analytics up to date: the days that are missing, or whose events came late.

    Days before the first run (`--from`) are computed with memberships evaluated again.
    """
    from segmentation_pipeline.cli.tables import store_of

    opened = open_project(project, workspace)
    store = store_of(opened)
    done = update(opened, first=day_of_text(first), last=day_of_text(last), full=full)
    rows = _totals(store, done)
    if as_json:
        said = {"published": done.published, "recomputed": done.recomputed}
        print_json({**{name: [str(day) for day in days] for name, days in said.items()}, "segments": rows})
        return
    days = sorted({*done.published, *done.recomputed})
    if not days:
        say("every day is up to date")
        return
    say(f"computed {len(days)} day{'s' if len(days) > 1 else ''}, {days[0]} to {days[-1]}")
    print_table(rows, COLUMNS)


def update(
    workspace: Workspace, *, first: dt.date | None = None, last: dt.date | None = None, full: bool = False
) -> Updated:
    """Compute days of a workspace's analytics, under the lake's lock."""
    from segmentation_pipeline.analytics.days import day_of, days_between
    from segmentation_pipeline.analytics.update import update_analytics
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.lake.lock import lake_lock
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.published import read_published

    store = store_of(workspace)
    with lake_lock(store.root.folder, "analytics", WAIT_SECONDS):
        asked: list[dt.date] = []
        record = read_published(store).record
        if first is not None and record is not None:
            upto = last or day_of(record.as_of, workspace.time_zone)
            if upto < first:
                raise UsageError(f"{first} lies after {upto}", hint="give the earlier day to --from")
            asked = days_between(first, upto)
        elif last is not None and first is None:
            raise UsageError("`--to` needs `--from`")
        definitions = read_definitions(workspace)
        return update_analytics(store, definitions, workspace.time_zone, days=asked, full=full)


def day_of_text(text: str | None) -> dt.date | None:
    """Return the day that an option names; raise `UsageError` for anything else."""
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"`{text}` is not a day", allowed=["2026-06-30"]) from error


def _totals(store: DeltaStore, done: Updated) -> list[dict[str, Any]]:
    """Return what the computed days sum up to, a row a segment, with the members at their end."""
    import polars as pl

    from segmentation_pipeline.analytics.tables import SEGMENT_ANALYTICS

    days = sorted({*done.published, *done.recomputed})
    counts = COLUMNS[2:]
    rows = (
        store.scan(SEGMENT_ANALYTICS.name)
        .filter(pl.col("date").is_in(days))
        .group_by(pl.col("segment_id").alias("segment"))
        .agg(
            pl.col("contact_count").sort_by("date").last(),
            *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in counts),
        )
    )
    return rows.sort("segment").collect().to_dicts()
