"""Group `simulation`: every declared simulation is an asset; materializing it runs it anew."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.assignment.tables import ASSIGNMENTS
from segmentation_pipeline.components.assignment_assets import GROUP
from segmentation_pipeline.components.followers import has_private_keys
from segmentation_pipeline.components.lake import LakeResource, told_plainly
from segmentation_pipeline.components.metadata import markdown_table
from segmentation_pipeline.components.segment_assets import MEMBERSHIPS_KEY
from segmentation_pipeline.components.simulation_checks import check_results, check_specs
from segmentation_pipeline.report.contents.simulation.messages import reached
from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
from segmentation_pipeline.report.contents.simulation.report import simulation_report
from segmentation_pipeline.report.model import Chart
from segmentation_pipeline.report.renderings.markdown import markdown
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.simulation.run import simulate

if TYPE_CHECKING:
    from segmentation_pipeline.components.blueprint import Blueprint
    from segmentation_pipeline.diagnostics import Diagnostic
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome
    from segmentation_pipeline.report.model import Report
    from segmentation_pipeline.simulation.declaration import Simulation

PREFIX = "simulation"


def simulation_key(name: str) -> dg.AssetKey:
    """Return the asset key of a simulation.

    >>> simulation_key("lower_email_cap").to_user_string()
    'simulation/lower_email_cap'
    """
    return dg.AssetKey([PREFIX, name])


def build_simulations(blueprint: Blueprint) -> list[dg.AssetsDefinition]:
    """Return an asset a simulation; one whose file cannot be read keeps its page, and says why."""
    readable = [_simulation(name, said) for name, said in blueprint.simulations.items()]
    broken = [_unread(name, finding) for name, finding in blueprint.broken_simulations.items()]
    return [*readable, *broken]


def _simulation(name: str, said: Simulation) -> dg.AssetsDefinition:
    key = simulation_key(name)
    spec = _spec(name, f"{said.description}\n\nMode `{said.mode}`, {said.days} days.".strip())

    # Not in the pool of the lake: it reads pinned versions for minutes, and writes tables of its own.
    @dg.multi_asset(
        name=f"simulate_{name}", specs=[spec], check_specs=check_specs(key, said.fail_if), can_subset=True
    )
    def run_simulation(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any] | dg.AssetCheckResult]:
        context = dg.AssetExecutionContext.get()
        with told_plainly():
            workspace = lake.workspace()
            named = not has_private_keys(read_definitions(workspace).catalog)
            done = simulate(
                workspace, name, as_of=workspace.as_of or _now(), now=_now, wait_seconds=lake.wait_seconds
            )
            found = outcome_of(done.frames, named=named)
            yield dg.MaterializeResult(
                asset_key=key,
                metadata=_metadata(found, simulation_report(done.frames, named=named)),
                data_version=dg.DataVersion(found.run["result_hash"]),
            )
            for check in check_results(key, found):
                if dg.AssetCheckKey(key, str(check.check_name)) in context.selected_asset_check_keys:
                    yield check

    return run_simulation


def _unread(name: str, finding: Diagnostic) -> dg.AssetsDefinition:
    said = f"**This simulation cannot be read.**\n\n```text\n{finding}\n```"

    @dg.multi_asset(name=f"simulate_{name}", specs=[_spec(name, said)])
    def run_simulation(lake: LakeResource) -> Iterator[dg.MaterializeResult[Any]]:
        del lake
        raise dg.Failure(str(finding), allow_retries=False)

    return run_simulation


def _spec(name: str, description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        simulation_key(name),
        deps=[MEMBERSHIPS_KEY, ASSIGNMENTS.name],
        group_name=GROUP,
        description=description,
        kinds={"polars", "deltalake"},
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _metadata(found: Outcome, shown: Report) -> dict[str, Any]:
    """Return the rows of every table, the key figures, and the report without its charts."""
    rows = [[name, frame.height] for name, frame in found.frames.items() if frame.height]
    figures = {
        variant.of(name).replace(": ", "_"): value
        for variant in found.variants
        for name, value in (
            ("messages", variant.row["won"]),
            ("customers", variant.row["contacts"]),
            ("customers_reached", reached(variant)),
        )
    }
    return {
        "dagster/row_count": sum(frame.height for frame in found.frames.values()),
        "run": found.run["run_id"],
        "failed": len(found.run["failed"] or []),
        **figures,
        "tables": dg.MetadataValue.md(markdown_table(["table", "rows"], rows)),
        "report": dg.MetadataValue.md(markdown(_without_charts(shown))),
    }


def _without_charts(shown: Report) -> Report:
    """Return the report without what would be long tables of days in Markdown."""
    sections = (
        dataclasses.replace(
            section, parts=tuple(part for part in section.parts if not isinstance(part, Chart))
        )
        for section in shown.sections
    )
    return dataclasses.replace(shown, sections=tuple(section for section in sections if section.parts))
