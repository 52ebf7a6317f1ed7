"""An import that died after any commit goes on, and ends as one that was let alone."""

from __future__ import annotations

import random
import shutil

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.lake.store import DeltaStore

# Sound but slow: a part of the slower suite.
pytestmark = pytest.mark.integration

ACTIVITIES = """
table: activities
columns: {contact_id: who, activity_type: {constant: purchase}, occurred_at: when, revenue: amount}
creates: {contacts: {status: state}}
"""
PEOPLE = """
table: contacts
columns:
  contact_id: id
  email: mail
  first_name: name
  tags: {column: tags, split: ";"}
  custom.plan_tier: plan
"""
WRITES = ("append", "merge", "delete")
COUNTS = ("read", "landed", "unchanged", "duplicates", "rejected", "orphaned", "created", "adopted")
TOLD = ("job", "status", *COUNTS, "batches", "rejects", "error")


class Killed(BaseException):
    """What no `except Exception` of the import sees, as it would not see a SIGKILL."""


def dying(monkeypatch, after):
    """Let the process die right after its commit number ``after``."""
    done = 0

    def counted(method):
        def commit(*arguments, **options):
            nonlocal done
            version = method(*arguments, **options)
            done += 1
            if done == after:
                raise Killed
            return version

        return commit

    with monkeypatch.context() as patched:
        for name in WRITES:
            patched.setattr(DeltaStore, name, counted(getattr(DeltaStore, name)))
        yield lambda: done


def killed(lake, monkeypatch, after, *load, **options):
    """Import until the commit ``after``; return the commits of an import that was done before."""
    death = dying(monkeypatch, after)
    commits = next(death)
    try:
        lake.load(*load, **options)
    except Killed:
        return None
    finally:
        death.close()
    return commits()


def purchases():
    chance = random.Random(7)
    lines = ["who,when,amount,state"]
    for _ in range(24):
        who = chance.choice(["", "a", "b", "c", "d", "z"])
        # No contact has the status odd: rows of c, d and z wait until another row makes their contact.
        state = "active" if who in ("a", "b") or chance.random() < 0.2 else "odd"
        when = f"2026-0{chance.randint(1, 2)}-05" if chance.random() < 0.9 else "soon"
        lines.append(f"{who},{when},{chance.randint(1, 3)},{state}")
    return "\n".join(lines) + "\n"


PEOPLE_ROWS = (
    "id,mail,name,tags,plan\nc,c@x.org,Cid,vip;new,pro\na,a@x.org,Ann,vip,free\ne,A@x.org,Eve,,\n"
    "b,b@x.org,Bob,new,odd\nc,c@x.org,Cyd,vip,free\nd,a2@x.org,Dan,x,\nf,f@x.org,Flo,,pro\ng,,Gus,a;b,\n"
)


def tables(lake):
    found = {}
    for name in (*lake.catalog.table_names(), "activities_orphaned", "import_records"):
        if lake.store.exists(name):
            frame = lake.store.scan(name).collect()
            found[name] = frame.sort([column for column in frame.columns if frame[column].dtype != pl.List])
    return found


def job(lake):
    return lake.store.scan("import_jobs").select(TOLD).sort("job").collect().row(-1, named=True)


CASES = {
    "activities": (("activities", purchases()), {"mapping": ACTIVITIES, "batch_rows": 5}),
    "contacts": (("contacts", PEOPLE_ROWS), {"mapping": PEOPLE, "batch_rows": 3}),
    "two files": (
        ("activities", purchases(), purchases().replace("-05", "-06")),
        {"mapping": ACTIVITIES, "batch_rows": 9},
    ),
}


@pytest.fixture(scope="module")
def before(tmp_path_factory, lakes):
    """The folder of a lake that holds waiting rows of a and c, and the contact q."""
    folder = tmp_path_factory.mktemp("before")
    lake = lakes(folder)
    lake.load(
        "activities", "who,when,amount,state\na,2025-01-01,5,odd\nc,2025-01-01,6,odd\n", mapping=ACTIVITIES
    )
    lake.load("contacts", "contact_id\nq\n")
    return folder


def die_and_go_on(folder, lakes, before, monkeypatch, case, chosen):
    """Die after the ``chosen`` commits of an import, each in a lake of its own, and import again."""
    load, options = CASES[case]
    shutil.copytree(before, folder / "whole")
    whole = lakes(folder / "whole")
    commits = killed(whole, monkeypatch, 0, *load, **options)
    expected, counted = tables(whole), job(whole)
    assert counted["rejected"] > 1
    assert commits > 8
    for last in chosen(commits):
        shutil.copytree(before, folder / str(last))
        lake = lakes(folder / str(last))
        assert killed(lake, monkeypatch, last, *load, **options) is None
        again = lake.load(*load, **options)
        assert again.attempts == 2
        assert job(lake) == counted
        assert sum(counted[name] for name in COUNTS[1:6]) == counted["read"]
        for name, frame in tables(lake).items():
            assert_frame_equal(frame, expected[name])


@pytest.mark.integration
@pytest.mark.parametrize("case", CASES)
def test_after_every_commit(case, tmp_path, lakes, before, monkeypatch):
    die_and_go_on(tmp_path, lakes, before, monkeypatch, case, lambda commits: range(1, commits))


@pytest.mark.parametrize("case", ["activities", "contacts"])
def test_in_the_midst(case, tmp_path, lakes, before, monkeypatch):
    die_and_go_on(tmp_path, lakes, before, monkeypatch, case, lambda commits: (commits // 2,))


def test_a_job_that_dies_twice_goes_on_twice(tmp_path, lakes, monkeypatch):
    load, options = CASES["activities"]
    lake = lakes(tmp_path / "lake")
    for last in (6, 4):
        assert killed(lake, monkeypatch, last, *load, **options) is None
    done = lake.load(*load, **options)
    whole = lakes(tmp_path / "whole")
    once = whole.load(*load, **options)
    assert (done.job, done.attempts, once.attempts) == (once.job, 3, 1)
    assert job(lake) == job(whole)


def test_a_resume_does_not_judge_what_was_written_again(tmp_path, lakes, monkeypatch):
    load, options = CASES["contacts"]
    commits = killed(lakes(tmp_path / "whole"), monkeypatch, 0, *load, **options)
    lake = lakes(tmp_path / "lake")
    # The last commit is the end of the job's row, the one before it belongs to the last batch.
    killed(lake, monkeypatch, commits - 2, *load, **options)
    row = lake.store.scan("import_jobs").collect().row(0, named=True)
    before = {name: lake.store.version(name) for name in ("contacts", "contact_tag_assignments")}
    done = lake.load(*load, **options)
    assert (row["batches"], done.batches) == (3, 3)
    assert sum(lake.store.version(name) - version for name, version in before.items()) <= 1


@pytest.fixture
def interrupted(lake, monkeypatch):
    """A lake with an import of contacts that died in its second batch."""
    assert killed(lake, monkeypatch, 4, "contacts", "contact_id\na\nb\nc\n", batch_rows=1) is None
    return lake


def test_it_can_be_named(interrupted):
    done = interrupted.load("contacts", "contact_id\na\nb\nc\n", batch_rows=1, resume="import-000001")
    assert (done.job, done.status, done.landed, done.attempts) == ("import-000001", "completed", 3, 2)


def test_the_size_of_its_batches_stays(interrupted):
    assert interrupted.load("contacts", "contact_id\na\nb\nc\n").batches == 3


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("contact_id\na\nb\nd\n", {}, "the files' content, the catalog or the time zone is not what it was"),
        ("contact_id\na\nb\nc\n", {"batch_rows": 2}, "its batches have 1 rows"),
        ("contact_id\na\nb\nc\n", {"time_zone": "Europe/Paris"}, "the time zone is not what it was"),
        (
            "contact_id\na\nb\nc\n",
            {"mapping": "table: contacts\ncolumns: {contact_id: {column: contact_id, strip: true}}"},
            "the mapping is not the one it began with",
        ),
    ],
)
def test_nothing_else_goes_on_in_its_place(interrupted, text, options, reason):
    with pytest.raises(ImportFailed, match=f"`import-000001` cannot go on: .*{reason}"):
        interrupted.load("contacts", text, resume="import-000001", **options)
    assert interrupted.load("contacts", text, **options).job == "import-000002"


def test_another_table_another_catalog_and_no_such_job(interrupted):
    with pytest.raises(ImportFailed, match="there is no import `import-000009`"):
        interrupted.load("contacts", "contact_id\na\n", resume="import-000009")
    with pytest.raises(ImportFailed, match="an import into `contacts`, not into `activities`"):
        interrupted.load("activities", "who,when,amount,state\n", mapping=ACTIVITIES, resume="import-000001")


def test_a_table_that_was_made_anew_starts_anew(interrupted):
    table = interrupted.folder / "lake" / "contacts"
    table.rename(interrupted.folder / "gone")
    interrupted.load("contacts", "contact_id\nz\n")
    with pytest.raises(ImportFailed, match="the table was made anew since"):
        interrupted.load("contacts", "contact_id\na\nb\nc\n", resume="import-000001")


def test_after_a_later_import_only_by_name(interrupted):
    interrupted.load("contacts", "contact_id\nz\n")
    assert interrupted.load("contacts", "contact_id\na\nb\nc\n", batch_rows=1).job == "import-000003"
    assert (
        interrupted.load("contacts", "contact_id\na\nb\nc\n", batch_rows=1, resume="import-000001").status
        == "completed"
    )


def test_what_came_to_its_end_does_not_go_on(lake):
    lake.load("contacts", "contact_id\na\n")
    with pytest.raises(ImportFailed, match="was not interrupted: it is completed"):
        lake.load("contacts", "contact_id\na\n", resume="import-000001")
    assert lake.load("contacts", "contact_id\na\n").job == "import-000002"


def test_the_row_says_how_far_it_is(interrupted):
    row = interrupted.store.scan("import_jobs").collect().row(0, named=True)
    assert (row["status"], row["validation_status"]) == ("processing", "validated")
    assert (row["batches"], row["batch_size"], row["read"], row["attempts"]) == (2, 1, 2, 1)


def test_a_table_of_jobs_from_before_gains_its_columns(lake):
    lake.load("contacts", "contact_id\na\n")
    jobs = lake.store.scan("import_jobs").collect()
    old = jobs.drop("validation_status", "batch_size", "attempts", "checkpoint")
    table = type(IMPORT_JOBS)("import_jobs", old.schema)
    lake.store.replace(table, old.with_columns(pl.lit("processing").alias("status")))
    assert lake.load("contacts", "contact_id\na\n").job == "import-000002"
    assert lake.rows("import_jobs", "job", "status", "attempts") == [
        ("import-000001", "failed", None),
        ("import-000002", "completed", 1),
    ]
