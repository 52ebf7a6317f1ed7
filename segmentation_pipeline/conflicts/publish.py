"""Writes what was found into the tables of the group `conflicts`.

Each is replaced whole, in one commit that names the version of the memberships it follows and the
definitions it was made of. A run killed in between leaves every table as some run wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.conflicts.rows import claim_slices, finding_rows, overlap_rows, relation_rows
from segmentation_pipeline.conflicts.tables import CLAIMS, FINDINGS, OVERLAPS, RELATIONS, TABLES
from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.lake.store import Commit
from segmentation_pipeline.segments.tables import MEMBERSHIPS

if TYPE_CHECKING:
    from collections.abc import Collection

    from segmentation_pipeline.conflicts.analysis import Conflicts
    from segmentation_pipeline.conflicts.observed.observation import Observation
    from segmentation_pipeline.lake.store import DeltaStore

ALL = tuple(table.name for table in TABLES)


def publish_conflicts(store: DeltaStore, found: Conflicts, only: Collection[str] = ALL) -> None:
    """Replace the four tables, or ``only`` some of them; the caller holds the lake's lock.

    Raises `RunFailed` where the members of no run were looked at.
    """
    if found.observed is None:
        raise RunFailed("conflicts follow the members of a run, and there is none", hint="segmentation run")
    commit = _commit(found, found.observed)
    for table, rows in ((RELATIONS, relation_rows), (FINDINGS, finding_rows), (OVERLAPS, overlap_rows)):
        if table.name in only:
            store.replace(table, rows(found), commit)
    if CLAIMS.name in only:
        store.replace_slices(CLAIMS, "scope", _scopes(store, found), claim_slices(found), commit)


def _scopes(store: DeltaStore, found: Conflicts) -> list[str]:
    """Return every scope in which segments compete, or did."""
    competed = {str(contest.scope) for _, contest in found.contests}
    if store.exists(CLAIMS.name):
        competed.update(store.scan(CLAIMS.name).select(pl.col("scope").unique()).collect()["scope"])
    return sorted(competed)


def _commit(found: Conflicts, observed: Observation) -> Commit:
    said = {"run_id": observed.record.run_id, "definitions_hash": found.definitions_hash}
    return Commit(said, (MEMBERSHIPS.name, observed.version))
