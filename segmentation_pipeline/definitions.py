"""What Dagster loads: `workspace.yaml` and `[tool.dg]` both point here."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from segmentation_pipeline import defs as defs_folder


@dg.definitions
def defs() -> dg.Definitions:
    """Return everything under `defs/`."""
    tree = dg.ComponentTree.from_module(defs_module=defs_folder, project_root=Path(__file__).parents[1])
    # All steps write one lake, one at a time: a process each would only cost its start.
    return dg.Definitions.merge(tree.build_defs(), dg.Definitions(executor=dg.in_process_executor))
