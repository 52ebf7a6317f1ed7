"""Every kind of condition, for one scope: groups, comparisons, measures, embedded segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.schemas.measured import EVENT_NODES, measured_nodes
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
    return {
        **row_shapes(scope),
        f"{name}.condition": _condition(f"{name}.condition", [*_groups(f"{name}.condition"), *map(ref, nodes)]),
        **nodes,
    }


def row_shapes(scope: Scope) -> dict[str, Shape]:
    """Return the named shapes of conditions on the rows of a measure: groups of comparisons."""
    name = scope.name
    row = [*_groups(f"{name}.row"), ref(f"{name}.compare")]
    return {
        **_fields(scope),
        f"{name}.row": _condition(f"{name}.row", row),
        f"{name}.compare": _compare(scope),
    }


def _condition(name: str, kinds: list[Shape]) -> Shape:
    owner = name.removeprefix("events.").rsplit(".", 1)[0]
    what = "What holds for rows of" if name.endswith(".row") else "A condition on"
    return {"description": f"{what} `{owner}`.", "type": "object", "anyOf": kinds}


def _groups(condition: str) -> list[Shape]:
    """Return the groups: they stand in every scope, over its own conditions."""
    inner = ref(condition)
    several = list_of(inner)
    return [
        closed({"all": several, **OBSERVED}, ["all"]),
        closed({"any": several, **OBSERVED}, ["any"]),
        closed({"not": inner, **OBSERVED}, ["not"]),
        closed({"at_least": {"type": "integer", "minimum": 1}, "of": several, **OBSERVED}, ["at_least", "of"]),
        closed({"everyone": {"const": True}, **OBSERVED}, ["everyone"]),
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


def _compare(scope: Scope) -> Shape:
    """Return ``{field: …, operator: …, value: …}``; what fits follows from the field's type."""
    properties = {"field": ref(f"{scope.name}.field"), **OPTIONS, **OBSERVED}
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
    yield f"{name}.compare", _compare(scope)
    yield f"{name}.segment", _segment(name)
    if scope.one or scope.open:
        yield f"{name}.on", _on(scope)
    for kind, shape in measured_nodes(scope, OPTIONS).items():
        properties = {**shape["properties"], **OBSERVED} if kind in EVENT_NODES else shape["properties"]
        yield f"{name}.{kind}", shape | {"properties": properties}


def _segment(name: str) -> Shape:
    history: dict[str, Any] = {
        "entered": ref("window"),
        "left": ref("window"),
        "member_for": closed(
            {"at_least": ref("duration"), "at_most": ref("duration")}, minProperties=1
        ),
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
