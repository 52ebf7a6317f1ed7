"""The schema of segment tests: rows by table, definitions of the test's own, who must be a member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmentation_pipeline.schemas.catalogs import catalog_shape
from segmentation_pipeline.schemas.segments import DEFINITION, open_shapes
from segmentation_pipeline.schemas.shapes import SCALAR, Shape, any_of, model_shape, ref
from segmentation_pipeline.segments.declarations import SegmentTest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segmentation_pipeline.catalog.model import Catalog

SEGMENT_FILE = "segment.schema.json"
"""Where the schema of segments lies, seen from the one of tests."""
_VALUE: Shape = {"type": [*SCALAR, "array", "object", "null"]}


def test_schema(catalog: Catalog) -> Shape:
    """Return the schema of one document of ``tests/*.yaml``.

    Names are those of the catalog, unless the test lays a catalog of its own over it; segments are
    not looked into where the test expects one of them to be refused.
    """
    shape, named = model_shape(SegmentTest, ["string", "number"])
    overlay, parts = catalog_shape(overlay=True)
    named |= parts | open_shapes() | {"rows": _rows(catalog)}
    row = {"type": "object", "additionalProperties": _VALUE}
    named["rows.unknown"] = {"type": ["array", "null"], "items": row}
    shape["properties"] |= {
        "catalog": overlay,
        "given": {"type": ["object", "null"]},
        "segments": {"type": ["object", "null"]},
        "expect": {
            "description": "Exactly these members, in any order.",
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": ["string", "number"]}},
        },
    }
    shape["anyOf"] = [{"required": ["expect"]}, {"required": ["expect_error"]}]
    shape["allOf"] = [
        {
            "if": {"required": ["catalog"]},
            "then": {"properties": {"given": {"additionalProperties": ref("rows.unknown")}}},
            "else": {"properties": {"given": any_of(ref("rows"), {"type": "null"})}},
        },
        {
            "if": {"required": ["expect_error"]},
            "else": {
                "if": {"required": ["catalog"]},
                "then": _segments(ref(f"{DEFINITION}.unknown")),
                "else": _segments({"$ref": f"{SEGMENT_FILE}#/$defs/{DEFINITION}"}),
            },
        },
    ]
    return {**shape, "$defs": named}


def _segments(definition: Shape) -> Shape:
    return {"properties": {"segments": {"additionalProperties": definition}}}


def _rows(catalog: Catalog) -> Shape:
    tables: dict[str, Iterable[str]] = {kind.table: kind.fields for kind in catalog.objects.values()}
    tables |= {source.table: source.columns for source in catalog.events.values()}
    tables |= {name: table.columns for name, table in catalog.tables.items()}
    keys = (kind.key for kind in catalog.objects.values())
    tables["segment_transitions"] = ("segment", "change", "at", *keys)
    return {
        "type": "object",
        "properties": {table: _table(columns) for table, columns in tables.items()},
        "additionalProperties": False,
    }


def _table(columns: Iterable[str]) -> Shape:
    """Return rows of a table; a struct may be written as a mapping of its fields."""
    names = dict.fromkeys(name for column in columns for name in (column.split(".", 1)[0], column))
    row = {"type": "object", "properties": dict.fromkeys(names, _VALUE), "additionalProperties": False}
    return {"type": ["array", "null"], "items": row}
