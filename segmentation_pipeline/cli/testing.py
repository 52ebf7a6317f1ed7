"""`segmentation test`: run the segment tests that users write in YAML."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, progress_bar, say
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation_pipeline.workspace import Workspace


def test(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE…", help="Test files or folders; default: all.")
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Run the tests of the segments."""
    from rich.markup import escape

    from segmentation_pipeline.segments.findings import catalog_node
    from segmentation_pipeline.segments.testing import run_files
    from segmentation_pipeline.segments.trial import Bench

    opened = open_project(project, workspace)
    bench = Bench(catalog_node(opened), opened.definitions, opened.time_zone)
    wanted = test_files(opened, files or [])
    rows: list[dict[str, Any]] = []
    with progress_bar() as progress:
        for number, file in enumerate(wanted, start=1):
            rows += [dataclasses.asdict(result) for result in run_files([file], bench, opened.project)]
            if progress is not None:
                progress(file.stem, number, len(wanted))
    failed = [row for row in rows if not row["passed"]]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            mark = "[green]✓[/]" if row["passed"] else "[red]✗[/]"
            say(f"{mark} {escape(row['test'])} [dim]{escape(row['file'])}[/]")
            if not row["passed"]:
                say("\n".join(f"    {escape(line)}" for line in (row["message"] or "").splitlines()))
        say(f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(1)


def test_files(workspace: Workspace, given: Sequence[Path]) -> list[Path]:
    """Return the files to run: those given, those in the folders given, or the project's."""
    found: list[Path] = []
    for path in given or [workspace.tests_folder]:
        if path.is_dir():
            below = sorted(path.rglob("*.yaml"))
            if given and not below:
                raise UsageError("there is no test file in this folder", where=str(path))
            found += below
            for file in below:
                workspace.tenant.own(file)
        elif path.is_file():
            found.append(path)
        elif given:
            raise UsageError("there is no such test file", where=str(path))
    return found
