"""The one door to Delta tables: every read pins a version, every write passes the guard.

A method is one commit, whole or not at all, whenever the process dies; what a killed write leaves
beside it are files that no version names, until maintenance removes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import polars as pl
from deltalake import DeltaTable, Schema
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction

from segmentation_pipeline.errors import ContractError, LakeError
from segmentation_pipeline.lake.arrow import arrow_schema
from segmentation_pipeline.lake.commit import CREATION, Commit, commit_properties, said
from segmentation_pipeline.lake.creation import create_table
from segmentation_pipeline.lake.frames import append_rows, merger, overwrite_rows
from segmentation_pipeline.lake.guard import check_frame, check_key, check_slices, check_value, wrapping
from segmentation_pipeline.lake.log import changes, commit_info, overtaken, table_folder
from segmentation_pipeline.lake.owner import check_owner, claim
from segmentation_pipeline.lake.predicates import one_of
from segmentation_pipeline.lake.reading import Snapshot, scan_table, stored_schema
from segmentation_pipeline.lake.root import check_root
from segmentation_pipeline.lake.writing import FileWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from deltalake.transaction import RemoveAction

    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.tenant import Tenant

__all__ = ["Commit", "DeltaStore", "Snapshot"]

_PLAIN = Commit()
_ATTEMPTS = 20


class DeltaStore:
    """The tables under one root folder or object-store prefix.

    Raises `LakeError` at once for a root under which tables could be written and not read, and
    `Forbidden` for the lake of another than ``tenant``; without one it is nobody's in particular.
    """

    def __init__(
        self,
        root: str | Path,
        storage_options: Mapping[str, str] | None = None,
        tenant: Tenant | None = None,
    ) -> None:
        self.root = check_root(root)
        self.storage_options = dict(storage_options) if storage_options else None
        self.tenant = tenant
        self._owned = tenant is None or check_owner(self.root, tenant, self.storage_options)

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
        return said(commit_info(self.root, name, version, self.storage_options))

    def open(self, name: str, version: int | None = None) -> DeltaTable:
        """Open the library's own table, for maintenance; raise `LakeError` if it does not exist."""
        table = self._find(name, version)
        if table is None:
            raise LakeError(f"there is no table `{name}`", where=self.root.text, hint="import or run first")
        return table

    def append(self, table: Table, frame: pl.DataFrame, commit: Commit = _PLAIN) -> int:
        """Add rows; an empty frame makes a commit too. Returns the new version."""
        rows = check_frame(table, frame)
        return self._commit(table, rows, commit, lambda target: append_rows(target, table, rows, commit))

    def replace(self, table: Table, frame: pl.DataFrame, commit: Commit = _PLAIN) -> int:
        """Replace the whole table, its columns too, by ``frame``. Returns the new version."""
        rows = check_frame(table, frame)

        def overwrite(target: DeltaTable) -> int:
            return overwrite_rows(target, table, rows, commit, retype=bool(changes(table, target)))

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
        where = one_of(column, values)

        def overwrite(target: DeltaTable) -> int:
            return overwrite_rows(target, table, rows, commit, predicate=where)

        return self._commit(table, rows, commit, overwrite)

    def append_stream(self, table: Table, frames: Iterable[pl.DataFrame], commit: Commit = _PLAIN) -> int:
        """Add rows as they come, few in memory at a time; nothing is added if a frame cannot be made."""
        return self._stream(table, {}, [({}, frames)], commit)

    def replace_slices(
        self,
        table: Table,
        column: str,
        values: Sequence[str],
        slices: Iterable[tuple[str, Iterable[pl.DataFrame]]],
        commit: Commit = _PLAIN,
    ) -> int:
        """Replace the slices ``values`` by rows as they come, few in memory at a time.

        ``slices`` are (value, frames without ``column``); a value may come again, one that never comes
        becomes empty. Raises `ContractError` for a value that is not among ``values``. Returns the
        latest version.
        """
        check_slices(table, pl.DataFrame(schema=table.schema), column, values)
        named = (({column: check_value(table, column, value, values)}, frames) for value, frames in slices)
        return self._stream(table, {column: list(values)} if values else {}, named, commit)

    def commit_files(
        self,
        table: Table,
        actions: Sequence[AddAction | RemoveAction],
        commit: Commit = _PLAIN,
        *,
        replaced: Mapping[str, list[str]] | None = None,
        whole: bool = False,
    ) -> int:
        """Add files that are there already, and remove others; of slices ``replaced`` all but the added.

        ``whole`` removes every other file, and makes the table's columns the declared ones.
        """
        filters = [(column, "in", values) for column, values in (replaced or {}).items()]

        def change(target: DeltaTable) -> int:
            if whole and tuple(target.metadata().partition_columns) != table.partition_by:
                # A commit of files keeps the slices that the table had.
                overwrite_rows(target, table, pl.DataFrame(schema=table.schema), _PLAIN, retype=True)
                target.update_incremental()
            target.create_write_transaction(
                list(actions),
                "overwrite" if filters or whole else "append",
                Schema.from_arrow(arrow_schema(table)) if whole else target.schema(),
                list(table.partition_by),
                filters or None,
                commit_properties=commit_properties(commit),
            )
            target.update_incremental()
            return target.version()

        added = [action for action in actions if isinstance(action, AddAction)]
        return self._commit(table, added, commit, change, retype=whole)

    def merge(self, table: Table, frame: pl.DataFrame, key: tuple[str, ...], commit: Commit = _PLAIN) -> int:
        """Replace the rows whose key matches, add the others. Returns the new version.

        Raises `ContractError` for a null in the key or two rows with one key.
        """
        rows = check_frame(table, frame)
        check_key(table, rows, key)
        if rows.is_empty():
            return self.append(table, rows, commit)

        def upsert(target: DeltaTable) -> int:
            merging = merger(target, table, rows, key, commit)
            merging.when_matched_update_all().when_not_matched_insert_all().execute()
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
            merging = merger(target, table, keys, key, commit)
            deleted = merging.when_matched_delete().execute()["num_target_rows_deleted"]
            if deleted or commit.says_nothing:
                return target.version()
            return append_rows(target, table, nothing, commit)

        return self._commit(table, nothing, commit, remove)

    def _commit(
        self,
        table: Table,
        rows: pl.DataFrame | list[AddAction],
        commit: Commit,
        change: Callable[[DeltaTable], int],
        *,
        retype: bool = False,
    ) -> int:
        """Make ``change`` to the table, or create it with ``rows``; again if another was quicker."""
        if not self._owned and self.tenant is not None:
            self._owned = claim(self.root, self.tenant, self.storage_options)
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
                if not (left and overtaken(error)):
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _stream(
        self,
        table: Table,
        replaced: Mapping[str, list[str]],
        slices: Iterable[tuple[Mapping[str, str], Iterable[pl.DataFrame]]],
        commit: Commit,
    ) -> int:
        """Write files slice by slice, then commit them all at once."""
        with wrapping("cannot write the table", table.name):
            if self.root.local:
                Path(self.root.table(table.name)).mkdir(parents=True, exist_ok=True)
            writer = FileWriter(table, table_folder(self.root, table.name, self.storage_options))
            added = [action for of, frames in slices for action in writer.write(of, frames)]
        return self.commit_files(table, added, commit, replaced=replaced)

    def _create(self, table: Table, rows: pl.DataFrame | list[AddAction], commit: Commit) -> int:
        # Of two creators at once the second may land as version 1: the token tells whose is whose.
        token = uuid4().hex
        properties = commit_properties(commit, **{CREATION: token})
        create_table(self.root, table, rows, properties, self.storage_options)
        versions = range(self.version(table.name) + 1)
        told = (commit_info(self.root, table.name, at, self.storage_options) for at in versions)
        return next(at for at, info in enumerate(told) if info.get(CREATION) == token)

    def _find(self, name: str, version: int | None = None) -> DeltaTable | None:
        with wrapping("cannot open the table", name):
            try:
                return DeltaTable(
                    self.root.table(name), version=version, storage_options=self.storage_options
                )
            except TableNotFoundError:
                return None
