"""`segmentation forget`: one contact gone from every table and file of the lake, and that it was done."""

from __future__ import annotations

import dataclasses
import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segmentation_pipeline.cli.options import (
    HERE,
    WAIT_SECONDS,
    AsJson,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import print_json, print_table, say, written
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from segmentation_pipeline.erasure.forget import Eraser, Plan
    from segmentation_pipeline.erasure.register import Entry
    from segmentation_pipeline.erasure.subject import Subject

TABLE = ("table", "action", "rows")
ENTRY = ("erasure_id", "object", "status", "started_at", "finished_at", "requested_by")


def forget(
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", help="A key or an e-mail; none: finish what was killed.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only say whether it was erased.")] = False,
    readmit: Annotated[bool, typer.Option("--readmit", help="Let imports bring it again.")] = False,
    leave_definitions: Annotated[
        bool,
        typer.Option("--leave-definitions", help="Erase although definitions still name it."),
    ] = False,
    object_name: Annotated[
        str | None, typer.Option("--object", metavar="OBJECT", help="Of which object; default: contact.")
    ] = None,
    requested_by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who asked for it; default: you.")
    ] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Erase one contact from every table and file of the lake."""
    from segmentation_pipeline.catalog.reading import load_catalog
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.erasure.forget import Eraser
    from segmentation_pipeline.erasure.register import find_erasures
    from segmentation_pipeline.erasure.register import readmit as admit
    from segmentation_pipeline.erasure.subject import forgettable

    if sum((dry_run, check, readmit)) > 1:
        raise UsageError("`--dry-run`, `--check` and `--readmit` exclude each other")
    if key is None and (dry_run or check or readmit):
        raise UsageError("whom? name a key or an e-mail")
    opened = open_project(project, workspace)
    store = store_of(opened)
    if key is not None and check:
        _print_entries(find_erasures(store, key), as_json=as_json)
        return
    if key is not None and readmit:
        _print_entries(admit(store, key, now()), as_json=as_json)
        return
    catalog = load_catalog(opened.catalog_file, opened.file_name(opened.catalog_file))
    eraser = Eraser(opened, store, catalog, forgettable(catalog, object_name))
    resumed = None if dry_run else eraser.finish(now, WAIT_SECONDS)
    if resumed is not None and (key is None or _is(key, resumed[1])):
        _print_done(resumed[0], as_json=as_json)
        return
    if key is None:
        _nothing_left(as_json=as_json)
        return
    plan = eraser.plan(key)
    if dry_run:
        _print_plan(plan, as_json=as_json)
        return
    _forget(eraser, plan, key, requested_by, leave_definitions=leave_definitions, as_json=as_json)


def _forget(
    eraser: Eraser, plan: Plan, key: str, requested_by: str | None, *, leave_definitions: bool, as_json: bool
) -> None:
    from segmentation_pipeline.erasure.register import find_erasures

    if not plan.rows and not plan.named:
        before = find_erasures(eraser.store, key)
        if not before:
            raise UsageError("nothing is known of this key or address", hint="segmentation contact KEY")
        _print_entries(before, as_json=as_json)
        return
    if plan.named and not leave_definitions:
        _print_plan(plan, as_json=as_json)
        if not as_json:
            say("nothing was erased: take it out of these files first, or say --leave-definitions")
        raise typer.Exit(1)
    _print_done(eraser.forget(plan, requested_by or getpass.getuser(), now, WAIT_SECONDS), as_json=as_json)


def _is(key: str, subject: Subject) -> bool:
    return key.strip() in subject.names or key.strip().lower() in subject.names


def _rows(plan: Plan) -> list[dict[str, Any]]:
    return [{"table": table, "action": action, "rows": rows} for (table, action), rows in plan.rows.items()]


def _print_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        named = [{"file": found.at.file, "line": found.at.line} for found in plan.named]
        print_json({"tables": _rows(plan), "named": named, "unknown": plan.unknown})
        return
    print_table(_rows(plan), TABLE)
    for found in plan.named:
        say(f"[yellow]named[/] in {escape(str(found))}")
    for name in plan.unknown:
        say(f"[yellow]unknown[/] table {name}: nobody can tell what it holds, look yourself")


def _print_done(entry: Entry, *, as_json: bool) -> None:
    if as_json:
        print_json(dataclasses.asdict(entry))
        return
    print_table(list(entry.tables), TABLE)
    say(f"[bold]{entry.erasure_id}[/] {entry.status} {written(entry.finished_at)}")


def _print_entries(entries: list[Entry], *, as_json: bool) -> None:
    if as_json:
        print_json([dataclasses.asdict(entry) for entry in entries])
    elif entries:
        print_table([{name: getattr(entry, name) for name in ENTRY} for entry in entries], ENTRY)
    else:
        say("it was never erased")
    if not entries:
        raise typer.Exit(1)


def _nothing_left(*, as_json: bool) -> None:
    if as_json:
        print_json([])
    else:
        say("no erasure is unfinished")
