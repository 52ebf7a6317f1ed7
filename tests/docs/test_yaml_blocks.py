"""Every YAML block of the docs that starts with `test:` is a segment test, and passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segmentation_pipeline.documents import read_documents, read_file
from segmentation_pipeline.segments.testing import run_test
from segmentation_pipeline.segments.trial import Bench

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```yaml\n(test: .*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(page, match[1], id=f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 2}")
    for page in PAGES
    for match in BLOCK.finditer(page.read_text())
]


def test_the_docs_show_segment_tests() -> None:
    assert len(BLOCKS) >= 6


@pytest.mark.parametrize(("page", "text"), BLOCKS)
def test_block(page: Path, text: str) -> None:
    catalog = read_file(ROOT / "segment_definitions" / "catalog.yaml")[0]
    results = [run_test(node, page.name, Bench(catalog)) for node in read_documents(text, page.name)]
    assert results
    assert not [result.message for result in results if not result.passed]
