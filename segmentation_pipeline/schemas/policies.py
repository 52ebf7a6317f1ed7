"""The schema of a policy: who may be contacted how often."""

from __future__ import annotations

from segmentation_pipeline.assignment.policy import Policy
from segmentation_pipeline.schemas.shapes import Shape, model_shape

_TEXTS = ["string", "number"]
_COOLDOWN = ["max", "days", "extend_to"]


def policy_schema() -> Shape:
    """Return the schema of ``policies/<policy>.yaml``."""
    shape, named = model_shape(Policy, _TEXTS)
    named["CapRule"]["oneOf"] = [
        {"required": ["cooldown_days"], "properties": dict.fromkeys(_COOLDOWN, False)},
        {"required": ["max", "days"], "properties": {"cooldown_days": False}},
    ]
    named["Quiet"]["oneOf"] = [{"required": ["weekday"]}, {"required": ["date"]}]
    return {**shape, "$defs": named}
