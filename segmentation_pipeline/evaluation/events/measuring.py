"""The features of a bucket, one after another: scans of events in time order first, then grouped rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.events.event_scans import is_tallied
from segmentation_pipeline.evaluation.events.features import answered, grouped
from segmentation_pipeline.evaluation.events.scan_drafts import compile_scans
from segmentation_pipeline.evaluation.events.totals import Totals
from segmentation_pipeline.evaluation.plan import Measuring

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

    from segmentation_pipeline.evaluation.events.features import Feature
    from segmentation_pipeline.evaluation.events.sequence_masks import Candidates
    from segmentation_pipeline.evaluation.plan import Plan
    from segmentation_pipeline.evaluation.positions import Bucket
    from segmentation_pipeline.evaluation.profile import Watch
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.tree import Sequence


def compile_measuring(
    plan: Plan,
    index: Index,
    features: Mapping[Feature, str],
    sequences: Iterable[tuple[Sequence, str, str]] = (),
) -> Measuring:
    """Return what is read for features, and for sequences (node, mask, zone) on the way."""
    return Measuring(features, compile_scans(plan, index, features, sequences))


def compute_features(
    plan: Plan,
    measuring: Measuring,
    bucket: Bucket,
    index: Index,
    *,
    candidates: Candidates,
    watch: Watch,
) -> Iterator[dict[str, pl.Series]]:
    """Yield the columns of features by position, each as soon as it is complete.

    A feature is null for objects that the rows say nothing of. ``candidates`` takes the events that
    steps of sequences ask for.
    """
    totals = Totals({name: feature for feature, name in measuring.features.items()}, bucket.size, plan.as_of)
    totals.expect(measuring.scans)
    for scan in measuring.scans:
        with watch.step("events", f"{scan.source}: {scan.type}") as cost:
            events = scan.read(bucket, index)
            cost.saw(events)
        if scan.has_steps:
            events = candidates.number(events)
        for selection in scan.selections:
            with watch.step("tally", f"{scan.source}: {scan.type} {selection.said}") as cost:
                chosen = selection.of(events)
                cost.saw(chosen)
                complete = totals.take(selection, chosen)
                candidates.take(selection, chosen)
            if complete:
                yield complete
    rest = {feature: name for feature, name in measuring.features.items() if not is_tallied(feature)}
    rest |= totals.unfit
    for part in (grouped, answered):
        for said, rows in part(plan, index, rest, bucket):
            with watch.step("group", said) as cost:
                found = rows.collect(engine="streaming")
                cost.saw(found)
            columns = bucket.spread(found)
            yield {name: columns[name] for name in columns.columns}
