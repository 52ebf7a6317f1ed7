"""The example of docs/sources.md is read by the code it explains."""

from __future__ import annotations

import re
from pathlib import Path

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.ingest.declarations import (
    DeltaDeclaration,
    SourceDeclaration,
    SqlDeclaration,
)
from segmentation_pipeline.ingest.mapping import ORIGINS
from segmentation_pipeline.ingest.sources import read_sources

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sources.md").read_text(encoding="utf8")


def test_the_example_is_valid():
    catalog = load_catalog(ROOT / "segment_definitions" / "catalog.yaml")
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    found = read_sources(read_documents(example, "sources.md")[0], catalog)
    assert [type(source).__name__ for source in found.values()] == [
        "SqlSource",
        "SqlSource",
        "DeltaSource",
        "FileSource",
    ]


def test_every_option_is_on_the_page():
    importing = (ROOT / "docs" / "importing.md").read_text(encoding="utf8")
    for model in (SourceDeclaration, SqlDeclaration, DeltaDeclaration):
        for name in model.model_fields:
            assert re.search(rf"\b{name}\b", PAGE + importing), f"{model.__name__}: {name}"
    assert [name for name in ORIGINS if name not in importing] == []
