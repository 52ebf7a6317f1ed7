"""A forgotten contact is gone from every table and file; others stay; what was killed is finished."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import polars as pl
import pytest

from segmentation_pipeline.analytics.tables import FLAPPING_MEMBERS
from segmentation_pipeline.erasure.pending import Pending, keep_pending, read_pending
from segmentation_pipeline.errors import LakeError
from segmentation_pipeline.ingest.erased import ERASURES, SALT, Erased
from segmentation_pipeline.lake.erasing import table_names
from segmentation_pipeline.segments.tables import MEMBERS, SEGMENTS, TRANSITIONS

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

MARK = "Xq7Zmark"
PINNED = "segment: pinned\nwhere: {everyone: true}\npins:\n"
LISTED = "segment: listed\ntype: static\n"
VALUED = "segment: valued\nwhere: {field: contact_id, operator: in"
MORE = (*range(2, 14), *range(15, 48, 3))


def bystanders(lake) -> dict[str, list[object]]:
    """Every row of the tables that people filled, less those that were about the contact."""
    skipped = (
        "profile_index",
        "event_index",
        "segment",
        "import",
        "erasures",
        "dictionaries",
        "contact_claims",
    )
    names = [name for name in table_names(lake.store) if not name.startswith(skipped)]
    return {name: [row for row in lake.rows(name) if MARK.lower() not in repr(row).lower()] for name in names}


def rows(lake, name: str, columns: list[str]) -> pl.DataFrame:
    return lake.store.scan(name).select(columns).sort(columns[0]).collect().sort(columns[:2])


@pytest.fixture
def after(forgotten, tmp_path):
    """The lake after the contact was forgotten; a test may change it."""
    return type(forgotten)(Path(shutil.copytree(forgotten.project, tmp_path / "project")))


def test_no_file_of_the_lake_has_the_mark_any_more(full, forgotten):
    before = full.traces()
    assert {path.split("/")[0] for path in before} >= {
        "contacts", "activities", "activities_orphaned", "contact_history", "contact_merges", "contact_tags",
        "contact_custom_field_values", "contact_notes", "people", "users", "import_records", "import_jobs",
        "segment_members", "dictionaries", "profile_index_contact",
    }  # fmt: skip
    assert forgotten.traces() == []


def test_rows_of_others_are_as_they_were(full, forgotten):
    before, after = bystanders(full), bystanders(forgotten)
    assert {name: rows for name, rows in after.items() if name != "users"} == {
        name: rows for name, rows in before.items() if name != "users"
    }
    assert set(before["users"]) < set(after["users"])


def test_an_unlinked_row_stays_without_reference_and_personal_fields(forgotten):
    rows = forgotten.store.scan("users").filter(pl.col("visits") == 0).collect().to_dicts()
    assert [(row["user_id"], row["person_id"], row["contact_id"], row["phone"]) for row in rows] == [
        ("user_id 0", None, None, None)
    ]


def test_other_rejected_rows_and_reasons_stay(forgotten):
    records = forgotten.store.scan("import_records").collect()
    assert records["row_number"].to_list() == [3]
    (job,) = forgotten.store.scan("import_jobs").collect().to_dicts()
    assert [text.split(": ")[0] for text in job["rejects"]] == ["people.csv, row 3"]
    assert job["rejected"] == 3


def test_the_next_run_is_that_of_a_lake_that_never_had_the_contact(after, without):
    after.run("run")
    columns = ["segment_id", "object_key", "object_index", "added_via"]
    published = [rows(lake, MEMBERS.name, columns) for lake in (after, without)]
    assert published[0].equals(published[1])
    columns = ["segment_id", "size", "contactable", "suppressed", "pending", "status", "definition"]
    registry = [rows(lake, SEGMENTS.name, columns) for lake in (after, without)]
    assert registry[0].equals(registry[1])


def test_the_members_are_right_before_the_next_run(forgotten, without):
    for segment in ("everyone", "noted"):
        assert forgotten.run("members", segment, "--format", "csv", "--columns", "first_name") == without.run(
            "members", segment, "--format", "csv", "--columns", "first_name"
        )


def test_it_leaves_its_segments_with_the_reason_erased(forgotten):
    rows = forgotten.store.scan(TRANSITIONS.name).filter(pl.col("change") == "exited").collect()
    found = (
        rows.select("segment_id", "object_index", "reason", "run_id")
        .unique()
        .sort("segment_id", "object_index")
    )
    assert found.rows() == [
        ("everyone", 0, "erased", "erasure-000001"),
        ("noted", 0, "erased", "erasure-000001"),
        ("with_mail", 0, "erased", "erasure-000001"),
    ]


def test_the_number_of_an_erased_object_is_not_given_again(after):
    new = after.project / "new.csv"
    new.write_text("contact_id,email\nnew,new@example.com\n", encoding="utf-8")
    after.run("import", "contacts", new)
    rows = after.store.scan("contacts").select("contact_id", "object_index").collect()
    assert dict(rows.iter_rows())["new"] == 4


@pytest.mark.parametrize("name", [f"{MARK.upper()}@Example.com", f"{MARK}-former", f" {MARK} "])
def test_an_address_and_the_key_of_one_merged_into_it_mean_the_same_contact(full, name):
    assert full.eraser.plan(name).subject == full.eraser.plan(MARK).subject


def test_the_act_is_recorded_and_names_nobody(forgotten):
    (row,) = forgotten.store.scan(ERASURES.name).collect().to_dicts()
    assert row["erasure_id"] == "erasure-000001"
    assert row["status"] == "finished"
    assert {"table": "contacts", "action": "delete", "rows": 2} in row["tables"]
    assert {"table": "users", "action": "unlink", "rows": 2} in row["tables"]
    assert all(len(subject) == 64 for subject in row["subjects"])


@pytest.mark.parametrize("name", [MARK, f"{MARK}@example.com", f" {MARK.lower()} ", f"{MARK}-former"])
def test_that_somebody_was_erased_can_be_answered(forgotten, name):
    assert "erasure-000001" in forgotten.run("forget", "--check", name)


def test_of_others_the_answer_is_no(forgotten):
    assert "never erased" in forgotten.run("forget", "--check", "ann", ends=1)


def test_without_its_salt_the_answer_is_an_error(after):
    (after.project / "data" / "lake" / SALT).unlink()
    with pytest.raises(LakeError, match="salt of the erasures is gone"):
        Erased.of(after.store)


def test_a_dry_run_says_what_and_writes_nothing(full):
    before = full.traces()
    said = full.run("forget", MARK, "--dry-run")
    assert "contacts                     delete     2" in said
    assert full.traces() == before
    assert not full.store.exists(ERASURES.name)


def test_nobody_is_not_forgotten(full):
    assert "nothing is known" in full.run("forget", "nobody-at-all", ends=2)


def test_a_second_time_says_when_it_was(forgotten):
    assert "erasure-000001" in forgotten.run("forget", MARK)
    assert forgotten.store.scan(ERASURES.name).collect().height == 1


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("segments/pinned.yaml", f"{PINNED}  - {{key: {MARK}, put: out, reason: asked}}\n", 4),
        ("segments/listed.yaml", f"{LISTED}members:\n  - ann\n  - {MARK}@example.com\n", 5),
        ("segments/valued.yaml", f"{VALUED}, value: [{MARK}]}}\n", 2),
        ("lists/keys.csv", f"contact_id\nann\n{MARK}\n", 3),
    ],
)  # fmt: skip
def test_definitions_that_name_it_come_first(lake, file, text, line):
    path = lake.project / "segment_definitions" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    said = lake.run("forget", MARK, ends=1)
    assert f"segment_definitions/{file}:{line}" in said
    assert "nothing was erased" in said
    assert not lake.store.exists(ERASURES.name)


def test_where_asked_it_is_erased_although_definitions_name_it(lake):
    path = lake.project / "segment_definitions" / "segments" / "listed.yaml"
    path.write_text(f"segment: listed\ntype: static\nmembers: [{MARK}]\n", encoding="utf-8")
    lake.run("forget", MARK, "--leave-definitions")
    assert lake.traces() == []


def test_texts_of_definitions_once_evaluated_lose_the_name_too(lake):
    path = lake.project / "segment_definitions" / "segments" / "listed.yaml"
    path.write_text(
        f"segment: listed\ntype: static\nmembers: [ann, {MARK}, gone@{MARK}.org]\n", encoding="utf-8"
    )
    lake.run("run")
    path.write_text("segment: listed\ntype: static\nmembers: [ann, gone@other.org]\n", encoding="utf-8")
    lake.run("run")
    lake.run("forget", MARK)
    texts = (
        lake.store.scan("segment_definitions")
        .filter(pl.col("segment_id") == "listed")
        .collect()["definition"]
    )
    assert any("[ann, erased, gone@" in text for text in texts)
    assert lake.run("members", "listed", "--format", "csv").splitlines()[1].startswith("ann")


def _stopped(lake, after):
    """Stop an erasure after some of its steps, as a kill would."""
    plan = lake.eraser.plan(MARK)
    keep_pending(
        lake.store, Pending("erasure-000001", "2026-06-30T00:00:00+00:00", "test", plan.subject, plan.rows)
    )
    for _ in itertools.islice(lake.eraser.steps(read_pending(lake.store)), after):
        pass


@pytest.mark.parametrize("after", [1, 14, *(pytest.param(n, marks=pytest.mark.integration) for n in MORE)])
def test_an_unfinished_one_is_listed_and_finished(lake, after):
    _stopped(lake, after)
    assert read_pending(lake.store) is not None
    assert "unfinished erasure erasure-000001" in lake.run("status")
    assert "finished" in lake.run("forget")
    assert lake.traces() == []
    assert read_pending(lake.store) is None
    assert "unfinished" not in lake.run("status")
    assert lake.store.scan(ERASURES.name).collect()["status"].to_list() == ["finished"]


def test_every_table_with_a_key_of_contacts_is_covered(full):
    found = full.eraser.ways()
    assert "unknown" not in found.values()
    for name, way in found.items():
        if "contact_id" in full.store.schema(name):
            assert way in ("keys", "column", "derived", "numbered"), name


def test_assignments_keep_no_trace_and_the_days_stay_decided(lake):
    lake.run("assign")
    columns = ("day", "object_index", "segment_id", "decision")
    before = lake.store.scan("contact_assignments").select("contact_id", *columns).collect()
    assert MARK in before["contact_id"]
    assert "contact_assignments" in lake.run("forget", MARK, "--dry-run")
    lake.run("forget", MARK)
    assert lake.traces() == []
    after = lake.store.scan("contact_assignments").select("contact_id", *columns).collect()
    kept = before.filter(pl.col("contact_id") != MARK)
    assert kept.height > 0
    assert after.sort(columns).equals(kept.sort(columns))
    assert "was decided before" in lake.run("assign")
    lake.run("assign", "--again")
    assert lake.traces() == []


def test_a_night_that_died_before_its_record_followed_is_known_after_an_erasure(lake):
    lake.run("assign")
    shutil.rmtree(lake.store.root.folder / "contact_assignment_runs")
    lake.run("forget", MARK)
    assert lake.traces() == []
    (run,) = lake.store.scan("contact_assignment_runs").collect().to_dicts()
    assert (run["attempt"], run["run_id"]) == (1, "assign-2026-06-30.1")


def test_analytics_keep_no_trace(lake):
    lake.run("analytics")
    restless = {"segment_id": "listed", "object_index": 0, "object_key": MARK, "changes": 3}
    lake.store.replace(FLAPPING_MEMBERS, pl.DataFrame([restless], schema=FLAPPING_MEMBERS.schema))
    assert "unknown" not in lake.eraser.ways().values()
    lake.run("forget", MARK)
    assert lake.traces() == []
    lake.run("analytics")
    assert lake.traces() == []
