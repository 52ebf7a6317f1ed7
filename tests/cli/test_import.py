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


def content(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def test_a_preview_shows_what_would_happen_and_writes_nothing(segmentation, project, people):
    segmentation("import", "contacts", people, "--project", project)
    people.write_text(PEOPLE.replace("pro", "free") + "d,A@x.org,pro\n", encoding="utf-8")
    before = content(project / "data")
    outcome = segmentation("import", "contacts", people, "--preview", 2, "--project", project)
    assert outcome.status == 1
    assert content(project / "data") == before
    lines = outcome.out.splitlines()
    assert lines[:2] == ["some people.csv", "  encoding: utf-8 (plain ASCII)"]
    assert any(line.startswith("  separator: comma `,`") for line in lines)
    assert "the first 2 rows as they would land" in lines
    assert lines[lines.index("row  contact id  email    plan") + 1].split() == ["1", "a", "a@x.org", "free"]
    assert "the whole import into contacts: nothing was written" in lines
    assert any("1" in line and "… is not in the list of `plan`" in line for line in lines)


def test_a_dry_run_as_json(segmentation, project, people):
    outcome = segmentation("import", "contacts", people, "--dry-run", "--project", project, "--json")
    found = outcome.json
    assert outcome.status == 1
    assert list(found) == [
        *("table", "read", "landed", "unchanged", "rejected", "orphaned", "duplicates", "created", "adopted"),
        *("files", "mapped", "unmapped", "reasons"),
    ]
    assert (found["read"], found["landed"], found["rejected"]) == (3, 2, 1)
    assert found["files"][0]["dialect"]["separator"] == "comma `,`"
    ((reason),) = found["reasons"]
    assert (reason["rows"], reason["column"], reason["example"]["row"]) == (1, "plan", 2)
    assert reason["example"]["value"] == "gold"


def test_a_preview_of_good_rows_is_status_0(segmentation, project, people):
    people.write_text("contact_id\na\n", encoding="utf-8")
    outcome = segmentation("import", "contacts", people, "--preview", 5, "--project", project, "--json")
    assert (outcome.status, outcome.json["rows"]) == (0, [{"row": 1, "contact_id": "a"}])


@pytest.mark.parametrize("option", [("--dry-run",), ("--preview", 3), ("--resume", "import-000001")])
def test_trying_and_resuming_need_files(segmentation, project, option):
    outcome = segmentation("import", "contacts", *option, "--project", project)
    assert outcome.status == 2
    assert "need a FILE" in outcome.err


def test_an_import_is_tried_or_resumed(segmentation, project, people):
    options = ("--dry-run", "--resume", "import-000001", "--project", project)
    assert segmentation("import", "contacts", people, *options).status == 2


def test_what_was_not_interrupted_is_not_resumed(segmentation, project, people):
    segmentation("import", "contacts", people, "--project", project)
    outcome = segmentation("import", "contacts", people, "--resume", "import-000001", "--project", project)
    assert outcome.status == 3
    assert "`import-000001` was not interrupted: it is partially_completed" in outcome.err


def test_a_batch_is_a_line_where_nobody_watches(segmentation, project, people):
    err = segmentation("import", "contacts", people, "--batch-rows", 1, "--project", project).err
    first, second, third = err.splitlines()
    assert first.startswith(
        "job=import-000001 table=contacts batch=1 read=1 landed=1 unchanged=0 rejected=0 orphaned=0"
    )
    assert " batch=2 read=2 landed=1 unchanged=0 rejected=1 " in second
    assert third.endswith("share=1.000")


@pytest.fixture
def interrupted(project, people, segmentation, monkeypatch):
    """A project whose import of contacts broke off in its second batch."""
    commits = 0
    real = DeltaStore.append

    def failing(store, table, frame, *rest):
        nonlocal commits
        commits += table.name == "contacts"
        if commits == 2 and table.name == "contacts":
            raise OSError("the disk is full")
        return real(store, table, frame, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(DeltaStore, "append", failing)
        outcome = segmentation("import", "contacts", people, "--batch-rows", 1, "--project", project)
    assert outcome.status == 3
    assert "import import-000001 stopped after 3 batches: the disk is full" in outcome.err
    return project


def test_status_says_how_an_interrupted_import_goes_on(segmentation, interrupted):
    (job,) = segmentation("status", "--project", interrupted, "--json").json["imports"]
    assert (job["job"], job["status"], job["error"]) == (
        "import-000001",
        "partially_completed",
        "the disk is full",
    )
    assert job["resume"].startswith("segmentation import contacts 'some people.csv' --resume import-000001")
    out = segmentation("status", "--project", interrupted).out
    assert "import-000001 was interrupted; to go on: segmentation import contacts" in out


@pytest.mark.parametrize("named", [(), ("--resume", "import-000001")])
def test_an_interrupted_import_goes_on(segmentation, interrupted, people, named):
    outcome = segmentation("import", "contacts", people, *named, "--project", interrupted, "--json")
    found = {key: outcome.json[key] for key in ("job", "status", "read", "landed", "rejected", "batches")}
    assert found == {
        "job": "import-000001",
        "status": "partially_completed",
        "read": 3,
        "landed": 2,
        "rejected": 1,
        "batches": 3,
    }
    (job,) = segmentation("status", "--project", interrupted, "--json").json["imports"]
    assert (job["error"], job["resume"]) == (None, None)
