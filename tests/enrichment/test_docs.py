"""The providers of docs/enrichment.md are read by the code they explain, and asked."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.enrichment.declarations import CsvProvider, HttpProvider
from segmentation_pipeline.enrichment.providers import load_providers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "enrichment.md").read_text(encoding="utf-8")
SERVICE, FILE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def definitions(tmp_path):
    shutil.copytree(ROOT / "segment_definitions" / "enrichment", tmp_path / "enrichment")
    (tmp_path / "enrichment" / "service.yaml").write_text(SERVICE)
    (tmp_path / "enrichment" / "file.yaml").write_text(FILE)
    return tmp_path


def test_the_examples_are_valid(definitions):
    found = load_providers(definitions, load_catalog(ROOT / "segment_definitions" / "catalog.yaml"))
    assert found["service"].provider.policy("job_title") == "always"
    assert found["file"].provider.match == {"email": "E-mail"}


def test_the_service_is_asked_as_the_page_says(desk, web):
    text = SERVICE.replace("https://api.finder.example", web.url)
    text = re.sub(r"  custom.birth_date.*\n", "", text).replace("51-200", "11-50")
    desk.provider("", text)
    said = {"person": {"email": "A@x.org", "title": "CTO", "phones": [" 1 "]}, "company": {"employees": 70}}
    web.answer = lambda _: web.Reply(200, json.dumps(said).encode())
    assert desk.enrich("a").enriched == 1
    assert web.received[0].path == "/v2/people?email=a%40x.org"
    found = desk.contact("a")
    assert (found["job_title"], found["phone"], found["company_size"]) == ("CTO", "1", "11-50")


@pytest.mark.parametrize("model", [HttpProvider, CsvProvider])
def test_every_key_is_on_the_page(model):
    for name in model.model_fields:
        assert re.search(rf"\b{name}\b", PAGE), name
