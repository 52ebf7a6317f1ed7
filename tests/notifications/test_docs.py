"""The webhook of docs/webhooks.md is read by the code it explains, and its receiver's check holds."""

from __future__ import annotations

import re
from pathlib import Path

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.partners.webhooks import Webhook, load_webhooks

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
(CHECK,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_is_valid(tmp_path):
    (tmp_path / "webhooks").mkdir()
    (tmp_path / "webhooks" / "crm.yaml").write_text(EXAMPLE)
    catalog = load_catalog(ROOT / "segment_definitions" / "catalog.yaml")
    found = load_webhooks(tmp_path, {"vip": "contact", "churned": "contact"}, catalog)
    assert found["crm"].segments == ("vip", "churned")


def test_every_key_is_on_the_page():
    for name in Webhook.model_fields:
        assert f"`{name}`" in PAGE, name


def test_a_receiver_checks_deliveries_as_the_page_says(shop, web):
    page: dict = {}
    exec(CHECK, page)
    shop.notify()
    now = shop.now.timestamp()
    for request in web.received:
        headers = {name.title(): value for name, value in request.headers.items()}
        assert page["is_ours"]("s3cret", headers, request.body, now)
        assert not page["is_ours"]("other", headers, request.body, now)
        assert not page["is_ours"]("s3cret", headers, request.body + b" ", now)
        assert not page["is_ours"]("s3cret", headers, request.body, now + 3600)
