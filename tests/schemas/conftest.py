from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.schemas.writing import project_schemas

ROOT = Path(__file__).parents[2]


def _fault(schemas):
    """Return what says why a document is not what a schema describes, or None where it is."""
    known = Registry().with_resources((name, Resource.from_contents(it)) for name, it in schemas.items())
    validators = {name: Draft202012Validator(it, registry=known) for name, it in schemas.items()}

    def fault(kind, text):
        """``text`` is YAML, or a document of it that has been read."""
        node = read_documents(text, "x.yaml")[0] if isinstance(text, str) else text
        error = best_match(validators[f"{kind}.schema.json"].iter_errors(node.plain))
        return None if error is None else f"{error.json_path}: {error.message[:500]}"

    return fault


@pytest.fixture(scope="session")
def shipped():
    return load_catalog(ROOT / "segment_definitions" / "catalog.yaml")


@pytest.fixture(scope="session")
def schemas(shipped):
    return project_schemas(shipped)


@pytest.fixture(scope="session")
def fault(schemas):
    return _fault(schemas)


@pytest.fixture(scope="session")
def faults_of_template():
    folder = ROOT / "segmentation_pipeline" / "templates" / "project" / "segment_definitions"
    return _fault(project_schemas(load_catalog(folder / "catalog.yaml")))
