"""One comparison as SQL, over any expression of the operand's type.

The SQL of a *truth* may be null where it means false: conditions are only ever joined by ``AND`` and
``OR`` below a ``WHERE``, where the two are the same, and so an index or a statistic can still serve it.
Only a complement needs both apart: `complement` makes null false first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from benchmarks.sql.errors import Untranslatable
from segmentation_pipeline.catalog.types import Date, Datetime, Decimal, Enum, Integer, ListOf, Number, Text
from segmentation_pipeline.evaluation.comparisons.intervals import merged
from segmentation_pipeline.rules.operators import OPERATORS, family
from segmentation_pipeline.rules.tree import Field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from benchmarks.sql.dialects import Dialect
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.rules.clock import Clock
    from segmentation_pipeline.rules.moments import Moment
    from segmentation_pipeline.rules.tree import Compare

    Span = tuple[int | None, int | None]

_ORDER = {
    "equals": "=",
    "on": "=",
    "greater_than": ">",
    "after": ">",
    "greater_than_or_equal": ">=",
    "on_or_after": ">=",
    "less_than": "<",
    "before": "<",
    "less_than_or_equal": "<=",
    "on_or_before": "<=",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a comparison asks: its positive operator and value, and how to read and write both."""

    operator: str
    value: Any
    ignore_case: bool
    clock: Clock
    dialect: Dialect

    @classmethod
    def by(cls, node: Compare, clock: Clock, dialect: Dialect) -> Asked:
        operator = OPERATORS[node.operator]
        return cls(operator.positive or operator.name, node.value, node.ignore_case, clock, dialect)

    def refused(self, kind: str) -> Untranslatable:
        return Untranslatable(f"`{self.operator}` of {kind} in {self.dialect.name}")


def complement(truth: str, dialect: Dialect) -> str:
    """Return the exact complement of a truth: true where it is false or null."""
    return f"NOT {dialect.or_false.format(truth=truth)}"


def compare(node: Compare, expression: str, clock: Clock, dialect: Dialect) -> str:
    """Return the truth of a comparison: positive false on null, negative its complement."""
    asked = Asked.by(node, clock, dialect)
    kind = node.operand.type
    if isinstance(node.value, Field):
        other = dialect.column(node.value.name)
        positive = against_field(asked, kind, expression, other)
        present = f"{expression} IS NOT NULL AND {other} IS NOT NULL"
    else:
        positive = predicate(asked, kind, expression)
        present = f"{expression} IS NOT NULL"
    if OPERATORS[node.operator].positive is None:
        return positive
    negative = complement(positive, dialect)
    if not node.nulls_excluded:
        return negative
    if isinstance(kind, ListOf) and not dialect.null_lists:
        raise Untranslatable(f"`nulls: exclude` of a list in {dialect.name}")
    return f"({negative} AND {present})"


def predicate(asked: Asked, kind: FieldType, expression: str) -> str:
    """Return the truth of a positive operator."""
    if asked.operator == "is_empty":
        return _is_empty(asked, kind, expression)
    match family(kind):
        case "text" | "enum":
            return _text(asked, expression)
        case "number":
            return _number(asked, kind, expression)
        case "boolean":
            return _boolean(asked, expression)
        case "list":
            return _elements(asked, cast("ListOf", kind), expression)
        case _:
            return _time(asked, kind, expression)


def inside(expression: str, span: Span, literal: Callable[[int], str]) -> str:
    """Return whether a point lies in a half-open interval; an open end takes every value but null."""
    low, high = span
    parts = [] if low is None else [f"{expression} >= {literal(low)}"]
    if high is not None:
        parts.append(f"{expression} < {literal(high)}")
    return joined(parts, "AND") if parts else f"{expression} IS NOT NULL"


def joined(parts: Iterable[str], word: str) -> str:
    """Join truths by ``AND`` or ``OR``, in brackets where there are several."""
    parts = list(parts)
    return parts[0] if len(parts) == 1 else "(" + f" {word} ".join(parts) + ")"


def against_field(asked: Asked, mine: FieldType, expression: str, other: str) -> str:
    """Compare two columns of a row: a date with an instant by the instant's local day."""
    theirs, sign = cast("Field", asked.value).type, _ORDER.get(asked.operator)
    if sign is None:
        raise asked.refused("two fields")
    if isinstance(mine, Date | Datetime) and type(mine) is not type(theirs):
        expression, other = _local_date(asked, mine, expression), _local_date(asked, theirs, other)
    elif family(mine) in ("text", "enum") and asked.ignore_case:
        expression, other = (asked.dialect.lower.format(text=text) for text in (expression, other))
    elif family(mine) == "number" and mine != theirs:
        shared = _common_number(mine, theirs)
        expression, other = (
            asked.dialect.cast.format(value=value, kind=shared) for value in (expression, other)
        )
    return f"{expression} {sign} {other}"


def _common_number(mine: FieldType, theirs: FieldType) -> str:
    if isinstance(mine, Number) or isinstance(theirs, Number):
        return "double precision"
    return f"decimal(38, {max(kind.scale for kind in (mine, theirs) if isinstance(kind, Decimal))})"


def _is_empty(asked: Asked, kind: FieldType, expression: str) -> str:
    nothing = f"{expression} IS NULL"
    match kind:
        case Enum(values) if all(value.strip() for value in values):
            return nothing
        case ListOf():
            elements = asked.dialect.no_element.format(list=expression, truth="x IS NOT NULL")
            return f"({nothing} OR {elements})" if asked.dialect.null_lists else elements
        case _ if family(kind) in ("text", "enum"):
            return f"({nothing} OR {asked.dialect.trimmed.format(text=expression)} = '')"
        case _:
            return nothing


def _text(asked: Asked, expression: str) -> str:
    dialect = asked.dialect
    parts = asked.value if isinstance(asked.value, tuple) else (asked.value,)
    if asked.operator == "matches":
        raise asked.refused("text: every engine has regular expressions of its own")
    subject = dialect.lower.format(text=expression) if asked.ignore_case else expression
    literals = [dialect.text(part.lower() if asked.ignore_case else part) for part in parts]
    match asked.operator:
        case "equals" | "in":
            return f"{subject} = {literals[0]}" if len(literals) == 1 else _among(subject, literals)
        case "contains" | "starts_with" | "ends_with":
            template: str = getattr(dialect, asked.operator)
            return joined((template.format(text=subject, part=literal) for literal in literals), "OR")
    raise asked.refused("text")


def _among(expression: str, literals: Iterable[str]) -> str:
    return f"{expression} IN ({', '.join(literals)})"


def number_literal(value: Any, kind: FieldType, dialect: Dialect) -> str:
    """Return a number as the type of its column has it."""
    match kind:
        case Number():
            return dialect.double.format(value=repr(float(value)))
        case Decimal(scale):
            return f"{value:.{scale}f}"
        case _:
            return str(int(value))


def _number(asked: Asked, kind: FieldType, expression: str) -> str:
    values = asked.value if isinstance(asked.value, tuple) else (asked.value,)
    literals = [number_literal(value, kind, asked.dialect) for value in values]
    match asked.operator:
        case "in":
            return _among(expression, literals)
        case "between":
            return f"{expression} BETWEEN {literals[0]} AND {literals[1]}"
        case name if name in _ORDER:
            return f"{expression} {_ORDER[name]} {literals[0]}"
    raise asked.refused("numbers")


def _boolean(asked: Asked, expression: str) -> str:
    match asked.operator:
        case "in":
            return _among(expression, ["true" if one else "false" for one in asked.value])
        case "equals":
            return f"{expression} = {'true' if asked.value else 'false'}"
        case "is_true":
            return f"{expression} = true"
        case "is_false":
            return f"{expression} = false"
    raise asked.refused("booleans")


def _time(asked: Asked, kind: FieldType, expression: str) -> str:
    daily, clock, value = isinstance(kind, Date), asked.clock, asked.value
    extent: Callable[[Moment], tuple[int, int]] = clock.days if daily else clock.extent
    literal = asked.dialect.day if daily else asked.dialect.instant
    match asked.operator:
        case "within":
            return inside(expression, (clock.day_span if daily else clock.span)(value), literal)
        case "anniversary":
            date = asked.dialect.month_and_day.format(date=_local_date(asked, kind, expression))
            days = sorted(month * 100 + day for month, day in clock.anniversary_days(value))
            return _among(date, map(str, days))
        case "in":
            return joined((inside(expression, span, literal) for span in merged(map(extent, value))), "OR")
        case "between":
            return inside(expression, (extent(value[0])[0], extent(value[1])[1]), literal)
    match _ORDER.get(asked.operator):
        case "=":
            return inside(expression, extent(value), literal)
        case ">":
            return inside(expression, (extent(value)[1], None), literal)
        case ">=":
            return inside(expression, (extent(value)[0], None), literal)
        case "<":
            return inside(expression, (None, extent(value)[0]), literal)
        case "<=":
            return inside(expression, (None, extent(value)[1]), literal)
    raise asked.refused("times")


def _local_date(asked: Asked, kind: FieldType, expression: str) -> str:
    if not isinstance(kind, Datetime):
        return expression
    return asked.dialect.local_date.format(at=expression, zone=asked.dialect.text(asked.clock.zone))


def _elements(asked: Asked, kind: ListOf, expression: str) -> str:
    if asked.operator == "in":
        each = (replace(asked, operator="equals", value=one) for one in asked.value)
        return joined((_elements(one, kind, expression) for one in each), "OR")
    wanted = asked.value if isinstance(asked.value, tuple) else (asked.value,)
    dialect = asked.dialect

    def some(literals: tuple[Any, ...]) -> str:
        if not asked.ignore_case and not isinstance(kind.of, Date | Datetime | Number):
            return dialect.has_any.format(list=expression, array=_array(literals, kind.of, dialect))
        return dialect.some_element.format(list=expression, truth=are_among(literals))

    def are_among(literals: tuple[Any, ...]) -> str:
        truth = predicate(replace(asked, operator="in", value=literals), kind.of, "x")
        return dialect.or_false.format(truth=truth)

    match asked.operator:
        case "has_any" | "contains":
            return some(wanted)
        case "has_all":
            return joined((some((literal,)) for literal in wanted), "AND")
        case "equals":
            others = f"x IS NOT NULL AND NOT {are_among(wanted)}"
            no_others = dialect.no_element.format(list=expression, truth=others)
            return joined([*(some((literal,)) for literal in wanted), no_others], "AND")
    raise asked.refused("lists")


def _array(literals: tuple[Any, ...], of: FieldType, dialect: Dialect) -> str:
    match of:
        case Integer() | Decimal():
            kind = "bigint" if isinstance(of, Integer) else "numeric"
            written = [number_literal(literal, of, dialect) for literal in literals]
        case Text() | Enum():
            kind, written = "text", [dialect.text(literal) for literal in literals]
        case _:
            raise Untranslatable(f"a list of {of}")
    return dialect.array.format(literals=", ".join(written), kind=kind)
