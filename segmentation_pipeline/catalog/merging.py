"""Objects found to be one: what the table says that merges them, and which columns name an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.types import Datetime, Enum, FieldType, Text

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, ObjectType

MERGE_ID, PRIMARY, MERGED, ACTION, MERGED_AT = "merge_id", "primary_id", "merged_id", "action", "merged_at"
MERGE, UNDO = "merge", "undo"


def merge_columns(kind: ObjectType) -> dict[str, FieldType]:
    """Return the columns that the table of an object's merges must have."""
    key = kind.fields[kind.key].type
    actions = Enum((MERGE, UNDO))
    return {MERGE_ID: Text(), PRIMARY: key, MERGED: key, ACTION: actions, MERGED_AT: Datetime()}


def key_columns(catalog: Catalog, kind: ObjectType) -> dict[str, tuple[str, ...]]:
    """Return, by table, the columns of other objects and of satellites that hold a key of ``kind``.

    Those of events are not among them: an event keeps the key it came with.
    """
    found: dict[str, dict[str, None]] = {}
    for other in catalog.objects.values():
        for relation in other.relations.values():
            if relation.object == kind.name and relation.key is not None:
                found.setdefault(other.table, {})[relation.key] = None
    for relation in kind.relations.values():
        if relation.foreign_key is not None:
            table = catalog.objects[relation.object].table
            found.setdefault(table, {})[relation.foreign_key] = None
    for field in kind.fields.values():
        if field.satellite is not None:
            found.setdefault(field.satellite.table, {})[kind.key] = None
    return {table: tuple(columns) for table, columns in found.items()}
