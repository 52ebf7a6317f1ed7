"""What a run of a simulation left in its tables, by variant, and what the report calls things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.documents import read_documents, read_model
from segmentation_pipeline.simulation.declaration import Simulation
from segmentation_pipeline.simulation.tables import CHANNEL_DAYS, RUNS, SEGMENT_DAYS, VARIANT

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from segmentation_pipeline.lake.tables import Table
    from segmentation_pipeline.simulation.declaration import Condition

BASELINE, PROPOSED = "baseline", "proposed"
_LETTERS = {BASELINE: "A", PROPOSED: "B"}
WHY = {
    "won": "contacted",
    "suppressed": "must not be contacted",
    "holdout": "held out, to compare with",
    "quiet": "a quiet day",
    "gap": "too soon after its own last message",
    "cooldown": "too soon after another message",
    "cap": "had as many messages as a rule allows",
    "outranked": "a better-ranked segment took the day",
    "capacity": "no room left that day",
    "group_loser": "a better-ranked segment of the group holds them",
    "spent": "already contacted since they entered",
    "expired": "members for too long",
}
"""Every reason in plain words, of one member's day."""
LOST = {
    "suppressed": "for customers who must not be contacted",
    "holdout": "for customers who are held out, to compare with",
    "quiet": "on a quiet day",
    "gap": "too soon after the same segment's last message",
    "cooldown": "too soon after another message",
    "cap": "for customers who had as many messages as a rule allows",
    "outranked": "to a better-ranked segment",
    "capacity": "for want of room",
}
"""What a claim is lost for."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One side of a run: its name in the tables, its letter in the report, its row of `simulation_runs`."""

    name: str
    letter: str
    row: Mapping[str, Any]

    def of(self, what: str) -> str:
        """Return a column's title, such as ``A: messages``; without a letter where there is one side."""
        return f"{self.letter}: {what}" if self.letter else what


@dataclass(frozen=True, slots=True)
class Outcome:
    """The rows of one run by table. ``variants`` are one or two, the baseline first.

    ``named`` says whether customers may be named.
    """

    frames: Mapping[str, pl.DataFrame]
    variants: tuple[Variant, ...]
    named: bool = True

    def rows(self, table: Table, variant: Variant | None = None) -> pl.DataFrame:
        """Return a table's rows, those of one variant where it is named; none where it wrote none."""
        found = self.frames.get(table.name)
        if found is None:
            found = pl.DataFrame(schema=table.schema)
        return found if variant is None else found.filter(pl.col(VARIANT) == variant.name)

    @property
    def run(self) -> Mapping[str, Any]:
        """The row of `simulation_runs` for what both sides share."""
        return self.variants[0].row

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must not be, as the run's declaration says."""
        node = read_documents(self.run["declaration"], f"{self.run['simulation']}.yaml")[0]
        return read_model(Simulation, node, "simulation-shape").fail_if

    @property
    def days(self) -> list[dt.date]:
        """Return the simulated days that have figures, ascending."""
        found = self.rows(SEGMENT_DAYS)["day"].unique().sort().to_list()
        return found or self.rows(CHANNEL_DAYS)["day"].unique().sort().to_list()

    def channels(self) -> list[str]:
        return sorted(self.rows(CHANNEL_DAYS)["channel"].drop_nulls().unique())


def outcome_of(frames: Mapping[str, pl.DataFrame], *, named: bool = True) -> Outcome:
    """Return the outcome of the run whose rows ``frames`` are, by table; `simulation_runs` must be there."""
    runs = frames[RUNS.name].sort(VARIANT).to_dicts()
    two = len(runs) > 1
    sides = tuple(Variant(row[VARIANT], _LETTERS[row[VARIANT]] if two else "", row) for row in runs)
    return Outcome(frames, sides, named)


def counted(number: float, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "message"), counted(1200, "message"), counted(2, "day", "days")
    ('1 message', '1,200 messages', '2 days')
    """
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,.0f} {noun}"


def listed(parts: list[str]) -> str:
    """Return parts as one says them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return parts[0] if len(parts) < 2 else f"{', '.join(parts[:-1])} and {parts[-1]}"
