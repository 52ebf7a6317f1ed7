"""The lake of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.lake.store import DeltaStore

if TYPE_CHECKING:
    from segmentation_pipeline.workspace import Workspace


def open_lake(workspace: Workspace) -> DeltaStore:
    """Return the workspace's tables; raise `Forbidden` for a lake that belongs to another."""
    return DeltaStore(workspace.lake, workspace.storage_options, workspace.tenant)
