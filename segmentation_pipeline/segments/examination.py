"""One object held against one segment: the rule on the rows that decide, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.errors import RunFailed
from segmentation_pipeline.evaluation.evaluate import evaluate
from segmentation_pipeline.rules.graph import dependencies
from segmentation_pipeline.rules.interpret import examine_segment
from segmentation_pipeline.segments.worlds import gather_world

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    import polars as pl

    from segmentation_pipeline.rules.segment import Definitions, Segment
    from segmentation_pipeline.rules.verdict import SegmentVerdict


def examine(
    definitions: Definitions,
    segment: Segment,
    key: str,
    frames: Mapping[str, pl.LazyFrame],
    as_of: dt.datetime,
) -> SegmentVerdict:
    """Examine the object with ``key`` on the rows of ``frames``; what is embedded is evaluated too.

    Of a key that was merged into another the verdict is on the primary, and names it.

    Raises `RunFailed` where something it embeds cannot be evaluated.
    """
    evaluation = evaluate(definitions, frames, as_of, only=dependencies(definitions.segments, {segment.id}))
    for name, failure in evaluation.failed.items():
        raise RunFailed(f"`{segment.id}` embeds `{name}`, which cannot be evaluated: {failure.cause}")
    if (merged := evaluation.index.merged.get(segment.object)) is not None:
        key = merged.primary_of(key) or key
    world = gather_world(evaluation, as_of, segment.object, [key], segments=[segment.id])
    return examine_segment(segment, key, world)
