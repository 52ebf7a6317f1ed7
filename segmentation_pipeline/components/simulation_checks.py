"""The checks of a simulation: what must not be by its `fail_if`, and that its counts add up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import dagster as dg
import polars as pl

from segmentation_pipeline.components.metadata import markdown_table
from segmentation_pipeline.report.contents.simulation.limits import value_of
from segmentation_pipeline.simulation.figures import FIGURES
from segmentation_pipeline.simulation.tables import CLAIMS, SEGMENT_DAYS, VARIANT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segmentation_pipeline.report.contents.simulation.outcome import Outcome
    from segmentation_pipeline.simulation.declaration import Condition

CLAIMS_ADD_UP = "claims_add_up"
SIZES_ADD_UP = "sizes_add_up"
_BALANCES = {
    CLAIMS_ADD_UP: f"claims = {' + '.join(CLAIMS)}, for every segment and day.",
    SIZES_ADD_UP: "size = size of the day before + entered − exited, for every segment and day.",
}
_ROWS = 10
_SHOWN = (VARIANT, "day", "segment_id", "claims", *CLAIMS, "size", "entered", "exited")


def check_name(condition: Condition) -> str:
    """Return the name of a condition's check: its words, with what Dagster does not take left out.

    >>> from segmentation_pipeline.simulation.declaration import Condition
    >>> check_name(Condition(metric="won", segment="vip", operator="less_than", value=-0.5))
    'won_of_vip_less_than_minus_0_5'
    """
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"-(?=\d)", "minus ", str(condition).lower()))


def check_specs(asset: dg.AssetKey, conditions: Iterable[Condition]) -> list[dg.AssetCheckSpec]:
    """Return a check a condition, and those of the balances. None of them blocks: nothing hangs on it."""
    named = {check_name(one): f"Must not be: {one}. {_counts(one)}" for one in conditions}
    return [
        dg.AssetCheckSpec(name, asset=asset, description=text)
        for name, text in {**named, **_BALANCES}.items()
    ]


def _counts(condition: Condition) -> str:
    return f"It counts: {FIGURES[condition.metric].summary}."


def check_results(asset: dg.AssetKey, found: Outcome) -> Iterator[dg.AssetCheckResult]:
    """Yield what the checks of a run say: of the conditions that its declaration has, and of the balances."""
    failed = set(found.run["failed"] or [])
    for one in {check_name(one): one for one in found.conditions}.values():
        value = value_of(found, one)
        yield dg.AssetCheckResult(
            asset_key=asset,
            check_name=check_name(one),
            passed=str(one) not in failed,
            description=f"{one}: it is {'nothing' if value is None else f'{value:,}'}",
            metadata={} if value is None else {"value": value},
        )
    days = found.rows(SEGMENT_DAYS)
    for name, wrong in unbalanced(days).items():
        first = wrong.select(_SHOWN).head(_ROWS)
        shown = {"first": dg.MetadataValue.md(markdown_table(first.columns, first.rows()))}
        yield dg.AssetCheckResult(
            asset_key=asset,
            check_name=name,
            passed=wrong.is_empty(),
            metadata={"rows": days.height, "wrong": wrong.height, **(shown if wrong.height else {})},
        )


def unbalanced(days: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the rows of `simulation_segment_days` that break a balance, by the name of its check."""
    before = pl.col("size").shift(1).over(VARIANT, "segment_id", order_by="day")
    return {
        CLAIMS_ADD_UP: days.filter(pl.col("claims") != pl.sum_horizontal(CLAIMS)),
        SIZES_ADD_UP: days.filter(pl.col("size") != before + pl.col("entered") - pl.col("exited")),
    }
