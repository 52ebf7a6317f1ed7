"""Everything that is wrong with the files of a workspace: what `segmentation validate` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.assignment.policies import policy_findings
from segmentation_pipeline.segments.findings import collect_findings
from segmentation_pipeline.simulation.reading import simulation_findings

if TYPE_CHECKING:
    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.workspace import Workspace


def validate(workspace: Workspace) -> list[Diagnostic]:
    """Return every finding on the files of a workspace, by file and line."""
    return collect_findings(workspace, (policy_findings, simulation_findings))
