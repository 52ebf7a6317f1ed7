"""Contacts that several segments claim at once: who wins, who comes next, and what decides.

The order is that of a day's assignment. In an exclusivity group only the best-ranked segment keeps
the contact; in a channel those that keep it compete. Rank is priority descending, then segment id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from segmentation_pipeline.conflicts.observed.bits import (
    WORD,
    both,
    count,
    either,
    indexes_of,
    row_of,
    without,
)
from segmentation_pipeline.conflicts.observed.competition import (
    channel_of,
    delivers_on,
    group_of,
    priority_of,
    ranked,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from segmentation_pipeline.conflicts.observed.bits import Bits, Row
    from segmentation_pipeline.conflicts.observed.competition import Scope
    from segmentation_pipeline.rules.segment import Segment

DecidedBy = Literal["priority", "tie_break"]
CLAIMS = pl.Schema(
    {
        "object_index": pl.Int64(),
        "segments": pl.List(pl.String()),
        "winner": pl.String(),
        "runner_up": pl.String(),
        "decided_by": pl.String(),
    }
)
_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class Contest:
    """A scope in which segments compete, the best-ranked first, and the members each claims there."""

    scope: Scope
    segments: tuple[Segment, ...]
    bits: Bits

    def contested(self) -> Row:
        """Return the objects that two segments or more claim."""
        once = twice = row_of([])
        for segment in self.segments:
            claimed = self.bits[segment.id]
            twice = either(twice, both(once, claimed))
            once = either(once, claimed)
        return twice

    def size(self) -> int:
        """Return how many objects two segments or more claim."""
        return count(self.contested())

    def claims(self) -> Iterator[pl.DataFrame]:
        """Yield the contested objects in order, few at a time, as rows of `CLAIMS`."""
        objects = indexes_of(self.contested())
        for start in range(0, objects.size, _ROWS):
            yield self._claims(objects[start : start + _ROWS])

    def _claims(self, objects: npt.NDArray[np.int64]) -> pl.DataFrame:
        # Few sets of segments occur among many objects: each is described once.
        words = pl.DataFrame(
            self._words(objects), schema=[str(n) for n in range(-(-len(self.segments) // WORD))]
        )
        kinds = words.unique()
        said = pl.DataFrame(
            [self._decided(row) for row in kinds.iter_rows()],
            schema={name: kind for name, kind in CLAIMS.items() if name != "object_index"},
            orient="row",
        )
        rows = words.with_columns(pl.Series("object_index", objects))
        joined = rows.join(kinds.hstack(said), on=words.columns, how="left", maintain_order="left")
        return joined.select(CLAIMS.names())

    def _words(self, objects: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
        """Return which segments claim each object: bit *r* of its words is that of rank *r*."""
        found = np.zeros((objects.size, -(-len(self.segments) // WORD)), dtype=np.uint64)
        places, shifts = objects // WORD, (objects % WORD).astype(np.uint64)
        for rank, segment in enumerate(self.segments):
            row = self.bits[segment.id]
            inside = places < row.size
            bit = (row[np.where(inside, places, 0)] >> shifts) & np.uint64(1) if row.size else np.uint64(0)
            found[:, rank // WORD] |= np.where(inside, bit, np.uint64(0)) << np.uint64(rank % WORD)
        return found

    def _decided(self, words: Sequence[int]) -> tuple[list[str], str, str, DecidedBy]:
        claiming = [
            segment for rank, segment in enumerate(self.segments) if words[rank // WORD] >> (rank % WORD) & 1
        ]
        winner, runner_up = claiming[:2]
        tied = priority_of(winner) == priority_of(runner_up)
        names = [segment.id for segment in claiming]
        return names, winner.id, runner_up.id, "tie_break" if tied else "priority"


def find_contests(segments: Iterable[Segment], bits: Bits, day: dt.date, kind: str) -> list[Contest]:
    """Return where segments of one kind of object compete on a local day, groups first.

    Segments that do not deliver that day, or have no members to look at, claim nothing.
    """
    claiming = [one for one in segments if one.id in bits and one.object == kind and delivers_on(one, day)]
    groups = [Contest(scope, tuple(ranked(rivals)), bits) for scope, rivals in _by(group_of, claiming)]
    kept = _kept(groups, bits)
    channels = [Contest(scope, tuple(ranked(rivals)), kept) for scope, rivals in _by(channel_of, claiming)]
    return [contest for contest in (*groups, *channels) if len(contest.segments) > 1]


def _by(
    scope_of: Callable[[Segment], Scope | None], segments: Iterable[Segment]
) -> list[tuple[Scope, list[Segment]]]:
    found: dict[Scope, list[Segment]] = {}
    for segment in segments:
        if (scope := scope_of(segment)) is not None:
            found.setdefault(scope, []).append(segment)
    return sorted(found.items())


def _kept(groups: Iterable[Contest], bits: Bits) -> Bits:
    """Return the members each segment keeps: in a group, those that no better-ranked one has."""
    kept = dict(bits)
    for group in groups:
        taken = row_of([])
        for segment in group.segments:
            kept[segment.id] = without(bits[segment.id], taken)
            taken = either(taken, bits[segment.id])
    return kept
