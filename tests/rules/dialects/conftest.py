"""The catalog and the names file of `docs/dialects.md`, and a translator that uses them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.rules.dialects.canonical import write_definition
from segmentation_pipeline.rules.dialects.names import read_names
from segmentation_pipeline.rules.dialects.translation import read_rule, translate

PAGE = (Path(__file__).parents[3] / "docs" / "dialects.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="session")
def catalog():
    block = next(block for block in BLOCKS if block.startswith("objects:"))
    return read_catalog(read_documents(block, "dialects.md")[0])


@pytest.fixture(scope="session")
def names_text():
    block = next(block for block in BLOCKS if block.startswith("names:"))
    return "".join(line.removeprefix("  ") for line in block.splitlines(keepends=True)[1:])


@pytest.fixture
def translated(catalog, names_text):
    """Translate a rule's text; return the YAML."""

    def run(content: str, dialect: str, *, file: str = "rule.yaml", ways: bool = False, **options) -> str:
        lines = [line for line in names_text.splitlines() if ways or not line.startswith("ways:")]
        names = read_names(read_documents("\n".join(lines), "names.yaml")[0])
        definition = translate(read_rule(content, file), dialect, catalog, names=names, **options)
        return write_definition(definition)

    return run
