"""The conformance suite: every document of `tests/cases/`, in the format of `segmentation test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog_node
from segmentation_pipeline.documents import read_documents, read_file
from segmentation_pipeline.segments.testing import run_test
from segmentation_pipeline.segments.trial import Bench

HERE = Path(__file__).parent
CASES = HERE / "cases"
CATALOG = HERE.parent / "segment_definitions" / "catalog.yaml"
DOCUMENTS = [
    pytest.param(path.name, node, id=f"{path.stem}: {node.get('test').text}")
    for path in sorted(CASES.glob("*.yaml"))
    for node in read_file(path, path.name)
]


@pytest.fixture(scope="session")
def bench() -> Bench:
    return Bench(load_catalog_node(CATALOG, "catalog.yaml"), CASES / "files")


@pytest.mark.parametrize(("file", "document"), DOCUMENTS)
def test_case(bench, file, document):
    result = run_test(document, file, bench)
    assert result.passed, result.message


def test_titles_tell_cases_apart():
    assert len({param.id for param in DOCUMENTS}) == len(DOCUMENTS)


def test_there_are_hundreds_of_cases():
    assert len(DOCUMENTS) >= 300


@pytest.mark.parametrize("number", range(1, 15))
def test_every_numbered_clause_has_a_file(number):
    assert list(CASES.glob(f"{number:02}_*.yaml"))


@pytest.mark.parametrize("written", ["inline", "file"])
def test_a_list_of_a_hundred_thousand_values(bench, tmp_path, written):
    keys = [f"c{number}" for number in range(100_000)]
    (tmp_path / "ids.csv").write_text("\n".join(["id", *keys]), encoding="utf-8")
    value = "{file: ids.csv, column: id}" if written == "file" else f"[{', '.join(keys)}]"
    text = f"""
test: a hundred thousand values
given: {{contacts: [{{contact_id: c0}}, {{contact_id: c99999}}, {{contact_id: c100000}}]}}
segments:
  listed: {{where: {{field: contact_id, operator: in, value: {value}}}}}
  others: {{where: {{field: contact_id, operator: not_in, value: {value}}}}}
expect: {{listed: [c0, c99999], others: [c100000]}}
"""
    result = run_test(read_documents(text, "a.yaml")[0], "a.yaml", Bench(bench.catalog, tmp_path))
    assert result.passed, result.message
