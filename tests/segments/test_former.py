"""What a past run read and found, as long as its versions are there."""

from __future__ import annotations

import datetime as dt

import pytest

from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.segments.basis import read_definitions
from segmentation_pipeline.segments.former import former_run, run_at
from segmentation_pipeline.segments.published import memberships_at

ADULTS = "where: {field: age, operator: greater_than_or_equal, value: %d}"


@pytest.fixture
def lived(published):
    """Three runs: the first of the tiny project; data changed; the rule changed. An hour apart."""
    published.later(hours=1)
    published.contacts(a=50, b=30, c=40)
    published.run()
    published.later(hours=1)
    published.segment("adults", ADULTS % 45)
    published.run()
    return published


def former(project, run_id: str):
    present = read_definitions(project.workspace)
    return former_run(project.store, present, run_id, project.workspace.definitions)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_evaluating_a_run_again_finds_what_it_published(lived, number):
    found = former(lived, f"run-{number + 1:06d}").evaluate(["adults", "others"])
    published = memberships_at(lived.store, number)
    for name in ("adults", "others"):
        assert found.members[name].to_list() == published.indexes(name).to_list()


def test_an_instant_finds_the_run_whose_result_was_published_then(lived):
    present = read_definitions(lived.workspace)

    def at(minutes: int) -> str | None:
        instant = lived.now - dt.timedelta(minutes=minutes)
        found = run_at(lived.store, present, "adults", instant, lived.workspace.definitions)
        return None if found is None else found.record.run_id

    assert [at(0), at(1), at(60), at(61), at(120)] == [
        "run-000003",
        "run-000002",
        "run-000002",
        "run-000001",
        "run-000001",
    ]
    assert at(121) is None
    assert at(-1) is None


def test_an_unknown_run_is_an_error(lived):
    with pytest.raises(LakeError, match="no run `run-000009`"):
        former(lived, "run-000009")


def test_a_list_in_a_file_that_changed_is_no_longer_known(project):
    project.write("vips.csv", "contact_id\na\n")
    project.segment("vips", "type: static\nmembers: {file: vips.csv, column: contact_id}")
    project.run()
    project.write("vips.csv", "contact_id\nb\n")
    with pytest.raises(LakeError, match="definition of `vips`"):
        former(project, "run-000001").evaluate(["vips"])
