"""The examples of docs/importing.md are read by the code they explain."""

from __future__ import annotations

import re
from pathlib import Path

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.ingest.mapping import Condition, FileFormat, Source
from segmentation_pipeline.ingest.mapping_file import read_mapping
from segmentation_pipeline.ingest.sources import read_sources

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "importing.md").read_text(encoding="utf8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_are_valid():
    catalog = load_catalog(ROOT / "segment_definitions" / "catalog.yaml")
    mapping, *_, sources = (read_documents(text, "importing.md")[0] for text in EXAMPLES)
    assert read_mapping(mapping, catalog).columns["revenue"].multiply == ("Quantity", "Price")
    assert read_sources(sources, catalog)["shop_orders"].max_shrink == 0.2


def test_every_option_is_on_the_page():
    for model in (Source, FileFormat, Condition):
        for name, field in model.model_fields.items():
            assert re.search(rf"\b{field.alias or name}\b", PAGE), f"{model.__name__}: {name}"
