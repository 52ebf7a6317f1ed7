"""The schema of saved reports."""

from __future__ import annotations

from segmentation_pipeline.schemas.shapes import Shape, model_shape
from segmentation_pipeline.segments.saved_reports import SavedReport


def report_schema() -> Shape:
    """Return the schema of ``reports/<name>.yaml``."""
    shape, named = model_shape(SavedReport)
    shape["properties"]["segments"]["uniqueItems"] = True
    return {**shape, **({"$defs": named} if named else {})}
