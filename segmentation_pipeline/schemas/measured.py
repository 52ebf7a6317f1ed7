"""Conditions on what was computed over events or related rows: measures, ratios, ranks, sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmentation_pipeline.rules.measures import MEASURES
from segmentation_pipeline.schemas.shapes import Shape, any_of, closed, has, list_of, ref, where_is, without

if TYPE_CHECKING:
    from segmentation_pipeline.schemas.scopes import Scope

QUANTIFIERS = ("any", "none", "all")
_OF_ITS_FIELD = ("min", "max", "first", "last")
_NUMERIC = ("sum", "avg", "median")
_WITH_OF = (*_NUMERIC, "min", "max", "count_distinct", "first", "last")
_WITHOUT_OF = (
    "count",
    "days_since_first",
    "days_since_last",
    "active_days",
    "active_periods",
    "longest_streak",
)
EVERY_MEASURE = tuple(dict.fromkeys((*MEASURES, *_WITHOUT_OF, *_WITH_OF)))
_POSITIVE: Shape = {"type": "integer", "minimum": 1}


def shared_measures() -> dict[str, Shape]:
    """Return the rules that every measure keeps, whatever its rows are."""
    measure = {"enum": list(EVERY_MEASURE)}
    arguments = [
        {
            "if": where_is("measure", {"enum": list(_WITH_OF)}),
            "then": {"required": ["of"]},
            "else": without("of"),
        },
        {
            "if": where_is("measure", {"const": "active_periods"}),
            "then": {"required": ["period"]},
            "else": without("period", "each"),
        },
    ]
    quantified = {
        "if": has(*QUANTIFIERS),
        "then": {
            **without("measure", "of", "operator", "value", "case", "nulls", "period", "each"),
            "oneOf": [{"required": [name]} for name in QUANTIFIERS],
        },
    }
    compared = {
        "if": {"required": ["operator"]},
        "then": {
            "if": where_is("measure", {"enum": list(_OF_ITS_FIELD)}),
            "then": ref("compare.any"),
            "else": ref("compare.number"),
        },
        "else": {
            "properties": {"measure": {"const": "count"}, "value": False, "case": False, "nulls": False}
        },
    }
    return {"measure": measure, "measured": {"allOf": arguments}, "tested": {"allOf": [quantified, compared]}}


def measured_shapes(scope: Scope) -> dict[str, Shape]:
    """Return the named operands over the events and related rows that a scope has."""
    name = scope.name
    kinds = _sources(scope)
    if not kinds:
        return {}
    measure = ref(f"{name}.operand.measure")
    ratio = closed(
        {"numerator": measure, "denominator": measure, "minimum": {"type": ["number", "string"]}},
        ["numerator", "denominator"],
    )
    found = {"measure": any_of(*(_over(scope, kind, {}) for kind in kinds)), "ratio": ratio}
    operands = [measure, closed({"field": ref(f"{name}.field")}, ["field"])]
    if "event" in kinds:
        found["response"] = _response(scope)
    operands += [
        closed({kind: ref(f"{name}.operand.{kind}"), "within": ref("window")}, [kind])
        for kind in ("ratio", "response")
        if kind in found
    ]
    found["ranked"] = any_of(*operands)
    return {f"{name}.operand.{kind}": shape for kind, shape in found.items()}


def measured_nodes(scope: Scope, options: Shape) -> dict[str, Shape]:
    """Return the conditions on measures that a scope has, by kind; ``options`` compare their result."""
    kinds = _sources(scope)
    found = {kind: _tested(scope, kind, options) for kind in kinds}
    operands = ["ratio", *(["response"] if "event" in kinds else [])] if kinds else []
    for kind in operands:
        properties = {kind: ref(f"{scope.name}.operand.{kind}"), "within": ref("window"), **options}
        found[kind] = closed(properties, [kind, "operator"], allOf=[ref("compare.number")])
    if kinds:
        found["rank"] = _rank(ref(f"{scope.name}.operand.ranked"), options)
    if "event" in kinds:
        found["sequence"] = _sequence(scope)
    return found


def _sources(scope: Scope) -> list[str]:
    there = {"event": scope.events, "related": scope.many}
    return [kind for kind, names in there.items() if names or scope.open]


def _tested(scope: Scope, kind: str, options: Shape) -> Shape:
    """Return ``{event: …}`` or ``{related: …}`` as a condition: compared, quantified, or at least one."""
    rows = dict.fromkeys(QUANTIFIERS, _row(scope, kind))
    if kind == "related" and not scope.open:
        rows = dict.fromkeys(QUANTIFIERS, True)
    shape = _over(scope, kind, {**rows, **options})
    return shape | {"allOf": [*shape["allOf"], ref("tested")]}


def _over(scope: Scope, kind: str, more: Shape) -> Shape:
    """Return a measure over events or related rows."""
    properties: dict[str, Any] = {
        kind: _event(scope) if kind == "event" else _many(scope),
        "where": _row(scope, kind),
        "within": ref("window"),
        "measure": ref("measure"),
        "of": _field(scope) if kind == "event" else {"type": "string"},
        "period": ref("duration"),
        "each": _POSITIVE,
        **more,
    }
    rules = [ref("measured")]
    if kind == "related":
        rules += [_rows_of(name, other, more) for name, other in scope.many.items()]
    return closed(properties, [kind], allOf=rules)


def _rows_of(relation: str, other: str, more: Shape) -> Shape:
    """Return what follows from the relation: the fields of its rows."""
    keys = ("where", *(name for name in QUANTIFIERS if name in more))
    rows = {key: ref(f"{other}.row") for key in keys} | {"of": ref(f"{other}.field")}
    return {"if": where_is("related", {"const": relation}), "then": {"properties": rows}}


def _row(scope: Scope, kind: str) -> Any:
    if scope.open:
        return ref(f"{scope.name}.row")
    return any_of(*(ref(f"events.{source}.row") for source in scope.events)) if kind == "event" else True


def _field(scope: Scope) -> Shape:
    if scope.open:
        return ref(f"{scope.name}.field")
    return any_of(*(ref(f"events.{source}.field") for source in scope.events))


def _types(scope: Scope) -> Shape:
    if scope.open:
        return {"type": "string", "minLength": 1}
    return {"enum": [name for types in scope.events.values() for name in types]}


def _event(scope: Scope) -> Shape:
    return any_of(_types(scope), list_of(_types(scope)))


def _many(scope: Scope) -> Shape:
    return {"type": "string", "minLength": 1} if scope.open else {"enum": list(scope.many)}


def _response(scope: Scope) -> Shape:
    properties = {
        "event": _event(scope),
        "latest": _POSITIVE,
        "answered_by": _event(scope),
        "matching": _field(scope),
        "where": _row(scope, "event"),
        "within": ref("window"),
    }
    return closed(properties, ["event", "latest", "answered_by", "matching"])


def _sequence(scope: Scope) -> Shape:
    step = closed(
        {
            "event": _event(scope),
            "where": _row(scope, "event"),
            "within": ref("window"),
            "not": {"type": "boolean"},
        },
        ["event"],
    )
    properties = {
        "sequence": list_of(step),
        "gap": ref("duration"),
        "span": ref("duration"),
        "same": any_of(_field(scope), list_of(_field(scope))),
        "within": ref("window"),
    }
    return closed(properties, ["sequence"])


def _rank(operand: Shape, options: Shape) -> Shape:
    properties = {
        "rank": operand,
        "among": {"type": "string"},
        "as": {"enum": ["position", "percentile", "ntile"]},
        "order": {"enum": ["ascending", "descending"]},
        "buckets": _POSITIVE,
        "method": {"enum": ["rank", "quantile"]},
        "within": ref("window"),
        **options,
    }
    ntile = {
        "if": where_is("as", {"const": "ntile"}),
        "then": {"required": ["buckets"]},
        "else": without("buckets", "method"),
    }
    needed = ["rank", "as", "order", "operator"]
    return closed(properties, needed, allOf=[ntile, ref("compare.number")])
