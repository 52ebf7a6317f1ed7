"""`forget` as a user runs it: what it would do, what it did, what it answers."""

from __future__ import annotations

import json

import pytest

KEYS = {"erasure_id", "object", "status", "started_at", "finished_at", "requested_by", "tables"}


def test_a_dry_run_lists_tables_and_rows(segmentation, sample, golden):
    golden("forget_dry_run", segmentation("forget", "c-0007", "--dry-run", "--project", sample).out)


@pytest.mark.integration
def test_its_json_is_as_documented(segmentation, copied):
    dry = segmentation("forget", "c-0007", "--dry-run", "--json", "--project", copied).json
    assert {"table": "contacts", "action": "delete", "rows": 1} in dry["tables"]
    assert (dry["named"], dry["unknown"]) == ([], [])
    done = segmentation("forget", "c-0007", "--by", "desk", "--json", "--project", copied)
    assert done.status == 0
    assert set(done.json) == KEYS
    assert (done.json["erasure_id"], done.json["status"], done.json["requested_by"]) == (
        "erasure-000001", "finished", "desk",
    )  # fmt: skip
    assert json.dumps(done.json["tables"]) == json.dumps(dry["tables"])
    (found,) = segmentation("forget", "--check", "c-0007", "--json", "--project", copied).json
    assert found["finished_at"] == done.json["finished_at"]
    status = segmentation("status", "--json", "--project", copied).json
    assert status["unfinished_erasure"] is None


def test_the_answer_no_is_a_status_of_its_own(segmentation, sample):
    asked = segmentation("forget", "--check", "c-0007", "--json", "--project", sample)
    assert (asked.status, asked.json) == (1, [])


def test_options_that_exclude_each_other_are_refused(segmentation, sample):
    asked = segmentation("forget", "c-0007", "--check", "--dry-run", "--project", sample)
    assert asked.status == 2
    assert "exclude each other" in asked.err
    assert segmentation("forget", "--check", "--project", sample).status == 2


def test_nothing_unfinished_is_said(segmentation, sample):
    assert segmentation("forget", "--project", sample).out == "no erasure is unfinished\n"


def test_an_unknown_object_is_refused(segmentation, sample):
    asked = segmentation("forget", "c-0007", "--object", "contat", "--project", sample)
    assert asked.status == 2
    assert "there is no object `contat`" in asked.err
