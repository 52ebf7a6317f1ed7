"""The schema of a segment's file, and of the segments that a test declares for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.rules.header import Header
from segmentation_pipeline.schemas.comparisons import compared, shared_shapes
from segmentation_pipeline.schemas.conditions import object_shapes, row_shapes
from segmentation_pipeline.schemas.measured import shared_measures
from segmentation_pipeline.schemas.scopes import Scope, enums_of, event_scope, object_scope
from segmentation_pipeline.schemas.shapes import Shape, model_shape, ref, where_is

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog

_TEXTS = ["string", "number"]
_BY_TYPE: dict[str, Shape] = {
    "static": {"required": ["members"], "properties": {"where": False}},
    "dynamic": {"required": ["where"], "properties": {"members": False}},
    "suppression": {"oneOf": [{"required": ["where"]}, {"required": ["members"]}]},
}


def segment_schema(catalog: Catalog) -> Shape:
    """Return the schema of ``segments/<segment>.yaml`` for the names of a catalog."""
    definition, named = definition_shape(catalog)
    return {
        "description": "A segment: whom it holds, and what is done with them.",
        **definition,
        "$defs": named,
    }


def definition_shape(catalog: Catalog | None) -> tuple[Shape, dict[str, Shape]]:
    """Return the shape of a definition, and what it refers to; of any names where no catalog is given."""
    shape, named = model_shape(Header, _TEXTS)
    properties = shape["properties"]
    properties["members"]["anyOf"][0]["items"] = {"type": ["string", "number", "boolean"]}
    rules = [_when("type", kind, then) for kind, then in _BY_TYPE.items()]
    if catalog is None:
        rules.append({"properties": dict.fromkeys(("where", "exclude"), ref("unknown.condition"))})
    else:
        properties["object"] |= {"enum": list(catalog.objects)}
        named |= condition_shapes(catalog)
        for name in catalog.objects:
            rule = dict.fromkeys(("where", "exclude"), ref(f"{name}.condition"))
            rules.append(_when("object", name, {"properties": rule}))
    return shape | {"allOf": rules}, named


def condition_shapes(catalog: Catalog) -> dict[str, Shape]:
    """Return every named shape of conditions over the objects and events of a catalog."""
    enums = enums_of(catalog)
    found = {**shared_shapes(), **shared_measures()}
    found |= {name: compared("enum", scalar=_one_of(kind.values)) for kind, name in enums.items()}
    for kind in catalog.objects.values():
        found |= object_shapes(object_scope(catalog, kind, enums))
    for source in catalog.events:
        found |= row_shapes(event_scope(catalog, source, enums))
    return found


def open_shapes() -> dict[str, Shape]:
    """Return the named shapes of conditions whose names are not known here."""
    return object_shapes(Scope("unknown", open=True))


def _when(key: str, value: str, then: Shape) -> Shape:
    """Return a rule for one value of a key of the header, or for its absence where that means the value."""
    if Header.model_fields[key].default == value:
        return {"if": {"properties": {key: {"const": value}}}, "then": then}
    return {"if": where_is(key, {"const": value}), "then": then}


def _one_of(values: tuple[str, ...]) -> Shape:
    """Return the texts, and the numbers and booleans that an unquoted `1` or `true` is for an editor."""
    bare = [int(value) for value in values if value.isdecimal() and str(int(value)) == value]
    return {"enum": [*values, *bare, *(value == "true" for value in values if value in ("true", "false"))]}
