from __future__ import annotations

KEYS = [
    "segment",
    "name",
    "type",
    "object",
    "size",
    "status",
    "last_evaluated_at",
    "embeds",
    "embedded_by",
]


def test_the_table(segmentation, sample, golden):
    outcome = segmentation("list", "--project", sample)
    assert outcome.status == 0
    golden("list", outcome.out)


def test_its_keys(segmentation, sample):
    rows = segmentation("list", "--project", sample, "--json").json
    assert all(list(row) == KEYS for row in rows)
    (churned,) = (row for row in rows if row["segment"] == "churned")
    assert churned["embedded_by"] == ["churn_risk", "vip"]
    assert churned["last_evaluated_at"] == "2026-06-30T00:00:00Z"


def test_what_no_run_has_seen_is_listed_too(segmentation, project):
    bad = project / "segment_definitions" / "segments" / "bad.yaml"
    bad.write_text("segment: bad\nwhere: {field: planet, operator: is_null}\n", encoding="utf-8")
    rows = segmentation("list", "--project", project, "--json").json
    assert [(row["segment"], row["type"], row["size"], row["status"]) for row in rows] == [
        ("bad", None, None, "not evaluated"),
        ("customers", "dynamic", None, "not evaluated"),
        ("customers_at_risk", "dynamic", None, "not evaluated"),
    ]


def test_embeddable_are_those_of_its_object_that_lead_back_to_nothing(segmentation, sample):
    rows = segmentation("list", "--embeddable-in", "churned", "--project", sample, "--json").json
    names = {row["segment"] for row in rows}
    assert {"partners", "unsubscribed"} <= names
    assert not names & {"churned", "vip", "churn_risk", "engaged_enterprise", "key_accounts"}


def test_an_empty_project_says_where_to_write(segmentation, project):
    for file in (project / "segment_definitions" / "segments").iterdir():
        file.unlink()
    outcome = segmentation("list", "--project", project)
    assert outcome.status == 0
    assert "write one into segment_definitions/segments" in outcome.out
