"""`segmentation conflicts`: what the rules allow, what the members show, the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    AsOf,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import RunFailed, UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.analysis import Conflicts
    from segmentation_pipeline.workspace import Workspace

Format = Literal["table", "markdown", "json"]


def conflicts(
    segments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]…", help="One: what concerns it. Several: what is among them."),
    ] = None,
    no_data: Annotated[
        bool, typer.Option("--no-data", help="Look at the rules alone, not at the members.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Write the tables of the group `conflicts`, too.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many pairs to list; JSON has all of them.")] = 20,
    output_format: Annotated[Format, typer.Option("--format", help="How to print it.")] = "table",
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Say which segments compete for the same customers, and which rules cannot mean what they say."""
    from segmentation_pipeline.cli.conflict_markdown import markdown
    from segmentation_pipeline.cli.conflict_text import print_conflicts
    from segmentation_pipeline.conflicts.analysis import analyse
    from segmentation_pipeline.conflicts.rows import finding_rows, overlap_rows, relation_rows

    if publish and (no_data or as_of is not None):
        raise UsageError("the tables follow the members of the last run: `--publish` takes no other instant")
    opened = open_project(project, workspace, as_of)
    # At another instant than the run's, members say nothing of what is proved.
    found = analyse(opened, now(), data=not no_data and as_of is None)
    if publish:
        _publish(opened, found)
    shown = _chosen(found, segments or [])
    if as_json or output_format == "json":
        rows = {"findings": finding_rows, "relations": relation_rows, "overlaps": overlap_rows}
        print_json({name: make(shown).to_dicts() for name, make in rows.items()})
    elif output_format == "markdown":
        typer.echo("\n".join(markdown(shown, limit)))
    else:
        print_conflicts(shown, opened.project, limit, in_full=len(segments or []) > 1)
    _refuse_contradictions(found)
    if any(finding.severity == "error" for finding in shown.findings):
        raise typer.Exit(1)


def _chosen(found: Conflicts, names: list[str]) -> Conflicts:
    for name in names:
        if name not in found.definitions.segments:
            hint = did_you_mean(name, found.definitions.segments)
            raise UsageError(f"there is no segment `{name}` that can be read", hint=hint)
    return found.about(names) if names else found


def _publish(workspace: Workspace, found: Conflicts) -> None:
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.conflicts.publish import publish_conflicts
    from segmentation_pipeline.lake.lock import lake_lock

    store = store_of(workspace)
    with lake_lock(store.root.folder, "conflicts", WAIT_SECONDS):
        publish_conflicts(store, found)


def _refuse_contradictions(found: Conflicts) -> None:
    """Fail where a proof and the members disagree: no definition is to blame for that."""
    if found.tie is None or not found.tie.contradictions:
        return
    first = found.tie.contradictions[0]
    raise RunFailed(
        f"{len(found.tie.contradictions)} proofs are contradicted by the members: {first.message}, "
        f"{first.objects} of them, though proved {first.proved.relation}",
        where=f"{first.proved.segment_a}, {first.proved.segment_b}",
        hint="the prover or the engine is wrong: report it with both definitions",
    )
