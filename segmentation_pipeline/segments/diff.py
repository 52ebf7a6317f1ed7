"""What a change of definitions does to today's members, segment by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation_pipeline.segments.movers import sample_movers
from segmentation_pipeline.segments.sides import set_against

if TYPE_CHECKING:
    from segmentation_pipeline.rules.segment import Definitions
    from segmentation_pipeline.segments.dry_run import Standing
    from segmentation_pipeline.segments.flipped import Flip
    from segmentation_pipeline.segments.sides import Kind, Moves, Sides


@dataclass(frozen=True, slots=True)
class Moved:
    """One object that changes sides, and the conditions that keep it out where it is out."""

    key: str
    entered: bool
    why: str


@dataclass(frozen=True, slots=True)
class SegmentDiff:
    """One segment on both sides; a size is None where there is none to compare.

    ``through`` are the embedded segments that changed, where the rule itself did not. ``broken``
    says why it can no longer be evaluated: a run would keep its members as they are.
    """

    segment: str
    kind: Kind
    before: int | None
    after: int | None
    entered: int
    exited: int
    retained: int
    through: tuple[str, ...] = ()
    broken: str | None = None
    moved: tuple[Moved, ...] = ()

    @property
    def churn(self) -> float | None:
        """How many members move, against the size before (a fraction of 1); None without one."""
        return (self.entered + self.exited) / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Diff:
    """Every segment that the change touches, those that move members first, the largest churn first.

    ``unchanged`` counts the others; ``not_compared`` says why those that neither side can evaluate
    are not there.
    """

    segments: tuple[SegmentDiff, ...]
    unchanged: int
    not_compared: dict[str, str]

    def over(self, limit: float) -> list[SegmentDiff]:
        """Return the segments whose churn exceeds a limit; one that grows out of nothing has none."""
        return [found for found in self.segments if found.churn is not None and found.churn > limit]

    @property
    def broken(self) -> list[SegmentDiff]:
        return [found for found in self.segments if found.kind == "broken"]


def compare(before: Definitions, after: Definitions, standing: Standing, *, samples: int = 3) -> Diff:
    """Return what moves when ``after`` takes the place of ``before``, on the same data and instant.

    ``samples`` is how many of the objects that enter, and of those that exit, are named a segment.
    """
    sides = set_against(before, after, standing)
    found, not_compared = [], {}
    for name in sides.touched:
        cause = sides.unanswered(name)
        if cause is not None:
            not_compared[name] = cause
        elif (moves := sides.moves(name)) is not None:
            found.append(_compare(moves, sides, samples))
    found.sort(
        key=lambda one: (one.kind != "broken", -(one.churn or 0), -one.entered - one.exited, one.segment)
    )
    return Diff(tuple(found), len(sides.names) - len(found) - len(not_compared), not_compared)


def _compare(moves: Moves, sides: Sides, samples: int) -> SegmentDiff:
    named = tuple(
        Moved(mover.key, mover.entered, "; ".join(_why(flip, entered=mover.entered) for flip in mover.flips))
        for mover in sample_movers(sides, moves, samples, deeply=False)
    )
    return SegmentDiff(
        moves.segment,
        moves.kind,
        moves.before,
        moves.after,
        moves.count("entered"),
        moves.count("exited"),
        moves.count("retained"),
        moves.through,
        moves.broken,
        named,
    )


def _why(flip: Flip, *, entered: bool) -> str:
    """Return what keeps an object out on the side where it is out, or what only the other side has."""
    if flip.cause is not None:
        return flip.cause
    said, holds = (flip.before, flip.held) if entered else (flip.after, flip.holds)
    return f"holds, and must not: {said}" if holds else f"does not hold: {said}"
