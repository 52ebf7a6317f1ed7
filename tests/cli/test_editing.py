"""`segmentation add` and `remove`: what they say and write."""

from __future__ import annotations

import pytest


@pytest.fixture
def guests(project):
    """The file of a static segment."""
    path = project / "segment_definitions" / "segments" / "guests.yaml"
    path.write_text("segment: guests\ntype: static\nmembers: [a]  # by hand\n", encoding="utf-8")
    return path


def test_add_and_remove(segmentation, project, guests):
    outcome = segmentation("add", "guests", "b", "a", "--project", project)
    assert (outcome.status, outcome.out) == (0, "b: added\na: is a member already\n")
    assert "members: [a, b]  # by hand\n" in guests.read_text(encoding="utf-8")
    assert segmentation("remove", "guests", "a", "--project", project).out == "a: removed\n"
    assert "members: [b]  # by hand\n" in guests.read_text(encoding="utf-8")
    assert segmentation("validate", "--project", project).status == 0


def test_pins_need_a_reason(segmentation, project):
    outcome = segmentation("add", "customers", "a", "--project", project)
    assert outcome.status == 2
    assert "--reason TEXT" in outcome.err
    pinned = ("--reason", "friend", "--until", "2026-12-31", "--project", project)
    assert segmentation("add", "customers", "a", *pinned).out == "a: pinned in\n"
    text = (project / "segment_definitions" / "segments" / "customers.yaml").read_text(encoding="utf-8")
    assert text.endswith("pins:\n  - {key: a, put: in, reason: friend, until: 2026-12-31}\n")


def test_json_names_the_files(segmentation, project, guests):
    found = segmentation("add", "guests", "b", "--project", project, "--json").json
    assert found == {"files": {str(guests): "written"}, "done": ["b: added"], "notes": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ["guests", "a", "--until", "2026-12-31"],
        ["guests", "a", "--reason", "r", "--until", "soon"],
        ["nobody", "a"],
    ],
)
def test_wrong_use_is_status_2(segmentation, project, guests, arguments):
    assert segmentation("add", *arguments, "--project", project).status == 2
