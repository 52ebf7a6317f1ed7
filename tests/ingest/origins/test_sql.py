from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from segmentation_pipeline.errors import DefinitionError, Forbidden, ImportFailed

PEOPLE = (
    "create table people (contact_id text, email text, country text, balance, updated_at text, labels text)"
)
SQL = "  crm: {table: contacts, sql: {url: 'env:SHOP', query: %s, watermark: updated_at%s}}\n"
ALL = SQL % ("select * from people", "")


def day(number):
    return f"2026-06-{number:02} 10:00:00"


@pytest.fixture
def people(feed):
    def insert(*rows):
        values = ", ".join(
            f"('{key}', null, '{country}', {balance}, '{day(at)}', null)"
            for key, country, balance, at in rows
        )
        feed.database("shop.db", f"insert into people values {values}")

    feed.database("shop.db", PEOPLE)
    insert(("a", "FR", 12.5, 1), ("b", "DE", 3, 2), ("c", "IT", "null", 2))
    return insert


def test_the_first_import_reads_everything(feed, people):
    job = feed.load(ALL)
    assert (job.status, job.read, job.landed) == ("completed", 3, 3)
    assert feed.rows("contacts", "contact_id", "country", "balance")[:2] == [
        ("a", "FR", Decimal("12.5")),
        ("b", "DE", Decimal(3)),
    ]
    assert feed.jobs("source", "watermark") == [("crm", f"text {day(2)}")]


@pytest.mark.parametrize(
    "query", ["select * from people", "select * from people where updated_at >= :watermark"]
)
def test_the_next_one_reads_from_the_watermark_on_with_rows_that_equal_it(feed, people, query):
    text = SQL % (f"'{query}'", "")
    assert feed.load(text).read == 3
    people(("d", "ES", 1, 2), ("e", "PT", 1, 3))
    job = feed.load(text)
    assert (job.read, job.landed, job.unchanged) == (4, 2, 2)
    assert [key for (key,) in feed.rows("contacts", "contact_id")] == ["a", "b", "c", "d", "e"]


def test_a_changed_row_is_read_again(feed, people):
    feed.load(ALL)
    feed.database(
        "shop.db", f"update people set country = 'BE', updated_at = '{day(4)}' where contact_id = 'a'"
    )
    job = feed.load(ALL)
    assert (job.read, job.landed) == (1, 1) or (job.read, job.landed) == (3, 1)
    assert feed.rows("contacts", "contact_id", "country")[0] == ("a", "BE")


def test_without_a_watermark_everything_is_read_every_time(feed, people):
    text = "  crm: {table: contacts, sql: {url: 'env:SHOP', query: select * from people}}\n"
    assert (feed.load(text).landed, feed.load(text).unchanged) == (3, 3)
    assert feed.jobs("watermark") == [(None,), (None,)]


def test_another_query_is_read_from_its_start(feed, people):
    feed.load(ALL)
    job = feed.load(SQL % ("select * from people where country <> 'IT'", ""))
    assert (job.read, job.unchanged) == (2, 2)


def test_going_back_to_the_first_query_is_a_change_too(feed, people):
    feed.load(ALL)
    feed.load(SQL % ("select * from people where country <> 'IT'", ""))
    assert feed.load(ALL).read == 3


def test_without_its_table_a_source_is_read_from_its_start(feed, people):
    import shutil

    feed.load(ALL)
    shutil.rmtree(feed.folder / "lake" / "contacts")
    assert feed.load(ALL).landed == 3


def test_a_start_leaves_out_what_lies_before(feed, people):
    assert feed.load(SQL % ("select * from people", f", start: '{day(2)}'")).read == 2


def test_an_import_that_fails_moves_no_watermark(feed, people):
    feed.load(ALL)
    people(("d", "ES", "'much'", 5))
    feed.database("shop.db", f"update people set balance = 'none' where updated_at = '{day(2)}'")
    assert feed.load(ALL).status == "failed"
    feed.database("shop.db", "update people set balance = 7")
    assert feed.load(ALL).landed == 3


def test_rows_beside_rejected_ones_move_the_watermark(feed, people):
    people(("d", "ES", "'much'", 5), ("e", "ES", 5, 6))
    job = feed.load(ALL)
    assert (job.status, job.rejected) == ("partially_completed", 1)
    assert feed.jobs("watermark") == [(f"text {day(6)}",)]
    assert str(job.rejects[0]) == "crm.parquet, row 4: `much` is not a number"


def test_nothing_is_left_beside_the_lake(feed, people):
    feed.load(ALL)
    with pytest.raises(ImportFailed):
        feed.load(SQL % ("select * from nobody", ""))
    assert feed.left() == []


def test_what_a_killed_import_left_goes_with_the_next(feed, people):
    left = feed.file("lake/.spool/old/rows/old.parquet", "what a kill left")
    feed.load(ALL)
    assert not left.exists()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * frm people", 'near "frm"|syntax error'),
        ("select contact_id, contact_id, updated_at from people", "returns `contact_id` more than once"),
        ("select contact_id from people", "no column `updated_at` for the watermark"),
        ("delete from people", "readonly|syntax|not return rows|closed"),
        ("select contact_id, x'00' as email, updated_at from people", "type bytes, which cannot be read"),
    ],
)
def test_a_query_that_cannot_be_read_is_refused_with_its_source(feed, people, query, message):
    with pytest.raises(ImportFailed, match=message) as caught:
        feed.load(SQL % (f'"{query}"', ""))
    assert str(caught.value.where).startswith("source `crm`")
    assert not feed.store.exists("contacts")


def test_a_variable_that_is_not_set_is_named(feed):
    feed.env = {}
    with pytest.raises(ImportFailed, match="environment variable SHOP is not set"):
        feed.load(ALL)


def test_a_password_never_gets_into_a_message(feed):
    feed.env = {"SHOP": "postgresql://joe:s%2Fcret-word@127.0.0.1:9/shop"}
    with pytest.raises(ImportFailed, match="cannot be reached") as caught:
        feed.load(ALL)
    assert "cret" not in repr(caught.value) + str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_file_outside_the_project_is_forbidden(feed, tmp_path_factory):
    outside = tmp_path_factory.mktemp("other") / "shop.db"
    outside.write_bytes(b"")
    feed.env = {"SHOP": f"sqlite:///{outside}"}
    with pytest.raises(Forbidden, match="outside the project"):
        feed.load(ALL)


SQL_LOG = "{url: 'env:SHOP', query: select * from log, watermark: %s}"
LOG = f"  log: {{table: activities, mapping: m.yaml, sql: {SQL_LOG}}}\n"
EVENTS = """
table: activities
columns: {contact_id: who, activity_type: what, occurred_at: %s%s}
"""


def test_events_that_nothing_tells_apart_are_refused(feed):
    feed.database(
        "shop.db",
        "create table log (id, who, what, at, seen)",
        "insert into log values (1, 'a', 'purchase', '2026-06-01', 1)",
    )
    source = LOG % "seen"
    feed.file("m.yaml", EVENTS % ("at", ""))
    with pytest.raises(ImportFailed, match="rows of `activities` have no `activity_id`"):
        feed.load(source)
    feed.file("m.yaml", EVENTS % ("at", ", activity_id: id"))
    assert feed.load(source).orphaned == 1


def test_equal_events_are_the_same_ones_when_they_are_read_again(feed):
    feed.database(
        "shop.db",
        "create table log (who, what, at)",
        "insert into log values ('a', 'purchase', '2026-06-01'), ('a', 'purchase', '2026-06-01')",
    )
    feed.file("m.yaml", EVENTS % ("at", ""))
    source = LOG % "at"
    assert feed.load(source).orphaned == 2
    assert feed.load(source).unchanged == 2


@pytest.mark.parametrize(
    ("line", "rule", "message"),
    [
        (
            "{table: contacts, sql: {url: 'postgresql://a:b@h/d', query: select 1}}",
            "source-secret",
            "holds a password",
        ),
        (
            "{table: contacts, sql: {url: 'mongodb://h/d', query: select 1}}",
            "source-url",
            "no known kind of database",
        ),
        (
            "{table: contacts, sql: {url: 'sqlite:////etc/a.db', query: select 1}}",
            "path-outside",
            "may lead outside",
        ),
        (
            "{table: contacts, sql: {url: 'env:A', query: 'select :x'}}",
            "source-query",
            "nothing gives `:x` a value",
        ),
        (
            "{table: contacts, sql: {url: 'env:A', query: 'select :watermark'}}",
            "source-query",
            "no `watermark`",
        ),
        (
            "{table: contacts, sql: {url: 'env:A', query: select 1, overlap: 1 hour}}",
            "sources-shape",
            "belong to a `watermark`",
        ),
        (
            "{table: contacts, files: a.csv, delta: {path: a}}",
            "sources-shape",
            "needs exactly one of `files`, `sql`, `delta`",
        ),
        ("{table: contacts}", "sources-shape", "needs exactly one of"),
        ("{table: contacts, delta: {path: a, url: 's3://b/c'}}", "sources-shape", "needs `path`"),
        ("{table: contacts, delta: {path: ../a}}", "path-outside", "may lead outside the project"),
        ("{table: contacts, delta: {url: 'file:///etc'}}", "path-outside", "may lead outside the project"),
        ("{table: contacts, delta: {path: a}, format: csv}", "sources-shape", "`format` is for `files`"),
    ],
)
def test_faults_are_found_where_they_stand(feed, line, rule, message):
    with pytest.raises(DefinitionError) as caught:
        feed.sources(f"  a: {line}\n")
    (found,) = caught.value.diagnostics
    assert (found.rule, found.at.line) == (rule, 2)
    assert message in found.message


def test_limits_apply_to_every_kind(feed):
    found = feed.sources("  a: {table: contacts, delta: {path: a}, max_shrink: 20%, stale_after: 2 days}\n")[
        "a"
    ]
    assert (found.max_shrink, found.stale_after) == (0.2, dt.timedelta(days=2))
