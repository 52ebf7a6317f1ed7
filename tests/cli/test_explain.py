from __future__ import annotations

import pytest


@pytest.fixture
def explain(segmentation, sample):
    def run(*arguments):
        return segmentation("explain", *arguments, "--project", sample)

    return run


@pytest.mark.parametrize(
    ("name", "segment", "key"),
    [
        ("explain_member", "churn_risk", "c-0010"),
        ("explain_outsider", "beta_testers", "c-0007"),
        ("explain_company", "key_accounts", "co-002"),
    ],
)
def test_the_tree(explain, golden, name, segment, key):
    outcome = explain(segment, key)
    assert outcome.status == 0
    golden(name, outcome.out)


def test_a_member_and_an_outsider_are_both_answers(explain):
    member = explain("vip", "c-0042", "--json").json
    outsider = explain("vip", "c-0202", "--json").json
    assert (member["member"], member["decided_by"], member["pin"]["put"]) == (True, "pin", "in")
    assert (outsider["member"], outsider["decided_by"], outsider["pin"]["put"]) == (False, "pin", "out")


def test_the_values_and_rows_that_decide(explain):
    found = explain("churn_risk", "c-0010", "--json").json
    assert found["as_of"] == "2026-06-30T00:00:00Z"
    bought, alive = found["where"]["parts"]
    assert (bought["holds"], bought["value"], len(bought["rows"])) == (True, 1, 1)
    assert (alive["parts"][0]["value"], alive["parts"][0]["holds"]) == (74, True)


@pytest.mark.integration
def test_it_agrees_with_what_was_published(explain, segmentation, sample):
    members = {
        row["contact_id"] for row in segmentation("members", "vip", "--project", sample, "--json").json
    }
    asked = ["c-0007", "c-0010", "c-0042", "c-0100", "c-0202"]
    assert [explain("vip", key, "--json").json["member"] for key in asked] == [
        key in members for key in asked
    ]


def test_at_another_instant(explain):
    assert explain("new_contacts", "c-0010", "--as-of", "2026-05-01", "--json").json["as_of"] == (
        "2026-05-01T00:00:00Z"
    )


def test_an_unknown_key_is_wrong_use(explain):
    outcome = explain("vip", "nobody")
    assert outcome.status == 2
    assert "there is no contact `nobody`" in outcome.err


def test_an_unknown_segment_is_wrong_use(explain):
    outcome = explain("vipp", "c-0007")
    assert outcome.status == 2
    assert "hint: did you mean `vip`?" in outcome.err


def test_a_key_of_another_object_is_unknown(explain):
    assert "there is no company `c-0007`" in explain("key_accounts", "c-0007").err


def test_before_an_import_there_is_nothing_to_look_at(segmentation, project):
    outcome = segmentation("explain", "customers", "a", "--project", project)
    assert outcome.status == 3
    assert "nothing has been imported yet" in outcome.err
