"""Rows and history taken out of a lake on disk for good: no file, log or statistic has them afterwards.

Every step may be repeated, and ends where it would have ended at once.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

import polars as pl

from segmentation_pipeline.lake.commit import Commit, commit_properties
from segmentation_pipeline.lake.creation import writer_properties
from segmentation_pipeline.lake.guard import wrapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deltalake import DeltaTable

    from segmentation_pipeline.lake.store import DeltaStore
    from segmentation_pipeline.lake.tables import Table

LOG = "_delta_log"
DROPPED = ".dropped-"


def table_names(store: DeltaStore) -> list[str]:
    """Return every table that lies in the lake, whoever made it."""
    root = store.root.folder
    return (
        sorted(path.name for path in root.iterdir() if path.name[0] != "." and (path / LOG).is_dir())
        if root.is_dir()
        else []
    )


def delete_rows(store: DeltaStore, table: Table, where: str, commit: Commit) -> int:
    """Delete the rows that meet a condition in SQL; return how many."""
    with wrapping("cannot delete rows of the table", table.name):
        done = store.open(table.name).delete(
            where, writer_properties=writer_properties(table), commit_properties=commit_properties(commit)
        )
    return int(done["num_deleted_rows"])


def blank_columns(store: DeltaStore, table: Table, where: str, columns: Sequence[str], commit: Commit) -> int:
    """Make columns null in the rows that meet a condition in SQL; return how many."""
    with wrapping("cannot change rows of the table", table.name):
        done = store.open(table.name).update(
            updates={f'"{name}"': "NULL" for name in columns},
            predicate=where,
            writer_properties=writer_properties(table),
            commit_properties=commit_properties(commit),
        )
    return int(done["num_updated_rows"])


def cut_history(store: DeltaStore, name: str, commit: Commit | None = None) -> None:
    """Remove every version of a table but its present one: files, commits, statistics.

    With a ``commit`` that says something the present version says it; without one it is what the
    last writer said of it. Transactions stay known. Whoever reads an old version then fails.
    """
    folder = store.root.folder / name
    if commit is not None:
        with wrapping("cannot write the table", name):
            _mark(store.open(name), commit)
    table = store.open(name)
    with wrapping("cannot cut the history of the table", name):
        table.create_checkpoint()
    present = f"{table.version():020}."
    kept = {f"{present}json", "_last_checkpoint"}
    for path in (folder / LOG).iterdir():
        if path.is_file() and path.name not in kept and not path.name.startswith(f"{present}checkpoint"):
            path.unlink()
    _remove_unnamed(folder, table)


def drop_table(store: DeltaStore, name: str) -> None:
    """Remove a whole table at once; what a kill leaves of it, `sweep` removes."""
    folder = store.root.folder / name
    if folder.exists():
        folder.rename(folder.with_name(f"{DROPPED}{uuid4().hex}"))
    sweep(store)


def sweep(store: DeltaStore, prefixes: Sequence[str] = (DROPPED,)) -> None:
    """Remove folders beside the tables whose names start so: leftovers of what was killed."""
    for prefix in prefixes:
        for left in store.root.folder.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=False)


def _mark(target: DeltaTable, commit: Commit) -> None:
    """Commit nothing but a word: what such a commit says of files cannot be personal."""
    target.create_write_transaction(
        [],
        "append",
        target.schema(),
        target.metadata().partition_columns or None,
        commit_properties=commit_properties(commit),
    )


def _remove_unnamed(folder: Path, table: DeltaTable) -> None:
    """Remove the files that the present version does not name, those of killed writes among them."""
    listed = pl.DataFrame(table.get_add_actions())
    live = {str(folder / unquote(path)) for path in listed["path"]} if listed.height else set()
    for place, folders, files in os.walk(folder, topdown=False):
        if Path(place).is_relative_to(folder / LOG):
            continue
        for file in files:
            path = Path(place) / file
            if str(path) not in live:
                path.unlink()
        if Path(place) != folder and not folders and not any(Path(place).iterdir()):
            Path(place).rmdir()
