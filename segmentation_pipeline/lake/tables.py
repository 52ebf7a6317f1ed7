"""Tables as values: name, columns, slices and comments, whether or not they exist yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import MONTH, OBJECT_INDEX, layout, table_schema
from segmentation_pipeline.catalog.types import Enum, ListOf
from segmentation_pipeline.errors import ContractError, Forbidden
from segmentation_pipeline.lake.guard import unstorable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segmentation_pipeline.catalog.model import Catalog, Field

_ADDED = {
    OBJECT_INDEX: "dense number of the object, given at its first import and never reused",
    MONTH: "YYYY-MM of the event's time in UTC",
}
_USUAL = {
    "created_at": "when the source made the row",
    "created_by": "who made the row at the source",
    "updated_at": "when the source changed the row; of two rows with one key the newest counts",
    "updated_by": "who changed the row at the source",
    "owner": "who is responsible, as the source names people",
    "currency": "the currency of the amounts, as the source writes it",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Table:
    """One Delta table: its folder's name, its columns in order, and what is said of them.

    ``partition_by`` are columns of text, integers or days, a folder per value; ``packed`` columns of integers
    or times stored as differences (small where values ascend), for long sorted lists; ``distinct``
    columns of values that seldom repeat, stored without a dictionary.
    Raises `ContractError` for a type that would not come back as written.
    """

    name: str
    schema: pl.Schema
    partition_by: tuple[str, ...] = ()
    comment: str = ""
    column_comments: Mapping[str, str] = field(default_factory=dict)
    packed: tuple[str, ...] = ()
    distinct: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.name)
        faults = [
            f"`{name}` {dtype}: {why}" for name, dtype in self.schema.items() if (why := unstorable(dtype))
        ]
        faults += _faults(self)
        if faults:
            raise ContractError("no such table can be stored: " + "; ".join(faults), where=self.name)


def check_name(name: str) -> None:
    """Refuse a name that is no plain word: it becomes a folder, and must not lead elsewhere."""
    if "/" in name or "\\" in name or name in (".", ".."):
        raise Forbidden(f"`{name}` leads out of the lake", hint="name a table of this workspace")
    if not _NAME.fullmatch(name):
        raise ContractError(
            f"`{name}` cannot name a table", allowed=["small letters, digits and _, a letter first"]
        )


def _faults(table: Table) -> Iterator[str]:
    folded: dict[str, str] = {}
    for name in table.schema:
        if folded.setdefault(name.lower(), name) != name:
            yield f"`{name}` and `{folded[name.lower()]}` differ only by case"
    for name in table.partition_by:
        if table.schema.get(name) not in (pl.String, pl.Int64, pl.Int32, pl.Int16, pl.Date):
            yield f"`{name}` partitions and is no column of text, integers or days"
    for name in table.packed:
        dtype = table.schema.get(name, pl.Null())
        if name in table.partition_by or not (dtype.is_integer() or dtype.is_temporal()):
            yield f"`{name}` is packed and is no column of integers or times"
    for name in table.distinct:
        if name in table.partition_by or name not in table.schema:
            yield f"`{name}` is distinct and is no column of the files"
    for name in table.column_comments:
        if name not in table.schema:
            yield f"`{name}` has a comment and is no column"


def _said(catalog: Catalog, table: str, field: Field) -> str:
    """Return what the catalog says of a column: in words, or by what it leads to and may hold."""
    if field.description:
        return field.description
    kind = catalog.object_of_table(table)
    if kind is not None and field.name == kind.key:
        made = f", made of {_listed(kind.made_from)} where the source has none" if kind.made_from else ""
        return f"the key of the {kind.name}{made}"
    for relation in kind.relations.values() if kind is not None else ():
        if relation.key == field.name:
            called = "" if relation.name == relation.object else f" ({relation.name})"
            return f"the key of its {relation.object}{called}; one that is not there leads nowhere"
    of = field.type.of if isinstance(field.type, ListOf) else field.type
    return f"one of {_listed(of.values)}" if isinstance(of, Enum) else _USUAL.get(field.name, "")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words)


def catalog_table(catalog: Catalog, name: str) -> Table:
    """Return the table in which the lake keeps a table of the catalog, as its declaration has it."""
    laid = layout(catalog, name)
    said = {column: text for column, field in laid.fields.items() if (text := _said(catalog, name, field))}
    source = catalog.source_of_table(name)
    return Table(
        name,
        table_schema(catalog, name),
        laid.partition_by,
        laid.description,
        {
            column: text
            for column, text in {**_ADDED, **said}.items()
            if column in laid.fields or column in laid.added
        },
        packed=(source.time,) if source is not None else (),
        distinct=tuple(
            column for column, field in laid.fields.items() if (column,) == laid.key or field.unique
        ),
    )
