"""The SQL of every rule finds the members that the engine finds, in every database.

`sql_rules.yaml` has the rules and `conftest` the rows; each database loads them as the benchmark does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import duckdb
import pytest

from benchmarks.loading.duckdb import load as load_duckdb
from benchmarks.sql.dialects import CLICKHOUSE, DUCKDB, POSTGRES
from benchmarks.sql.errors import Untranslatable
from benchmarks.sql.queries import Tables, membership
from segmentation_pipeline.catalog.types import Datetime, Decimal, Enum, Integer, ListOf, Number, Text
from segmentation_pipeline.errors import Position
from segmentation_pipeline.rules import tree
from segmentation_pipeline.rules.clock import to_micros
from segmentation_pipeline.rules.moments import AbsoluteInstant, RelativeInstant
from segmentation_pipeline.rules.segment import Pin, Segment

OWN = {"contact": "contact", "activities": "activities"}
NOWHERE = Position("", 0, 0)
OPENS = tree.Events("activities", ("open",))
OPEN = tree.Step(("open",))
COUNT = tree.Measure(OPENS, "count", Integer())


def members(name: str) -> str:
    return f"SELECT object_index FROM members WHERE segment = '{name}'"


def differences(world, dialect, relations, insert, read, without=()):
    """Write every segment's members by SQL; return the segments that differ from the engine's."""
    tables = Tables(relations, members, tied_events=world.ties)
    found = {}
    for name, segment in world.definitions.segments.items():
        if name in without:
            continue
        query = membership(segment, world.definitions, to_micros(world.as_of), dialect, tables)
        insert(f"INSERT INTO members SELECT '{name}', object_index FROM ({query}) AS found")
        if sorted(read(members(name))) != world.members[name]:
            found[name] = query
    return found


def in_duckdb(world, connection, relations):
    connection.execute("CREATE TABLE members (segment VARCHAR, object_index INTEGER)")

    def read(query):
        return [index for (index,) in connection.execute(query).fetchall()]

    return differences(world, DUCKDB, relations, connection.execute, read)


def test_duckdb_over_parquet(world, folder):
    files = {name: f"read_parquet('{folder / name}.parquet')" for name in OWN}
    assert in_duckdb(world, duckdb.connect(), files) == {}


def test_duckdb_over_tables_of_its_own(world, folder):
    connection = duckdb.connect()
    load_duckdb(connection, "contact", f"{folder}/contact.parquet", ("object_index",))
    load_duckdb(connection, "activities", f"{folder}/activities.parquet", ("kind", "at"))
    assert in_duckdb(world, connection, OWN) == {}


@pytest.mark.integration
def test_clickhouse(world, folder, tmp_path):
    session_type = pytest.importorskip("chdb.session").Session
    from benchmarks.loading.clickhouse import SETTINGS, load

    session = session_type(str(tmp_path / "clickhouse"))
    session.query("CREATE DATABASE bench")
    session.query("USE bench")
    load(session, "contact", f"{folder}/contact.parquet", ("object_index",))
    load(session, "activities", f"{folder}/activities.parquet", ("kind", "at"))
    session.query("CREATE TABLE members (segment String, object_index Int32) ENGINE = Memory")
    try:
        found = differences(
            world,
            CLICKHOUSE,
            OWN,
            lambda query: session.query(f"{query} {SETTINGS}"),
            lambda query: map(int, str(session.query(query, "CSV")).split()),
        )
    finally:
        session.close()
    assert found == {}


@pytest.mark.integration
def test_postgres(world, folder):
    psycopg = pytest.importorskip("psycopg")
    from benchmarks.loading.postgres import load
    from benchmarks.loading.postgres_server import binaries, postgres_server

    if binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres_server() as server, psycopg.connect(server.conninfo, autocommit=True) as connection:
        for name in OWN:
            load(connection, name, [folder / f"{name}.parquet"])
        connection.execute("CREATE TABLE members (segment text, object_index integer)")

        def read(query):
            return [index for (index,) in connection.execute(query).fetchall()]

        assert differences(world, POSTGRES, OWN, connection.execute, read) == {}


def translated(world, where, dialect=DUCKDB, **more):
    segment = Segment("one", "one", "dynamic", "contact", "UTC", "", NOWHERE, where=where, **more)
    return membership(segment, world.definitions, to_micros(world.as_of), dialect, Tables(OWN, members))


def field(name, kind):
    return tree.Field((name,), kind)


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (tree.On("company", "company", tree.Everyone()), "On"),
        (tree.Compare(tree.Field(("company", "staff"), Integer()), "equals", 1), "company.staff"),
        (tree.InSegment("s", tree.PublishedAt(AbsoluteInstant(0))), "PublishedAt"),
        (tree.Compare(tree.Rank(COUNT, "position", "ascending", Integer()), "equals", 1), "Rank"),
        (tree.Compare(tree.Ratio(COUNT, COUNT, 0, Decimal(18)), "equals", 1), "Ratio"),
        (tree.Compare(tree.Response(OPENS, 1, ("open",), "channel", Integer()), "equals", 1), "Response"),
        (tree.Compare(tree.Measure(tree.Related("r", "deal"), "count", Integer()), "equals", 1), "Related"),
        (tree.Compare(replace(COUNT, measure="longest_streak"), "equals", 1), "longest_streak"),
        (tree.Compare(replace(COUNT, measure="last", of=field("items", Integer())), "equals", 1), "last"),
        (tree.Compare(replace(COUNT, measure="sum", of=field("weight", Number())), "equals", 1), "number"),
        (tree.Compare(field("name", Text()), "matches", "a"), "matches"),
        (tree.Compare(field("name", Text()), "equals", "\0"), "null character"),
        (tree.Compare(field("tags", ListOf(Text())), "is_true"), "is_true"),
        (tree.Sequence("activities", (OPEN, replace(OPEN, negated=True))), "Step"),
    ],
)  # fmt: skip
def test_what_has_no_sql_is_refused_by_name(world, where, name):
    with pytest.raises(Untranslatable, match=name):
        translated(world, where)


def test_pins_and_lists_of_members_are_refused(world):
    pin = Pin("c1", "in", "because", None, NOWHERE)
    with pytest.raises(Untranslatable, match="pins"):
        translated(world, tree.Everyone(), pins=(pin,))
    with pytest.raises(Untranslatable, match="without `where`"):
        translated(world, None, members=("c1",))


def test_clickhouse_refuses_what_it_cannot_hold(world):
    early = tree.Compare(field("seen", Datetime()), "before", AbsoluteInstant(-(10**16)))
    lists = tree.Compare(field("tags", ListOf(Text())), "has_none", ("a",), nulls_excluded=True)
    assert translated(world, early)
    assert translated(world, lists)
    with pytest.raises(Untranslatable, match="1900"):
        translated(world, early, CLICKHOUSE)
    with pytest.raises(Untranslatable, match="exclude"):
        translated(world, lists, CLICKHOUSE)


def test_a_rule_reads_as_the_query_one_would_write(world):
    where = tree.All(
        (
            tree.Compare(field("tier", Enum(("free", "pro"))), "not_in", ("pro",)),
            tree.Compare(COUNT, "equals", 0),
            tree.Compare(field("seen", Datetime()), "before", RelativeInstant(-1, "day")),
            tree.InSegment("other"),
        )
    )
    assert world.as_of == dt.datetime(2026, 3, 29, 12, tzinfo=dt.UTC)
    assert translated(world, where) == (
        """SELECT object_index FROM contact WHERE (NOT coalesce("tier" = 'pro', false)"""
        """ AND object_index NOT IN (SELECT object_index FROM activities"""
        """ WHERE "kind" = 'open' AND "at" < TIMESTAMP '2026-03-29 12:00:00.000001')"""
        """ AND "seen" < TIMESTAMP '2026-03-28 12:00:00.000000'"""
        """ AND object_index IN (SELECT object_index FROM members WHERE segment = 'other'))"""
    )
