"""What is personal, told from the catalog, and how it shows where logs, checks and pages show rows.

The lake's own tables and the commands of whoever works with it are not masked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.merging import MERGED, PRIMARY, key_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType

MASK = "•••"
_ADDRESS = re.compile(r"[^\s@`'\"<>()\[\]{},;:|]+@[^\s@`'\"<>()\[\]{},;:|]+")
_VALUES = re.compile(r"(values?:? ?)\[[^\]]*\]")
"""How the dataframe library quotes what it could not convert."""


def personal_columns(catalog: Catalog, table: str) -> frozenset[str]:
    """Return the columns of a table that hold personal data.

    Those of fields marked ``pii``, in whatever type of event; the values of a satellite, where any field
    may stand; keys of objects whose key is personal, wherever they are referred to.
    """
    found = {field.name for field in _fields(catalog, table) if field.pii}
    for kind in catalog.objects.values():
        found |= _kept_for(kind, catalog, table)
        key = kind.fields.get(kind.key)
        if key is not None and key.pii:
            found |= set(key_columns(catalog, kind).get(table, ()))
            found |= {source.key for source in _sources(catalog, table) if source.name in kind.events}
            found |= {MERGED, PRIMARY} if table == kind.merges else set()
    return frozenset(found)


def masked_text(text: str) -> str:
    """Return a message without addresses, and without the values that a dataframe error quotes.

    >>> masked_text('no row of ann@example.com: failed for 1 out of 2 values: ["Ann"]')
    'no row of •••: failed for 1 out of 2 values: [•••]'
    """
    return _ADDRESS.sub(MASK, _VALUES.sub(rf"\1[{MASK}]", text))


def told(error: BaseException) -> str:
    """Return what an error says, masked; what other libraries said on the way is left out by name.

    Their messages may quote any value of any row.
    """
    text = str(error)
    cause = error.__cause__
    while cause is not None:
        if (said := str(cause)) and not type(cause).__module__.startswith(__package__.partition(".")[0]):
            text = text.replace(said, f"{type(cause).__name__} ({MASK})")
        cause = cause.__cause__
    return masked_text(text)


def _fields(catalog: Catalog, table: str) -> Iterator[Field]:
    if (kind := catalog.object_of_table(table)) is not None:
        yield from (field for field in kind.fields.values() if field.stored)
    for source in _sources(catalog, table):
        yield from source.fields.values()
        for type_ in source.types.values():
            yield from type_.fields.values()
    if table in catalog.tables:
        yield from catalog.tables[table].columns.values()


def _sources(catalog: Catalog, table: str) -> Iterator[EventSource]:
    yield from (source for source in catalog.events.values() if table in (source.table, source.orphans))


def _kept_for(kind: ObjectType, catalog: Catalog, table: str) -> set[str]:
    """Return the columns of a table that hold values of an object's fields elsewhere."""
    found: set[str] = set()
    for field in kind.fields.values():
        if field.satellite is None or field.satellite.table != table:
            continue
        if field.satellite.value is None:
            found |= {name for name in catalog.columns(table) if name.startswith("value_")}
        elif field.pii:
            found.add(field.satellite.value)
    return found
