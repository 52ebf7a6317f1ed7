"""The lake as a Dagster resource: the same store that notebooks use, of the workspace as it is now."""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from segmentation_pipeline.catalog.masking import told
from segmentation_pipeline.errors import SegmentationError
from segmentation_pipeline.lake.lock import lake_lock
from segmentation_pipeline.lake.opening import open_lake
from segmentation_pipeline.lake.root import check_root
from segmentation_pipeline.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.lake.store import DeltaStore

POOL = "lake"
"""The pool of every step that writes: with a limit of one, steps queue instead of waiting in vain."""


class LakeResource(dg.ConfigurableResource):
    """Opens one workspace's lake. ``project`` is a folder, ``workspace_id`` as in `open_workspace`.

    Settings are read again by every step, so that a workspace that was blocked since the code
    location was loaded stays closed. ``wait_seconds`` is how long a step waits for a writer that
    Dagster does not know of, such as the command line.
    """

    project: str = "."
    workspace_id: str | None = None
    wait_seconds: float = 600.0

    def workspace(self) -> Workspace:
        """Return the workspace; raise `Forbidden` for one that is not active."""
        return open_workspace(Path(self.project), self.workspace_id, env=os.environ)

    def open(self) -> tuple[Workspace, DeltaStore]:
        workspace = self.workspace()
        return workspace, open_lake(workspace)

    @contextmanager
    def lock(self, workspace: Workspace, holder: str) -> Iterator[None]:
        """Hold the lake's lock; raise `LockedError` naming who holds it after ``wait_seconds``."""
        with lake_lock(check_root(workspace.lake).folder, holder, self.wait_seconds):
            yield


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn an error into a `Failure` that says what, where and what to try, and no personal value.

    Of an unexpected one only the kind and the places of the code are told: its message may quote rows,
    and Dagster keeps what it is told.
    """
    try:
        yield
    except SegmentationError as error:
        raise dg.Failure(told(error), allow_retries=False) from None
    except (dg.Failure, dg.RetryRequested, dg.DagsterError):
        raise
    except Exception as error:  # noqa: BLE001 — whatever it is, it must not be kept with rows in it
        places = "".join(traceback.format_tb(error.__traceback__))
        raise dg.Failure(
            f"unexpected {type(error).__name__}; its message is left out, since it may quote rows",
            metadata={"where": dg.MetadataValue.md(f"```text\n{places}\n```")},
        ) from None
