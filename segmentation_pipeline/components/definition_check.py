"""Asset `segment_definitions`: the files themselves, with a check that lists whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.components.blueprint import read_blueprint
from segmentation_pipeline.components.lake import LakeResource, told_plainly
from segmentation_pipeline.components.metadata import findings_table
from segmentation_pipeline.components.segment_specs import GROUP
from segmentation_pipeline.validation import validate

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint

KEY = "segment_definitions"
CHECK = "definitions_are_valid"


def build_segment_definitions(blueprint: Blueprint) -> dg.AssetsDefinition:
    """Return the asset. Its check does not block: what can be read is evaluated."""
    spec = dg.AssetSpec(
        KEY,
        group_name=GROUP,
        description="Catalog, sources, mappings, segments and their tests, as files."
        + _now_broken(blueprint),
        kinds={"yaml"},
    )
    check = dg.AssetCheckSpec(CHECK, asset=KEY, description="Every file can be read and means something.")

    @dg.multi_asset(name="read_definitions", specs=[spec], check_specs=[check])
    def read_definitions(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        with told_plainly():
            workspace = lake.workspace()
            now = read_blueprint(workspace)
            found = sorted({*now.findings, *validate(workspace)}, key=lambda f: (f.at, f.rule))
            errors = [finding for finding in found if finding.severity == "error"]
        yield dg.MaterializeResult(
            asset_key=KEY,
            metadata={
                "dagster/row_count": len(now.segments) + len(now.broken),
                "dagster/uri": str(workspace.definitions),
                "errors": len(errors),
            },
        )
        yield dg.AssetCheckResult(
            asset_key=KEY,
            check_name=CHECK,
            passed=not errors,
            description=str(errors[0]) if errors else None,
            metadata={
                "errors": len(errors),
                **({"first": str(errors[0])} if errors else {}),
                "findings": dg.MetadataValue.md(findings_table(found) if found else "none"),
            },
        )

    return read_definitions


def _now_broken(blueprint: Blueprint) -> str:
    """Return what was wrong when the code location was loaded: there even before the check ran."""
    if not blueprint.errors:
        return ""
    return "\n\n**When they were loaded:**\n\n" + findings_table(blueprint.errors)
