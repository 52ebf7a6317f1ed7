"""Evaluates definitions over frames at an instant. Pure: no clock, no disk, no published state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX
from segmentation_pipeline.evaluation.engine import ENGINE_ERRORS, Engine
from segmentation_pipeline.evaluation.masks import MemberIds
from segmentation_pipeline.evaluation.profile import Watch
from segmentation_pipeline.evaluation.requirements import missing
from segmentation_pipeline.evaluation.stages import all_barriers, next_stage, parent_conditions
from segmentation_pipeline.index.build import Index, build_index
from segmentation_pipeline.index.coding import BUCKET
from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.rules.graph import embeds

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from segmentation_pipeline.evaluation.engine import Progress
    from segmentation_pipeline.evaluation.memory import MemoryLimit
    from segmentation_pipeline.evaluation.plan import Leaf
    from segmentation_pipeline.evaluation.profile import Profile
    from segmentation_pipeline.evaluation.stages import ParentCondition
    from segmentation_pipeline.rules.segment import Definitions, Segment


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a segment was not evaluated; ``path`` leads from it to the segment at fault."""

    cause: str
    path: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """Who is in every evaluated segment, and who was left out and why.

    ``masks`` say it bit by bit: position ``i`` is the object whose ``object_index`` is ``i``. ``pinned``
    are the objects that an active pin puts in, ``kept_out`` those it keeps out; ``pending`` the keys
    that definitions name and no object has.
    """

    index: Index
    definitions: Definitions
    masks: Mapping[str, pl.Series]
    pinned: Mapping[str, pl.Series]
    kept_out: Mapping[str, pl.Series]
    pending: Mapping[str, tuple[str, ...]]
    failed: Mapping[str, Failure]

    @property
    def members(self) -> Mapping[str, pl.Series]:
        """The members of every evaluated segment as sorted ``object_index``."""
        return MemberIds(self.masks)

    def keys(self, segment: str) -> list[str]:
        """Return the keys of a segment's members as text, sorted."""
        kind = self.definitions.catalog.objects[self.definitions.segments[segment].object]
        ids = self.members[segment].to_frame().lazy()
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
    profile: Profile | None = None,
    memory: MemoryLimit | None = None,
) -> Evaluation:
    """Return the members over an index; embedded segments outside ``only`` are read from ``published``.

    A segment that cannot be evaluated, or is ``refused`` with a cause, fails with those that embed
    it; the others go on. A ``profile`` collects what each step cost. Raises `OutOfMemory` where the
    limit of ``memory`` is passed.
    """
    chosen = {
        name: s for name, s in definitions.segments.items() if s.active and (only is None or name in only)
    }
    failed = _failures(definitions, chosen, index, published or {}, refused or {})
    parents = parent_conditions(segment for name, segment in chosen.items() if name not in failed)
    engine = Engine(definitions, index, to_micros(as_of), bucket_size, progress, Watch(profile, memory))
    known = {
        name: engine.mask(definitions.segments[name].object, ids)
        for name, ids in (published or {}).items()
        if name in definitions.segments and definitions.segments[name].object in index.profiles
    }
    pinned: dict[str, pl.Series] = {}
    kept_out: dict[str, pl.Series] = {}
    pending: dict[str, tuple[str, ...]] = {}
    while waiting := _waiting(chosen, failed, parents, known):
        stage = next_stage(waiting, known, parents)
        try:
            plan = engine.plan(stage, known, parents)
            known |= engine.masks(plan)
        except ENGINE_ERRORS as error:
            failed |= _isolate(engine, stage, known, parents, error)
            _spread(chosen, failed)
            continue
        pinned |= plan.pinned_in
        kept_out |= plan.pinned_out
        pending |= plan.pending
    masks = {name: known[name] for name in chosen if name not in failed}
    return Evaluation(index, definitions, masks, pinned, kept_out, pending, failed)


def _waiting(
    chosen: Mapping[str, Segment],
    failed: Mapping[str, Failure],
    parents: Mapping[Leaf, ParentCondition],
    known: Collection[str],
) -> list[Segment]:
    """Return what is still to be computed: segments that did not fail, and the parents they look at."""
    sound = [segment for name, segment in chosen.items() if name not in failed]
    looked_at = [parents[leaf].segment for leaf in parent_conditions(sound)]
    return [segment for segment in (*sound, *looked_at) if segment.id not in known]


def _isolate(
    engine: Engine,
    stage: Sequence[Segment],
    known: Mapping[str, pl.Series],
    parents: Mapping[Leaf, ParentCondition],
    error: BaseException,
) -> dict[str, Failure]:
    """Find which segments of a stage the engine cannot compute, by computing each alone.

    A condition on a parent that fails is the fault of the segments that look at it.
    """
    ids = pl.Series(dtype=pl.Int64)
    nobody = {segment.id: engine.mask(segment.object, ids) for segment in stage}
    found: dict[str, Failure] = {}
    for segment in stage:
        try:
            engine.masks(engine.plan([segment], {**nobody, **known}, parents))
        except ENGINE_ERRORS as problem:
            found[segment.id] = Failure(f"the engine cannot compute it: {problem}", (segment.id,))
    for name in [name for name in found if name not in engine.definitions.segments]:
        cause = found.pop(name).cause
        users = [s.id for s in engine.definitions.segments.values() if name in all_barriers(s, parents)]
        found |= {user: Failure(cause, (user,)) for user in users}
    if not found:
        raise RuntimeError("the segments fail together, but not alone") from error
    return found


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
