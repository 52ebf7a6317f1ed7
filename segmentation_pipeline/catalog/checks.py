"""What the parts of a catalog say of each other: names exist, types agree, nothing is named twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.catalog.derivations import DERIVATIONS, inputs
from segmentation_pipeline.catalog.merging import merge_columns
from segmentation_pipeline.catalog.satellites import needed_columns
from segmentation_pipeline.catalog.score_reading import check_engagement
from segmentation_pipeline.catalog.types import Date, Datetime, Integer, Text
from segmentation_pipeline.diagnostics import Diagnostic, did_you_mean
from segmentation_pipeline.documents import Mapping, Node, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Named

    from segmentation_pipeline.catalog.model import Catalog, EventSource, Field, ObjectType, Relation
    from segmentation_pipeline.catalog.types import FieldType

RESERVED = ("object_index",)
"""Columns that the lake adds to every object's table."""
_MONTH = "month"
HISTORY_COLUMNS = ("field_name", "old_value", "new_value", "changed_by", "job")
"""What a source of events needs to keep the history of an object, beside what it has anyway."""
_TIMES = (Date(), Datetime())


def check_catalog(catalog: Catalog, node: Node) -> list[Diagnostic]:
    """Return every finding; ``node`` is what the catalog was read from, for positions."""
    return [finding for check in _CHECKS for finding in check(catalog, node)]


def _finding(node: Node, path: Iterable[str], rule: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(rule, message, locate(node, tuple(path)), hint)


def _tables(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    """No two sections claim one table, no two columns differ only in case (Delta refuses them)."""
    owners: dict[str, str] = {}
    claims = [
        *(
            (kind.table, ("objects", kind.name, "table"), kind.fields, RESERVED)
            for kind in catalog.objects.values()
        ),
        *(
            (it.table, ("events", it.name, "table"), it.columns, (*RESERVED, _MONTH))
            for it in catalog.events.values()
        ),
        *((name, ("tables", name), table.columns, RESERVED) for name, table in catalog.tables.items()),
    ]
    for table, path, fields, reserved in claims:
        owner = ".".join(path[:2])
        if owners.setdefault(table, owner) != owner:
            yield _finding(
                node, path, "duplicate-name", f"table `{table}` is already that of `{owners[table]}`"
            )
        columns: dict[str, str] = {}
        for field in fields.values():
            if not field.stored:
                continue
            first = columns.setdefault(field.name.lower(), field.name)
            if field.name not in reserved and first == field.name:
                continue
            section = "columns" if path[0] == "tables" else "fields"
            place = _declared_at(node, (*path[:2], section), field.name)
            if field.name in reserved:
                yield _finding(node, place, "reserved-name", f"`{field.name}` is a column of the lake's own")
            if first != field.name:
                message = f"`{field.name}` differs from `{first}` only in case"
                yield _finding(node, place, "duplicate-name", message)


def _object_columns(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for kind in catalog.objects.values():
        place = ("objects", kind.name)
        if not isinstance(kind.fields[kind.key].type, Text | Integer):
            message = f"the key of `{kind.name}` must be text or integer, not {kind.fields[kind.key].type}"
            yield _finding(node, (*place, "key"), "key-type", message)
        if kind.born is not None:
            yield from _column(node, (*place, "born"), kind.born, kind.fields, *_TIMES)
        for field in kind.fields.values():
            for needed in inputs(DERIVATIONS[field.derived]) if field.derived else ():
                path = _declared_at(node, (*place, "fields"), field.name)
                yield from _column(node, path, needed, kind.fields)
        for source in kind.events:
            if source not in catalog.events:
                hint = did_you_mean(source, catalog.events)
                yield _finding(
                    node,
                    (*place, "events"),
                    "unknown-event-source",
                    f"`{source}` is no source of events",
                    hint,
                )


def _relations(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for kind in catalog.objects.values():
        for relation in kind.relations.values():
            place = ("objects", kind.name, "relations", relation.name)
            if relation.name in kind.fields:
                message = f"`{relation.name}` is both a field and a relation of `{kind.name}`"
                yield _finding(node, place, "duplicate-name", message)
            other = catalog.objects.get(relation.object)
            if other is None:
                message = f"relation `{relation.name}` names the unknown object `{relation.object}`"
                hint = did_you_mean(relation.object, catalog.objects)
                yield _finding(node, (*place, "object"), "unknown-object", message, hint)
            else:
                yield from _relation_columns(node, place, kind, relation, other)


def _relation_columns(
    node: Node, place: tuple[str, ...], kind: ObjectType, relation: Relation, other: ObjectType
) -> Iterator[Diagnostic]:
    if relation.key is not None:
        target, holder, column, part = other, kind, relation.key, "key"
    else:
        target, holder, column, part = kind, other, relation.foreign_key or "", "foreign_key"
    yield from _column(node, (*place, part), column, holder.fields, target.fields[target.key].type)
    if relation.time is not None:
        yield from _column(node, (*place, "time"), relation.time, other.fields, *_TIMES)


def _event_sources(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for source in catalog.events.values():
        place = ("events", source.name)
        owners = [kind for kind in catalog.objects.values() if source.name in kind.events]
        if len(owners) != 1:
            message = f"`{source.name}` must be among the `events` of exactly one object, not {len(owners)}"
            yield _finding(node, place, "unowned-events", message)
        for owner in owners[:1]:
            key_type = owner.fields[owner.key].type
            yield from _column(node, (*place, "key"), source.key, source.fields, key_type)
        yield from _column(node, (*place, "time"), source.time, source.fields, Datetime())
        for part, column in (("type", source.type), ("id", source.id)):
            yield from _column(node, (*place, part), column, source.fields, Text())
        if len({source.key, source.type, source.time, source.id}) < 4:
            yield _finding(node, place, "duplicate-name", "key, type, time and id must be four columns")
        yield from _type_conflicts(node, source)
    yield from _ambiguous_types(catalog, node)


def _type_conflicts(node: Node, source: EventSource) -> Iterator[Diagnostic]:
    """The fields of all types are columns of one table: one name has one type."""
    seen: dict[str, tuple[Field, str]] = {
        name: (field, "every type") for name, field in source.fields.items()
    }
    for kind in source.types.values():
        for name, field in kind.fields.items():
            first, where = seen.setdefault(name, (field, f"`{kind.name}`"))
            if first.type != field.type:
                path = _declared_at(node, ("events", source.name, "types", kind.name, "fields"), name)
                message = f"field `{name}` is {field.type} here and {first.type} in {where}"
                if str(first.type) == str(field.type):
                    message = f"field `{name}` has other values here than in {where}"
                yield _finding(
                    node, path, "field-conflict", message, "they are one column; give one another name"
                )


def _ambiguous_types(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for kind in catalog.objects.values():
        seen: dict[str, str] = {}
        for name in kind.events:
            for event in catalog.events[name].types if name in catalog.events else ():
                if seen.setdefault(event, name) != name:
                    message = f"event type `{event}` is already declared by `{seen[event]}`"
                    yield _finding(node, ("events", name, "types", event), "duplicate-name", message)


def _plain_tables(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for table in catalog.tables.values():
        for column in table.key:
            yield from _column(node, ("tables", table.name, "key"), column, table.columns)
        if not table.key:
            yield _finding(node, ("tables", table.name, "key"), "catalog-shape", "a table needs a `key`")
    for kind in catalog.objects.values():
        for field in kind.fields.values():
            if field.satellite is None:
                continue
            place = _declared_at(node, ("objects", kind.name, "fields"), field.name)
            holder = catalog.object_of_table(field.satellite.table)
            if holder is not None and (holder.derived or not holder.made_from):
                message = f"rows of `{holder.table}` come without a key: `{holder.name}` needs `made_from`"
                yield _finding(node, place, "key-type", message)
            columns = catalog.columns(field.satellite.table)
            for column, wanted in needed_columns(kind, field).items():
                yield from _column(node, place, column, columns, wanted)


def _made_keys(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    """A key can be made of columns of the table itself, and is text."""
    kinds = ((("objects", it.name), (it.key,), it.made_from, it.fields) for it in catalog.objects.values())
    tables = ((("tables", it.name), it.key, it.made_from, it.columns) for it in catalog.tables.values())
    for place, key, made_from, fields in (*kinds, *tables):
        if not made_from:
            continue
        for column in made_from:
            yield from _column(node, (*place, "made_from"), column, fields)
        if len(key) > 1 or key[0] in made_from:
            message = "a key is made of other columns, and is one itself"
            yield _finding(node, (*place, "made_from"), "key-type", message)
        else:
            yield from _column(node, (*place, "key"), key[0], fields, Text())


def _histories(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for kind in catalog.objects.values():
        place = ("objects", kind.name, "history")
        if kind.history is not None and kind.history not in kind.events:
            hint = did_you_mean(kind.history, kind.events)
            message = f"`{kind.history}` is not among the `events` of `{kind.name}`"
            yield _finding(node, place, "unknown-event-source", message, hint)
        elif kind.history is not None and (source := catalog.events.get(kind.history)) is not None:
            for column in HISTORY_COLUMNS:
                yield from _column(node, place, column, source.fields, Text())


def _merges(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    for kind in catalog.objects.values():
        if kind.merges is None:
            continue
        place = ("objects", kind.name, "merges")
        if kind.merges not in catalog.tables:
            hint = did_you_mean(kind.merges, catalog.tables)
            message = f"`merges` of `{kind.name}` names `{kind.merges}`, which is not among `tables`"
            yield _finding(node, place, "unknown-table", message, hint)
            continue
        for column, wanted in merge_columns(kind).items():
            yield from _column(node, place, column, catalog.tables[kind.merges].columns, wanted)


def _meanings(catalog: Catalog, node: Node) -> Iterator[Diagnostic]:
    known = {name: source for source in catalog.events.values() for name in source.types}
    for meaning, names in catalog.meanings.items():
        for name in names:
            if name in known:
                continue
            place = ("meanings", meaning)
            event = next((event for event in known if name.startswith(f"{event}.")), None)
            if event is None:
                message = f"meaning `{meaning}` names the unknown event type `{name}`"
                yield _finding(node, place, "unknown-event", message, did_you_mean(name, known))
                continue
            column, fields = (
                name.removeprefix(f"{event}."),
                {**known[event].fields, **known[event].types[event].fields},
            )
            if column not in fields:
                message = f"event type `{event}` has no field `{column}`"
                yield _finding(node, place, "unknown-column", message, did_you_mean(column, fields))


def _column(
    node: Node, path: Iterable[str], column: str, fields: Named[str, Field], *accepted: FieldType
) -> Iterator[Diagnostic]:
    """Report a column that does not exist, or that has none of the accepted types."""
    if column not in fields:
        hint = did_you_mean(column, fields)
        yield _finding(node, path, "unknown-column", f"there is no column `{column}`", hint)
    elif accepted and fields[column].type not in accepted:
        wanted = " or ".join(str(kind) for kind in accepted)
        message = f"column `{column}` is {fields[column].type}; it must be {wanted}"
        yield _finding(node, path, "column-type", message)


def _declared_at(node: Node, section: tuple[str, ...], name: str) -> tuple[str, ...]:
    """Return the path of keys to the declaration of a field; those of a struct nest as ``fields``."""
    path = section
    fields = _part(node, path)
    for key in fields if isinstance(fields, Mapping) else ():
        if name == key:
            return (*path, key)
        if name.startswith(f"{key}."):
            return _declared_at(node, (*path, key, "fields"), name.removeprefix(f"{key}."))
    return path


def _part(node: Node, path: tuple[str, ...]) -> Node | None:
    found: Node | None = node
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


_CHECKS = (
    _tables,
    _object_columns,
    _relations,
    _event_sources,
    _plain_tables,
    _made_keys,
    _histories,
    _merges,
    _meanings,
    check_engagement,
)
