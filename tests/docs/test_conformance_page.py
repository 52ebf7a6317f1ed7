"""The page that maps statements of the language to cases names cases that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\S+) \| .+ \| (.+) \|$", re.MULTILINE)


def test_every_statement_names_cases_that_exist() -> None:
    files = sorted((ROOT / "tests" / "cases").glob("*.yaml"))
    titles = {
        title for file in files for title in re.findall(r"^test: (.+)$", file.read_text(), re.MULTILINE)
    }
    page = (ROOT / "docs" / "conformance.md").read_text()
    rows = [match for match in ROW.findall(page) if match[0] not in ("#", "---")]
    missing = [title for _, named in rows for title in named.split(" · ") if title not in titles]
    assert not missing
    assert {str(clause) for clause in range(1, 15)} <= {clause for clause, _ in rows}
