"""The two checks of every segment, neither of which blocks: it is fresh, and its size did not jump."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg

from segmentation_pipeline.catalog.masking import masked_text
from segmentation_pipeline.components.segment_specs import segment_key
from segmentation_pipeline.segments.size_guard import expected_size, size_breaches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.rules.segment import Segment
    from segmentation_pipeline.segments.publish import SegmentResult

FRESH = "fresh"
SIZE = "size_within_bounds"
DEFAULT_CHANGE = 0.5
"""The share of its size by which a segment without ``expect`` may change in one run."""
SMALL = 20
"""Below so many members before the run the default bound says nothing."""


def build_segment_checks(specs: Iterable[dg.AssetSpec]) -> list[dg.AssetCheckSpec]:
    return [
        check
        for spec in specs
        for check in (
            dg.AssetCheckSpec(FRESH, asset=spec.key, description="The last run could evaluate it."),
            dg.AssetCheckSpec(
                SIZE,
                asset=spec.key,
                description="Its size is as `expect` says; without `expect`, it changed by at most "
                f"{DEFAULT_CHANGE:.0%} from {SMALL} members or more.",
            ),
        )
    ]


def check_fresh(name: str, result: SegmentResult | None) -> dg.AssetCheckResult:
    """Return whether the segment was evaluated; None stands for one without a definition any more."""
    if result is None:
        cause: str | None = "it has no definition any more, or was never evaluated"
        status = "failed"
    else:
        cause, status = result.cause and masked_text(result.cause), result.status
    metadata: dict[str, Any] = {"status": status}
    if cause is not None:
        metadata["cause"] = cause
    return dg.AssetCheckResult(
        asset_key=segment_key(name),
        check_name=FRESH,
        passed=status in ("fresh", "inactive"),
        description=cause,
        metadata=metadata,
    )


def check_size(name: str, segment: Segment | None, result: SegmentResult) -> dg.AssetCheckResult:
    """Return whether the size keeps to the bounds: an error where they were declared, else a warning.

    A segment that is held has failed: its members are those of before.
    """
    before = result.size - result.entered + result.exited
    declared = expected_size(segment) if segment is not None else None
    breaches = list(_breaches(before, result, declared))
    return dg.AssetCheckResult(
        asset_key=segment_key(name),
        check_name=SIZE,
        passed=not breaches,
        severity=dg.AssetCheckSeverity.WARN if declared is None else dg.AssetCheckSeverity.ERROR,
        description="; ".join(breaches) or None,
        metadata={"size": result.size, "size_before": before},
    )


def _breaches(before: int, result: SegmentResult, declared: Mapping[str, Any] | None) -> Iterable[str]:
    if result.status == "held":
        yield result.cause or "its size is not as expected"
    elif declared is not None:
        yield from size_breaches(before, result.size, declared)
    elif before >= SMALL and abs(result.size - before) > before * DEFAULT_CHANGE:
        yield f"its size went from {before} to {result.size}, by more than {DEFAULT_CHANGE:.0%}"
