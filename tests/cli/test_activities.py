from __future__ import annotations


def test_the_summary_of_all(segmentation, sample, golden):
    outcome = segmentation("activities", "--summary", "--since", "2026-01-01", "--project", sample)
    assert outcome.status == 0
    golden("activities_summary", outcome.out)


def test_its_values_are_those_of_the_table(segmentation, sample):
    found = segmentation("activities", "--summary", "--project", sample, "--json").json
    for kind in found["types"]:
        assert kind["count"] == sum(kind["over_time"])
        assert len(kind["over_time"]) == len(found["starts"])
    counts = [kind["count"] for kind in found["types"]]
    assert counts == sorted(counts, reverse=True)
    assert found["period"] == "week"


def test_the_summary_of_one_contact_in_a_window(segmentation, sample):
    window = ("--since", "2026-06-01", "--until", "2026-07-01")
    found = segmentation("activities", "c-0007", "--summary", *window, "--project", sample, "--json").json
    counts = {kind["type"]: kind["count"] for kind in found["types"]}
    listed = segmentation("activities", "c-0007", "--limit", 99, *window, "--project", sample, "--json").json
    assert sum(counts.values()) == len(listed)
    assert found["period"] == "day"
    assert {kind["contacts"] for kind in found["types"]} == {1}


def test_a_window_without_activities(segmentation, sample):
    outcome = segmentation("activities", "--summary", "--since", "2030-01-01", "--project", sample)
    assert (outcome.status, outcome.out.splitlines()[-1]) == (0, "0 activities of 0 types")


def test_a_list_is_of_one_contact(segmentation, sample):
    outcome = segmentation("activities", "--project", sample)
    assert outcome.status == 2
    assert "count all with --summary" in outcome.err


def test_the_latest_activities_of_a_contact(segmentation, sample):
    outcome = segmentation("activities", "c-0007", "--limit", 2, "--project", sample)
    assert outcome.out.splitlines()[-1].startswith("2 of ")
    assert "revenue=690.0000" in outcome.out
