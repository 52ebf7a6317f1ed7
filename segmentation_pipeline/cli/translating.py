"""`segmentation translate`: a rule of another format as YAML of this one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segmentation_pipeline.cli.options import HERE, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.rules.dialects.names import Names


def translate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The rule, as JSON or YAML.")],
    dialect: Annotated[
        str, typer.Option("--from", metavar="DIALECT", help="contact_rules, filter_rules or rule_groups.")
    ],
    segment: Annotated[
        str | None, typer.Option("--as", metavar="ID", help="The id of the definition to print.")
    ] = None,
    object_name: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help="Of which object the segment is.")
    ] = None,
    names: Annotated[
        Path | None,
        typer.Option("--names", metavar="FILE", help="What the seed's fields, objects, … are called here."),
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    _debug: Debug = False,
) -> None:
    """Print what a rule of another format means here; refuse by name what cannot be said."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.rules.dialects.canonical import write_definition
    from segmentation_pipeline.rules.dialects.names import Names
    from segmentation_pipeline.rules.dialects.translation import DIALECTS, read_rule
    from segmentation_pipeline.rules.dialects.translation import translate as translated

    if dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS)
        raise UsageError(f"there is no dialect `{dialect}`", allowed=list(DIALECTS), hint=hint)
    opened = open_project(project, workspace)
    definition = translated(
        read_rule(_content(file), str(file)),
        dialect,
        load_catalog(opened.catalog_file),
        segment=segment,
        object_name=object_name,
        names=_names(names) if names is not None else Names(),
    )
    sys.stdout.write(write_definition(definition))


def _names(file: Path) -> Names:
    from segmentation_pipeline.rules.dialects.names import read_names
    from segmentation_pipeline.rules.dialects.translation import read_rule

    return read_names(read_rule(_content(file), str(file)))


def _content(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError("not readable as UTF-8", where=str(file), hint="save the file as UTF-8") from error
    except OSError as error:
        raise UsageError(f"not readable: {error.strerror}", where=str(file)) from error
