"""Every row of the tables of `docs/dialects.md`, and that no word of the seeds is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import DefinitionError
from segmentation_pipeline.rules.definition import Setting, read_definition

PAGE = (Path(__file__).parents[3] / "docs" / "dialects.md").read_text(encoding="utf-8")
OBJECTS = (
    "event session user people revealed-company web-conversion crm-lead crm-contact crm-account "
    "crm-parent-account crm-opportunity crm-quote crm-order crm-contract crm-campaign crm-event"
)
SEED = {
    "contact_rules: operator": "equals not_equals contains greater_than less_than between in not_in",
    "contact_rules: dataType": "string number date boolean array",
    "filter_rules: operator": "equals not_equals contains not_contains starts_with ends_with greater_than "
    "less_than between in not_in is_empty is_not_empty date_relative",
    "rule_groups: segmentObject": OBJECTS,
    "rule_groups: conditionFocus": "property metric web-conversion-event ecommerce-event "
    "sales-conversion-event relationship other-event",
    "rule_groups: type": "dimension metric custom conversion sales-conversion ecommerce trigger "
    "crm-lifetime-count date multi-value boolean number intent",
    "rule_groups: dateRangeFilter": "lifetime-of-the-object previous-period specific-date-range",
}


def _tables() -> dict[str, list[tuple[str, ...]]]:
    found = {}
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        header, _, *lines = [
            tuple(cell.strip() for cell in line.strip("|\n").split("|")) for line in block.splitlines()
        ]
        found[header[0]] = lines
    return found


TABLES = _tables()
ROWS = [
    pytest.param(
        title.split(":")[0], name, *(rest if len(rest) == 3 else ["contact", *rest]), id=f"{title}: {name}"
    )
    for title, rows in TABLES.items()
    if ": " in title
    for name, *rest in rows
]


def _plain(text: str):
    return read_documents(text, "cell")[0].plain


def _document(dialect: str, written) -> object:
    """Return the whole rule that a snippet stands for."""
    if dialect == "contact_rules" and "field" in written:
        return {"match": "all", "groups": [{"match": "all", "conditions": [written]}]}
    if dialect == "filter_rules" and "field" in written:
        return {"operator": "AND", "conditions": [written]}
    if dialect == "rule_groups" and isinstance(written, dict):
        return [{"mainOperator": "include", "conjunction": "and", **written}]
    return written


def _definition(cell):
    """A cell is a condition, or `where` and `exclude` of a definition."""
    return cell if "exclude" in cell else {"where": cell}


@pytest.mark.parametrize(("dialect", "name", "kind", "written", "becomes"), ROWS)
def test_row(translated, catalog, dialect, name, kind, written, becomes):
    document = json.dumps(_document(dialect, _plain(written.strip("`"))))
    options = {"object_name": kind, "ways": "names file" in name and kind == "order"}
    if becomes.startswith("refused: "):
        with pytest.raises(DefinitionError) as refused:
            translated(document, dialect, **options)
        message = str(refused.value).replace("`", "")
        assert becomes.removeprefix("refused: ").replace("`", "") in message
        assert message.startswith("rule.yaml:1:")
        return
    expected = _definition(_plain(becomes.strip("`")))
    text = translated(document, dialect, **options)
    got = _plain(text)
    assert got.pop("object", "contact") == kind
    assert got == expected

    reread, findings = read_definition(
        read_documents(text, "x")[0], Setting(catalog), segment="x", named=False
    )
    assert findings == []
    written_here = json.dumps({"object": kind, **expected})
    direct, _ = read_definition(
        read_documents(written_here, "x")[0], Setting(catalog), segment="x", named=False
    )
    assert (reread.where, reread.exclude) == (direct.where, direct.exclude)


@pytest.mark.parametrize("title", SEED)
def test_every_word_of_the_seed_has_a_row(title):
    named = {word for row in TABLES[title] for word in re.findall(r"`([^`]+)`", row[0])}
    assert set(SEED[title].split()) <= named


def test_the_tables_hold_every_condition_that_is_read():
    from segmentation_pipeline.rules.dialects.seed_rows import CONDITIONS

    named = {word for row in TABLES["rule_groups: condition"] for word in re.findall(r"`([^`]+)`", row[0])}
    assert named == set(CONDITIONS)
