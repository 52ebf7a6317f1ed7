"""Two variants side by side: every figure, and who wins instead of whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation_pipeline.simulation.figures import deltas, figure_rows
from segmentation_pipeline.simulation.rows import frame_of
from segmentation_pipeline.simulation.tables import DIFF, SWITCHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from segmentation_pipeline.simulation.declaration import Mode
    from segmentation_pipeline.simulation.figures import Frames
    from segmentation_pipeline.simulation.replay.tally import Tally

    Numbers = NDArray[np.int64]


def diff_rows(frames: Frames, mode: Mode, variants: Sequence[str]) -> pl.DataFrame:
    """Return `simulation_diff`: every figure of the variants."""
    return frame_of(
        DIFF,
        (
            {"metric": name, "scope": scope, "key": key, **deltas(values)}
            for name, scope, key, values in figure_rows(frames, mode, variants)
        ),
    )


def switch_rows(baseline: Tally, proposed: Tally) -> pl.DataFrame:
    """Return `simulation_switches`, the most frequent first."""
    counted: dict[tuple[str | None, str | None], int] = {}
    sides = baseline.ranking.ids, proposed.ranking.ids
    for before, after in zip(baseline.winners, proposed.winners, strict=True):
        for old, new, many in _pairs(_day(before), _day(after), len(sides[1])):
            key = (sides[0][old] if old >= 0 else None, sides[1][new] if new >= 0 else None)
            counted[key] = counted.get(key, 0) + many
    order = sorted(counted.items(), key=lambda item: (-item[1], item[0][0] or "", item[0][1] or ""))
    return frame_of(
        SWITCHES,
        (
            {"winner_baseline": old, "winner_proposed": new, "contact_days": many}
            for (old, new), many in order
        ),
    )


def _day(parts: Sequence[tuple[Numbers, Numbers]]) -> tuple[Numbers, Numbers, Numbers]:
    """Return a day's winners by contact: numbers, how many came before of the same contact, and ranks."""
    none = np.zeros(0, dtype=np.int64)
    contacts = np.concatenate([none, *(part[0] for part in parts)])
    ranks = np.concatenate([none, *(part[1] for part in parts)])
    order = np.lexsort((ranks, contacts))
    contacts, ranks = contacts[order], ranks[order]
    starts = np.flatnonzero(np.diff(contacts, prepend=-1))
    turns = np.arange(contacts.size) - np.repeat(starts, np.diff(starts, append=contacts.size))
    return contacts, turns, ranks


def _pairs(
    before: tuple[Numbers, Numbers, Numbers], after: tuple[Numbers, Numbers, Numbers], ranks: int
) -> Iterator[tuple[int, int, int]]:
    """Yield the ranks that won the same turn of the same contact, -1 for none, and how often."""
    most = 1 + max((int(turns.max()) for _, turns, _ in (before, after) if turns.size), default=0)
    keys = [contacts * most + turns for contacts, turns, _ in (before, after)]
    every = np.union1d(*keys)
    sides = []
    for mine, (_, _, won) in zip(keys, (before, after), strict=True):
        found = np.full(every.size, -1, dtype=np.int64)
        found[np.searchsorted(every, mine)] = won
        sides.append(found)
    pairs, counts = np.unique((sides[0] + 1) * (ranks + 1) + sides[1] + 1, return_counts=True)
    for pair, many in zip(pairs.tolist(), counts.tolist(), strict=True):
        yield pair // (ranks + 1) - 1, pair % (ranks + 1) - 1, many
