"""How the cost grows: with the number of segments at one size, with contacts at one number of segments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.runner import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.report.results import Row
    from benchmarks.runner import Disagreement, Plan

BASE_CONTACTS = 1_000_000
BASE_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """``segments`` are run at `BASE_CONTACTS`, ``contacts`` with `BASE_SEGMENTS`."""

    segments: Sequence[int] = (10, 30, 100, 300, 1000)
    contacts: Sequence[int] = (100_000, 1_000_000, 10_000_000)

    def sizes(self) -> list[tuple[int, int]]:
        """Return each (contacts, segments) once."""
        wide = [(BASE_CONTACTS, count) for count in self.segments]
        return list(dict.fromkeys([*wide, *((count, BASE_SEGMENTS) for count in self.contacts)]))


def scale(plan: Plan, sweep: Sweep, say: Callable[[str], None]) -> tuple[list[Row], list[Disagreement]]:
    """Run the engines of a plan at every size of a sweep. Raises as `run` does."""
    rows: list[Row] = []
    wrong: list[Disagreement] = []
    for contacts, segments in sweep.sizes():
        say(f"{contacts:,} contacts × {segments} segments")
        found, bad = run(replace(plan, contacts=contacts, segments=segments, everything=False), say)
        rows += found
        wrong += bad
    return rows, wrong
