"""`segmentation values`: what a field holds, for whoever must choose a value."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, now, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say, written
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import UsageError


def values(
    field: Annotated[
        str,
        typer.Argument(metavar="FIELD", help="A path as rules write it, or an event's: purchase.revenue."),
    ],
    object_name: Annotated[
        str, typer.Option("--object", metavar="OBJECT", help="Whose field it is.")
    ] = "contact",
    limit: Annotated[int, typer.Option(min=1, help="Show so many values.")] = 10,
    show_pii: Annotated[bool, typer.Option("--show-pii", help="Do not mask personal data.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show the popular values of a field, some others, how many there are, null share, least, greatest."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.rules.paths import UnknownPath
    from segmentation_pipeline.segments.dry_run import pin
    from segmentation_pipeline.segments.values import field_values

    opened = open_project(project, workspace)
    catalog = load_catalog(opened.catalog_file, opened.file_name(opened.catalog_file))
    if object_name not in catalog.objects:
        hint = did_you_mean(object_name, catalog.objects)
        raise UsageError(f"there is no object `{object_name}`", allowed=list(catalog.objects), hint=hint)
    index = pin(store_of(opened), [catalog], now()).index(catalog)
    try:
        found = field_values(catalog, index, object_name, field, limit=limit, show_pii=show_pii)
    except UnknownPath as error:
        raise UsageError(str(error), hint=error.hint) from error
    if as_json:
        print_json({**dataclasses.asdict(found), "type": str(found.type), "null_share": found.null_share})
        return
    say(
        f"[bold]{escape(found.field)}[/]  {escape(str(found.type))}, {found.rows:,} rows of `{found.of}`, "
        f"{found.nulls:,} null ({found.null_share:.1%}), {found.distinct:,} distinct"
    )
    if found.masked:
        say("[dim]personal data, masked: --show-pii shows them[/]")
        return
    if found.distinct and not found.declared:
        say(f"from {escape(written(found.least))} to {escape(written(found.greatest))}")
    if found.declared:
        say(f"may be: {escape(', '.join(found.declared))}")
    say()
    rows = [{"value": one.value, "count": one.count, "share": f"{one.share:.1%}"} for one in found.popular]
    print_table(rows, ("value", "count", "share"))
    shown = {one.value for one in found.popular}
    others = [value for value in found.samples if value not in shown]
    if others:
        say(f"\nothers: {escape(', '.join(written(value) for value in others))}")
