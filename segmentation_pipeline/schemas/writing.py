"""The schemas as files: all of a project's, in a layout that shows what a change of the catalog changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from segmentation_pipeline.schemas.catalogs import catalog_schema
from segmentation_pipeline.schemas.imports import mapping_schema, sources_schema
from segmentation_pipeline.schemas.partners import provider_schema, webhook_schema
from segmentation_pipeline.schemas.policies import policy_schema
from segmentation_pipeline.schemas.reports import report_schema
from segmentation_pipeline.schemas.segments import segment_schema
from segmentation_pipeline.schemas.shapes import DIALECT
from segmentation_pipeline.schemas.simulations import simulation_schema
from segmentation_pipeline.schemas.tests import test_schema

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation_pipeline.catalog.model import Catalog
    from segmentation_pipeline.schemas.shapes import Shape

FOLDER = "schemas"
"""Where they lie below a definitions folder."""
_WIDTH = 160


def project_schemas(catalog: Catalog) -> dict[str, Shape]:
    """Return every schema by the name of its file."""
    schemas = {
        "segment": segment_schema(catalog),
        "catalog": catalog_schema(),
        "policy": policy_schema(),
        "sources": sources_schema(catalog),
        "mapping": mapping_schema(catalog),
        "test": test_schema(catalog),
        "provider": provider_schema(catalog),
        "webhook": webhook_schema(),
        "report": report_schema(),
        "simulation": simulation_schema(catalog),
    }
    return {f"{name}.schema.json": {"$schema": DIALECT, **schema} for name, schema in schemas.items()}


def schema_texts(catalog: Catalog) -> dict[str, str]:
    """Return the text of every schema by the name of its file."""
    return {name: f"{_laid_out(schema)}\n" for name, schema in project_schemas(catalog).items()}


def stale_schemas(catalog: Catalog, folder: Path) -> list[Path]:
    """Return the files that a folder lacks, or has in another form than the catalog gives."""
    return [
        folder / name
        for name, text in schema_texts(catalog).items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]


def write_schemas(catalog: Catalog, folder: Path) -> list[Path]:
    """Write the schemas into a folder; return the files that were new or changed."""
    texts = schema_texts(catalog)
    stale = stale_schemas(catalog, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(texts[path.name], encoding="utf-8")
    return stale


def _laid_out(part: Any, indent: int = 0, before: int = 0) -> str:
    """Return JSON in which whatever fits on a line stands on one; ``before`` is what stands there already."""
    line = json.dumps(part, ensure_ascii=False)
    if not isinstance(part, dict | list) or not part or indent + before + len(line) <= _WIDTH:
        return line
    inner = indent + 1
    if isinstance(part, dict):
        keys = [(json.dumps(key, ensure_ascii=False), value) for key, value in part.items()]
        items = [f"{key}: {_laid_out(value, inner, len(key) + 3)}" for key, value in keys]
        return _bracketed("{}", items, indent)
    items = [_laid_out(item, inner, 1) for item in part]
    if all(not isinstance(item, dict | list) for item in part):
        items = _filled(items, _WIDTH - inner)
    return _bracketed("[]", items, indent)


def _bracketed(brackets: str, items: list[str], indent: int) -> str:
    inner = " " * (indent + 1)
    body = ",\n".join(f"{inner}{item}" for item in items)
    return f"{brackets[0]}\n{body}\n{' ' * indent}{brackets[1]}"


def _filled(items: list[str], width: int) -> list[str]:
    """Return the items joined into lines of at most a width, where one item allows it."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 3 <= width:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines
