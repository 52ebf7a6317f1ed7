"""A shop's PostgreSQL as a source: exact, incremental, and whole again after whatever happens to it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime

import polars as pl
import psycopg
import pytest

from benchmarks.loading.postgres_server import binaries, postgres_server
from segmentation_pipeline.catalog.reading import read_catalog
from segmentation_pipeline.documents import read_documents
from segmentation_pipeline.errors import ImportFailed
from segmentation_pipeline.ingest.records import IMPORT_JOBS
from segmentation_pipeline.ingest.sources import import_source, read_sources
from segmentation_pipeline.lake.store import DeltaStore

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed"),
]
CATALOG = """
objects:
  contact:
    table: contacts
    key: contact_id
    events: [activities]
    fields:
      contact_id: {type: text, required: true, unique: true}
      email: {type: text, unique: true, normalise: lower, form: email}
      name: text
      balance: decimal(4)
      score: number
      born: date
      active: boolean
      labels: {type: list, of: text, from: {table: contact_labels, value: label}}
      updated_at: datetime
events:
  activities:
    table: activities
    key: contact_id
    type: activity_type
    time: occurred_at
    id: activity_id
    orphans: activities_orphaned
    fields:
      activity_id: {type: text, required: true}
      contact_id: text
      activity_type: {type: text, required: true}
      occurred_at: {type: datetime, required: true}
    types: {purchase: {fields: {revenue: decimal(4), product: text}}}
tables:
  contact_labels:
    key: [contact_id, label]
    columns:
      contact_id: {type: text, required: true}
      label: {type: text, required: true}
      updated_at: datetime
"""
PEOPLE = """
create table people (
    contact_id integer primary key, email text, name text, balance numeric(14, 4), score double precision,
    born date, active boolean, labels text[], updated_at timestamptz not null);
insert into people select n, 'c' || n || '@example.com', 'Zoë, "the ' || n || 'th"', n * 0.0101, n / 3.0,
    date '1950-01-01' + n % 20000, n % 2 = 0, case when n % 5 = 0 then array['vip', 'a,b'] end,
    timestamptz '2026-01-01 00:00:00+01' + n * interval '1.000001 s'
from generate_series(1, 100000) n;
"""
ORDERS = """
create table orders (
    id bigint primary key, contact_id integer, placed_at timestamptz, revenue numeric, product text);
insert into orders select n, n % 100000 + 1, timestamptz '2026-02-01 00:00:00Z' + n * interval '7.123456 s',
    n * 0.37, case when n % 7 = 0 then null else 'p' || n % 90 end
from generate_series(1, 100000) n;
"""
CONTACTS = """
table: contacts
columns: {contact_id: contact_id, email: email, name: name, balance: balance, score: score, born: born,
          active: active, labels: labels, updated_at: updated_at}
"""
PURCHASES = """
table: activities
columns: {activity_id: id, contact_id: contact_id, activity_type: {constant: purchase},
          occurred_at: placed_at, revenue: revenue, product: product}
"""
SQL = "  shop: {{table: {table}, mapping: {table}.yaml, sql: {{url: 'env:SHOP', query: '{query}'{more}}}}}\n"
READ_PEOPLE = SQL.format(table="contacts", query="select * from people", more=", watermark: updated_at")
READ_ORDERS = SQL.format(
    table="activities", query="select * from orders where id > :watermark", more=", watermark: id"
)
LATE = "insert into people (contact_id, updated_at)"
SECRET = "hunter2-of-the-shop"


class Shop:
    def __init__(self, folder, conninfo):
        self.folder, self.conninfo = folder, conninfo
        host = dict(part.split("=", 1) for part in conninfo.split())["host"]
        self.env = {"SHOP": f"postgresql://postgres:{SECRET}@/postgres?host={host}&application_name=import"}
        self.catalog = read_catalog(read_documents(CATALOG, "catalog.yaml")[0])
        self.store = DeltaStore(folder / "lake")
        (folder / "contacts.yaml").write_text(CONTACTS)
        (folder / "activities.yaml").write_text(PURCHASES)

    def load(self, text, store=None):
        (source,) = read_sources(
            read_documents(f"sources:\n{text}", "sources.yaml")[0], self.catalog
        ).values()
        return import_source(
            store or self.store,
            self.catalog,
            source,
            project=self.folder,
            definitions=self.folder,
            time_zone="UTC",
            now=lambda: datetime.now(UTC),
            env=self.env,
        )

    def do(self, *statements):
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def copy(self, query, path):
        with psycopg.connect(self.conninfo) as connection, path.open("wb") as file:
            connection.execute("set time zone 'UTC'; set datestyle = 'ISO'")
            with connection.cursor().copy(f"copy ({query}) to stdout with (format csv, header)") as rows:
                for part in rows:
                    file.write(part)

    def rows(self, table, store=None):
        return (store or self.store).scan(table).collect()

    def watermarks(self):
        return self.rows(IMPORT_JOBS.name).sort("job")["watermark"].to_list()


@pytest.fixture(scope="module")
def server():
    with postgres_server(settings={"fsync": "off"}) as running:
        yield running


@pytest.fixture
def shop(server, tmp_path):
    found = Shop(tmp_path, server.conninfo)
    found.do("drop table if exists people, orders cascade")
    return found


def test_two_hundred_thousand_rows_equal_those_of_the_same_rows_by_csv(shop):
    shop.do(PEOPLE, ORDERS)
    people, orders = shop.load(READ_PEOPLE), shop.load(READ_ORDERS)
    assert (people.status, people.landed, orders.status, orders.landed) == (
        "completed",
        10**5,
        "completed",
        10**5,
    )
    columns = (
        "contact_id, email, name, balance, score, born, active, array_to_json(labels) as labels, updated_at"
    )
    shop.copy(f"select {columns} from people", shop.folder / "people.csv")
    shop.copy("select * from orders", shop.folder / "orders.csv")
    other = DeltaStore(shop.folder / "other")
    shop.load("  a: {table: contacts, files: people.csv, mapping: contacts.yaml}\n", other)
    shop.load("  a: {table: activities, files: orders.csv, mapping: activities.yaml}\n", other)
    for table, key in (
        ("contacts", "contact_id"),
        ("activities", "activity_id"),
        ("contact_labels", "contact_id"),
    ):
        mine, theirs = (
            shop.rows(table, store).sort(key, *(["label"] if "labels" in table else []))
            for store in (None, other)
        )
        indexes = [name for name in mine.columns if name == "object_index"]
        assert mine.drop(indexes).equals(theirs.drop(indexes)), table
    assert shop.load(READ_PEOPLE).landed == 0


def test_each_import_reads_what_is_new_and_the_edge_again(shop):
    shop.do(PEOPLE.replace("100000", "5000"))
    assert shop.load(READ_PEOPLE).landed == 5000
    assert (again := shop.load(READ_PEOPLE)).read == again.unchanged == 1
    shop.do("update people set name = 'New', updated_at = now() where contact_id in (7, 8)")
    shop.do(f"{LATE} select 6000, updated_at from people where contact_id = 7")
    job = shop.load(READ_PEOPLE)
    assert (job.landed, job.unchanged) == (3, 1)
    names = shop.rows("contacts").filter(pl.col("name") == "New")["contact_id"].sort().to_list()
    assert names == ["7", "8"]


def test_a_row_that_came_late_is_found_by_the_overlap(shop):
    shop.do(PEOPLE.replace("100000", "10"))
    text = READ_PEOPLE.replace("updated_at}", "updated_at, overlap: 1 hour}")
    shop.load(text)
    shop.do(f"{LATE} select 11, max(updated_at) - interval '59 minutes' from people")
    assert shop.load(text).landed == 1
    shop.do(f"{LATE} select 12, max(updated_at) - interval '61 minutes' from people")
    assert shop.load(text).landed == 0


def test_a_connection_that_is_lost_on_the_way_costs_nothing(shop):
    text = READ_ORDERS.replace("from orders", "from shown")
    shop.do(ORDERS.replace("100000) n", "1000) n"), "create view shown as select * from orders")
    shop.load(text)
    shop.do("insert into orders select n, 1, now(), 1, 'late' from generate_series(1001, 3000) n")
    shop.do("drop view shown; create view shown as select *, pg_sleep(0.005)::text as slept from orders")
    before = shop.rows("activities_orphaned").height
    failures = []

    def read():
        with pytest.raises(ImportFailed) as caught:
            shop.load(text)
        failures.append(caught.value)

    reader = threading.Thread(target=read)
    reader.start()
    deadline = time.monotonic() + 30
    killed = False
    while not killed and time.monotonic() < deadline:
        time.sleep(0.2)
        with psycopg.connect(shop.conninfo, autocommit=True) as connection:
            found = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where application_name = 'import' and now() - query_start > interval '0.5 s'"
            ).fetchall()
        killed = bool(found)
    reader.join(60)
    (failure,) = failures
    assert "broke off" in failure.what
    assert "goes on from the last good watermark" in failure.hint
    assert shop.rows("activities_orphaned").height == before
    shop.do("drop view shown; create view shown as select * from orders")
    job = shop.load(text)
    assert (job.status, job.orphaned, job.unchanged) == ("completed", 2000, 1)
    assert shop.rows("activities_orphaned")["activity_id"].n_unique() == 3000


def test_a_query_that_takes_too_long_is_stopped(shop):
    shop.do(PEOPLE.replace("100000", "10"))
    text = SQL.format(table="contacts", query="select *, pg_sleep(5) from people", more=", timeout: 1 second")
    with pytest.raises(ImportFailed, match="statement timeout") as caught:
        shop.load(text)
    assert "it took longer than `timeout`" in caught.value.hint


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select * frm people", "syntax error"),
        ("select * from nobody", 'relation "nobody" does not exist'),
        ("select 1 / (contact_id - 9) as x, * from people", "division by zero"),
        ("with gone as (delete from people returning *) select * from gone", "read-only|DECLARE CURSOR"),
    ],
)
def test_a_wrong_query_is_refused_and_changes_nothing(shop, query, message):
    shop.do(PEOPLE.replace("100000", "10"))
    with pytest.raises(ImportFailed, match=message):
        shop.load(SQL.format(table="contacts", query=query, more=""))
    assert not shop.store.exists("contacts")
    with psycopg.connect(shop.conninfo) as connection:
        assert connection.execute("select count(*) from people").fetchone() == (10,)


def test_the_password_is_nowhere(shop, capfd):
    shop.do(PEOPLE.replace("100000", "10"))
    shop.load(READ_PEOPLE)
    shop.env["SHOP"] = shop.env["SHOP"].replace("postgres?", "nowhere?")
    with pytest.raises(ImportFailed) as caught:
        shop.load(READ_PEOPLE)
    seen = str(caught.value) + repr(caught.value.__cause__) + "".join(capfd.readouterr())
    for path in (shop.folder / "lake").rglob("*"):
        if path.is_file():
            seen += path.read_bytes().decode("latin-1")
    assert SECRET not in seen
