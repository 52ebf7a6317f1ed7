"""What the catalog demands of values, as one Polars expression per demand with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal as Exact
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.satellites import VALUE_COLUMNS
from segmentation_pipeline.catalog.types import (
    Boolean,
    Date,
    Datetime,
    Decimal,
    Enum,
    FieldType,
    Integer,
    ListOf,
    Number,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field

_EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"
_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Constraint:
    """A demand on ``column``: ``holds`` is true for a good row; ``reason`` follows the bad value."""

    column: str
    reason: str
    holds: pl.Expr


def field_constraints(field: Field, column: str) -> Iterator[Constraint]:
    """Return what the field's declaration demands of the values of ``column``; null always passes.

    Of a list every element must hold.
    """
    kind = field.type.of if isinstance(field.type, ListOf) else field.type
    for reason, holds in _demands(field, kind):
        values = pl.col(column)
        tested = (
            values.list.eval(holds(pl.element()).fill_null(value=True)).list.all()
            if isinstance(field.type, ListOf)
            else holds(values)
        )
        yield Constraint(column, reason, tested.fill_null(value=True))


def event_constraints(source: EventSource) -> Iterator[Constraint]:
    """Return what single types of event demand of fields that other types leave empty."""
    wanting: dict[str, list[str]] = {}
    for kind in source.types.values():
        for name, field in kind.fields.items():
            if field.required:
                wanting.setdefault(name, []).append(kind.name)
    for name, kinds in wanting.items():
        holds = pl.col(name).is_not_null() | ~pl.col(source.type).is_in(kinds)
        yield Constraint(name, f"is required of {', '.join(kinds)} and missing", holds.fill_null(value=True))


def satellite_constraints(catalog: Catalog, table: str) -> Iterator[Constraint]:
    """Return what objects demand of the rows that hold their lists and structs in ``table``."""
    for owner in catalog.objects.values():
        for field in owner.fields.values():
            if field.satellite is None or field.satellite.table != table:
                continue
            if isinstance(field.type, ListOf):
                if field.satellite.value is not None:
                    kind = field.type.of
                    for reason, holds in _demands(field, kind):
                        column = pl.col(field.satellite.value)
                        yield Constraint(field.satellite.value, reason, holds(column).fill_null(value=True))
                continue
            other = pl.col("field_name").ne_missing(field.name.partition(".")[2])
            for demand in (*_in_its_column(field), *field_constraints(field, value_column(field.type))):
                yield Constraint(demand.column, demand.reason, other | demand.holds)


def _in_its_column(field: Field) -> Iterator[Constraint]:
    """Return that a struct's value stands where its type says, and is one of that type."""
    own = value_column(field.type)
    for name in VALUE_COLUMNS:
        if name not in ("field_name", own):
            reason = f"stands in `{name}`, and `{field.name}` is {field.type}: write it in `{own}`"
            yield Constraint(name, reason, pl.col(name).is_null())
    if isinstance(field.type, Integer):
        whole = pl.col(own) == pl.col(own).round()
        yield Constraint(own, f"is no whole number, and `{field.name}` is one", whole.fill_null(value=True))


def value_column(kind: FieldType) -> str:
    """Return the column of a struct's table that holds values of a type."""
    if isinstance(kind, Boolean):
        return "value_boolean"
    if isinstance(kind, Date):
        return "value_date"
    if isinstance(kind, Datetime):
        return "value_datetime"
    return "value_number" if isinstance(kind, (Integer, Number, Decimal)) else "value_text"


def is_single(columns: tuple[str, ...], *, fold: bool = False) -> pl.Expr:
    """Return whether a row is the only one with its values; a null anywhere makes it so.

    ``fold`` compares text without regard to case. Counting nulls as equal, as the library's own
    uniqueness does, would reject every second contact without an e-mail address.
    """
    values = [pl.col(column).str.to_lowercase() if fold else pl.col(column) for column in columns]
    unknown = pl.any_horizontal(value.is_null() for value in values)
    return unknown | pl.struct(values).is_unique()


def _demands(field: Field, kind: FieldType) -> Iterator[tuple[str, Callable[[pl.Expr], pl.Expr]]]:
    if isinstance(kind, Enum):
        values = list(kind.values)
        shown = ", ".join(values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")
        yield f"is not in the list of `{field.name}` ({shown})", lambda value: value.is_in(values)
    if field.form == "email" and isinstance(kind, Text):
        yield (
            f"is not an e-mail address, which `{field.name}` must be",
            lambda value: value.str.contains(_EMAIL),
        )
    if isinstance(kind, (Integer, Number, Decimal)):
        clean: Callable[[pl.Expr], pl.Expr] = (
            (lambda value: value.fill_nan(None)) if isinstance(kind, Number) else (lambda value: value)
        )
        if field.minimum is not None:
            low = _bound(field.minimum, kind)
            yield (
                f"is below the minimum {field.minimum:g} of `{field.name}`",
                lambda value: clean(value) >= low,
            )
        if field.maximum is not None:
            high = _bound(field.maximum, kind)
            yield (
                f"is above the maximum {field.maximum:g} of `{field.name}`",
                lambda value: clean(value) <= high,
            )


def _bound(value: float, kind: FieldType) -> pl.Expr:
    # A float bound would turn a decimal column into floats for the comparison.
    return pl.lit(Exact(str(value))) if isinstance(kind, Decimal) else pl.lit(value)
