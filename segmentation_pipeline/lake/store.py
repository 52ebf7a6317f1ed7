"""The one door to Delta tables: every read pins a version, every write passes the guard.

A method is one commit, whole or not at all, whenever the process dies; what a killed write leaves
beside it are files that no version names, until maintenance removes them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import polars as pl
from deltalake import ColumnProperties, DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import TableNotFoundError
from deltalake.fs import DeltaStorageHandler

from segmentation_pipeline.errors import ContractError, LakeError
from segmentation_pipeline.lake.arrow import arrow_reader
from segmentation_pipeline.lake.commit import CREATION, Commit, commit_properties, said
from segmentation_pipeline.lake.guard import check_frame, check_key, check_slices, differences, wrapping
from segmentation_pipeline.lake.predicates import one_of, same_key
from segmentation_pipeline.lake.reading import Snapshot, scan_table, stored_schema
from segmentation_pipeline.lake.root import check_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from segmentation_pipeline.lake.tables import Table

__all__ = ["Commit", "DeltaStore", "Snapshot"]

_PLAIN = Commit()
_ATTEMPTS = 20
# Reasons of transitions and repairs read old versions; the library forgets them after 30 days.
_CONFIGURATION = {"delta.logRetentionDuration": "interval 365 days"}


class DeltaStore:
    """The tables under one root folder or object-store prefix.

    Raises `LakeError` at once for a root under which tables could be written and not read.
    """

    def __init__(self, root: str | Path, storage_options: Mapping[str, str] | None = None) -> None:
        self.root = check_root(root)
        self.storage_options = dict(storage_options) if storage_options else None

    def exists(self, name: str) -> bool:
        """Whether the table has a first commit; the folder of a failed first write is no table."""
        with wrapping("cannot look for the table", name):
            return DeltaTable.is_deltatable(self.root.table(name), storage_options=self.storage_options)

    def version(self, name: str) -> int:
        return self.open(name).version()

    def schema(self, name: str) -> pl.Schema:
        return stored_schema(self.open(name))

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        """Scan one version, by default the one that is latest *now*, not when the frame is collected.

        Rows come in no particular order.
        """
        return scan_table(self.root, name, self.open(name, version))

    def snapshot(self, names: Iterable[str]) -> Snapshot:
        """Pin each of the tables that exist at its latest version."""
        found = {name: table for name in names if (table := self._find(name)) is not None}
        return Snapshot(self.root, found)

    def transaction(self, name: str, app_id: str) -> int | None:
        """Return the version that ``app_id`` last committed to the table, if any."""
        table = self._find(name)
        return None if table is None else table.transaction_version(app_id)

    def commit_metadata(self, name: str, version: int) -> dict[str, str]:
        """Return what `Commit.metadata` said at ``version``; raise `LakeError` once the log forgot it."""
        return said(self._commit_info(name, version))

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """Open the library's own table, for maintenance; raise `LakeError` if it does not exist."""
        table = self._find(name, version)
        if table is None:
            raise LakeError(f"there is no table `{name}`", where=self.root.text, hint="import or run first")
        return table

    def append(self, table: Table, frame: pl.DataFrame, commit: Commit = _PLAIN) -> int:
        """Add rows; an empty frame makes a commit too. Returns the new version."""
        rows = check_frame(table, frame)
        return self._commit(table, rows, commit, lambda target: self._append(target, table, rows, commit))

    def replace(self, table: Table, frame: pl.DataFrame, commit: Commit = _PLAIN) -> int:
        """Replace the whole table, its columns too, by ``frame``. Returns the new version."""
        rows = check_frame(table, frame)

        def overwrite(target: DeltaTable) -> int:
            return self._overwrite(target, table, rows, commit, retype=bool(changes(table, target)))

        return self._commit(table, rows, commit, overwrite, retype=True)

    def replace_where(
        self, table: Table, frame: pl.DataFrame, column: str, values: Sequence[str], commit: Commit = _PLAIN
    ) -> int:
        """Replace the slices ``values`` of partition column ``column``; those without rows become empty.

        Raises `ContractError` for a row outside them. Returns the new version.
        """
        rows = check_frame(table, frame)
        check_slices(table, rows, column, values)
        if not values:
            return self.append(table, rows, commit)
        predicate = one_of(column, values)

        def overwrite(target: DeltaTable) -> int:
            return self._overwrite(target, table, rows, commit, predicate=predicate)

        return self._commit(table, rows, commit, overwrite)

    def merge(self, table: Table, frame: pl.DataFrame, key: tuple[str, ...], commit: Commit = _PLAIN) -> int:
        """Replace the rows whose key matches, add the others. Returns the new version.

        Raises `ContractError` for a null in the key or two rows with one key.
        """
        rows = check_frame(table, frame)
        check_key(table, rows, key)
        if rows.is_empty():
            return self.append(table, rows, commit)

        def upsert(target: DeltaTable) -> int:
            merger = target.merge(
                arrow_reader(table, rows),
                same_key(key),
                source_alias="source",
                target_alias="target",
                writer_properties=_writer(table),
                commit_properties=commit_properties(commit),
            )
            merger.when_matched_update_all().when_not_matched_insert_all().execute()
            return target.version()

        return self._commit(table, rows, commit, upsert)

    def delete(
        self, table: Table, frame_of_keys: pl.DataFrame, key: tuple[str, ...], commit: Commit = _PLAIN
    ) -> int:
        """Delete the rows whose key stands in ``frame_of_keys``. Returns the latest version.

        Where none does, a commit is made only if it says something.
        """
        keys = check_key(table, frame_of_keys, key, distinct=False).unique()
        nothing = pl.DataFrame(schema=table.schema)
        self.open(table.name)

        def remove(target: DeltaTable) -> int:
            merger = target.merge(
                arrow_reader(table, keys),
                same_key(key),
                source_alias="source",
                target_alias="target",
                writer_properties=_writer(table),
                commit_properties=commit_properties(commit),
            )
            deleted = merger.when_matched_delete().execute()["num_target_rows_deleted"]
            if deleted or commit.says_nothing:
                return target.version()
            return self._append(target, table, nothing, commit)

        return self._commit(table, nothing, commit, remove)

    def _commit(
        self,
        table: Table,
        rows: pl.DataFrame,
        commit: Commit,
        change: Callable[[DeltaTable], int],
        *,
        retype: bool = False,
    ) -> int:
        """Make ``change`` to the table, or create it with ``rows``; again if another was quicker."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                with wrapping("cannot write the table", table.name):
                    target = self._find(table.name)
                    if target is None:
                        return self._create(table, rows, commit)
                    if not retype and (faults := changes(table, target)):
                        raise ContractError(
                            "the table in the lake is not the declared one: " + "; ".join(faults),
                            where=table.name,
                            hint="add columns with `add_columns`, or `replace` the whole table",
                        )
                    return change(target)
            except LakeError as error:
                if not (left and _overtaken(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _append(self, target: DeltaTable, table: Table, rows: pl.DataFrame, commit: Commit) -> int:
        write_deltalake(
            target,
            arrow_reader(table, rows),
            mode="append",
            writer_properties=_writer(table),
            commit_properties=commit_properties(commit),
        )
        return target.version()

    def _overwrite(
        self,
        target: DeltaTable,
        table: Table,
        rows: pl.DataFrame,
        commit: Commit,
        *,
        predicate: str | None = None,
        retype: bool = False,
    ) -> int:
        write_deltalake(
            target,
            arrow_reader(table, rows),
            mode="overwrite",
            predicate=predicate,
            schema_mode="overwrite" if retype else None,
            partition_by=list(table.partition_by) if retype else None,
            writer_properties=_writer(table),
            commit_properties=commit_properties(commit),
        )
        return target.version()

    def _create(self, table: Table, rows: pl.DataFrame, commit: Commit) -> int:
        # Of two creators at once the second may land as version 1: the token tells whose is whose.
        token = uuid4().hex
        write_deltalake(
            self.root.table(table.name),
            arrow_reader(table, rows),
            mode="error",
            partition_by=list(table.partition_by) or None,
            name=table.name,
            description=table.comment or None,
            configuration=_CONFIGURATION,
            storage_options=self.storage_options,
            writer_properties=_writer(table),
            commit_properties=commit_properties(commit, **{CREATION: token}),
        )
        versions = range(self.version(table.name) + 1)
        return next(at for at in versions if self._commit_info(table.name, at).get(CREATION) == token)

    def _find(self, name: str, version: int | None = None) -> DeltaTable | None:
        with wrapping("cannot open the table", name):
            try:
                return DeltaTable(
                    self.root.table(name), version=version, storage_options=self.storage_options
                )
            except TableNotFoundError:
                return None

    def _commit_info(self, name: str, version: int) -> dict[str, object]:
        # The library's own history() counts versions wrongly for a table opened at an old one.
        with wrapping(f"the log has no version {version} (any more)", name):
            folder = DeltaStorageHandler(self.root.table(name), self.storage_options)
            text = folder.open_input_file(f"_delta_log/{version:020}.json").read().decode()
        actions = (json.loads(line) for line in text.splitlines() if line)
        info: dict[str, object] = next(
            (action["commitInfo"] for action in actions if "commitInfo" in action), {}
        )
        return info


def changes(table: Table, target: DeltaTable) -> list[str]:
    """Return in what the table in the lake differs from the declared one."""
    found = differences(table.schema, stored_schema(target))
    slices = tuple(target.metadata().partition_columns)
    if slices != table.partition_by:
        found.append(f"it is partitioned by ({', '.join(slices)}), not ({', '.join(table.partition_by)})")
    return found


def _overtaken(error: LakeError) -> bool:
    reason = str(error.__cause__)
    return "changed since last commit" in reason or "already exists" in reason


def _writer(table: Table) -> WriterProperties:
    packed = ColumnProperties(dictionary_enabled=False, encoding="DELTA_BINARY_PACKED")
    return WriterProperties(
        compression="ZSTD", compression_level=1, column_properties=dict.fromkeys(table.packed, packed)
    )
