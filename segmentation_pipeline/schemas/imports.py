"""The schemas of ``sources.yaml`` and of mapping files, with the tables and fields of a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.ingest import declarations
from segmentation_pipeline.ingest.declarations import SourcesDocument
from segmentation_pipeline.ingest.mapping import ORIGINS, SourceMapping
from segmentation_pipeline.ingest.targets import target_of
from segmentation_pipeline.schemas.shapes import SCALAR, Shape, any_of, model_shape, ref, where_is

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segmentation_pipeline.catalog.model import Catalog, ObjectType


def sources_schema(catalog: Catalog) -> Shape:
    """Return the schema of ``sources.yaml``."""
    shape, named = model_shape(SourcesDocument)
    named["SourceDeclaration"]["properties"]["table"] = {"enum": list(catalog.imported_tables())}
    named["SourceDeclaration"]["oneOf"] = [{"required": [name]} for name in declarations.ORIGINS]
    return {**shape, "description": "Where the tables come from.", "$defs": named}


def mapping_schema(catalog: Catalog) -> Shape:
    """Return the schema of a mapping file; its fields are those of the table it names."""
    shape, named = model_shape(SourceMapping, SCALAR)
    named["Source"]["oneOf"] = [{"required": [name]} for name in ORIGINS]
    named["Source"] = any_of({"type": SCALAR}, named["Source"])
    fields = {name: list(target_of(catalog, name).fields) for name in catalog.imported_tables()}
    shape["properties"]["table"] = {"enum": list(fields)}
    shape["properties"]["creates"] = {
        "type": "object",
        "properties": {kind.table: _columns(fields[kind.table]) for kind in _with_events(catalog)},
        "additionalProperties": False,
    }
    rules = [
        {"if": where_is("table", {"const": name}), "then": {"properties": {"columns": _columns(known)}}}
        for name, known in fields.items()
    ]
    what = "Which column of a file becomes which field of a table, and how it is read."
    return {**shape, "description": what, "allOf": rules, "$defs": named}


def _with_events(catalog: Catalog) -> Iterator[ObjectType]:
    return (kind for kind in catalog.objects.values() if kind.events)


def _columns(names: list[str]) -> Shape:
    return {
        "type": "object",
        "properties": dict.fromkeys(names, ref("Source")),
        "additionalProperties": False,
    }
