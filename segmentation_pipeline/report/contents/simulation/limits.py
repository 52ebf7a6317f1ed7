"""What must not be, by the simulation's `fail_if`, and what it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.report.contents.simulation.outcome import PROPOSED
from segmentation_pipeline.report.model import Column, Figures, Section
from segmentation_pipeline.simulation.figures import FIGURES
from segmentation_pipeline.simulation.tables import DIFF

if TYPE_CHECKING:
    from segmentation_pipeline.report.contents.simulation.outcome import Outcome
    from segmentation_pipeline.simulation.declaration import Condition

_SHORT = 12
_BASIS = {
    "history": "as the history has it",
    "versions": "as the table's versions have it",
    "current": "today's value stands in for the past",
}


def limits(found: Outcome) -> Section:
    """Return each condition of `fail_if`, the figure it is about, and whether it holds."""
    failed = set(found.run["failed"] or [])
    columns = (Column("must not be"), Column("it is", "number"), Column(""), Column("what it counts"))
    rows = tuple(
        (
            str(one),
            value_of(found, one),
            "fails" if str(one) in failed else "ok",
            FIGURES[one.metric].summary,
        )
        for one in found.conditions
    )
    return Section("What must not be", (Figures(columns, rows),) if rows else ())


def value_of(found: Outcome, condition: Condition) -> float | None:
    """Return the figure that a condition is about, as `simulation_diff` has it."""
    side = condition.of or (PROPOSED if len(found.variants) > 1 else found.variants[0].name)
    key = condition.channel or condition.segment
    rows = found.rows(DIFF).filter(
        pl.col("metric") == condition.metric, pl.col("key").eq_missing(pl.lit(key, pl.String))
    )
    value: float | None = rows[side][0] if rows.height else None
    return int(value) if value is not None and value == int(value) else value


def basis(found: Outcome) -> Section:
    """Return what the run was made of, and what of today stood in for the past."""
    run = found.run
    shared = (
        ("run", run["run_id"]),
        ("recorded", run["recorded_at"]),
        ("data as of", run["as_of"]),
        ("first day", run["from_day"]),
        ("last day", run["to_day"]),
        ("days of", run["time_zone"]),
        ("customers", f"{run['contacts']:,}"),
        ("of all", f"{run['sample_percent']:g} %"),
        ("hash of the result", run["result_hash"][:_SHORT]),
        ("repeats the run", run["repeats"]),
        ("version of the program", run["engine_version"]),
    )
    columns = (Column(""), Column(""))
    facts = Figures(columns, shared)
    sides = Figures(
        tuple(Column(name) for name in ("side", "policy", "definitions", "policy's hash", "their hash")),
        tuple(
            (
                variant.letter or variant.name,
                variant.row["policy"],
                variant.row["definitions"],
                variant.row["policy_hash"][:_SHORT],
                variant.row["definitions_hash"][:_SHORT],
            )
            for variant in found.variants
        ),
    )
    return Section("What it was made of", (facts, sides, *_known(found)))


def past_known(found: Outcome) -> dict[str, str]:
    """Return of every field and table that rules read how its past is known, as `attribute_basis` has it."""
    said = (one for variant in found.variants for one in variant.row["attribute_basis"] or [])
    return {one["name"]: one["basis"] for one in said}


def _known(found: Outcome) -> tuple[Figures, ...]:
    rows = tuple((name, _BASIS.get(how, how)) for name, how in sorted(past_known(found).items()))
    return (Figures((Column("what rules read"), Column("of past days")), rows),) if rows else ()
