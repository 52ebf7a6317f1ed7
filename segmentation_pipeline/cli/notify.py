"""`segmentation notify`: tell receivers what runs published."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

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
from segmentation_pipeline.errors import SegmentationError

if TYPE_CHECKING:
    from segmentation_pipeline.notifications.notify import Told
    from segmentation_pipeline.workspace import Workspace

COLUMNS = ("webhook", "posted", "delivered", "given_up", "waiting", "trouble")
AFTER_A_RUN = dt.timedelta(seconds=30)
"""A run goes on to tell receivers for so long; what is left waits for `notify` or the next run."""


def notify(
    retry: Annotated[
        bool, typer.Option("--retry", help="Try what was given up again, and what waits now.")
    ] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Deliver to webhooks what is due; status 1 where a receiver could not be told."""
    from segmentation_pipeline.cli.enrich import clock
    from segmentation_pipeline.notifications.notify import notify as tell

    opened = open_project(project, workspace)
    told = tell(opened, env=os.environ, clock=clock(), retry=retry, wait_seconds=WAIT_SECONDS)
    rows = [{column: getattr(one, column) for column in COLUMNS} for one in told]
    if as_json:
        print_json(rows)
    elif not rows:
        say("there is no webhook: docs/webhooks.md says how to write one")
    else:
        print_table(rows, COLUMNS if any(row["trouble"] for row in rows) else COLUMNS[:-1])
    if any(one.trouble or one.given_up for one in told):
        raise typer.Exit(1)


def notify_after_run(workspace: Workspace) -> None:
    """Tell receivers what a run published. Whatever goes wrong is said, and fails nothing."""
    from segmentation_pipeline.cli.enrich import clock
    from segmentation_pipeline.notifications.notify import notify as tell

    out = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        told = tell(workspace, env=os.environ, clock=clock(), patience=AFTER_A_RUN, wait_seconds=WAIT_SECONDS)
    except SegmentationError as error:
        out.print(f"[yellow]webhooks were not told:[/] {escape(str(error))}")
        return
    for one in told:
        if one.waiting or one.given_up:
            out.print(f"[yellow]webhook[/] {_unsaid(one)}")


def _unsaid(told: Told) -> str:
    parts = [f"{told.waiting:,} deliveries wait"] if told.waiting else []
    parts += [f"{told.given_up:,} given up"] if told.given_up else []
    why = f": {escape(told.trouble)}" if told.trouble else ""
    return f"{told.webhook}: {', '.join(parts)}{why}; segmentation notify"
