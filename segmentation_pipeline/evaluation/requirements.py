"""What is missing of what a segment reads: the ground on which it fails closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.evaluation.needs import needs

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.index.build import Index
    from segmentation_pipeline.rules.segment import Segment


def missing(segment: Segment, catalog: Catalog, index: Index) -> str | None:
    """Return the first reason why a segment cannot be evaluated on an index, or None."""
    found = (index.problems.get(need.owner, {}).get(need.column) for need in needs(segment, catalog))
    return next((problem for problem in found if problem is not None), None)
