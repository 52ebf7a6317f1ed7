"""What happened to a table's files between two versions, and which files it has, read from its log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
from deltalake.transaction import RemoveAction

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.lake.log import actions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from deltalake import DeltaTable

    from segmentation_pipeline.lake.store import DeltaStore


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Files that brought or took rows, by their path below the table; compaction does neither.

    A file that came and went is in both. ``altered`` says that columns or properties changed, or
    that rows were taken out of a file without rewriting it.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: bool


def file_changes(store: DeltaStore, name: str, after: int, upto: int) -> FileChanges | None:
    """Return the changes of the versions above ``after`` up to ``upto``; None once the log forgot one."""
    return folder_changes(store.root.table(name), after, upto, store.storage_options)


def folder_changes(
    folder: str, after: int, upto: int, storage_options: dict[str, str] | None = None
) -> FileChanges | None:
    """Return the same of any table, by the folder it lies in."""
    found: dict[str, list[str]] = {"add": [], "remove": []}
    altered = False
    for version in range(after + 1, upto + 1):
        try:
            entries = list(actions(folder, version, storage_options))
        except LakeError:
            return None
        for action in entries:
            for kind, files in found.items():
                said = action.get(kind)
                if said is not None and said.get("dataChange", True):
                    files.append(unquote(said["path"]))
                    altered = altered or said.get("deletionVector") is not None
            altered = altered or "metaData" in action or "protocol" in action
    return FileChanges(tuple(found["add"]), tuple(found["remove"]), altered)


def files_added_by(store: DeltaStore, name: str, after: int, said: Mapping[str, str]) -> list[str]:
    """Return the files that commits above version ``after`` added which took none and say what ``said`` has.

    Raises `LakeError` once the log forgot one of the commits.
    """
    found: list[str] = []
    for version in range(after + 1, store.version(name) + 1):
        entries = list(actions(store.root.table(name), version, store.storage_options))
        info: dict[str, object] = {}
        for entry in entries:
            info |= entry.get("commitInfo", {})
        if all(info.get(key) == value for key, value in said.items()) and not any(
            "remove" in entry for entry in entries
        ):
            found += [unquote(entry["add"]["path"]) for entry in entries if "add" in entry]
    return found


def live_files(table: DeltaTable) -> dict[str, int]:
    """Return the files of the opened version by their path below the table, and their rows."""
    listed = pl.DataFrame(table.get_add_actions())
    return {unquote(path): rows for path, rows in listed.select("path", "num_records").iter_rows()}


def files_by(table: DeltaTable, column: str) -> dict[str, dict[str, int]]:
    """Return files, as the log names them, and their rows by the value of a partition column."""
    listed = pl.DataFrame(table.get_add_actions(flatten=True))
    found: dict[str, dict[str, int]] = {}
    if listed.height:
        columns = listed.select("path", "num_records", pl.col(f"partition.{column}").cast(pl.String))
        for path, rows, value in columns.iter_rows():
            found.setdefault(value, {})[path] = rows
    return found


def removals(
    table: DeltaTable, column: str, paths: Collection[str], *, data_change: bool = True
) -> list[RemoveAction]:
    """Return what takes files, as the log names them, out of a table sliced by ``column``."""
    now = int(time.time() * 1000)
    listed = pl.DataFrame(table.get_add_actions(flatten=True))
    columns = listed.select("path", "size_bytes", pl.col(f"partition.{column}").cast(pl.String))
    return [
        RemoveAction(path, data_change, now, size, {column: value})
        for path, size, value in columns.iter_rows()
        if path in paths
    ]
