"""`segmentation values`: in words and as JSON."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("imported")


def test_a_field(segmentation, project):
    outcome = segmentation("values", "country", "--project", project)
    assert (outcome.status, outcome.err) == (0, "")
    assert "3 rows of `contact`, 0 null (0.0%), 2 distinct" in outcome.out
    assert "66.7%" in outcome.out


def test_json(segmentation, project):
    found = segmentation("values", "plan", "--project", project, "--json").json
    assert (found["type"], found["declared"]) == ("enum", ["free", "pro", "enterprise"])
    assert found["popular"][0] == {"value": "pro", "count": 2, "share": 2 / 3}


def test_personal_data_are_masked_unless_asked_for(segmentation, project):
    assert "masked" in segmentation("values", "email", "--project", project).out
    assert "a@x.org" in segmentation("values", "email", "--project", project, "--show-pii").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["countri"], "did you mean `country`"),
        (["country", "--object", "person"], "there is no object `person`"),
    ],
)
def test_what_nobody_knows_is_status_2(segmentation, project, arguments, message):
    outcome = segmentation("values", *arguments, "--project", project)
    assert outcome.status == 2
    assert message in outcome.err
