"""`segmentation activities`: what happened, listed or counted by type."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.contact import SHOWN, Since, Until, listed, window_of
from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say
from segmentation_pipeline.errors import UsageError
from segmentation_pipeline.report.writing import sparkline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segmentation_pipeline.catalog.model import EventSource
    from segmentation_pipeline.contacts.activity_summary import ActivitySummary

_BARS = 60


def activities(
    key: Annotated[
        str | None, typer.Argument(metavar="[KEY]", help="One contact: its key or an e-mail; default: all.")
    ] = None,
    summary: Annotated[bool, typer.Option("--summary", help="Count by type instead of listing.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="List so many, the latest first.")] = SHOWN,
    since: Since = None,
    until: Until = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """List the activities of one contact, or count those of one or of all by type."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.contacts.activity_summary import summarise
    from segmentation_pipeline.contacts.person import find_person
    from segmentation_pipeline.contacts.timeline import events_of
    from segmentation_pipeline.contacts.view import index_now

    if key is None and not summary:
        raise UsageError("whose activities?", hint="name a contact, or count all with --summary")
    opened = open_project(project, workspace)
    catalog = load_catalog(opened.catalog_file)
    kind = catalog.objects["contact"]
    if not kind.events:
        raise UsageError("the catalog declares no events of contacts", where=str(opened.catalog_file))
    source = catalog.events[kind.events[0]]
    index, window = index_now(store_of(opened), catalog), window_of(opened, since, until)
    person = None if key is None else find_person(index, kind, key)
    if summary:
        found = summarise(index, source, person, window)
        if as_json:
            print_json({"period": found.period, "starts": found.starts, "types": _types(found)})
        else:
            print_summary(found)
        return
    assert person is not None
    rows = events_of(index, source, person, window).reverse().drop("object_index", strict=False)
    if as_json:
        print_json(rows.head(limit).to_dicts())
    else:
        shown = (_line(row, source) for row in rows.head(limit).iter_rows(named=True))
        print_table(shown, ["at", "type", "details"])
        say(f"{min(limit, rows.height):,} of {rows.height:,} activities of [bold]{person.key}[/]")


def _line(row: Mapping[str, Any], source: EventSource) -> dict[str, Any]:
    said = {source.type, source.time, source.id}
    details = listed((name, value) for name, value in row.items() if name not in said)
    return {"at": row[source.time], "type": row[source.type], "details": details}


def print_summary(found: ActivitySummary) -> None:
    """Print the counts, with how they spread over the latest periods."""
    rows = [{**row, f"by_{found.period}": sparkline(row["over_time"][-_BARS:])} for row in _types(found)]
    print_table(rows, ["type", "count", "contacts", "first", "last", f"by_{found.period}"])
    shown = min(_BARS, len(found.starts))
    total = sum(kind.count for kind in found.types)
    span = f"; the bars are the last {shown} {found.period}s" if shown < len(found.starts) else ""
    say(f"{total:,} activities of {len(found.types):,} types{span}")


def _types(found: ActivitySummary) -> list[dict[str, Any]]:
    rows = (dataclasses.asdict(kind) for kind in found.types)
    return [
        {("contacts" if name == "objects" else name): value for name, value in row.items()} for row in rows
    ]
