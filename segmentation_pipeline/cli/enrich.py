"""`segmentation enrich`: ask providers what they know of contacts."""

from __future__ import annotations

import os
import random
import time
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
from segmentation_pipeline.cli.output import print_json, print_table, progress_bar, say
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.enrichment.providers import NamedProvider
    from segmentation_pipeline.enrichment.work import Worked
    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.partners.waiting import Clock
    from segmentation_pipeline.workspace import Workspace

COLUMNS = ("provider", "queued", "enriched", "not_found", "failed", "requests", "pending")
QUEUE = ("provider", "status", "outcome", "contacts", "oldest")
REASONS = ("provider", "contacts", "reason")
_SHOWN = 10
REFUSED = 3


def enrich(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY…", help="Contacts to queue (again) by their keys.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this one; default: every provider.")
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Queue its members that were never queued with the provider."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask about so many contacts at most.")] = None,
    priority: Annotated[int, typer.Option(help="Of what is queued now: the highest is asked first.")] = 0,
    retry: Annotated[bool, typer.Option("--retry", help="Queue again what failed.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Show the queue; ask nobody.")] = False,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Queue contacts for enrichment and ask about those that wait: answers are judged, then landed."""
    from segmentation_pipeline.cli.tables import store_of

    opened = open_project(project, workspace)
    store = store_of(opened)
    if status:
        show_queue(store, as_json=as_json)
        return
    from segmentation_pipeline.catalog.reading import load_catalog

    catalog = load_catalog(opened.catalog_file, opened.file_name(opened.catalog_file))
    chosen = _providers(opened, catalog, provider)
    wanted = (_named(store, catalog, keys or []), _members(opened, store, catalog, segment))
    done = []
    for named in chosen:
        queued = _queue(store, named, wanted, priority=priority, retry=retry)
        with progress_bar() as progress:
            worker = _worker(opened, store, catalog, progress)
            done.append((queued, worker.work(named, limit)))
    _print(done, as_json=as_json)
    if any(worked.refused for _, worked in done):
        raise typer.Exit(REFUSED)


def clock() -> Clock:
    """Return the clock of this machine: commands are the edge that may read it."""
    from segmentation_pipeline.partners.waiting import Clock

    return Clock(now, time.sleep, random.random)


def show_queue(store: DeltaStore, *, as_json: bool) -> None:
    """Print how many contacts stand where, and why some failed."""
    from segmentation_pipeline.enrichment.queue import counts, failures

    listed, reasons = counts(store), failures(store)
    if as_json:
        print_json({"queue": listed, "failures": reasons})
        return
    if not listed:
        say("nothing was ever queued: segmentation enrich KEY… or --segment ID")
        return
    print_table(listed, QUEUE)
    if reasons:
        say("\n[bold]why some failed[/]")
        print_table(reasons[:_SHOWN], REASONS)


def _providers(workspace: Workspace, catalog: Catalog, name: str | None) -> list[NamedProvider]:
    from segmentation_pipeline.diagnostics import did_you_mean
    from segmentation_pipeline.enrichment.providers import FOLDER, load_providers

    known = load_providers(workspace.definitions, catalog, workspace.file_name)
    if not known:
        where = workspace.file_name(workspace.definitions / FOLDER)
        raise UsageError("there is no provider", where=where, hint="write one: docs/enrichment.md")
    if name is None:
        return list(known.values())
    if name not in known:
        raise UsageError(f"there is no provider `{name}`", hint=did_you_mean(name, known))
    return [known[name]]


def _named(store: DeltaStore, catalog: Catalog, keys: list[str]) -> pl.Series:
    """Return the keys, each of which is a contact's."""
    import polars as pl

    from segmentation_pipeline.enrichment.providers import contact_target

    target = contact_target(catalog)
    named = pl.Series(target.key[0], keys, dtype=pl.String)
    if not keys:
        return named
    known = named.clear()
    if store.exists(target.table):
        rows = store.scan(target.table).select(pl.col(target.key[0]).cast(pl.String))
        known = rows.filter(pl.col(target.key[0]).is_in(keys)).collect().to_series()
    for key in sorted(set(keys) - set(known)):
        raise UsageError(f"there is no contact `{key}`", where=target.table)
    return named


def _members(workspace: Workspace, store: DeltaStore, catalog: Catalog, segment: str | None) -> pl.Series:
    """Return the keys of a segment's members as they were published."""
    import polars as pl

    from segmentation_pipeline.diagnostics import did_you_mean
    from segmentation_pipeline.enrichment.providers import OBJECT, contact_target
    from segmentation_pipeline.segments.basis import read_definitions
    from segmentation_pipeline.segments.members import published_members

    if segment is None:
        return pl.Series(dtype=pl.String)
    known = read_definitions(workspace).segments
    if segment not in known:
        raise UsageError(f"there is no segment `{segment}`", hint=did_you_mean(segment, known))
    if known[segment].object != OBJECT:
        raise UsageError(f"`{segment}` is a segment of `{known[segment].object}`; contacts are enriched")
    key = contact_target(catalog).key[0]
    members = published_members(store, catalog, known[segment]).frame
    return members.select(pl.col(key).cast(pl.String)).collect().to_series()


def _queue(
    store: DeltaStore,
    named: NamedProvider,
    wanted: tuple[pl.Series, pl.Series],
    *,
    priority: int,
    retry: bool,
) -> int:
    from segmentation_pipeline.enrichment.queue import enqueue, retry_failed
    from segmentation_pipeline.lake.lock import lake_lock

    keys, members = wanted
    if not (retry or len(keys) or len(members)):
        return 0
    with lake_lock(store.root.folder, "enrichment", WAIT_SECONDS):
        at = now()
        queued = retry_failed(store, named.name, at) if retry else 0
        queued += enqueue(store, named.name, keys, priority=priority, now=at, again=True)
        return queued + enqueue(store, named.name, members, priority=priority, now=at, again=False)


def _worker(workspace: Workspace, store: DeltaStore, catalog: Catalog, progress: Any) -> Any:
    from segmentation_pipeline.enrichment.work import Worker

    return Worker(
        store, catalog, time_zone=workspace.time_zone, env=os.environ, clock=clock(), progress=progress
    )


def _print(done: list[tuple[int, Worked]], *, as_json: bool) -> None:
    rows = [_row(queued, worked) for queued, worked in done]
    if as_json:
        print_json(rows)
        return
    print_table(rows, COLUMNS)
    for _, worked in done:
        for reason, contacts in list(worked.reasons.items())[:_SHOWN]:
            say(f"[yellow]{contacts:,} failed[/] {worked.provider}: {escape(reason)}")
        if worked.stopped is not None:
            say(f"[red]stopped[/] {worked.provider}: {escape(worked.stopped)}")


def _row(queued: int, worked: Worked) -> dict[str, Any]:
    return {
        "provider": worked.provider,
        "queued": queued,
        "enriched": worked.enriched,
        "not_found": worked.not_found,
        "failed": worked.failed,
        "requests": worked.requests,
        "pending": worked.pending,
        "stopped": worked.stopped,
        "reasons": dict(worked.reasons),
    }
