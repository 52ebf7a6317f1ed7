"""What `segmentation import` imports without a FILE: sources by table or name, and the inbox."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

from segmentation_pipeline.cli.import_progress import import_progress
from segmentation_pipeline.cli.options import WAIT_SECONDS, now
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.errors import Forbidden, ImportFailed, SegmentationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.ingest.sources import Source
    from segmentation_pipeline.ingest.tally import ImportJob
    from segmentation_pipeline.workspace import Workspace

Thing = TypeVar("Thing")
_PAUSE = 1.0
"""Seconds between two looks at the inbox: a file that grows meanwhile is still being written."""


def import_sources(
    workspace: Workspace, table: str | None = None, name: str | None = None
) -> Iterator[ImportJob]:
    """Import sources of ``sources.yaml`` (of a table, by name, or all) and yield each job as it ends.

    A source that fails does not keep the others from being imported; at the end `ImportFailed` names it.
    """
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.ingest.sources import import_source, load_sources

    catalog, file = _catalog(workspace), workspace.sources_file
    sources = load_sources(file, catalog, workspace.file_name(file))
    if name is not None and name not in sources:
        raise UsageError(
            f"there is no source `{name}`",
            where=workspace.file_name(file),
            allowed=list(sources),
            hint=did_you_mean(name, sources),
        )
    chosen = [s for s in sources.values() if table in (None, s.table) and name in (None, s.name)]
    if not chosen:
        asked = f"table `{table}`" if table else "this project"
        raise UsageError(f"{asked} has no source", where=str(file), hint="name a file to import")

    def load(source: Source) -> ImportJob:
        with import_progress(source.name) as progress:
            return import_source(
                store_of(workspace),
                catalog,
                source,
                project=workspace.project,
                definitions=workspace.definitions,
                time_zone=workspace.time_zone,
                now=now,
                env=os.environ,
                wait_seconds=WAIT_SECONDS,
                progress=progress,
            )

    yield from _each(chosen, load)


def import_inbox(workspace: Workspace) -> Iterator[ImportJob]:
    """Import the files of the inbox that are new or changed, as `import_sources` does."""
    from segmentation_pipeline.cli.tables import store_of
    from segmentation_pipeline.ingest.origins.inbox import (
        Dropped,
        at_rest,
        dropped_files,
        import_dropped,
        imported_states,
    )

    inbox = workspace.inbox
    if inbox is None:
        raise UsageError(
            f"workspace `{workspace.id}` has no inbox", hint=f'set `inbox = "data/inbox/{workspace.id}"`'
        )
    catalog, store = _catalog(workspace), store_of(workspace)
    there = imported_states(store)
    new = [file for file in dropped_files(inbox) if there.get(file.name) != file.state]
    if new:
        time.sleep(_PAUSE)

    def load(file: Dropped) -> ImportJob:
        with import_progress(file.name) as progress:
            return import_dropped(
                store,
                catalog,
                file,
                inbox=inbox,
                mappings=workspace.mappings_folder,
                time_zone=workspace.time_zone,
                now=now,
                wait_seconds=WAIT_SECONDS,
                progress=progress,
            )

    yield from _each(at_rest(new, dropped_files(inbox)), load)


def _catalog(workspace: Workspace) -> Catalog:
    from segmentation_pipeline.catalog.reading import load_catalog

    return load_catalog(workspace.catalog_file, workspace.file_name(workspace.catalog_file))


def _each(things: Iterable[Thing], load: Callable[[Thing], ImportJob]) -> Iterator[ImportJob]:
    failed: list[SegmentationError] = []
    for thing in things:
        try:
            job = load(thing)
        except (ImportFailed, Forbidden) as error:
            failed.append(error)
        else:
            yield job
    if failed:
        raise _together(failed)


def _together(failed: Sequence[SegmentationError]) -> SegmentationError:
    if len(failed) == 1:
        return failed[0]
    said = "".join(f"\n  {str(error).replace(chr(10), chr(10) + '  ')}" for error in failed)
    return ImportFailed(f"{len(failed)} imports failed; the others are done:{said}")
