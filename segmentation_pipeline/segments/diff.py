"""What a change of definitions does to today's members, segment by segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.index.stored import catalog_hash
from segmentation_pipeline.rules.english import describe
from segmentation_pipeline.rules.graph import closure_hashes, dependencies, embeds
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.segments.explain import nearest_change
from segmentation_pipeline.segments.sampling import hashed
from segmentation_pipeline.segments.worlds import gather_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.evaluation.evaluate import Evaluation
    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.rules.verdict import SegmentVerdict
    from segmentation_pipeline.segments.dry_run import Standing

Kind = Literal["added", "removed", "changed", "through", "catalog", "mended", "broken"]


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


@dataclass(frozen=True, slots=True)
class _Side:
    """One set of definitions, evaluated as far as the comparison needs it."""

    definitions: Definitions
    evaluation: Evaluation
    hashes: dict[str, str]

    def segment(self, name: str) -> Segment | None:
        return self.definitions.segments.get(name)

    def known(self, name: str) -> bool:
        return name in self.definitions.segments or name in self.definitions.broken

    def members(self, name: str) -> pl.Series | None:
        """Return the members; none at all of an inactive segment, None where it has no answer."""
        segment = self.segment(name)
        if segment is not None and not segment.active:
            return pl.Series(OBJECT_INDEX, [], dtype=pl.Int64)
        return self.evaluation.members.get(name)

    def fault(self, name: str) -> str | None:
        if name in self.definitions.broken:
            return self.definitions.broken[name].message
        failure = self.evaluation.failed.get(name)
        return None if failure is None else failure.cause

    def signature(self, name: str) -> tuple[str | None, bool]:
        """Return what decides the members of a segment beside data, the segments it embeds included."""
        segment = self.segment(name)
        return self.hashes.get(name), segment is not None and segment.active


def compare(before: Definitions, after: Definitions, standing: Standing, *, samples: int = 3) -> Diff:
    """Return what moves when ``after`` takes the place of ``before``, on the same data and instant.

    ``samples`` is how many of the objects that enter, and of those that exit, are named a segment.
    """
    names = sorted({*before.segments, *before.broken, *after.segments, *after.broken})
    hashes = (closure_hashes(before.segments), closure_hashes(after.segments))
    same_catalog = catalog_hash(before.catalog) == catalog_hash(after.catalog)

    def touched(name: str) -> bool:
        sides = ((before, hashes[0]), (after, hashes[1]))
        (old, was), (new, now) = [(side.segments.get(name), found.get(name)) for side, found in sides]
        return not same_catalog or old is None or new is None or was != now or old.active != new.active

    asked = [name for name in names if touched(name)]
    index = standing.index(after.catalog)
    other = index if same_catalog else standing.index(before.catalog)
    sides = tuple(
        _Side(
            definitions,
            standing.evaluate(definitions, {*asked, *dependencies(definitions.segments, asked)}, rows),
            found,
        )
        for definitions, rows, found in ((before, other, hashes[0]), (after, index, hashes[1]))
    )
    found, not_compared = [], {}
    for name in asked:
        old, new = sides[0].members(name), sides[1].members(name)
        if old is None and new is None:
            faults = [side.fault(name) for side in reversed(sides)]
            not_compared[name] = next((fault for fault in faults if fault is not None), "it has no members")
        elif (one := _compare(name, sides[0], sides[1], standing, samples)) is not None:
            found.append(one)
    found.sort(
        key=lambda one: (one.kind != "broken", -(one.churn or 0), -one.entered - one.exited, one.segment)
    )
    return Diff(tuple(found), len(names) - len(found) - len(not_compared), not_compared)


def _compare(name: str, old: _Side, new: _Side, standing: Standing, samples: int) -> SegmentDiff | None:
    was, now = old.members(name), new.members(name)
    none = pl.Series(OBJECT_INDEX, [], dtype=pl.Int64)
    if now is None and new.known(name):
        size = None if was is None else was.len()
        return SegmentDiff(
            name, "broken", size, None, 0, 0, broken=new.fault(name) or "it cannot be evaluated"
        )
    kind, through = _kind(name, old, new)
    if kind == "mended":
        return SegmentDiff(name, kind, None, now.len() if now is not None else None, 0, 0)
    before, after = was if was is not None else none, now if now is not None else none
    first, second = old.segment(name), new.segment(name)
    if first is not None and second is not None and first.object != second.object:
        entered, exited = after, before
    else:
        entered = after.filter(~after.is_in(before.implode()))
        exited = before.filter(~before.is_in(after.implode()))
    if kind == "catalog" and entered.is_empty() and exited.is_empty():
        return None
    moved = (
        *_moved(name, new, old, entered, standing, samples=samples, entered=True),
        *_moved(name, old, new, exited, standing, samples=samples, entered=False),
    )
    sizes = (None if kind == "added" else before.len(), None if kind == "removed" else after.len())
    return SegmentDiff(name, kind, *sizes, entered.len(), exited.len(), through, moved=moved)


def _kind(name: str, old: _Side, new: _Side) -> tuple[Kind, tuple[str, ...]]:
    first, second = old.segment(name), new.segment(name)
    if second is None:
        return "removed", ()
    if first is None:
        return ("mended" if old.known(name) else "added"), ()
    if old.members(name) is None:
        return "mended", ()
    if first.hash != second.hash or first.active != second.active:
        return "changed", ()
    through = tuple(one for one in embeds(second) if old.signature(one) != new.signature(one))
    return ("through" if through else "catalog"), through


def _moved(
    name: str,
    inside: _Side,
    outside: _Side,
    ids: pl.Series,
    standing: Standing,
    *,
    samples: int,
    entered: bool,
) -> list[Moved]:
    """Return some of those that are in on one side only, with what keeps them out on the other."""
    segment = inside.segment(name)
    if ids.is_empty() or samples == 0 or segment is None:
        return []
    kind = inside.definitions.catalog.objects[segment.object]
    rows = inside.evaluation.index.profiles[kind.name].select(OBJECT_INDEX, kind.key)
    mine = rows.filter(pl.col(OBJECT_INDEX).is_in(ids.implode())).with_columns(hashed(kind.key).alias("hash"))
    keys = mine.bottom_k(samples, by="hash").sort("hash").select(kind.key).collect().to_series().to_list()
    other = outside.segment(name)
    if other is None or not other.active or other.object != segment.object:
        absent = "the segment is new" if entered else "the segment is gone"
        why = absent if other is None else "the segment is not active, or of another object"
        return [Moved(str(key), entered, why) for key in keys]
    evaluation = outside.evaluation
    world = gather_world(
        evaluation,
        standing.as_of,
        kind.name,
        keys,
        segments=[name],
    )
    return [Moved(str(key), entered, "; ".join(_out(examine_segment(other, key, world)))) for key in keys]


def _out(verdict: SegmentVerdict) -> Iterable[str]:
    """Yield why an object is out: the pin, the list, or the fewest conditions that would let it in."""
    if verdict.pin is not None:
        yield f"pinned out: {verdict.pin.reason}"
        return
    flips = nearest_change(verdict)
    for leaf in flips:
        rule = " ".join(line.strip() for line in describe(leaf.condition).splitlines())
        yield f"holds, and must not: {rule}" if leaf.holds else f"does not hold: {rule}"
    if not flips:
        yield "not listed" if verdict.listed is False else "the rule lets nobody in"
