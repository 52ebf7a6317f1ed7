"""`segmentation validate`: every finding of every file people write, at once."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_findings, print_json, say
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.diagnostics import Diagnostic


class Format(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"


def validate(
    project: Project = HERE,
    workspace: WorkspaceId = None,
    chosen: Annotated[
        Format | None,
        typer.Option(
            "--format", help="For people, for programs, for annotations on GitHub, for code scanning."
        ),
    ] = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Check the catalog, every definition, sources and mappings, policies, simulations, and tests."""
    from segmentation_pipeline.validation import validate as findings_of

    if as_json and chosen not in (None, Format.json):
        raise UsageError(f"`--json` and `--format {chosen}` exclude each other")
    opened = open_project(project, workspace)
    found = findings_of(opened)
    _print(found, Format.json if as_json else chosen or Format.text, opened.project)
    if any(finding.severity == "error" for finding in found):
        raise typer.Exit(1)


def _print(found: list[Diagnostic], chosen: Format, project: Path) -> None:
    from segmentation_pipeline.cli.finding_formats import (
        finding_row,
        github_annotation,
        sarif_log,
        seen_from,
    )

    match chosen:
        case Format.json:
            print_json([finding_row(finding) for finding in found])
        case Format.github:
            for finding in seen_from(Path.cwd(), project, found):
                sys.stdout.write(github_annotation(finding) + "\n")
        case Format.sarif:
            print_json(sarif_log(seen_from(Path.cwd(), project, found)))
        case Format.text:
            print_findings(found, project)
            errors = sum(finding.severity == "error" for finding in found)
            if found:
                say()
                say(f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}")
            else:
                say("[green]no findings[/]")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
