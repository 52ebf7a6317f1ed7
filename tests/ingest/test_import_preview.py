"""A preview says what an import does, and does nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.jobs.preview import preview_import

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PEOPLE = (
    "contact_id,email,age,zip\na,a@x.org,1,9\nb,b@x.org,x,9\nc,A@X.org,2,9\nd,,y,9\ne,dx,3,9\nf,,4\ng,,-1,9\n"
)
EVENTS = (
    "who,when,state\nn,2026-01-01,odd\nn,2026-01-02,active\nz,2026-01-03,odd\nq,2026-01-04,odd\n"
    ",2026-01-05,odd\nw,2025-01-01,active\nn,soon,active\nn,2026-01-01,odd\n"
)
PURCHASES = """
table: activities
columns: {contact_id: who, activity_type: {constant: purchase}, occurred_at: when}
creates: {contacts: {status: state}}
"""


@pytest.fixture
def preview(lake):
    def run(table, text, mapping=None, **options):
        chosen = lake.mapping(mapping) if mapping else None
        files = [lake.file("some.csv", text)]
        found = {"time_zone": "UTC", "now": lambda: NOW, **options}
        return preview_import(lake.store, lake.catalog, table, files, chosen, **found)

    return run


def content(folder):
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in folder.rglob("*")
    }


def counts(job):
    names = ("read", "landed", "unchanged", "duplicates", "rejected", "orphaned", "created", "adopted")
    return {name: getattr(job, name) for name in names}


def test_it_writes_nothing(lake, preview):
    lake.load("contacts", "contact_id,email\nz,a@x.org\nc,\n")
    before = content(lake.folder / "lake")
    preview("contacts", PEOPLE)
    assert content(lake.folder / "lake") == before


def test_it_makes_no_lake(lake, preview):
    preview("contacts", PEOPLE)
    assert not (lake.folder / "lake").exists()


@pytest.mark.parametrize(
    ("table", "text", "mapping"),
    [
        ("contacts", PEOPLE, None),
        (
            "activities",
            EVENTS,
            PURCHASES,
        ),
    ],
)
def test_it_counts_as_the_import_does(lake, preview, table, text, mapping):
    lake.load("contacts", "contact_id,email\nz,a@x.org\nc,\n")
    lake.load(
        "activities", "who,when,state\nw,2025-01-01,odd\nv,2025-01-01,odd\n", mapping=PURCHASES, batch_rows=1
    )
    found = preview(table, text, mapping, batch_rows=2)
    done = lake.load(table, text, mapping=mapping, batch_rows=2)
    assert counts(found.job) == counts(done)
    assert sum(reason.rows for reason in found.reasons) >= done.rejected > 0


def test_the_first_rows_are_typed(preview):
    found = preview("contacts", PEOPLE, rows=2)
    assert found.rows.drop("import: row number").rows() == [("a", "a@x.org", 1)]
    assert preview("contacts", PEOPLE).rows.height == 0


def test_rows_of_several_batches_are_shown(preview):
    text = "contact_id,age\n" + "".join(f"c{at},{at}\n" for at in range(9))
    found = preview("contacts", text, rows=5, batch_rows=2)
    assert found.rows["contact_id"].to_list() == ["c0", "c1", "c2", "c3", "c4"]


def test_reasons_are_counted_without_their_values(preview):
    found = preview("contacts", PEOPLE)
    told = [(reason.rows, reason.column, reason.row, reason.value) for reason in found.reasons]
    assert (2, "age", 2, "x") in told
    assert {reason.row for reason in found.reasons if reason.rows == 1} == {3, 5, 6, 7}
    assert "… already belongs to contact …, and `email` is unique" in [r.reason for r in found.reasons]
    assert not found.is_accepted


def test_it_says_how_the_file_is_read(preview):
    found = preview("contacts", PEOPLE)
    assert found.mapped == (("contact_id", ("contact_id",)), ("email", ("email",)), ("age", ("age",)))
    assert found.unmapped == ("zip",)
    ((name, dialect),) = found.dialects
    assert name == "some.csv"
    assert "separator" in {line.property for line in dialect}


def test_a_file_of_good_rows_is_accepted(preview):
    assert preview("contacts", "contact_id\na\n").is_accepted


def test_what_cannot_start_cannot_be_tried(preview):
    with pytest.raises(ImportFailed, match="no column names"):
        preview("contacts", "x,y\n1,2\n")
