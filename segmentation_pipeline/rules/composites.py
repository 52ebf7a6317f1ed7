"""Reads the operands made of others: ratios, responses, ranks."""

from __future__ import annotations

import decimal
from dataclasses import replace
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, Integer, Number
from segmentation_pipeline.diagnostics import did_you_mean
from segmentation_pipeline.documents import Mapping, Node, Scalar
from segmentation_pipeline.rules.comparisons import OPTIONS, read_comparison
from segmentation_pipeline.rules.faults import Fault, field_at, only, place, required, word
from segmentation_pipeline.rules.literals import read_literal
from segmentation_pipeline.rules.measures import KEYS, RATIONAL, read_measure
from segmentation_pipeline.rules.paths import EventScope
from segmentation_pipeline.rules.row_sources import (
    ConditionReader,
    read_event_source,
    read_types,
    read_where,
    read_within,
)
from segmentation_pipeline.rules.tree import Compare, Condition, Field, Measure, Rank, Ratio, Response

if TYPE_CHECKING:
    from segmentation_pipeline.rules.windows import Window

_FORMS = ("position", "percentile", "ntile")
_ORDERS = ("ascending", "descending")
_METHODS = ("rank", "quantile")


def read_ratio(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on a ratio: ``{ratio: {numerator: …, denominator: …, minimum: 5}, …}``."""
    only(node, "ratio", "within", *OPTIONS)
    return read_comparison(_ratio(reader, node), node, reader.scope)


def read_response(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on how many of the latest events were answered."""
    only(node, "response", "within", *OPTIONS)
    return read_comparison(_response(reader, node), node, reader.scope)


def read_rank(reader: ConditionReader, node: Mapping) -> Condition:
    """Return the condition on a rank: where an object stands among others."""
    only(node, "rank", "among", "as", "method", "buckets", "order", *OPTIONS)
    operand = _ranked(reader, required(node, "rank"))
    if "order" not in node:
        hint = "`order: descending` puts the greatest first"
        raise Fault("missing-key", "`order` is missing: it is always written", node.at, hint)
    form = _choice(node, "as", _FORMS)
    order = _choice(node, "order", _ORDERS)
    buckets = _whole(required(node, "buckets"), "buckets", 2) if form == "ntile" else None
    for key in () if form == "ntile" else ("buckets", "method"):
        if key in node:
            raise Fault("unknown-key", f"`{key}` belongs to `as: ntile`", place(node, key))
    method = _choice(node, "method", _METHODS) if "method" in node else "rank"
    among = word(required(node, "among"), "among") if "among" in node else None
    if among == f"all_{reader.owner.name}s":
        among = None
    kind = RATIONAL if form == "percentile" else Integer()
    rank = Rank(operand, form, order, kind, among, method, buckets)
    compare = read_comparison(rank, node, reader.scope)
    _refuse_unreachable(rank, compare, node)
    return compare


def _refuse_unreachable(rank: Rank, compare: Compare, node: Mapping) -> None:
    asked = compare.value if compare.operator == "equals" else None
    if rank.buckets is not None and isinstance(asked, int) and not 1 <= asked <= rank.buckets:
        raise Fault("value-type", f"`value`: there are buckets 1 to {rank.buckets}", place(node, "value"))


def _ranked(reader: ConditionReader, node: Node) -> Field | Measure | Ratio | Response:
    if not isinstance(node, Mapping):
        raise Fault("condition-shape", "`rank` takes an operand such as `{field: age}`", node.at)
    if "field" in node:
        only(node, "field")
        operand: Field | Measure | Ratio | Response = field_at(
            reader.scope, required(node, "field"), "field", place(node, "field")
        )
    elif "ratio" in node:
        only(node, "ratio", "within")
        operand = _ratio(reader, node)
    elif "response" in node:
        only(node, "response", "within")
        operand = _response(reader, node)
    else:
        only(node, "event", "related", *KEYS)
        operand = read_measure(reader, node)
    if not isinstance(operand.type, Integer | Number | Decimal | Date | Datetime):
        raise Fault("rank-type", f"only numbers and dates have a rank, not {operand.type}", node.at)
    return operand


def _ratio(reader: ConditionReader, node: Mapping) -> Ratio:
    body = _body(node, "ratio")
    only(body, "numerator", "denominator", "minimum")
    shared = read_within(node)
    numerator, denominator = (_part(reader, body, key, shared) for key in ("numerator", "denominator"))
    minimum = decimal.Decimal(0)
    if "minimum" in body:
        written = required(body, "minimum")
        try:
            value = read_literal(denominator.type, word(written, "minimum"))
        except ValueError as error:
            raise Fault("value-type", f"`minimum`: {error}", written.at) from error
        minimum = decimal.Decimal(str(value))
        if minimum < 0:
            raise Fault("value-type", "`minimum` is at least 0", written.at)
    return Ratio(numerator, denominator, minimum, RATIONAL)


def _part(reader: ConditionReader, body: Mapping, key: str, shared: Window | None) -> Measure:
    node = _body(body, key)
    only(node, "event", "related", "where", "within", "measure", "of")
    if "event" not in node and "related" not in node:
        raise Fault("condition-shape", f"`{key}` needs `event` or `related`", node.at)
    measure = read_measure(reader, node)
    if measure.measure not in ("count", "sum"):
        raise Fault("ratio-measure", f"`{key}` is a count or a sum", place(node, "measure"))
    if shared is None:
        return measure
    if measure.within is not None:
        raise Fault("window-twice", f"`within` stands at the ratio and at its {key}", place(node, "within"))
    return replace(measure, within=shared)


def _response(reader: ConditionReader, node: Mapping) -> Response:
    body = _body(node, "response")
    only(body, "event", "latest", "answered_by", "matching", "where")
    source, scope = read_event_source(reader, body)
    answers, types = read_types(reader, required(body, "answered_by"), "answered_by")
    if answers.name != source.source:
        raise Fault(
            "event-sources",
            "an answer stands in the same source as what it answers",
            place(body, "answered_by"),
        )
    matching = required(body, "matching")
    for known in (scope, EventScope(answers, types)):
        found = field_at(known, matching, "matching", place(body, "matching"))
    latest = _whole(required(body, "latest"), "latest", 1)
    where = read_where(reader.rows(scope), body)
    return Response(source, latest, types, found.name, Integer(), where, read_within(node))


def _body(node: Mapping, key: str) -> Mapping:
    found = required(node, key)
    if not isinstance(found, Mapping):
        raise Fault("condition-shape", f"`{key}` takes a mapping", found.at)
    return found


def _choice(node: Mapping, key: str, allowed: tuple[str, ...]) -> str:
    written = word(required(node, key), key)
    if written not in allowed:
        message = f"`{key}: {written}` is none of {', '.join(allowed)}"
        raise Fault("unknown-option", message, place(node, key), did_you_mean(written, allowed))
    return written


def _whole(node: Node, key: str, least: int) -> int:
    value = node.plain if isinstance(node, Scalar) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Fault("value-type", f"`{key}` takes a whole number from {least}", node.at)
    return value
