"""The words for what a comparison compares: fields, measures, ratios, responses, ranks."""

from __future__ import annotations

import decimal
import json
import re
from functools import singledispatch
from typing import TYPE_CHECKING

from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.time_english import describe_length, describe_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segmentation_pipeline.rules.windows import Window

_MEASURES = {
    "count": "the number of",
    "sum": "the sum of",
    "avg": "the average of",
    "min": "the least",
    "max": "the greatest",
    "median": "the median of",
    "count_distinct": "the number of distinct values of",
    "first": "the first",
    "last": "the last",
    "days_since_first": "the days since the first of",
    "days_since_last": "the days since the last of",
    "active_days": "the number of local days with",
    "longest_streak": "the most consecutive local days with",
}
_NEVER_NULL = ("count", "sum", "count_distinct", "active_days", "active_periods", "longest_streak")
_SMALLEST, _LARGEST = "ascending (the first is the smallest)", "descending (the first is the largest)"


@singledispatch
def noun(operand: tree.Operand) -> str:
    """Return one line for an operand, without the rows it selects: those are `rows_selected`."""
    raise NotImplementedError(f"English has no words for {type(operand).__name__}")


@noun.register
def _(operand: tree.Field) -> str:
    return path(operand)


@noun.register
def _(operand: tree.Measure) -> str:
    of = f" {path(operand.of)} over" if operand.of is not None else ""
    return f"{_kind(operand)}{of} {_rows(operand.source)}{_window(operand.within)}"


@noun.register
def _(operand: tree.Ratio) -> str:
    numerator, denominator = noun(operand.numerator), noun(operand.denominator)
    null = "is 0" if operand.minimum == 0 else f"is 0 or below {number(operand.minimum)}"
    return f"the ratio of ({numerator}) to ({denominator}; null where that {null})"


@noun.register
def _(operand: tree.Response) -> str:
    asked = f"{_rows(operand.source)}{_window(operand.within)}"
    answers = f"an event {any_of(operand.answered_by)} with the same, non-null {name(operand.matching)}"
    return (
        f"the number of the latest {operand.latest} of ({asked}; null without any) "
        f"that have {answers} at the same time or later"
    )


@noun.register
def _(operand: tree.Rank) -> str:
    among = "everyone" if operand.among is None else f"the members of segment {name(operand.among)}"
    nulls = "null" if operand.among is None else "null outside these and"
    order = {"ascending": _SMALLEST, "descending": _LARGEST}[operand.order]
    by = f"by ({noun(operand.operand)}), {order}, among {among} ({nulls} where the value is null)"
    match operand.form, operand.method:
        case "position", _:
            return f"the position {by}"
        case "percentile", _:
            return f"the position in percent of all ranked {by}"
        case "ntile", "rank":
            return f"the bucket of {operand.buckets} of equal size, ties by key, {by}"
        case "ntile", "quantile":
            return f"the bucket of {operand.buckets} between quantiles {by}"
    raise NotImplementedError(f"English has no words for a rank as {operand.form}, {operand.method}")


@singledispatch
def rows_selected(operand: tree.Operand) -> Mapping[str, tree.Condition]:
    """Return the conditions on the rows an operand counts, by what they are the rows of.

    The name is empty where there is nothing to tell apart.
    """
    raise NotImplementedError(f"English has no words for {type(operand).__name__}")


@rows_selected.register(tree.Field)
def _(_operand: tree.Field) -> Mapping[str, tree.Condition]:
    return {}


@rows_selected.register(tree.Measure)
@rows_selected.register(tree.Response)
def _(operand: tree.Measure | tree.Response) -> Mapping[str, tree.Condition]:
    return {} if operand.where is None else {"": operand.where}


@rows_selected.register(tree.Ratio)
def _(operand: tree.Ratio) -> Mapping[str, tree.Condition]:
    parts = {"numerator": operand.numerator.where, "denominator": operand.denominator.where}
    return {part: where for part, where in parts.items() if where is not None}


@rows_selected.register(tree.Rank)
def _(operand: tree.Rank) -> Mapping[str, tree.Condition]:
    return rows_selected(operand.operand)


def never_null(operand: tree.Operand) -> bool:
    """Return whether an operand has a value on every row."""
    return isinstance(operand, tree.Measure) and operand.measure in _NEVER_NULL


def path(field: tree.Field) -> str:
    """Return a field with the relations that lead to it.

    >>> from segmentation_pipeline.catalog.types import Text
    >>> path(tree.Field(("company", "name"), Text()))
    "company's name"
    """
    return "'s ".join(map(name, field.path))


def name(text: str) -> str:
    """Return a name as it is, or between backticks where it could be taken for other words."""
    if re.fullmatch(r"[\w.]+", text):
        return text
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].replace("`", "``")
    return f"`{escaped}`"


def number(value: float | decimal.Decimal) -> str:
    """Return a number in full, without an exponent or zeros that say nothing."""
    text = format(decimal.Decimal(repr(value)) if isinstance(value, float) else decimal.Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def any_of(names: Iterable[str]) -> str:
    return " or ".join(map(name, names))


def _kind(measure: tree.Measure) -> str:
    if measure.measure == "active_periods":
        length = describe_length(measure.period or 0)
        ends = f"of {length}, counted back from the end of the window, that hold at least {measure.each}"
        return f"the number of whole periods {ends}"
    return _MEASURES[measure.measure]


def _rows(source: tree.Events | tree.Related) -> str:
    if isinstance(source, tree.Events):
        return f"{any_of(source.types)} events of {name(source.source)}"
    return f"related {name(source.relation)} (rows of {name(source.object)})"


def _window(window: Window | None) -> str:
    return f" in {describe_time(window)}" if window is not None else ""
