"""One comparison of a field, as the lists of contacts and the segments of events both have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import ListOf
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence
from segmentation_pipeline.rules.dialects.nodes import bare, text
from segmentation_pipeline.rules.faults import Fault
from segmentation_pipeline.rules.operators import OPERATORS, family
from segmentation_pipeline.rules.time_grammar import read_moment, read_window

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.types import FieldType
    from segmentation_pipeline.errors import Position

_ONE_TEXT = ("contains", "not_contains", "starts_with", "not_starts_with", "ends_with", "not_ends_with")
_OF_LISTS = {"in": "has_any", "not_in": "has_none"}


def comparison(
    operator: str, kind: FieldType, value: Node | None, at: Position, *, nulls_excluded: bool = False
) -> list[tuple[str, Node | None]]:
    """Return ``operator``, ``value`` and ``nulls`` of a condition on a value of type ``kind``.

    ``in`` of a list field asks for any of its elements. ``nulls_excluded`` marks a negative operator.
    """
    if isinstance(value, Mapping):
        raise Fault("dialect-value", "a value is a single one or a list of them", value.at)
    if isinstance(value, Sequence) and operator in _ONE_TEXT:
        hint = "write one condition a value, in a group of its own"
        raise Fault(
            "dialect-ambiguous", f"`{operator}` of several values: all of them, or any?", value.at, hint
        )
    if operator == "date_relative":
        operator = _relative(value, at)
    if isinstance(kind, ListOf):
        operator = _OF_LISTS.get(operator, operator)
    if OPERATORS[operator].takes == "nothing" and _is_nothing(value):
        value = None
    nulls = nulls_excluded and OPERATORS[operator].positive is not None
    return [
        ("operator", text(operator, at)),
        ("value", value),
        ("nulls", bare("exclude", at) if nulls else None),
    ]


def check_type(
    declared: str, families: tuple[str, ...] | None, name: str, kind: FieldType, at: Position
) -> None:
    """Refuse a type that the seed declares and the catalog contradicts; ``None`` contradicts nothing."""
    if families is not None and family(kind) not in families:
        message = f"`{name}` is of type {kind} in the catalog, the rule says `{declared}`"
        raise Fault("dialect-type", message, at, "correct the rule, or the catalog")


def _is_nothing(value: Node | None) -> bool:
    return isinstance(value, Scalar) and (value.is_null or not value.text)


def _relative(value: Node | None, at: Position) -> str:
    """``date_relative`` is a window; a moment under it would be a guess."""
    if not isinstance(value, Scalar):
        raise Fault(
            "dialect-value", "`date_relative` takes a text such as `last 30 days`", value.at if value else at
        )
    try:
        read_window(value.text)
    except ValueError as error:
        if not _is_moment(value.text):
            raise Fault("window", str(error), value.at) from error
        message = f"`date_relative` of the moment `{value.text}`: since then, until then, or on that day?"
        hint = "write `last 30 days`, or `greater_than` or `less_than` with `30 days ago`"
        raise Fault("dialect-ambiguous", message, value.at, hint) from error
    return "within"


def _is_moment(words: str) -> bool:
    try:
        read_moment(words)
    except ValueError:
        return False
    return True
