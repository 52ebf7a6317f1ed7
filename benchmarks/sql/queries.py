"""Rules as SQL: one query a segment, from the same tree that the engine evaluates.

A visitor as `evaluation.to_polars` is: one small function a node. What it cannot say it refuses by
name. Tables hold what rules see (text in NFC, no NaN); profiles and events share a key, never null.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from benchmarks.sql.errors import Untranslatable
from benchmarks.sql.measures import measured
from benchmarks.sql.predicates import compare, complement, joined
from benchmarks.sql.sequences import chained
from segmentation_pipeline.rules.clock import Clock
from segmentation_pipeline.rules.tree import (
    All,
    Any,
    AtLeast,
    Compare,
    Condition,
    Everyone,
    Field,
    InSegment,
    Measure,
    Not,
    Operand,
    Sequence,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.sql.dialects import Dialect
    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.rules.segment import Definitions, Segment


@dataclass(frozen=True, slots=True)
class Tables:
    """Where the rows are, as SQL that may follow ``FROM``.

    ``relations`` are named by object and by event source; ``members`` gives the query of the keys of
    a segment evaluated before. ``tied_events`` says whether events of one object may share an
    instant, so that their ids decide which comes first.
    """

    relations: Mapping[str, str]
    members: Callable[[str], str]
    key: str = "object_index"
    tied_events: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition is translated for."""

    catalog: Catalog
    clock: Clock
    dialect: Dialect
    tables: Tables


def membership(
    segment: Segment, definitions: Definitions, as_of: int, dialect: Dialect, tables: Tables
) -> str:
    """Return the query of the keys of a segment's members at an instant in µs."""
    if segment.where is None:
        raise Untranslatable(f"a {segment.type} segment without `where`: `{segment.id}`")
    if segment.pins:
        raise Untranslatable(f"pins: `{segment.id}`")
    clock = Clock(as_of, segment.time_zone, definitions.week_starts)
    scope = Scope(definitions.catalog, clock, dialect, tables)
    truth = translate(segment.where, scope)
    if segment.exclude is not None:
        truth = f"{truth} AND {complement(translate(segment.exclude, scope), dialect)}"
    return f"SELECT {tables.key} FROM {tables.relations[segment.object]} WHERE {truth}"


@singledispatch
def translate(node: Condition, _scope: Scope) -> str:
    """Return the truth of a condition as SQL: true, or else false or null."""
    raise Untranslatable(type(node).__name__)


@translate.register
def _(node: All, scope: Scope) -> str:
    return joined((translate(part, scope) for part in node.conditions), "AND")


@translate.register
def _(node: Any, scope: Scope) -> str:
    return joined((translate(part, scope) for part in node.conditions), "OR")


@translate.register
def _(node: Not, scope: Scope) -> str:
    return complement(translate(node.condition, scope), scope.dialect)


@translate.register
def _(node: AtLeast, scope: Scope) -> str:
    ones = (f"CASE WHEN {translate(part, scope)} THEN 1 ELSE 0 END" for part in node.conditions)
    return f"{' + '.join(ones)} >= {node.k}"


@translate.register
def _(_node: Everyone, _scope: Scope) -> str:
    return "true"


@translate.register
def _(node: InSegment, scope: Scope) -> str:
    if node.history is not None:
        raise Untranslatable(type(node.history).__name__)
    return f"{scope.tables.key} IN ({scope.tables.members(node.segment)})"


@translate.register
def _(node: Sequence, scope: Scope) -> str:
    steps = [None if step.where is None else translate(step.where, scope) for step in node.steps]
    return f"{scope.tables.key} IN ({chained(node, steps, scope)})"


@translate.register
def _(node: Compare, scope: Scope) -> str:
    return _compared(node.operand, node, scope)


@singledispatch
def _compared(operand: Operand, _node: Compare, _scope: Scope) -> str:
    raise Untranslatable(type(operand).__name__)


@_compared.register
def _(operand: Field, node: Compare, scope: Scope) -> str:
    paths = [field.path for field in (operand, node.value) if isinstance(field, Field)]
    if any(len(path) > 1 for path in paths):
        raise Untranslatable(f"Field of a related object: `{operand.name}`")
    return compare(node, scope.dialect.column(operand.name), scope.clock, scope.dialect)


@_compared.register
def _(operand: Measure, node: Compare, scope: Scope) -> str:
    where = None if operand.where is None else translate(operand.where, scope)
    return measured(operand, node, where, scope)
