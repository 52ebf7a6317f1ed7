from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node, read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError

SHIPPED = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"


@pytest.fixture(scope="session")
def shipped_node():
    return load_catalog_node(SHIPPED, "catalog.yaml")


@pytest.fixture(scope="session")
def shipped(shipped_node):
    return read_catalog(shipped_node)


@pytest.fixture
def read():
    """Read a catalog from text."""
    return lambda text: read_catalog(read_documents(text, "c.yaml")[0])


@pytest.fixture
def findings(read):
    """The findings of a catalog that must not be read."""

    def of(text):
        with pytest.raises(DefinitionError) as caught:
            read(text)
        return [(item.rule, item.at.line, item.at.column, item.message) for item in caught.value.diagnostics]

    return of
