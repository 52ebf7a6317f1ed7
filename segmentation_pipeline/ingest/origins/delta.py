"""The rows of another Delta table, into a Parquet file: all of them, or those of files that are new."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deltalake import DeltaTable

from segmentation_pipeline.errors import ImportFailed, LakeError
from segmentation_pipeline.lake.file_changes import folder_changes, live_files
from segmentation_pipeline.lake.guard import wrapping
from segmentation_pipeline.lake.reading import scan_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_REACHED = re.compile(r"version (\d+) of (.+)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies: ``shown`` is how messages call it, ``options`` what its store asks for."""

    folder: str
    shown: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a reading reaches, and what it says of rows that it cannot carry over."""

    reached: str
    notes: tuple[str, ...] = ()


def read_delta(place: Place, path: Path, *, version: int | None, since: str | None) -> Taken:
    """Write the rows of a version (default: the latest) to ``path``.

    With ``since``, what an earlier reading reached, only those of files that came after it; a row that was
    changed stands in such a file. Rows that were deleted are told of and stay where they were imported.

    Raises:
        ImportFailed: there is no such table or version, or one that this library cannot read.
    """
    options = dict(place.options) or None
    try:
        with wrapping("the Delta table cannot be read", place.shown):
            table = DeltaTable(place.folder, version=version, storage_options=options)
            _refuse_vectors(table, place)
            chosen, notes = _new_files(table, place, since)
            scan_files(place.folder, table, chosen, options).sink_parquet(path)
            return Taken(f"version {table.version()} of {table.metadata().id}", notes)
    except LakeError as error:
        hint = "see that the table is there, and which versions it still has"
        raise ImportFailed(error.what, where=place.shown, hint=hint) from error


def _refuse_vectors(table: DeltaTable, place: Place) -> None:
    if "deletionVectors" in (table.protocol().reader_features or ()):
        raise ImportFailed(
            "the table marks deleted rows beside its files, and they would be read as if they were there",
            where=place.shown,
            hint="let its owner purge it: REORG TABLE … APPLY (PURGE), and turn deletion vectors off",
        )


def _new_files(table: DeltaTable, place: Place, since: str | None) -> tuple[list[str], tuple[str, ...]]:
    """Return the files to read: all of them where nothing says what is new."""
    live = live_files(table)
    match = _REACHED.fullmatch(since or "")
    if match is None or match[2] != str(table.metadata().id) or int(match[1]) > table.version():
        return sorted(live), ()
    changes = folder_changes(place.folder, int(match[1]), table.version(), dict(place.options) or None)
    if changes is None or changes.altered:
        return sorted(live), ()
    new = sorted(set(changes.added) & set(live))
    gone = set(changes.removed) - set(changes.added)
    if not gone:
        return new, ()
    what = f"{len(gone)} files of {place.shown} were replaced or deleted since version {match[1]}"
    return new, (f"{what}: rows that were deleted there stay here",)
