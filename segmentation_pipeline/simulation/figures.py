"""The figures of a simulation that `fail_if` may name, each a function of the run's tables."""

from __future__ import annotations

import operator
from collections.abc import Callable  # noqa: TC003 — a constant's annotation names it
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.simulation.tables import (
    CHANNEL_DAYS,
    FORECAST,
    PRESSURE,
    REASONS,
    RUNS,
    SEGMENT_DAYS,
    STARVATION,
    VARIANT,
)
from segmentation_pipeline.simulation.what_if.figures import PROPOSALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from segmentation_pipeline.simulation.declaration import Condition, Mode

    Frames = Mapping[str, pl.DataFrame]
    """The rows of one run, by table."""

Scope = Literal["all", "channel", "segment"]
WINDOWS = (1, 7, 30)
_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "greater_than": operator.gt,
    "greater_than_or_equal": operator.ge,
    "less_than": operator.lt,
    "less_than_or_equal": operator.le,
}
_QUANTILES: tuple[tuple[str, int], ...] = (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))
_EVERY: tuple[Mode, ...] = ("what_if", "replay", "forecast", "compare")
_REPLAYED: tuple[Mode, ...] = ("replay", "forecast", "compare")
_NEVER = ("never_won", "shadowed_by_proof")
_ALL: tuple[Scope, ...] = ("all", "channel", "segment")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a figure is asked of: a variant, or one channel or segment of it."""

    variant: str
    channel: str | None = None
    segment: str | None = None

    def rows(self) -> pl.Expr:
        """Return which rows are of it, of a table that has a row a segment."""
        found = pl.col(VARIANT) == self.variant
        if self.channel is not None:
            found &= pl.col("channel") == self.channel
        if self.segment is not None:
            found &= pl.col("segment_id") == self.segment
        return found


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, or None where there is none (a share of nothing); ``summary`` is its line in the docs."""

    summary: str
    value: Callable[[Frames, Subject], float | None]
    scopes: tuple[Scope, ...] = ("all",)
    modes: tuple[Mode, ...] = _EVERY


def _sum(frames: Frames, of: Subject, column: str) -> float:
    return float(frames[SEGMENT_DAYS.name].filter(of.rows())[column].sum())


def _standing(frames: Frames, of: Subject, statuses: tuple[str, ...]) -> float:
    return float(frames[STARVATION.name].filter(of.rows(), pl.col("status").is_in(statuses)).height)


def _win_rate(frames: Frames, of: Subject) -> float | None:
    return _share(_sum(frames, of, "won"), _sum(frames, of, "claims"))


def _churn(frames: Frames, of: Subject) -> float | None:
    """Of a day, on the average: those who come and go, against the members of the evening before."""
    rows = frames[SEGMENT_DAYS.name].filter(of.rows())
    size, entered, exited = (float(rows[name].sum()) for name in ("size", "entered", "exited"))
    return _share(entered + exited, size - entered + exited)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _breach_days(frames: Frames, of: Subject) -> float:
    if not frames[FORECAST.name].is_empty():
        rows = frames[FORECAST.name].filter(of.rows(), pl.col("breaches"))
    else:
        rows = frames[CHANNEL_DAYS.name].filter(of.rows(), pl.col("displaced") > 0)
    return float(rows["day"].n_unique())


def _never_won(frames: Frames, of: Subject) -> float:
    if of.segment is None:
        return float(frames[RUNS.name].filter(of.rows())["contacts_never_won"].sum())
    return float(frames[STARVATION.name].filter(of.rows())["contacts_never_won"].sum())


def percentile(histogram: pl.DataFrame, percent: int) -> float | None:
    """Return the nearest rank of ``contacts_in_window``, of rows that count ``contacts`` each.

    >>> rows = pl.DataFrame({"contacts_in_window": [0, 1, 5], "contacts": [90, 9, 1]})
    >>> percentile(rows, 50), percentile(rows, 99), percentile(rows, 100)
    (0.0, 1.0, 5.0)
    """
    rows = histogram.filter(pl.col("contacts") > 0).sort("contacts_in_window")
    total = rows["contacts"].sum()
    reached = rows.filter(pl.col("contacts").cum_sum() * 100 >= percent * total)
    return float(reached["contacts_in_window"][0]) if total else None


def _pressure(frames: Frames, of: Subject, window: int, percent: int) -> float | None:
    same = pl.col("channel").eq_missing(pl.lit(of.channel))
    rows = frames[PRESSURE.name].filter(pl.col(VARIANT) == of.variant, pl.col("window_days") == window, same)
    return percentile(rows, percent)


def _reasons() -> Iterator[tuple[str, Figure]]:
    for reason in REASONS:
        said = "contacts made" if reason == "won" else f"days × contacts that were `{reason}`"
        yield reason, Figure(said, partial(_sum, column=reason), _ALL)


def _pressures() -> Iterator[tuple[str, Figure]]:
    for window in WINDOWS:
        for name, percent in _QUANTILES:
            whose = "the most pressed customer" if percent == 100 else f"{percent} of 100 customers at most"
            yield (
                f"{name}_contacts_in_{window}_days",
                Figure(
                    f"contacts of {whose}, in the fullest {window} days",
                    partial(_pressure, window=window, percent=percent),
                    ("all", "channel"),
                    _REPLAYED,
                ),
            )


def _proposals() -> Iterator[tuple[str, Figure]]:
    for name, (summary, value, by_segment) in PROPOSALS.items():
        scopes: tuple[Scope, ...] = ("all", "segment") if by_segment else ("all",)
        yield name, Figure(summary, partial(_of_proposal, value=value), scopes, ("what_if",))


def _of_proposal(
    frames: Frames, of: Subject, value: Callable[[Frames, str | None], float | None]
) -> float | None:
    """What a proposal changes is none of the baseline's."""
    return 0.0 if of.variant == "baseline" else value(frames, of.segment)


FIGURES: dict[str, Figure] = {
    "claims": Figure("days × contacts that a segment wanted", partial(_sum, column="claims"), _ALL),
    **dict(_reasons()),
    "win_rate": Figure("won ÷ claims, from 0 to 1", _win_rate, _ALL),
    "entered": Figure("entries into segments", partial(_sum, column="entered"), _ALL, _REPLAYED),
    "exited": Figure("exits", partial(_sum, column="exited"), _ALL, _REPLAYED),
    "reentered": Figure(
        "entries of those that had been in before", partial(_sum, column="reentered"), _ALL, _REPLAYED
    ),
    "churn": Figure(
        "who comes and goes in a day, against the members before, from 0", _churn, _ALL, _REPLAYED
    ),
    "never_won_segments": Figure(
        "segments that wanted somebody and won nobody", partial(_standing, statuses=_NEVER), modes=_REPLAYED
    ),
    "starved_segments": Figure(
        "segments that won fewer than one in ten of those they wanted",
        partial(_standing, statuses=("starved",)),
        modes=_REPLAYED,
    ),
    "shadowed_segments": Figure(
        "segments that never can win, by proof", partial(_standing, statuses=_NEVER[1:]), modes=_REPLAYED
    ),
    "contacts_never_won": Figure(
        "customers that somebody wanted and nobody won; of a segment, those it never won",
        _never_won,
        ("all", "segment"),
        _REPLAYED,
    ),
    "capacity_breach_days": Figure(
        "days on which claims found no room; of a forecast, on which they are expected to find none",
        _breach_days,
        ("all", "channel"),
        _REPLAYED,
    ),
    **dict(_pressures()),
    **dict(_proposals()),
}
"""What `fail_if` may name, and `simulation_diff` has a row of."""


def figure_rows(
    frames: Frames, mode: Mode, variants: Sequence[str]
) -> Iterator[tuple[str, Scope, str | None, dict[str, float | None]]]:
    """Yield every figure of a mode with its values by variant: of all, and by segment and channel."""
    days = frames[SEGMENT_DAYS.name]
    keys: dict[Scope, list[str | None]] = {
        "all": [None],
        "segment": sorted(days["segment_id"].unique()),
        "channel": sorted(days["channel"].unique()),
    }
    for name, figure in FIGURES.items():
        if mode not in figure.modes:
            continue
        for scope in figure.scopes:
            for key in keys[scope]:
                narrowed = {} if scope == "all" else {scope: key}
                values = {one: figure.value(frames, Subject(one, **narrowed)) for one in variants}
                yield name, scope, key, values


def deltas(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return a figure's values with their difference, and that in per cent of the baseline's.

    >>> deltas({"baseline": 4.0, "proposed": 5.0})["delta_percent"]
    25.0
    """
    before, after = values.get("baseline"), values.get("proposed")
    delta = None if before is None or after is None else after - before
    return {
        **values,
        "delta": delta,
        "delta_percent": 100 * delta / before if delta is not None and before else None,
    }


def holds(condition: Condition, values: Mapping[str, float | None]) -> bool:
    """Whether a condition is true of a figure's values by variant; of None it never is."""
    value = deltas(values)[condition.of or list(values)[-1]]
    return value is not None and _OPERATORS[condition.operator](value, condition.value)
