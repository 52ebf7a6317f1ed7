"""The index: tables turned into what rules read. A row an object, in order of a dense `object_index`.

Derived from the lake's tables alone and rebuildable at any time. A column that is missing, or of
another type than the catalog says, is left out and named in ``problems``: the segments that read
it fail closed, the others go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from segmentation_pipeline.catalog.contracts import OBJECT_INDEX, polars_type
from segmentation_pipeline.catalog.merging import key_columns
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
from segmentation_pipeline.index.coding import Coded
from segmentation_pipeline.index.encoding import encode_values
from segmentation_pipeline.index.merged import live_frames, merged_objects

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType
    from segmentation_pipeline.index.merged import Merged

    Frames = Mapping[str, pl.LazyFrame]

__all__ = [
    "HISTORY",
    "OBJECT_INDEX",
    "TRANSITIONS",
    "Index",
    "build_index",
    "build_profile",
    "encode_index",
    "normal",
    "object_keys",
]

HISTORY = "segment_transitions"
TRANSITIONS = pl.Schema(
    {
        "segment_id": pl.String(),
        OBJECT_INDEX: pl.Int64(),
        "change": pl.String(),
        "at": pl.Datetime("us", "UTC"),
    }
)
"""What the index keeps of `HISTORY`."""
_STRUCT = "field_name"
_VALUE_COLUMN: dict[type, str] = {
    Text: "value_text",
    Enum: "value_text",
    Integer: "value_number",
    Number: "value_number",
    Decimal: "value_number",
    Boolean: "value_boolean",
    Date: "value_date",
    Datetime: "value_datetime",
}


@dataclass(frozen=True, slots=True)
class Index:
    """Profiles by object and events by source, lazy.

    A profile has ``object_index``, the object's key and its fields by name, sorted by
    ``object_index``. Events have ``object_index`` and the source's columns; those of unknown
    objects are left out. ``problems`` says, by object or source and column, why one is not there.
    ``transitions`` is what was published before: ``segment_id``, ``object_index``, ``change``, ``at``.
    ``coded`` holds, by object or source, the rows as the lake stores them: what the engine reads.
    ``merged`` are the objects that count as others, by kind; they have no profile.
    """

    profiles: Mapping[str, pl.LazyFrame]
    events: Mapping[str, pl.LazyFrame]
    problems: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    transitions: pl.LazyFrame = field(default_factory=lambda: pl.LazyFrame(schema=TRANSITIONS))
    coded: Mapping[str, Coded] = field(default_factory=dict)
    merged: Mapping[str, Merged] = field(default_factory=dict)

    def stored(self, name: str) -> Coded:
        """Return an object's profiles or a source's events as they are stored, coded or not."""
        if name in self.coded:
            return self.coded[name]
        return Coded(self.profiles[name] if name in self.profiles else self.events[name])


def build_index(catalog: Catalog, frames: Frames) -> Index:
    """Return the index over frames named by table; the frames are read only when it is."""
    merged, broken = merged_objects(catalog, frames)
    frames = live_frames(catalog, frames, merged)
    problems = _untold(catalog, broken)
    profiles = {}
    for kind in catalog.objects.values():
        if (built := build_profile(kind, frames, problems.setdefault(kind.name, {}))) is not None:
            profiles[kind.name] = built
    events = {}
    for source in catalog.events.values():
        owner = next((kind for kind in catalog.objects.values() if source.name in kind.events), None)
        if owner is None or owner.name not in profiles:
            continue
        keys = profiles[owner.name].select(owner.key, OBJECT_INDEX)
        if owner.name in merged:
            keys = merged[owner.name].numbered(keys, owner.key)
        found = _events(source, owner, keys, frames, problems.setdefault(source.name, {}))
        if found is not None:
            events[source.name] = found
    return Index(profiles, events, problems, _transitions(catalog, profiles, frames), merged=merged)


def encode_index(index: Index) -> Index:
    """Return the index coded in memory, as the lake would store it."""
    coded = {name: encode_values(frame) for name, frame in {**index.profiles, **index.events}.items()}
    return replace(
        index,
        profiles={name: coded[name].values() for name in index.profiles},
        events={name: coded[name].values() for name in index.events},
        coded=coded,
    )


def normal(column: pl.Expr, kind: FieldType) -> pl.Expr:
    """Return a column as rules see it: text in NFC, NaN as null."""
    match kind:
        case Text() | Enum():
            return column.str.normalize("NFC")
        case Number():
            return column.fill_nan(None)
        case ListOf(Text() | Enum() as of):
            # Rules see a set: order, repetition and null elements mean nothing to any operator.
            return column.list.eval(normal(pl.element(), of).drop_nulls().unique().sort())
        case ListOf(Number() as of):
            return column.list.eval(normal(pl.element(), of))
        case _:
            return column


def object_keys(kind: ObjectType, frame: pl.LazyFrame) -> pl.LazyFrame:
    """Return the keys of an object's table as rules see them, and ``object_index``."""
    key = kind.fields[kind.key].type if kind.key in kind.fields else Text()
    return frame.select(normal(pl.col(kind.key), key), pl.col(OBJECT_INDEX).cast(pl.Int64))


def build_profile(
    kind: ObjectType, frames: Frames, problems: dict[str, str], raw: Collection[str] = ()
) -> pl.LazyFrame | None:
    """Return the profiles of an object; note in ``problems`` why a column is not there.

    Columns of ``raw`` are left as they are stored.
    """
    own = _columns(kind, frames.get(kind.table), kind.table, problems)
    if own is None or kind.key in problems:
        return None
    frame, schema = own
    if OBJECT_INDEX not in schema:
        frame = frame.sort(kind.key).with_row_index(OBJECT_INDEX)
    here = [name for name in kind.fields if name in schema and name not in problems]
    columns = {kind.key: pl.col(kind.key)}
    columns |= {
        name: pl.col(name) if name in raw else normal(pl.col(name), kind.fields[name].type) for name in here
    }
    frame = frame.select(pl.col(OBJECT_INDEX).cast(pl.Int64), *columns.values())
    for name, found in kind.fields.items():
        if found.satellite is None or (name in here and found.satellite.table not in frames):
            continue
        values = _satellite(found, kind, frames, problems)
        if values is None:
            continue
        if name in here:
            # A value on the object's own row stands before those of the other table.
            kept = frame.select(OBJECT_INDEX, pl.col(name).alias("own"))
            frame = frame.drop(name).join(values, on=kind.key, how="left").join(kept, on=OBJECT_INDEX)
            frame = frame.with_columns(pl.coalesce("own", name).alias(name)).drop("own")
        else:
            frame = frame.join(values, on=kind.key, how="left")
    return frame.sort(OBJECT_INDEX)


def _untold(catalog: Catalog, broken: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the problems of objects whose merges cannot be told, and of the columns that name them."""
    problems: dict[str, dict[str, str]] = {}
    for name, cause in broken.items():
        kind = catalog.objects[name]
        problems.setdefault(name, {}).update(dict.fromkeys((kind.key, *kind.fields), cause))
        for table, columns in key_columns(catalog, kind).items():
            if (other := catalog.object_of_table(table)) is not None:
                problems.setdefault(other.name, {}).update(dict.fromkeys(columns, cause))
    return problems


def _columns(
    kind: ObjectType, frame: pl.LazyFrame | None, table: str, problems: dict[str, str]
) -> tuple[pl.LazyFrame, pl.Schema] | None:
    if frame is None:
        problems |= dict.fromkeys(kind.fields, f"table `{table}` has not been imported")
        return None
    schema = frame.collect_schema()
    for name, found in kind.fields.items():
        problem = _problem(name, found.type, schema, table)
        if problem is not None and (found.satellite is None or name in schema):
            problems[name] = problem
    return frame, schema


def _problem(column: str, kind: FieldType, schema: pl.Schema, table: str) -> str | None:
    if column not in schema:
        return f"column `{column}` of table `{table}` is missing"
    if schema[column] != polars_type(kind):
        return f"column `{column}` of table `{table}` is {schema[column]}, the catalog says {kind}"
    return None


def _satellite(
    found: Field, kind: ObjectType, frames: Frames, problems: dict[str, str]
) -> pl.LazyFrame | None:
    """Return key and value of a field that another table holds: a list of rows, or one row."""
    assert found.satellite is not None
    table, value = found.satellite.table, found.satellite.value
    if table not in frames:
        problems[found.name] = f"table `{table}` has not been imported"
        return None
    frame = frames[table]
    element = found.type.of if isinstance(found.type, ListOf) else found.type
    column = value or _VALUE_COLUMN[type(element)]
    wanted = {kind.key: kind.fields[kind.key].type, column: element}
    if value is None:
        wanted |= {column: VALUE_COLUMNS[column], _STRUCT: VALUE_COLUMNS[_STRUCT]}
    schema = frame.collect_schema()
    wrong = (_problem(name, of, schema, table) for name, of in wanted.items())
    if (problem := next((said for said in wrong if said), None)) is not None:
        problems[found.name] = problem
        return None
    if value is not None:
        present = frame.filter(pl.col(column).is_not_null())
        return present.group_by(kind.key).agg(
            normal(pl.col(column), element).unique().sort().alias(found.name)
        )
    cast = normal(pl.col(column).cast(polars_type(element)), element).alias(found.name)
    rows = frame.filter(pl.col(_STRUCT) == found.name.split(".", 1)[-1], pl.col(column).is_not_null())
    return rows.group_by(kind.key, maintain_order=True).agg(cast.last())


def _events(
    source: EventSource, owner: ObjectType, keys: pl.LazyFrame, frames: Frames, problems: dict[str, str]
) -> pl.LazyFrame | None:
    if source.table not in frames:
        problems |= dict.fromkeys(source.columns, f"table `{source.table}` has not been imported")
        return None
    frame = frames[source.table]
    schema = frame.collect_schema()
    for name, found in source.columns.items():
        if (problem := _problem(name, found.type, schema, source.table)) is not None:
            problems[name] = problem
    if any(name in problems for name in (source.key, source.type, source.time, source.id)):
        return None
    here = {name: found for name, found in source.columns.items() if name not in problems}
    return (
        frame.filter(pl.col(source.time).is_not_null())
        .select(normal(pl.col(name), found.type) for name, found in here.items())
        .join(keys, left_on=source.key, right_on=owner.key, how="inner")
    )


def _transitions(catalog: Catalog, profiles: Frames, frames: Frames) -> pl.LazyFrame:
    """Return published transitions by ``object_index``; rows written by hand name the object's key."""
    if HISTORY not in frames:
        return pl.LazyFrame(schema=TRANSITIONS)
    frame = frames[HISTORY]
    schema = frame.collect_schema()
    if OBJECT_INDEX in schema:
        return frame.select(list(TRANSITIONS))
    parts = [
        frame.filter(pl.col(kind.key).is_not_null())
        .join(profiles[kind.name].select(kind.key, OBJECT_INDEX), on=kind.key, how="inner")
        .select(list(TRANSITIONS))
        for kind in catalog.objects.values()
        if kind.key in schema and kind.name in profiles
    ]
    return pl.concat([pl.LazyFrame(schema=TRANSITIONS), *parts])
