"""Evaluates definitions over frames at an instant. Pure: no clock, no disk, no published state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.evaluation.bucket import evaluate_bucket
from segmentation_pipeline.evaluation.index import OBJECT_INDEX, Index, build_index
from segmentation_pipeline.evaluation.members import active_pins, look_up
from segmentation_pipeline.evaluation.plan import BUCKET, Plan, buckets, distinct_leaves
from segmentation_pipeline.evaluation.requirements import missing
from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.rules.graph import embeds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Mapping

    from segmentation_pipeline.rules.segment import Definitions, Segment

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a segment was not evaluated; ``path`` leads from it to the segment at fault."""

    cause: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """Members of every evaluated segment as sorted ``object_index``, and who was left out and why.

    ``pinned`` are the objects that an active pin puts in, ``kept_out`` those it keeps out; ``pending``
    the keys that definitions name and no object has.
    """

    index: Index
    definitions: Definitions
    members: Mapping[str, pl.Series]
    pinned: Mapping[str, pl.Series]
    kept_out: Mapping[str, pl.Series]
    pending: Mapping[str, tuple[str, ...]]
    failed: Mapping[str, Failure]

    def keys(self, segment: str) -> list[str]:
        """Return the keys of a segment's members as text, sorted."""
        kind = self.definitions.catalog.objects[self.definitions.segments[segment].object]
        ids = self.members[segment].rename(OBJECT_INDEX).to_frame().lazy()
        return (
            self.index.profiles[kind.name]
            .join(ids, on=OBJECT_INDEX, how="semi")
            .select(pl.col(kind.key).cast(pl.String).sort())
            .collect()
            .to_series()
            .to_list()
        )


def evaluate(
    definitions: Definitions,
    frames: Mapping[str, pl.LazyFrame | pl.DataFrame],
    as_of: dt.datetime,
    *,
    only: Collection[str] | None = None,
) -> Evaluation:
    """Return the members of every active segment over frames named by table, at an aware instant."""
    lazy = {name: frame.lazy() for name, frame in frames.items()}
    return evaluate_index(definitions, build_index(definitions.catalog, lazy), as_of, only=only)


def evaluate_index(
    definitions: Definitions,
    index: Index,
    as_of: dt.datetime,
    *,
    only: Collection[str] | None = None,
    published: Mapping[str, pl.Series] | None = None,
    refused: Mapping[str, str] | None = None,
    bucket_size: int = BUCKET,
    progress: Progress | None = None,
) -> Evaluation:
    """Return the members over an index; embedded segments outside ``only`` are read from ``published``.

    A segment that cannot be evaluated, or is ``refused`` with a cause, fails with those that embed
    it; the others go on.
    """
    known = published or {}
    chosen = {
        name: s for name, s in definitions.segments.items() if s.active and (only is None or name in only)
    }
    failed = _failures(definitions, chosen, index, known, refused or {})
    members: dict[str, pl.Series] = {}
    pinned: dict[str, pl.Series] = {}
    kept_out: dict[str, pl.Series] = {}
    pending: dict[str, tuple[str, ...]] = {}
    for kind in definitions.catalog.objects.values():
        ready = [s for s in chosen.values() if s.object == kind.name and s.id not in failed]
        while ready:
            plan, unresolved = _plan(definitions, ready, index, to_micros(as_of), known)
            try:
                masks = _masks(plan, index, bucket_size, progress)
            except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
                _isolate(plan, index, failed)
                _spread(chosen, failed)
                ready = [segment for segment in ready if segment.id not in failed]
                continue
            pending |= unresolved
            members |= {segment.id: masks.filter(pl.col(segment.id))[OBJECT_INDEX] for segment in ready}
            pinned |= plan.pinned_in
            kept_out |= plan.pinned_out
            break
    return Evaluation(index, definitions, members, pinned, kept_out, pending, failed)


def _failures(
    definitions: Definitions,
    chosen: Mapping[str, Segment],
    index: Index,
    published: Mapping[str, pl.Series],
    refused: Mapping[str, str],
) -> dict[str, Failure]:
    failed: dict[str, Failure] = {}
    for name, segment in chosen.items():
        cause = refused.get(name) or missing(segment, definitions.catalog, index)
        unknown = next((e for e in embeds(segment) if e not in chosen and e not in published), None)
        if cause is None and unknown is not None:
            cause = f"segment `{unknown}` has never been published"
        if cause is not None:
            failed[name] = Failure(cause, (name,))
    _spread(chosen, failed)
    return failed


def _spread(chosen: Mapping[str, Segment], failed: dict[str, Failure]) -> None:
    """Fail every segment that embeds a failed one; ``chosen`` stands in dependency order."""
    for name, segment in chosen.items():
        if name in failed:
            continue
        bad = next((embedded for embedded in embeds(segment) if embedded in failed), None)
        if bad is not None:
            failed[name] = Failure(failed[bad].cause, (name, *failed[bad].path))


def _plan(
    definitions: Definitions,
    segments: list[Segment],
    index: Index,
    as_of: int,
    published: Mapping[str, pl.Series],
) -> tuple[Plan, dict[str, tuple[str, ...]]]:
    kind = definitions.catalog.objects[segments[0].object]
    lookup = look_up(segments, kind, index.profiles[kind.name])
    ids = {segment.id for segment in segments}
    given = {name for segment in segments for name in embeds(segment) if name not in ids}
    plan = Plan(
        definitions.catalog,
        kind.name,
        as_of,
        definitions.week_starts,
        tuple(segments),
        distinct_leaves(segments),
        {name: published[name] for name in given},
    )
    listed, pinned_in, pinned_out, pending = {}, {}, {}, {}
    for segment in segments:
        if segment.members is not None:
            listed[segment.id] = lookup.ids(segment.members)
        pins = active_pins(segment, plan.clock(segment.time_zone))
        if pins:
            pinned_in[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "in")
            pinned_out[segment.id] = lookup.ids(pin.key for pin in pins if pin.put == "out")
        if unknown := lookup.pending((*(segment.members or ()), *(pin.key for pin in pins))):
            pending[segment.id] = unknown
    return replace(plan, listed=listed, pinned_in=pinned_in, pinned_out=pinned_out), pending


def _masks(plan: Plan, index: Index, size: int, progress: Progress | None) -> pl.DataFrame:
    last = index.profiles[plan.object].select(pl.col(OBJECT_INDEX).max()).collect().item()
    ranges = buckets(0 if last is None else last + 1, size)
    frames = []
    for number, bucket in enumerate(ranges):
        frames.append(evaluate_bucket(plan, bucket, index))
        if progress is not None:
            progress(plan.object, number + 1, len(ranges))
    if not frames:
        schema = {OBJECT_INDEX: pl.Int64, **{segment.id: pl.Boolean for segment in plan.segments}}
        return pl.DataFrame(schema=schema)
    return pl.concat(frames)


def _isolate(plan: Plan, index: Index, failed: dict[str, Failure]) -> None:
    """Find which segments the engine cannot compute, by computing the leaves of each alone."""
    before = len(failed)
    problem: Exception | None = None
    for segment in plan.segments:
        given = {name: pl.Series(OBJECT_INDEX, [], dtype=pl.Int64) for name in embeds(segment)}
        alone = replace(plan, segments=(segment,), leaves=distinct_leaves([segment]), given=given)
        try:
            _masks(alone, index, BUCKET, None)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
            problem = error if isinstance(error, Exception) else RuntimeError(str(error))
            failed[segment.id] = Failure(f"the engine cannot compute it: {error}", (segment.id,))
    if len(failed) == before:
        raise problem or RuntimeError("the segments fail together, but not alone")
