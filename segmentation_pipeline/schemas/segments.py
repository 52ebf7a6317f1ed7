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

DEFINITION = "definition"
_TEXTS = ["string", "number"]
_RULES = ("where", "exclude")
_BY_TYPE: dict[str, Shape] = {
    "static": {"required": ["members"], "properties": {"where": False}},
    "dynamic": {"required": ["where"], "properties": {"members": False}},
    "suppression": {"oneOf": [{"required": ["where"]}, {"required": ["members"]}]},
}


def segment_schema(catalog: Catalog) -> Shape:
    """Return the schema of ``segments/<segment>.yaml`` for the names of a catalog.

    ``definition`` among its named shapes is the same without the need for ``segment:``.
    """
    rules = [
        _when("object", name, {"properties": dict.fromkeys(_RULES, ref(f"{name}.condition"))})
        for name in catalog.objects
    ]
    shape, named = definition_shape(rules)
    shape["properties"]["object"] |= {"enum": list(catalog.objects)}
    whole = {"required": shape.pop("required"), "allOf": [ref(DEFINITION)]}
    what = "A segment: whom it holds, and what is done with them."
    return {"description": what, **whole, "$defs": {DEFINITION: shape, **named, **condition_shapes(catalog)}}


def definition_shape(rules: list[Shape]) -> tuple[Shape, dict[str, Shape]]:
    """Return the shape of a definition whose conditions keep some rules, and what it refers to."""
    shape, named = model_shape(Header, _TEXTS)
    shape["properties"]["members"]["anyOf"][0]["items"] = {"type": ["string", "number", "boolean"]}
    return shape | {"allOf": [*(_when("type", kind, then) for kind, then in _BY_TYPE.items()), *rules]}, named


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
    """Return the named shapes of definitions whose names are not known here, but their form is."""
    unknown = Scope("unknown", open=True)
    rule = {"properties": dict.fromkeys(_RULES, ref(f"{unknown.name}.condition"))}
    shape, named = definition_shape([rule])
    shape.pop("required")
    shared = {**shared_shapes(), **shared_measures(), **object_shapes(unknown)}
    return {f"{DEFINITION}.{unknown.name}": shape, **named, **shared}


def _when(key: str, value: str, then: Shape) -> Shape:
    """Return a rule for one value of a key of the header, or for its absence where that means the value."""
    if Header.model_fields[key].default == value:
        return {"if": {"properties": {key: {"const": value}}}, "then": then}
    return {"if": where_is(key, {"const": value}), "then": then}


def _one_of(values: tuple[str, ...]) -> Shape:
    """Return the texts, and the numbers and booleans that an unquoted `1` or `true` is for an editor."""
    bare = [int(value) for value in values if value.isdecimal() and str(int(value)) == value]
    return {"enum": [*values, *bare, *(value == "true" for value in values if value in ("true", "false"))]}
