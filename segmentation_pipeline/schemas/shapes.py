"""Pieces of JSON Schema: references, choices, and what a pydantic model says of its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import BaseModel

Shape = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCALAR = ["string", "number", "boolean"]
TEXT: Shape = {"type": ["string", "number"]}
_NARROWED = ("pattern", "enum", "const", "format")
_NAME = r"^[a-z][a-z0-9_]*$"
NAMES: Shape = {"pattern": _NAME}


def ref(name: str) -> Shape:
    return {"$ref": f"#/$defs/{name}"}


def any_of(*shapes: Shape) -> Shape:
    return shapes[0] if len(shapes) == 1 else {"anyOf": list(shapes)}


def list_of(items: Shape, least: int = 1) -> Shape:
    return {"type": "array", "items": items, "minItems": least}


def closed(properties: Mapping[str, Any], required: Iterable[str] = (), **more: Any) -> Shape:
    """Return a mapping that has no other keys."""
    shape: Shape = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if needed := list(required):
        shape["required"] = needed
    return shape | more


def where_is(key: str, value: Shape) -> Shape:
    """Return the shape of a mapping whose ``key`` is there and has a shape."""
    return {"properties": {key: value}, "required": [key]}


def has(*keys: str) -> Shape:
    """Return the shape of a mapping with at least one of the keys."""
    return any_of(*({"required": [key]} for key in keys))


def without(*keys: str) -> Shape:
    """Return the shape of a mapping with none of the keys."""
    return {"properties": dict.fromkeys(keys, False)}


def at_most_one(*keys: str) -> Shape:
    """Return the shape of a mapping with no two of the keys."""
    pairs = [[first, second] for i, first in enumerate(keys) for second in keys[i + 1 :]]
    return {"not": {"anyOf": [{"required": pair} for pair in pairs]}}


def model_shape(model: type[BaseModel], texts: list[str] | None = None) -> tuple[Shape, dict[str, Shape]]:
    """Return the shape of a model and the named shapes it refers to.

    ``texts`` are the JSON types that a text may be written as: readers take ``name: 2026`` for a
    text where the model converts numbers.
    """
    schema = _tidy(model.model_json_schema(by_alias=True), texts or ["string"])
    named = schema.pop("$defs", {})
    return schema, named


def _tidy(part: Any, texts: list[str]) -> Any:
    """Drop what says nothing to a reader, titles and null defaults, and widen plain texts."""
    if isinstance(part, list):
        return [_tidy(item, texts) for item in part]
    if not isinstance(part, dict):
        return part
    found: Shape = {}
    for key, value in part.items():
        if key in ("properties", "$defs"):
            found[key] = {name: _tidy(item, texts) for name, item in value.items()}
        elif key == "description":
            found[key] = " ".join(value.replace("``", "`").split())
        elif key != "title" and (key, value) not in (("default", None), ("default", {}), ("default", [])):
            found[key] = _tidy(value, texts)
    if found.get("type") == "string" and texts != ["string"] and not any(key in found for key in _NARROWED):
        found["type"] = texts
    return found
