"""The schema of a simulation, with the figures and fields that it may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.schemas.shapes import Shape, model_shape, where_is
from segmentation_pipeline.simulation.declaration import Simulation
from segmentation_pipeline.simulation.figures import FIGURES
from segmentation_pipeline.simulation.reading import countable_fields

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog


def simulation_schema(catalog: Catalog) -> Shape:
    """Return the schema of ``simulations/<simulation>.yaml``."""
    shape, named = model_shape(Simulation)
    condition = named["Condition"]["properties"]
    condition["metric"] = {
        "anyOf": [{"const": name, "description": figure.summary} for name, figure in FIGURES.items()]
    }
    named["Variant"]["properties"]["definitions"]["pattern"] = r"^(worktree|git:.+|folder:.+)$"
    if fields := sorted(countable_fields(catalog)):
        shape["properties"]["breakdowns"]["items"] = {"enum": fields}
    two_sided = where_is("mode", {"enum": ["what_if", "compare"]})
    return {**shape, "allOf": [{"if": two_sided, "then": {"required": ["proposed"]}}], "$defs": named}
