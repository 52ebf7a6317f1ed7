"""The overlaps of segments as a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.report.heat_map import draw_heat_map

if TYPE_CHECKING:
    from segmentation_pipeline.conflicts.analysis import Conflicts

MOST = 30
"""Of more segments than that, those are drawn that share most members with others."""
_TITLE = "Of the members on the left, how many in a hundred are in the one above"


def draw_overlaps(found: Conflicts) -> bytes:
    """Return a PNG of how many of each segment's members every other one has."""
    shares: dict[tuple[str, str], float | None] = {}
    shared: dict[str, int] = {}
    for one in found.overlaps.values():
        a, b = one.pair
        shares[a, b], shares[b, a] = one.share_of_a, one.share_of_b
        for name in one.pair:
            shared[name] = shared.get(name, 0) + one.overlap
    names = sorted(sorted(shared, key=lambda name: (-shared[name], name))[:MOST])
    return draw_heat_map(names, [[shares.get((line, column)) for column in names] for line in names], _TITLE)
