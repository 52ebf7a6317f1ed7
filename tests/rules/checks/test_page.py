from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from segmentation_pipeline.rules.checks.page import diagnostics_page
from segmentation_pipeline.rules.checks.registry import RULES

PAGE = Path(__file__).parents[3] / "docs" / "diagnostics.md"


def test_the_committed_page_is_that_of_the_rules():
    """Write it anew: python -m segmentation_pipeline.rules.checks --write docs/diagnostics.md."""
    assert PAGE.read_text(encoding="utf-8") == diagnostics_page()


def test_every_rule_has_its_heading_and_its_link():
    page = diagnostics_page()
    assert re.findall(r"^### `(.*)`$", page, re.MULTILINE) == list(RULES)
    assert re.findall(r"\]\(#([a-z-]+)\)", page) == list(RULES)


def test_the_command_writes_the_page(tmp_path):
    file = tmp_path / "page.md"
    command = [sys.executable, "-m", "segmentation_pipeline.rules.checks"]
    assert subprocess.run([*command, "--write", file], check=True, capture_output=True).stdout == b""
    assert file.read_text(encoding="utf-8") == diagnostics_page()
