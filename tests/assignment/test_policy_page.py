"""What docs/policies.md shows is what the code reads and decides."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segmentation_pipeline.assignment.policy import CapRule, Policy
from segmentation_pipeline.assignment.reasons import CLAIMS, WITH_BLOCKER, Reason
from segmentation_pipeline.documents import read_documents, read_model
from segmentation_pipeline.rules.delivery import Delivery

PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_files_that_are_shown_can_be_read_and_show_every_key():
    policy, segment = (read_documents(text, "policies.md")[0] for text in BLOCKS)
    assert read_model(Policy, policy, "policy-shape").id == "default"
    assert {Policy.model_fields[name].alias or name for name in Policy.model_fields} - {"description"} == set(
        policy
    )
    delivery = segment.get("delivery")
    assert read_model(Delivery, delivery, "segment-shape").priority == 90
    assert set(Delivery.model_fields) == set(delivery)


def test_the_table_of_decisions_is_complete_and_in_order():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)?) \| .*? \|(.*?)\| (yes|no) \|$", PAGE, re.MULTILINE)
    shown = [
        (reason, blocker.strip(), claim)
        for words, blocker, claim in rows
        for reason in re.findall(r"\w+", words)
    ]
    assert [reason for reason, _, _ in shown] == list(Reason)
    assert [reason for reason, _, claim in shown if claim == "yes"] == list(CLAIMS)
    assert [reason for reason, blocker, _ in shown if blocker] == list(WITH_BLOCKER)


@pytest.mark.parametrize("rule", re.findall(r"\| `(\{max: 3.*?\})` \|", PAGE))
def test_the_rules_of_the_example_can_be_read(rule):
    assert read_model(CapRule, read_documents(rule, "policies.md")[0], "policy-shape").most == 3
