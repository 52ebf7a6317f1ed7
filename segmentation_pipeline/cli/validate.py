"""`segmentation validate`: every finding of every file people write, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_findings, print_json, say

if TYPE_CHECKING:
    from segmentation_pipeline.diagnostics import Diagnostic


def validate(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Check the catalog, every definition, the sources with their mappings, and the tests."""
    from segmentation_pipeline.segments.findings import collect_findings

    found = collect_findings(open_project(project, workspace))
    errors = [finding for finding in found if finding.severity == "error"]
    if as_json:
        print_json([_row(finding) for finding in found])
    else:
        print_findings(found)
        if not found:
            say("[green]no findings[/]")
        else:
            warnings = len(found) - len(errors)
            say(f"{_count(len(errors), 'error')}, {_count(warnings, 'warning')}")
    if errors:
        raise typer.Exit(1)


def _row(finding: Diagnostic) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "file": finding.at.file,
        "line": finding.at.line,
        "column": finding.at.column,
        "message": finding.message,
        "hint": finding.hint,
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
