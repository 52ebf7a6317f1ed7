"""``catalog.yaml`` → `Catalog`: every fault at once, each with its line and column."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from segmentation_pipeline.catalog.checks import check_catalog
from segmentation_pipeline.catalog.declarations import (
    CatalogDeclaration,
    EventSourceDeclaration,
    EventTypeDeclaration,
    InvariantDeclaration,
    ObjectDeclaration,
    RelationDeclaration,
    TableDeclaration,
)
from segmentation_pipeline.catalog.field_reading import FieldReader
from segmentation_pipeline.catalog.model import (
    Catalog,
    EventSource,
    EventType,
    Field,
    Invariant,
    ObjectType,
    PlainTable,
    Relation,
)
from segmentation_pipeline.catalog.overlay import overlay_catalog
from segmentation_pipeline.catalog.satellites import implied_tables
from segmentation_pipeline.catalog.score_reading import read_engagement
from segmentation_pipeline.catalog.types import Datetime, FieldType, Text
from segmentation_pipeline.documents import Mapping, Node, Scalar, Sequence, read_file
from segmentation_pipeline.errors import DefinitionError, DocumentError, Position, UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_catalog", "load_catalog_node", "overlay_catalog", "read_catalog"]


def load_catalog(path: Path, name: str | None = None) -> Catalog:
    """Return the catalog of a file; ``name`` is how positions call it (default: the path)."""
    return read_catalog(load_catalog_node(path, name))


def load_catalog_node(path: Path, name: str | None = None) -> Node:
    """Return the one document of a catalog file, unread, as `overlay_catalog` takes it."""
    if not path.is_file():
        raise UsageError(
            "there is no catalog", where=str(path), hint="`segmentation init DIR` makes a project with one"
        )
    documents = read_file(path, name)
    if len(documents) != 1:
        at = documents[1].at if documents else Position(name or str(path), 1, 1)
        raise DocumentError("a catalog is one document", where=at)
    return documents[0]


def read_catalog(node: Node) -> Catalog:
    """Return the catalog a node declares; raise `DefinitionError` with every finding."""
    reader = _CatalogReader()
    catalog = reader.catalog(node)
    if catalog is not None and not reader.findings:
        reader.findings.extend(check_catalog(catalog, node))
    if catalog is None or reader.findings:
        raise DefinitionError(sorted(reader.findings, key=lambda finding: finding.at))
    return catalog


class _CatalogReader(FieldReader):
    """Reads the sections; what they say of each other is `check_catalog`'s."""

    def catalog(self, node: Node) -> Catalog | None:
        declared = self.declaration(CatalogDeclaration, node, "a catalog")
        if declared is None:
            return None
        root = cast("Mapping", node)
        objects = {}
        for key, value in self.entries(root.get("objects"), "objects"):
            if self.named(key, "an object") and (kind := self.object(key.text, value)):
                objects[key.text] = kind
        events = {}
        for key, value in self.entries(root.get("events"), "events"):
            if self.named(key, "a source of events") and (
                source := self.event_source(key.text, value, objects)
            ):
                events[key.text] = source
        tables = {}
        for key, value in self.entries(root.get("tables"), "tables"):
            if self.named(key, "a table") and (table := self.table(key.text, value)):
                tables[key.text] = table
        return Catalog(
            objects=objects,
            events=events,
            tables=implied_tables(objects, tables) | tables,
            meanings=self.meanings(root.get("meanings")),
            engagement=read_engagement(self, root.get("features")),
            invariants=self.invariants(root.get("invariants")),
        )

    def object(self, name: str, node: Node) -> ObjectType | None:
        declared = self.declaration(ObjectDeclaration, node, f"object `{name}`")
        if declared is None:
            return None
        fields = self.fields(cast("Mapping", node).get("fields"))
        if declared.key not in fields:
            fields = {declared.key: Field(declared.key, Text(), required=True, unique=True)} | fields
        return ObjectType(
            name=name,
            table=declared.table,
            key=declared.key,
            born=declared.born,
            fields=fields,
            relations=self.relations(cast("Mapping", node).get("relations")),
            events=tuple(declared.events),
            made_from=tuple(declared.made_from),
            derived=declared.derived,
            history=declared.history,
            merges=declared.merges,
            on_forget=declared.on_forget,
            description=declared.description,
        )

    def relations(self, node: Node | None) -> dict[str, Relation]:
        found = {}
        for key, value in self.entries(node, "relations"):
            declared = self.declaration(RelationDeclaration, value, f"relation `{key.text}`")
            if declared is None or not self.named(key, "a relation"):
                continue
            if (declared.key is None) == (declared.foreign_key is None):
                self.report(
                    "catalog-shape",
                    f"relation `{key.text}` needs one of `key` and `foreign_key`",
                    key.at,
                    "`key` is a column here with the other's key, `foreign_key` one there with this one's",
                )
            elif declared.time is not None and declared.foreign_key is None:
                self.report(
                    "catalog-shape", f"`time` of relation `{key.text}` belongs to a `foreign_key`", key.at
                )
            found[key.text] = Relation(
                key.text, declared.object, declared.key, declared.foreign_key, declared.time
            )
        return found

    def event_source(self, name: str, node: Node, objects: dict[str, ObjectType]) -> EventSource | None:
        declared = self.declaration(EventSourceDeclaration, node, f"events `{name}`")
        if declared is None:
            return None
        owner = next((kind for kind in objects.values() if name in kind.events), None)
        key_type = owner.fields[owner.key].type if owner else Text()
        implied: dict[str, FieldType] = {
            declared.id: Text(),
            declared.key: key_type,
            declared.type: Text(),
            declared.time: Datetime(),
        }
        fields = self.fields(cast("Mapping", node).get("fields"))
        missing = {
            column: Field(column, kind, required=column != declared.key)
            for column, kind in implied.items()
            if column not in fields
        }
        return EventSource(
            name=name,
            table=declared.table,
            key=declared.key,
            type=declared.type,
            time=declared.time,
            id=declared.id,
            fields=missing | fields,
            types=self.event_types(cast("Mapping", node).get("types")),
            partition_by_month=declared.partition_by_month,
            orphans=declared.orphans,
            description=declared.description,
        )

    def event_types(self, node: Node | None) -> dict[str, EventType]:
        found = {}
        for key, value in self.entries(node, "types"):
            if isinstance(value, Scalar) and value.is_null:
                found[key.text] = EventType(key.text)
                continue
            declared = self.declaration(EventTypeDeclaration, value, f"event type `{key.text}`")
            if declared is not None:
                fields = self.fields(cast("Mapping", value).get("fields"))
                found[key.text] = EventType(key.text, fields, declared.description, declared.channel)
        return found

    def table(self, name: str, node: Node) -> PlainTable | None:
        declared = self.declaration(TableDeclaration, node, f"table `{name}`")
        if declared is None:
            return None
        columns = self.fields(cast("Mapping", node).get("columns"))
        return PlainTable(name, tuple(declared.key), columns, tuple(declared.made_from), declared.description)

    def meanings(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        found = {}
        for key, value in self.entries(node, "meanings"):
            items = value.items if isinstance(value, Sequence) else (value,)
            if not items or not all(isinstance(item, Scalar) and not item.is_null for item in items):
                self.report("catalog-shape", f"meaning `{key.text}` must name event types", value.at)
            else:
                found[key.text] = tuple(cast("Scalar", item).text for item in items)
        return found

    def invariants(self, node: Node | None) -> tuple[Invariant, ...]:
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return ()
        if not isinstance(node, Sequence):
            self.report("catalog-shape", "`invariants` must be a list", node.at)
            return ()
        found = []
        for item in node.items:
            declared = self.declaration(InvariantDeclaration, item, "an invariant")
            when, then = (cast("Mapping", item).get(part) if declared else None for part in ("when", "then"))
            if declared is not None and when is not None and then is not None:
                found.append(Invariant(declared.name, when, then, item.at))
        return tuple(found)
