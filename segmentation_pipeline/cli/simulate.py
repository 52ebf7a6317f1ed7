"""`segmentation simulate`: what a policy or other definitions would do, as a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmentation_pipeline.cli.options import (
    HERE,
    AsJson,
    AsOf,
    Debug,
    Project,
    WorkspaceId,
    now,
    open_project,
)
from segmentation_pipeline.cli.output import say
from segmentation_pipeline.cli.report_output import Format, form_of, put_report
from segmentation_pipeline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl


def simulate(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A file of simulations/, without `.yaml`.")
    ] = None,
    again: Annotated[
        str | None,
        typer.Option("--repeat", metavar="RUN", help="Do a recorded run again, on what it read: sim-000007."),
    ] = None,
    output_format: Annotated[
        Format | None, typer.Option("--format", help="How to print it; default: by the file's suffix.")
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write into a file.")] = None,
    project: Project = HERE,
    workspace: WorkspaceId = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    _debug: Debug = False,
) -> None:
    """Simulate who would be contacted: replay the last days, compare two policies, look ahead."""
    from segmentation_pipeline.report.contents.simulation.report import simulation_report
    from segmentation_pipeline.simulation.repeat import repeat
    from segmentation_pipeline.simulation.run import simulate as run_simulation

    if (name is None) == (again is None) or (again is not None and as_of is not None):
        raise UsageError("a simulation is run by its NAME, or a run of one is done again with `--repeat RUN`")
    form = form_of("json" if as_json else output_format, output)
    opened = open_project(project, workspace, as_of)
    if again is not None:
        done = repeat(opened, again, now=now)
    else:
        done = run_simulation(opened, str(name), as_of=opened.as_of or now(), now=now)
    put_report(simulation_report(done.frames), form, output, plain(done.frames))
    if output is not None:
        say(f"written: {output}")
    if done.failed:
        raise typer.Exit(1)


def plain(frames: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """Return what JSON says of a run: of every variant its contacts, and what kept claims back."""
    from segmentation_pipeline.report.contents.simulation.blocked import totals
    from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
    from segmentation_pipeline.simulation.tables import REASONS

    found = outcome_of(frames)
    variants = []
    for variant in found.variants:
        counts = totals(found, variant)
        variants.append(
            {
                "variant": variant.name,
                "contacts": variant.row["contacts"],
                "won": counts["won"],
                "reasons": {name: counts[name] for name in REASONS if name != "won"},
            }
        )
    return {
        "run": found.run["run_id"],
        "simulation": found.run["simulation"],
        "mode": found.run["mode"],
        "variants": variants,
        "failed": found.run["failed"],
    }
