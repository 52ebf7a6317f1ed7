"""Every kind of condition, for one scope: groups, comparisons, measures, embedded segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.schemas.measured import measured_nodes, measured_shapes
from segmentation_pipeline.schemas.scopes import QUOTED, Scope
from segmentation_pipeline.schemas.shapes import Shape, any_of, at_most_one, closed, list_of, ref, where_is

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS: Shape = {
    "operator": ref("operator"),
    "value": True,
    "case": {"enum": ["sensitive", "insensitive"]},
    "nulls": {"enum": ["include", "exclude"]},
}
OBSERVED: Shape = {"observed_for": ref("duration")}
_HISTORY = ("entered", "left", "member_for", "as_of")


def object_shapes(scope: Scope) -> dict[str, Shape]:
    """Return the named shapes of conditions on an object: its rows alone, and everything."""
    name = scope.name
    nodes = dict(_nodes(scope))
    groups = _groups(f"{name}.condition", OBSERVED)
    return {
        f"{name}.condition": {"description": f"A condition on `{name}`.", "type": "object"}
        | any_of(*groups, *map(ref, nodes)),
        **nodes,
        **measured_shapes(scope),
        **row_shapes(scope, OBSERVED),
    }


def row_shapes(scope: Scope, more: Shape | None = None) -> dict[str, Shape]:
    """Return the named shapes of conditions on the rows of a measure: groups of comparisons.

    ``more`` are keys that any condition may have besides its own.
    """
    name, extra = scope.name, more or {}
    row = any_of(*_groups(f"{name}.row", extra), ref(f"{name}.compare"))
    return {
        f"{name}.row": {"description": "What holds for a row.", "type": "object"} | row,
        f"{name}.compare": _compare(scope, extra),
        **_fields(scope),
    }


def _groups(condition: str, more: Shape) -> list[Shape]:
    """Return the groups: they stand in every scope, over its own conditions."""
    inner = ref(condition)
    several = list_of(inner)
    return [
        closed({"all": several, **more}, ["all"]),
        closed({"any": several, **more}, ["any"]),
        closed({"not": inner, **more}, ["not"]),
        closed({"at_least": {"type": "integer", "minimum": 1}, "of": several, **more}, ["at_least", "of"]),
        closed({"everyone": {"const": True}, **more}, ["everyone"]),
    ]


def _fields(scope: Scope) -> dict[str, Shape]:
    """Return the names of fields, together and by the comparison they take."""
    name = scope.name
    if scope.open:
        return {f"{name}.field": {"type": "string", "minLength": 1}}
    groups = {_group(scope, comparison): {"enum": list(names)} for comparison, names in scope.fields.items()}
    patterns = [{"type": "string", "pattern": pattern} for pattern in (*scope.deeper, QUOTED)]
    return {f"{name}.field": any_of(*map(ref, groups), *patterns), **groups}


def _group(scope: Scope, comparison: str) -> str:
    return f"{scope.name}.field.{comparison.removeprefix('compare.')}"


def _compare(scope: Scope, more: Shape) -> Shape:
    """Return ``{field: …, operator: …, value: …}``; what fits follows from the field's type."""
    properties = {"field": ref(f"{scope.name}.field"), **OPTIONS, **more}
    rules = [
        {"if": where_is("field", ref(_group(scope, comparison))), "then": ref(comparison)}
        for comparison in scope.fields
    ]
    deep = [{"type": "string", "pattern": pattern} for pattern in (*scope.deeper, QUOTED)]
    rules.append({"if": where_is("field", any_of(*deep)), "then": ref("compare.any")})
    if scope.open:
        rules = [ref("compare.any")]
    return closed(properties, ["field", "operator"], allOf=rules)


def _nodes(scope: Scope) -> Iterator[tuple[str, Shape]]:
    """Yield the kinds of condition other than groups, by name."""
    name = scope.name
    yield f"{name}.compare", _compare(scope, OBSERVED)
    yield f"{name}.segment", _segment(name)
    if scope.one or scope.open:
        yield f"{name}.on", _on(scope)
    for kind, shape in measured_nodes(scope, OPTIONS).items():
        yield f"{name}.{kind}", shape | {"properties": {**shape["properties"], **OBSERVED}}


def _segment(name: str) -> Shape:
    history: dict[str, Any] = {
        "entered": ref("window"),
        "left": ref("window"),
        "member_for": closed({"at_least": ref("duration"), "at_most": ref("duration")}, minProperties=1),
        "as_of": ref("moment"),
    }
    segment = {"type": "string", "minLength": 1, "examples": [f"all_{name}s"]}
    return closed({"segment": segment, **history, **OBSERVED}, ["segment"], allOf=[at_most_one(*_HISTORY)])


def _on(scope: Scope) -> Shape:
    relation: Shape = {"type": "string"} if scope.open else {"enum": list(scope.one)}
    rules = [
        {"if": where_is("on", {"const": hop}), "then": {"properties": {"where": ref(f"{other}.condition")}}}
        for hop, other in scope.one.items()
    ]
    if scope.open:
        rules = [{"properties": {"where": ref(f"{scope.name}.condition")}}]
    return closed({"on": relation, "where": True, **OBSERVED}, ["on", "where"], allOf=rules)
