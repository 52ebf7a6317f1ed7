"""The schemas of enrichment providers and of webhooks, with the fields of a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.enrichment.declarations import KINDS
from segmentation_pipeline.enrichment.providers import OBJECT, contact_target, fillable
from segmentation_pipeline.ingest.mapping import ORIGINS
from segmentation_pipeline.partners.webhooks import Webhook
from segmentation_pipeline.schemas.shapes import SCALAR, Shape, any_of, model_shape, ref, where_is

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog


def provider_schema(catalog: Catalog) -> Shape:
    """Return the schema of a provider's file: one shape a kind."""
    fields = fillable(contact_target(catalog)) if OBJECT in catalog.objects else ()
    shapes: dict[str, Shape] = {}
    known: dict[str, Shape] = {}
    for kind, model in KINDS.items():
        shape, named = model_shape(model, SCALAR)
        known |= named
        shape["properties"]["fields"] = {
            "type": "object",
            "properties": dict.fromkeys(fields, ref("Source")),
            "additionalProperties": False,
            "minProperties": 1,
        }
        shapes[kind] = _without_iso(shape)
    known["Source"]["oneOf"] = [{"required": [name]} for name in ORIGINS]
    known["Source"] = any_of({"type": SCALAR}, known["Source"])
    cases = [{"if": where_is("kind", {"const": kind}), "then": shape} for kind, shape in shapes.items()]
    return {
        "type": "object",
        "description": "Who knows more of contacts, how it is asked, and what its answers fill.",
        "properties": {"kind": {"enum": list(shapes)}},
        "required": ["kind"],
        "allOf": cases,
        "$defs": known,
    }


def webhook_schema() -> Shape:
    """Return the schema of a webhook's file."""
    shape, named = model_shape(Webhook)
    shape["properties"]["secret"]["pattern"] = "^env:[A-Za-z_][A-Za-z0-9_]*$"
    more = {"$defs": named} if named else {}
    return {**_without_iso(shape), "description": "Who is told what about segments, and where.", **more}


def _without_iso(shape: Shape) -> Shape:
    """Leave out defaults of spans and rates: pydantic writes them as ISO 8601, the files in words."""
    for declared in shape["properties"].values():
        if "pattern" in declared:
            declared.pop("default", None)
    return shape
