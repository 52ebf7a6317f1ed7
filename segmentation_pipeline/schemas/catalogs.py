"""The schema of ``catalog.yaml``, and of the overlay that a segment test lays over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.catalog.declarations import (
    CatalogDeclaration,
    EventSourceDeclaration,
    EventTypeDeclaration,
    FeaturesDeclaration,
    FieldDeclaration,
    InvariantDeclaration,
    ObjectDeclaration,
    RelationDeclaration,
    TableDeclaration,
)
from segmentation_pipeline.catalog.derivations import DERIVATIONS
from segmentation_pipeline.catalog.scores import COUNTS, RATES, TIMES
from segmentation_pipeline.catalog.types import NAMES as TYPES
from segmentation_pipeline.schemas.shapes import (
    NAMES,
    SCALAR,
    Shape,
    any_of,
    list_of,
    model_shape,
    ref,
    where_is,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

_VALUES: Shape = {"required": ["values"]}
_PARTS: dict[str, type[BaseModel]] = {
    "object": ObjectDeclaration,
    "relation": RelationDeclaration,
    "event_source": EventSourceDeclaration,
    "event_type": EventTypeDeclaration,
    "table": TableDeclaration,
    "invariant": InvariantDeclaration,
    "field": FieldDeclaration,
}
_SHORT = [name for name in TYPES if name not in ("enum", "list", "struct", "decimal(scale)")]


def catalog_schema() -> Shape:
    """Return the schema of a catalog."""
    shape, named = catalog_shape()
    what = "What rules may name and imports may load: objects, their fields and relations, events."
    return {**shape, "description": what, "$defs": named}


def catalog_shape(*, overlay: bool = False) -> tuple[Shape, dict[str, Shape]]:
    """Return the shape of a catalog and what it refers to; an overlay may leave everything out."""
    named = {f"catalog.{name}": _part(model) for name, model in _PARTS.items()}
    named["catalog.type"] = any_of(
        {"enum": [*_SHORT, "enum", "list", "struct"]},
        {"type": "string", "pattern": r"^decimal\(\s*(1[0-8]|[0-9])\s*\)$"},
    )
    _fill(named)
    if overlay:
        for name in ("object", "event_source", "table"):
            named[f"catalog.{name}"].pop("required", None)
    shape = _part(CatalogDeclaration)
    meaning = any_of({"type": "string"}, list_of({"type": "string"}))
    shape["properties"] |= {
        "objects": _named("object", NAMES),
        "events": _named("event_source", NAMES),
        "tables": _named("table", NAMES),
        "meanings": {"type": ["object", "null"], "additionalProperties": meaning},
        "features": _features(),
        "invariants": {"type": ["array", "null"], "items": ref("catalog.invariant")},
    }
    if overlay:
        shape.pop("required", None)
        shape["type"] = ["object", "null"]
    return shape, named


def _features() -> Shape:
    """Return the shape of what is computed of contacts, with the meanings that each part takes."""
    shape = _part(FeaturesDeclaration) | {"type": ["object", "null"]}
    engagement = shape["properties"]["engagement"]["anyOf"][0]["properties"]
    engagement["received"]["enum"] = list(COUNTS)
    part = engagement["score"]["items"]
    part["properties"] |= {
        kind: {"enum": list(of)} for kind, of in (("recency", TIMES), ("rate", RATES), ("count", COUNTS))
    }
    part["oneOf"] = [
        {"required": ["recency", "half_life"]},
        *({"required": [kind, "full_at"]} for kind in ("rate", "count")),
    ]
    return shape


def _fill(named: dict[str, Shape]) -> None:
    """Say what the models leave open: mappings of names to declarations, and how types go together."""
    fields = _named("field", {"minLength": 1})
    for name in ("object", "event_source", "event_type"):
        named[f"catalog.{name}"]["properties"]["fields"] = fields
    named["catalog.object"]["properties"]["relations"] = _named("relation", NAMES)
    named["catalog.event_source"]["properties"]["types"] = _named("event_type", {})
    named["catalog.table"]["properties"]["columns"] = fields
    named["catalog.event_type"]["type"] = ["object", "null"]
    named["catalog.relation"]["oneOf"] = [{"required": ["key"]}, {"required": ["foreign_key"]}]
    named["catalog.relation"]["dependentRequired"] = {"time": ["foreign_key"]}
    for part in ("when", "then"):
        named["catalog.invariant"]["properties"][part] = {"type": "object"}
    field = named["catalog.field"]
    field["properties"] |= {"type": ref("catalog.type"), "of": ref("catalog.type"), "fields": fields}
    field["properties"]["values"] = list_of({"type": SCALAR})
    field["properties"]["derived"] = {"enum": list(DERIVATIONS)}
    field["allOf"] = [
        _needs("list", ["of"]),
        _needs("struct", ["fields"]),
        {"if": any_of(*(where_is(key, {"const": "enum"}) for key in ("type", "of"))), "then": _VALUES},
    ]
    named["catalog.field"] = any_of({"enum": _SHORT}, {"type": "string", "pattern": r"^decimal\("}, field)


def _needs(kind: str, keys: list[str]) -> Shape:
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {"required": keys},
        "else": {"properties": dict.fromkeys(keys, False)},
    }


def _part(model: type[BaseModel]) -> Shape:
    """Return a declaration's shape with the named one it may refer to written out."""
    shape, named = model_shape(model)
    whole: Shape = _inline(shape, named)
    return whole


def _inline(part: Any, named: dict[str, Shape]) -> Any:
    if isinstance(part, list):
        return [_inline(item, named) for item in part]
    if not isinstance(part, dict):
        return part
    target = part.get("$ref", "").removeprefix("#/$defs/")
    if target in named:
        return _inline(named[target], named)
    return {key: _inline(value, named) for key, value in part.items()}


def _named(part: str, names: Shape) -> Shape:
    """Return a mapping from names to declarations; null is none."""
    return {
        "type": ["object", "null"],
        "propertyNames": names,
        "additionalProperties": ref(f"catalog.{part}"),
    }
