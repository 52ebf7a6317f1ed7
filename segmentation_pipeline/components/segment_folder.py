"""The component: one workspace's folder of definitions, as everything that Dagster shows of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from segmentation_pipeline.components.analytics_assets import build_analytics
from segmentation_pipeline.components.assignment_assets import build_assignments
from segmentation_pipeline.components.automation import build_automation
from segmentation_pipeline.components.blueprint import read_blueprint
from segmentation_pipeline.components.conflict_assets import build_conflicts
from segmentation_pipeline.components.contract_checks import build_contract_checks
from segmentation_pipeline.components.definition_check import build_segment_definitions
from segmentation_pipeline.components.feature_tables import build_feature_tables
from segmentation_pipeline.components.followers import build_followers
from segmentation_pipeline.components.inbox import build_inbox
from segmentation_pipeline.components.index_tables import build_index_tables
from segmentation_pipeline.components.lake import LakeResource
from segmentation_pipeline.components.partners import build_partners
from segmentation_pipeline.components.segment_assets import build_segments
from segmentation_pipeline.components.simulation_assets import build_simulations
from segmentation_pipeline.components.source_tables import build_source_tables
from segmentation_pipeline.workspace import PREFIX, find_workspace

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.workspace import Workspace


class SegmentFolder(dg.Component, dg.Model, dg.Resolvable):
    """The catalog, sources and segments of one workspace, one asset each, with jobs and schedules.

    ``project`` is the folder that holds ``segmentation.toml`` (overridden by SEGMENTATION_PROJECT),
    ``workspace`` one of its workspaces (default: as `open_workspace` chooses), ``wait_seconds`` how
    long a step waits for another writer of the lake.
    """

    project: str = "."
    workspace: str | None = None
    wait_seconds: float = 600.0

    @classmethod
    def get_code_references_for_yaml(cls, *_: object, **__: object) -> list[dg.LocalFileCodeReference]:
        """Return none: an asset links to the file of its segment, not to that of this component."""
        return []

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the workspace as its files are now."""
        del context
        project = Path(os.environ.get(f"{PREFIX}PROJECT") or self.project).resolve()
        blueprint = read_blueprint(find_workspace(project, self.workspace, env=os.environ))
        lake = LakeResource(project=str(project), workspace_id=self.workspace, wait_seconds=self.wait_seconds)
        return dg.Definitions.merge(
            _assets(blueprint),
            build_automation(blueprint, project, self.workspace),
            build_inbox(blueprint, project, self.workspace),
            dg.Definitions(resources={"lake": lake}),
        )


def build_segment_assets(workspace: Workspace) -> dg.Definitions:
    """Return the assets and checks of a workspace; they need a resource named ``lake``."""
    return _assets(read_blueprint(workspace))


def _assets(blueprint: Blueprint) -> dg.Definitions:
    return dg.Definitions(
        assets=[
            *build_source_tables(blueprint),
            *build_feature_tables(blueprint),
            *build_index_tables(blueprint),
            build_segment_definitions(blueprint),
            build_segments(blueprint),
            *build_followers(),
            *build_analytics(blueprint.workspace),
            build_conflicts(),
            *build_simulations(blueprint),
            *build_assignments(blueprint),
            *build_partners(blueprint),
        ],
        asset_checks=build_contract_checks(blueprint),
    )
