"""A simulation's outcome as a report that whoever plans campaigns understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.report.contents.simulation.blocked import blocked, starving
from segmentation_pipeline.report.contents.simulation.compared import compared
from segmentation_pipeline.report.contents.simulation.forecast import forecast
from segmentation_pipeline.report.contents.simulation.limits import basis, limits
from segmentation_pipeline.report.contents.simulation.messages import customers, messages
from segmentation_pipeline.report.contents.simulation.outcome import outcome_of
from segmentation_pipeline.report.contents.simulation.sizes import sizes
from segmentation_pipeline.report.contents.simulation.summary import sentences
from segmentation_pipeline.report.contents.simulation.trace import trace
from segmentation_pipeline.report.contents.simulation.what_if import what_if
from segmentation_pipeline.report.model import Report, Section, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from segmentation_pipeline.report.contents.simulation.outcome import Outcome

MODES = {
    "what_if": "what would change today",
    "replay": "what would have been",
    "forecast": "what is to come",
    "compare": "A against B",
}
_SECTIONS = (limits, compared, what_if, messages, customers, blocked, starving, sizes, forecast, trace, basis)


def simulation_report(frames: Mapping[str, pl.DataFrame], *, named: bool = True) -> Report:
    """Return the report of one run, whose rows ``frames`` are by table, `simulation_runs` among them.

    Without ``named`` no customer is: for pages that others keep.
    """
    found = outcome_of(frames, named=named)
    sections = (Section("In short", (Text(sentences(found)),)), *(make(found) for make in _SECTIONS))
    return Report(_title(found), _subtitle(found), tuple(section for section in sections if section.parts))


def _title(found: Outcome) -> str:
    return f"{found.run['simulation']}: {MODES[found.run['mode']]}"


def _subtitle(found: Outcome) -> str:
    sides = [
        variant.of(f"policy {variant.row['policy']}, definitions {variant.row['definitions']}")
        for variant in found.variants
    ]
    days = (
        f"{found.run['from_day']} to {found.run['to_day']}"
        if found.run["from_day"] != found.run["to_day"]
        else str(found.run["from_day"])
    )
    return "; ".join([days, *sides])
