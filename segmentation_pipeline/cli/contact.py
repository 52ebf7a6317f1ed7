"""`segmentation contact`: one contact's profile, segments and timeline."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import HERE, AsJson, Debug, Project, WorkspaceId, open_project
from segmentation_pipeline.cli.output import print_json, print_table, say, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from segmentation_pipeline.contacts.timeline import Entry, Window
    from segmentation_pipeline.contacts.view import ContactView
    from segmentation_pipeline.workspace import Workspace

SHOWN = 20
_ROWS = 3
Since = Annotated[
    str | None, typer.Option("--since", metavar="INSTANT", help="Only what happened then or later.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="INSTANT", help="Only what happened before.")]


def contact(
    key: Annotated[str, typer.Argument(metavar="KEY", help="The contact's key, or an e-mail in any case.")],
    limit: Annotated[int | None, typer.Option(min=0, help="So many entries of the timeline.")] = None,
    since: Since = None,
    until: Until = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Show one contact: what is known of it, its segments now and before, and what happened."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.contacts.view import view_contact

    opened = open_project(project, workspace)
    catalog = load_catalog(opened.catalog_file)
    window = window_of(opened, since, until)
    found = view_contact(store_of(opened), catalog, key, window=window)
    if as_json:
        print_json(plain(found, limit))
    else:
        print_contact(found, SHOWN if limit is None else limit)


def window_of(opened: Workspace, since: str | None, until: str | None) -> Window:
    """Return the window of two options."""
    from segmentation_pipeline.contacts.timeline import Window

    return Window(*(None if text is None else opened.instant(text) for text in (since, until)))


def plain(found: ContactView, limit: int | None) -> dict[str, Any]:
    """Return everything as plain values for JSON."""
    stays = [dataclasses.asdict(stay) for stay in found.stays]
    return {
        "key": found.key,
        "asked": found.person.asked,
        "merged": list(found.person.merged),
        "profile": dict(found.profile),
        "parents": {name: dict(row) for name, row in found.parents.items()},
        "related": {name: rows.to_dicts() for name, rows in found.related.items()},
        "segments": [stay for stay in stays if stay["left"] is None],
        "former_segments": [stay for stay in stays if stay["left"] is not None],
        "assignments": found.assignments.to_dicts(),
        "timeline": [dataclasses.asdict(entry) for entry in found.entries[:limit]],
    }


def print_contact(found: ContactView, limit: int) -> None:
    """Print what a person wants to know first: who it is; then where it stands; then what happened."""
    person = found.person
    say(f"[bold]{escape(person.key)}[/]")
    if person.asked in person.merged:
        say(f"{escape(person.asked)} was merged into {escape(person.key)}")
    if person.merged:
        say(f"merged into it: {escape(', '.join(person.merged))}")
    _print_fields(found.profile)
    for name, row in found.parents.items():
        say(f"\n[bold]{_spaced(name)}[/]")
        _print_fields(row)
    for name, rows in found.related.items():
        _print_related(name, rows, {person.kind.key})
    _print_stays(found)
    _print_assignments(found)
    _print_timeline(found, limit)


def _print_fields(row: Mapping[str, Any]) -> None:
    width = max(map(len, row), default=0)
    for name, value in row.items():
        say(f"  {escape(name.ljust(width))}  {escape(written(value))}")


def _print_related(name: str, rows: pl.DataFrame, hidden: set[str]) -> None:
    say(f"\n[bold]{_spaced(name)}[/] ({rows.height:,})")
    for row in rows.head(_ROWS).to_dicts():
        say(f"  {escape(listed((name, value) for name, value in row.items() if name not in hidden))}")
    if rows.height > _ROWS:
        say(f"  [dim]… {rows.height - _ROWS:,} more: --json[/]")


def _print_stays(found: ContactView) -> None:
    present = [stay for stay in found.stays if stay.left is None]
    former = [stay for stay in found.stays if stay.left is not None]
    say(f"\n[bold]segments[/] ({len(present)})")
    for stay in present:
        why = f", {stay.reason}" if stay.reason else ""
        say(f"  {stay.segment}  [dim]since {written(stay.entered)}, {stay.via}{why}[/]")
    if former:
        say(f"\n[bold]segments before[/] ({len(former)})")
    for stay in former:
        why = f", {stay.reason}" if stay.reason else ""
        own = "" if stay.key == found.key else f", as {escape(stay.key)}"
        say(f"  {stay.segment}  [dim]{written(stay.entered)} to {written(stay.left)}{why}{own}[/]")


def _print_assignments(found: ContactView) -> None:
    decided = found.assignments
    if decided.is_empty():
        return
    say(f"\n[bold]assignments[/] ({decided.height:,} decisions, the latest first)")
    print_table(decided.head(SHOWN).to_dicts(), _DECIDED)
    if decided.height > SHOWN:
        say(f"[dim]… {decided.height - SHOWN:,} earlier: --json[/]")


def _print_timeline(found: ContactView, limit: int) -> None:
    say(f"\n[bold]timeline[/] ({len(found.entries):,}, the latest first)")
    print_table(map(_row, found.entries[:limit]), _COLUMNS)
    if len(found.entries) > limit:
        say(f"[dim]… {len(found.entries) - limit:,} earlier: --limit, --since, --until[/]")


_COLUMNS = ("at", "kind", "what", "details")
_DECIDED = ("day", "segment_id", "channel", "decision", "blocked_by", "rule")


def _row(entry: Entry) -> dict[str, Any]:
    own = {} if entry.key is None else {"of": entry.key}
    details = listed({**entry.details, **own}.items())
    return {"at": entry.at, "kind": _spaced(entry.kind), "what": entry.what, "details": details}


def listed(values: Iterable[tuple[str, Any]]) -> str:
    """Return values in one line, those that are there."""
    return ", ".join(f"{name}={written(value)}" for name, value in values if value not in (None, []))


def _spaced(name: str) -> str:
    return escape(name.replace("_", " "))
