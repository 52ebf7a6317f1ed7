from __future__ import annotations

import pytest

from segmentation_pipeline.catalog.reading import load_catalog
from segmentation_pipeline.index.stored import input_tables, read_index
from segmentation_pipeline.lake.store import DeltaStore

KEYS = ["job", "table", "status", "read", "landed", "unchanged", "rejected", "orphaned", "batches", "seconds"]
PEOPLE = "contact_id,email,plan\na,a@x.org,pro\nb,b@x.org,gold\nc,c@x.org,free\n"


@pytest.fixture
def people(tmp_path):
    file = tmp_path / "some people.csv"
    file.write_text(PEOPLE, encoding="utf-8")
    return file


def test_one_job_is_one_object(segmentation, project, people):
    outcome = segmentation("import", "contacts", people, "--project", project, "--json")
    assert outcome.status == 0
    assert list(outcome.json) == KEYS
    counts = {key: outcome.json[key] for key in ("table", "status", "read", "landed", "rejected", "batches")}
    assert counts == {
        "table": "contacts",
        "status": "partially_completed",
        "read": 3,
        "landed": 2,
        "rejected": 1,
        "batches": 1,
    }


def test_a_rejected_row_is_shown_with_its_reason(segmentation, project, people):
    out = segmentation("import", "contacts", people, "--project", project).out
    assert "rejected some people.csv, row 2: `gold` is not in the list of `plan`" in out


def test_the_same_file_again_changes_nothing(segmentation, project, people):
    segmentation("import", "contacts", people, "--project", project)
    again = segmentation("import", "contacts", people, "--project", project, "--json").json
    assert (again["landed"], again["unchanged"]) == (0, 2)


def test_batches_are_as_small_as_asked(segmentation, project, people):
    found = segmentation("import", "contacts", people, "--batch-rows", 1, "--project", project, "--json").json
    assert found["batches"] == 3


def test_a_mapping_names_the_columns(segmentation, project, tmp_path):
    file, mapping = tmp_path / "k.csv", tmp_path / "m.yaml"
    file.write_text("Key;Mail\na;A@X.org\n", encoding="utf-8")
    mapping.write_text(
        'table: contacts\nformat: {separator: ";"}\ncolumns: {contact_id: Key, email: Mail}\n',
        encoding="utf-8",
    )
    outcome = segmentation("import", "contacts", file, "--mapping", mapping, "--project", project, "--json")
    assert (outcome.status, outcome.json["landed"]) == (0, 1)


def test_without_files_the_sources_of_the_table_are_imported(segmentation, copied):
    outcome = segmentation("import", "activities", "--project", copied, "--json")
    assert outcome.status == 0
    assert [(job["table"], job["landed"]) for job in outcome.json] == [("activities", 0), ("activities", 0)]


def test_a_table_without_a_source_needs_a_file(segmentation, project):
    outcome = segmentation("import", "contacts", "--project", project)
    assert outcome.status == 2
    assert "table `contacts` has no source" in outcome.err


@pytest.mark.parametrize(
    ("table", "file", "message"),
    [
        ("contacts", "nowhere.csv", "there is no such file"),
        ("planets", "people.csv", "unknown table `planets`"),
        ("activities", "people.csv", "no column names"),
    ],
)
def test_what_cannot_start_is_status_3(segmentation, project, tmp_path, table, file, message):
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    outcome = segmentation("import", table, tmp_path / file, "--project", project)
    assert outcome.status == 3
    assert message in outcome.err


def test_an_import_of_which_nothing_landed_is_status_3(segmentation, project, tmp_path):
    file = tmp_path / "bad.csv"
    file.write_text("contact_id,plan\na,gold\n", encoding="utf-8")
    outcome = segmentation("import", "contacts", file, "--project", project, "--json")
    assert (outcome.status, outcome.json["status"]) == (3, "failed")


def test_the_index_is_up_to_date_after_an_import(segmentation, project, people):
    segmentation("import", "contacts", people, "--project", project)
    store = DeltaStore(project / "data" / "lake")
    catalog = load_catalog(project / "segment_definitions" / "catalog.yaml")
    index = read_index(store, catalog, store.snapshot(input_tables(catalog)))
    assert index.coded["contact"].values().collect().height == 2
