"""The committed schemas, and every shipped file against them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.documents import read_documents, read_file
from segmentation_pipeline.schemas.writing import project_schemas, schema_texts, write_schemas

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "segment_definitions"
TEMPLATE = ROOT / "segmentation_pipeline" / "templates" / "project" / "segment_definitions"
KINDS = {
    "segments": "segment",
    "tests": "test",
    "mappings": "mapping",
    "policies": "policy",
    "enrichment": "provider",
    "webhooks": "webhook",
    "reports": "report",
    "simulations": "simulation",
}
ONE = {"catalog.yaml": "catalog", "sources.yaml": "sources"}
HEADER = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")
BLOCK = re.compile(r"^```yaml\n(test: .*?)^```$", re.MULTILINE | re.DOTALL)


def files(folder):
    """Every file of a definitions folder that has a schema, with the schema's name."""
    for name, kind in ONE.items():
        if (folder / name).is_file():
            yield folder / name, kind
    for below, kind in KINDS.items():
        yield from ((path, kind) for path in sorted((folder / below).rglob("*.yaml")))


def parameters(found):
    return [pytest.param(path, kind, id=path.relative_to(ROOT).as_posix()) for path, kind in found]


EVERY = parameters([*files(SHIPPED), *files(TEMPLATE)])
CASES = parameters((path, "test") for path in sorted((ROOT / "tests" / "cases").rglob("*.yaml")))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOW = "out of date: run `python -m segmentation_pipeline.schemas {}`"


@pytest.mark.parametrize("folder", [SHIPPED, TEMPLATE], ids=["shipped", "template"])
def test_committed_schemas_are_those_of_the_catalog(folder):
    wanted = schema_texts(load_catalog(folder / "catalog.yaml"))
    found = {path.name: path.read_text(encoding="utf-8") for path in (folder / "schemas").iterdir()}
    assert found.keys() == wanted.keys()
    stale = [name for name in wanted if found[name] != wanted[name]]
    assert not stale, HOW.format(folder.parent.relative_to(ROOT))


def test_they_are_json_schemas():
    for schema in project_schemas(load_catalog(TEMPLATE / "catalog.yaml")).values():
        Draft202012Validator.check_schema(schema)


def test_writing_names_what_changed(shipped, tmp_path):
    assert {path.name for path in write_schemas(shipped, tmp_path)} == set(schema_texts(shipped))
    (tmp_path / "policy.schema.json").write_text("{}")
    assert [path.name for path in write_schemas(shipped, tmp_path)] == ["policy.schema.json"]


@pytest.mark.parametrize(("path", "kind"), EVERY)
def test_every_shipped_file_names_its_schema_and_keeps_it(fault, faults_of_template, path, kind):
    header = HEADER.match(path.read_text(encoding="utf-8"))
    assert header, "its first line names no schema"
    schema = (path.parent / header[1]).resolve()
    assert (schema.is_file(), schema.name) == (True, f"{kind}.schema.json")
    check = faults_of_template if path.is_relative_to(TEMPLATE) else fault
    documents = read_file(path)
    assert documents
    assert [found for node in documents if (found := check(kind, node))] == []


@pytest.mark.parametrize(("path", "kind"), CASES)
def test_every_case_keeps_the_schema(fault, path, kind):
    documents = [node for node in read_file(path) if node.plain is not None]
    assert [f"{node.at}: {found}" for node in documents if (found := fault(kind, node))] == []


def test_every_test_of_the_docs_keeps_the_schema(fault):
    blocks = [(page, match[1]) for page in PAGES for match in BLOCK.finditer(page.read_text())]
    assert blocks
    nodes = [(page, node) for page, text in blocks for node in read_documents(text, page.name)]
    assert [f"{page.name}: {found}" for page, node in nodes if (found := fault("test", node))] == []
