"""What commands read from the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.index.build import HISTORY
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    import polars as pl

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.workspace import Workspace


def store_of(workspace: Workspace) -> DeltaStore:
    return open_lake(workspace)


def source_frames(workspace: Workspace, catalog: Catalog) -> dict[str, pl.LazyFrame]:
    """Return every imported table of the catalog at its latest version, pinned."""
    snapshot = store_of(workspace).snapshot([*catalog.table_names(), HISTORY])
    if not snapshot.versions:
        raise LakeError(
            "nothing has been imported yet", where=str(workspace.lake), hint="segmentation import TABLE FILE"
        )
    return {name: snapshot.scan(name) for name in snapshot.versions}
