"""What a table's log says: its columns against the declared ones, its commits, who was quicker."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.fs as pafs
from deltalake.fs import DeltaStorageHandler

from segmentation_pipeline.lake.guard import differences, wrapping
from segmentation_pipeline.lake.reading import stored_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deltalake import DeltaTable

    from segmentation_pipeline.errors import LakeError
    from segmentation_pipeline.lake.root import Root
    from segmentation_pipeline.lake.tables import Table


def changes(table: Table, target: DeltaTable) -> list[str]:
    """Return in what the table in the lake differs from the declared one."""
    found = differences(table.schema, stored_schema(target))
    slices = tuple(target.metadata().partition_columns)
    if slices != table.partition_by:
        found.append(f"it is partitioned by ({', '.join(slices)}), not ({', '.join(table.partition_by)})")
    return found


def commit_info(
    root: Root, name: str, version: int, storage_options: dict[str, str] | None
) -> dict[str, object]:
    """Return what one commit says of itself; raise `LakeError` once the log forgot it."""
    # The library's own history() counts versions wrongly for a table opened at an old one.
    said = (
        action["commitInfo"]
        for action in actions(root.table(name), version, storage_options)
        if "commitInfo" in action
    )
    return next(said, {})


def actions(folder: str, version: int, storage_options: dict[str, str] | None) -> Iterator[dict[str, Any]]:
    """Yield the entries of one commit to the table in ``folder``; `LakeError` once the log forgot it."""
    with wrapping(f"the log has no version {version} (any more)", folder.rpartition("/")[2]):
        files = DeltaStorageHandler(folder, storage_options)
        text = files.open_input_file(f"_delta_log/{version:020}.json").read().decode()
    yield from (json.loads(line) for line in text.splitlines() if line)


def overtaken(error: LakeError) -> bool:
    """Whether a commit failed because another was quicker."""
    reason = str(error.__cause__)
    return "changed since last commit" in reason or "already exists" in reason


def table_folder(root: Root, name: str, storage_options: dict[str, str] | None) -> pafs.FileSystem:
    """Return the folder of a table as Arrow's readers and writers take it."""
    return pafs.PyFileSystem(DeltaStorageHandler(root.table(name), storage_options))
