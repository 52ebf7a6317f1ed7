"""What must hold, by engine: the ratio of CPU seconds to the project's own for the same memberships."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmarks.report.results import Row

OURS = "segmentation"
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Goal:
    """At least (for the limit: at most) this ratio of CPU seconds, at a size of a million contacts."""

    title: str
    ratio: float
    segments: int
    output: str = "memberships"


GOALS = {
    "naive": Goal("one lazy Polars query a segment, plain tables", 10, 300),
    "naive_index": Goal("one lazy Polars query a segment, same index", 5, 300),
    "duckdb": Goal("DuckDB, one SQL a segment, same Parquet", 4, 100),
    "duckdb_native": Goal("DuckDB, one SQL a segment, native tables", 2.5, 100),
    "clickhouse": Goal("ClickHouse in process, one SQL a segment", 3, 100),
    "postgres": Goal("PostgreSQL, delete and insert a segment", 15, 100),
    LIMIT: Goal("the limit: read the needed columns, write the output", 3, 100),
    "joins": Goal("what changed, by a full join instead of XOR", 50, 100, "changes"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """An engine beside the project's: medians, and ratios over the rounds, the least favourable first.

    Ratios are theirs ÷ ours; for the limit ours ÷ theirs.
    """

    engine: str
    output: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    memberships: int
    identical: bool | None
    cpu_ratios: tuple[float, ...]
    wall_ratios: tuple[float, ...]

    @property
    def goal(self) -> Goal | None:
        goal = GOALS.get(self.engine)
        return goal if goal is not None and goal.output == self.output else None

    @property
    def met(self) -> bool | None:
        """Whether the least favourable ratio meets the goal; None without one."""
        if self.goal is None or not self.cpu_ratios:
            return None
        worst = self.cpu_ratios[0]
        return worst <= self.goal.ratio if self.engine == LIMIT else worst >= self.goal.ratio


def compare(rows: Iterable[Row]) -> list[Comparison]:
    """Return a comparison an engine and output, over the rounds of one size, in the order of the rows."""
    groups: dict[tuple[str, str], dict[int, Row]] = {}
    for row in rows:
        groups.setdefault((row.engine, row.output), {})[row.round] = row
    return [_comparison(group, groups.get((OURS, output), {})) for (_, output), group in groups.items()]


def _comparison(theirs: dict[int, Row], ours: dict[int, Row]) -> Comparison:
    found = list(theirs.values())
    first = found[0]
    pairs = [(row, ours[number]) for number, row in theirs.items() if number in ours]
    alone = first.engine == OURS or first.output == "load"
    return Comparison(
        first.engine,
        first.output,
        statistics.median(row.wall_s for row in found),
        statistics.median(row.cpu_s for row in found),
        statistics.median(row.peak_mb for row in found),
        first.memberships,
        None if first.identical is None else all(row.identical for row in found),
        () if alone else _ratios(first.engine, [(row.cpu_s, mine.cpu_s) for row, mine in pairs]),
        () if alone else _ratios(first.engine, [(row.wall_s, mine.wall_s) for row, mine in pairs]),
    )


def _ratios(engine: str, pairs: list[tuple[float, float]]) -> tuple[float, ...]:
    """Return a ratio a round, the least favourable first: the limit should be near, the others far."""
    if engine == LIMIT:
        return tuple(sorted((mine / theirs for theirs, mine in pairs), reverse=True))
    return tuple(sorted(theirs / mine for theirs, mine in pairs))
