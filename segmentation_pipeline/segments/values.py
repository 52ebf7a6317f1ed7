"""What a field holds, for whoever must choose a value to compare it with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from segmentation_pipeline.catalog.masking import MASK
from segmentation_pipeline.catalog.types import Enum, FieldType, ListOf
from segmentation_pipeline.errors import RunFailed, UsageError
from segmentation_pipeline.rules.paths import EventScope, ObjectScope, UnknownPath, split_path
from segmentation_pipeline.segments.sampling import hashed

if TYPE_CHECKING:
    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType
    from segmentation_pipeline.index.build import Index


@dataclass(frozen=True, slots=True)
class Popular:
    """A value, how many rows have it, and their share of all rows (a fraction of 1)."""

    value: Any
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class FieldValues:
    """``rows`` are those of the object or event that the path ends at; of a list its elements count.

    ``null_share`` is a fraction of 1; an empty list counts as null. ``declared`` are the values an
    enum may have. Where ``masked``, values are hidden and least and greatest are None.
    """

    field: str
    of: str
    type: FieldType
    rows: int
    nulls: int
    distinct: int
    least: Any
    greatest: Any
    popular: tuple[Popular, ...]
    samples: tuple[Any, ...]
    declared: tuple[str, ...]
    masked: bool

    @property
    def null_share(self) -> float:
        return self.nulls / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a path leads: the rows, the column of them, and its declaration."""

    rows: pl.LazyFrame
    of: str
    declared: Field
    pii: bool


def field_values(
    catalog: Catalog,
    index: Index,
    object_name: str,
    path: str,
    *,
    limit: int = 10,
    show_pii: bool = False,
) -> FieldValues:
    """Return what a field of an object holds, of its parent, or of its events (``purchase.revenue``).

    Raises `UsageError` for a path that leads nowhere, `RunFailed` where its column is not there.
    """
    found = _column(catalog, index, catalog.objects[object_name], path)
    kind = found.declared.type
    values = found.rows.select(pl.col(found.declared.name).alias("value"))
    element = kind.of if isinstance(kind, ListOf) else kind
    empty = pl.col("value").is_null()
    if isinstance(kind, ListOf):
        empty = (pl.col("value").list.drop_nulls().list.len() == 0).fill_null(value=True)
    rows, nulls = values.select(pl.len(), empty.sum().cast(pl.Int64).alias("nulls")).collect().row(0)
    if isinstance(kind, ListOf):
        values = values.explode("value", keep_nulls=False, empty_as_null=False)
    counted = values.drop_nulls().group_by("value").agg(pl.len().alias("count")).collect()
    value = pl.col("value")
    least, greatest = counted.select(value.min().alias("least"), value.max().alias("greatest")).row(0)
    masked = found.pii and not show_pii
    top = counted.sort(["count", "value"], descending=[True, False]).head(limit)
    some = counted.lazy().bottom_k(limit, by=hashed("value")).select(pl.col("value").sort()).collect()
    return FieldValues(
        path,
        found.of,
        kind,
        rows,
        nulls,
        counted.height,
        None if masked else least,
        None if masked else greatest,
        tuple(Popular(MASK if masked else value, count, count / rows) for value, count in top.iter_rows()),
        () if masked else tuple(some["value"]),
        element.values if isinstance(element, Enum) else (),
        masked,
    )


def _column(catalog: Catalog, index: Index, kind: ObjectType, path: str) -> _Column:
    try:
        found = ObjectScope(catalog, kind).field(path)
    except UnknownPath as error:
        events = _event_column(catalog, index, kind, path)
        if events is None:
            of_events = "a field of events is written with their type: `purchase.revenue`"
            hint = f"{error.hint} {of_events}" if error.hint else of_events
            raise UsageError(str(error), hint=hint) from error
        return events
    for hop in found.path[:-1]:
        kind = catalog.objects[kind.relations[hop].object]
    name = found.path[-1]
    _present(index, kind.name, name, kind.table, there=kind.name in index.profiles)
    return _Column(index.profiles[kind.name], kind.name, kind.fields[name], kind.fields[name].pii)


def _event_column(catalog: Catalog, index: Index, kind: ObjectType, path: str) -> _Column | None:
    """Return the column of ``<event type>.<field>`` or ``<source>.<field>``; None for another head."""
    head, *rest = split_path(path)
    source = catalog.events.get(head) if head in kind.events else catalog.event_source(kind.name, head)
    if source is None or not rest:
        return None
    name = ".".join(rest)
    types = (head,) if head in source.types else tuple(source.types)
    try:
        EventScope(source, types).field(name)
    except UnknownPath as error:
        raise UsageError(str(error), hint=error.hint) from error
    _present(index, source.name, name, source.table, there=source.name in index.events)
    return _Column(_rows_of(source, types, index), head, source.columns[name], source.columns[name].pii)


def _rows_of(source: EventSource, types: tuple[str, ...], index: Index) -> pl.LazyFrame:
    return index.events[source.name].filter(pl.col(source.type).is_in(types))


def _present(index: Index, owner: str, name: str, table: str, *, there: bool) -> None:
    problem = index.problems.get(owner, {}).get(name)
    if problem is None and not there:
        problem = f"table `{table}` has not been imported"
    if problem is not None:
        raise RunFailed(problem, hint="segmentation status shows the tables")
