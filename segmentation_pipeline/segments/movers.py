"""Some of those who change sides between two sets of definitions, each with the conditions that flipped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.positions import as_ids
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.segments.flipped import flips_between
from segmentation_pipeline.segments.sampling import hashed
from segmentation_pipeline.segments.worlds import gather_world

if TYPE_CHECKING:
    import datetime as dt

    import polars as pl

    from segmentation_pipeline.rules.verdict import SegmentVerdict
    from segmentation_pipeline.rules.world import World
    from segmentation_pipeline.segments.flipped import Flip
    from segmentation_pipeline.segments.sides import Moves, Side, Sides


@dataclass(frozen=True, slots=True)
class Mover:
    """One object that enters or exits a segment, and why."""

    object: str
    object_index: int
    key: str
    entered: bool
    flips: tuple[Flip, ...]


def sample_movers(sides: Sides, moves: Moves, samples: int, *, deeply: bool = True) -> list[Mover]:
    """Return up to ``samples`` who enter, then as many who exit: those whose keys hash lowest.

    Where an embedded segment moved them, ``deeply`` says which of its conditions did.
    """
    return [
        mover
        for entered, mask in ((True, moves.entered), (False, moves.exited))
        for mover in _sampled(sides, moves.segment, mask, samples, entered=entered, deeply=deeply)
    ]


def _sampled(
    sides: Sides, name: str, mask: pl.Series, samples: int, *, entered: bool, deeply: bool
) -> list[Mover]:
    inside = sides.after if entered else sides.before
    segment = inside.segment(name)
    if samples == 0 or segment is None or not mask.any():
        return []
    kind = inside.definitions.catalog.objects[segment.object]
    rows = inside.evaluation.index.profiles[kind.name].select(OBJECT_INDEX, kind.key)
    mine = rows.join(as_ids(mask).to_frame().lazy(), on=OBJECT_INDEX, how="semi")
    chosen = mine.with_columns(hashed(kind.key).alias("hash")).bottom_k(samples, by=["hash", OBJECT_INDEX])
    found = chosen.sort("hash", OBJECT_INDEX).select(OBJECT_INDEX, kind.key).collect()
    keys = found[kind.key].to_list()
    names = {name}
    if deeply:
        both = (sides.before, sides.after)
        names |= set().union(*(dependencies(side.definitions.segments, [name]) for side in both))
    views = [
        _View(side, kind.name, _world(side, names, kind.name, keys, sides.standing.as_of))
        for side in (sides.before, sides.after)
    ]
    catalog = inside.definitions.catalog
    movers = []
    for index, key in found.iter_rows():
        pair = partial(_pair, views[0], views[1], key)
        flips = flips_between(pair(name), name, catalog, pair if deeply else None)
        movers.append(Mover(kind.name, index, str(key), entered, tuple(flips)))
    return movers


@dataclass(frozen=True, slots=True)
class _View:
    """One side, and the rows there that decide about some objects."""

    side: Side
    kind: str
    world: World | None

    def verdict(self, name: str, key: str) -> SegmentVerdict | str:
        segment = self.side.segment(name)
        if segment is None:
            return "there is no such segment"
        if self.world is None or segment.object != self.kind:
            return "the segment is of another object"
        return examine_segment(segment, key, self.world) if segment.active else "the segment is not active"


def _pair(
    before: _View, after: _View, key: str, name: str
) -> tuple[SegmentVerdict | str, SegmentVerdict | str]:
    return before.verdict(name, key), after.verdict(name, key)


def _world(side: Side, names: set[str], kind: str, keys: list[str], as_of: dt.datetime) -> World | None:
    if kind not in side.definitions.catalog.objects:
        return None
    return gather_world(side.evaluation, as_of, kind, keys, segments=names)
