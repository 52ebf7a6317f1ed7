from __future__ import annotations

import pytest

from segmentation_pipeline import open as open_project

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

MERGES = """merged_id,primary_id,action,merged_at,merged_by
c-0012,c-0007,merge,2026-06-29T10:00:00Z,ops@example.com
"""


@pytest.fixture(scope="module")
def merged(segmentation, sample, tmp_path_factory):
    """The evaluated sample, c-0012 merged into c-0007, and evaluated again; for reading only."""
    import shutil

    folder = shutil.copytree(sample, tmp_path_factory.mktemp("merged") / "copy")
    (folder / "merges.csv").write_text(MERGES, encoding="utf-8")
    assert segmentation("import", "contact_merges", folder / "merges.csv", "--project", folder).status == 0
    assert segmentation("run", "--project", folder).status == 0
    return folder


def test_the_page_of_a_contact(segmentation, merged, golden):
    outcome = segmentation("contact", "c-0012", "--limit", 12, "--project", merged)
    assert outcome.status == 0
    golden("contact", outcome.out)


def test_an_email_in_any_case_names_a_contact(segmentation, sample):
    found = segmentation("contact", "Elif.Muller@POST.example", "--project", sample, "--json").json
    assert (found["key"], found["asked"], found["merged"]) == ("c-0007", "Elif.Muller@POST.example", [])
    assert found["profile"]["email"] == "elif.muller@post.example"
    assert set(found) == {
        "key",
        "asked",
        "merged",
        "profile",
        "parents",
        "related",
        "segments",
        "former_segments",
        "assignments",
        "timeline",
    }
    times = [entry["at"] for entry in found["timeline"]]
    assert times == sorted(times, reverse=True)


def test_the_timeline_of_a_window(segmentation, merged):
    window = ("--since", "2026-06-16", "--until", "2026-06-23", "--limit", 3)
    outcome = segmentation("contact", "c-0007", *window, "--project", merged, "--json")
    entries = outcome.json["timeline"]
    assert len(entries) == 3
    assert all("2026-06-16" <= entry["at"] < "2026-06-23" for entry in entries)


def test_what_was_published_of_a_merged_contact_stays_its_own(segmentation, merged):
    found = segmentation("contact", "c-0012", "--project", merged, "--json").json
    left = {(stay["segment"], stay["key"]): stay for stay in found["former_segments"]}
    assert left["partners", "c-0012"]["reason"] == "merged"
    assert left["partners", "c-0012"]["entered"] is not None
    assert "partners" in {stay["segment"] for stay in found["segments"]}
    theirs = {entry["key"] for entry in found["timeline"] if entry["kind"] == "activities"}
    assert theirs == {None, "c-0012"}
    assert "c-0012 merged into c-0007" in {entry["what"] for entry in found["timeline"]}


def test_nobody_has_that_key(segmentation, sample):
    outcome = segmentation("contact", "nobody", "--project", sample)
    assert outcome.status == 2
    assert "there is no contact `nobody`" in outcome.err


def test_before_any_import(segmentation, project):
    outcome = segmentation("contact", "c-0007", "--project", project)
    assert outcome.status == 3
    assert "table `contacts` has not been imported" in outcome.err


def test_explaining_names_the_primary(segmentation, merged):
    outcome = segmentation("explain", "vip", "c-0012", "--project", merged)
    assert "c-0012 was merged into c-0007\nc-0007 is a member of vip" in outcome.out


def test_a_contact_in_a_notebook(merged):
    found = open_project(merged).contact("c-0012")
    assert (found.key, found.profile["first_name"]) == ("c-0007", "Elif")
    assert "vip" in found.segments
    assert found.timeline.columns == ["at", "kind", "what", "details", "key"]
    assert found.timeline["at"].is_sorted(descending=True)
