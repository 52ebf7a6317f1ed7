"""Tables that hold fields of objects: assignments of a list's values, rows of a struct's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.model import Field, ObjectType, PlainTable
from segmentation_pipeline.catalog.types import Boolean, Date, Datetime, Decimal, FieldType, ListOf, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUE_COLUMNS: dict[str, FieldType] = {
    "field_name": Text(),
    "value_text": Text(),
    "value_number": Decimal(6),
    "value_date": Date(),
    "value_datetime": Datetime(),
    "value_boolean": Boolean(),
}
"""The columns of a struct's table beside the object's key: one row a field, one filled value."""


def needed_columns(owner: ObjectType, field: Field) -> dict[str, FieldType]:
    """Return the columns that the table of a list's or struct's field must have."""
    key = {owner.key: owner.fields[owner.key].type}
    if field.satellite is not None and field.satellite.value is not None and isinstance(field.type, ListOf):
        return {**key, field.satellite.value: field.type.of}
    return {**key, **VALUE_COLUMNS}


def implied_tables(
    objects: Mapping[str, ObjectType], declared: Mapping[str, PlainTable]
) -> dict[str, PlainTable]:
    """Return a plain table for every satellite that the catalog names without declaring it.

    A satellite may be the table of another object.
    """
    found: dict[str, PlainTable] = {}
    taken = {*declared, *(owner.table for owner in objects.values())}
    for owner in objects.values():
        for field in owner.fields.values():
            if field.satellite is None or field.satellite.table in taken:
                continue
            columns = needed_columns(owner, field)
            key = (owner.key, field.satellite.value or "field_name")
            fields = {name: Field(name, kind, required=name in key) for name, kind in columns.items()}
            found.setdefault(field.satellite.table, PlainTable(field.satellite.table, key, fields))
    return found
