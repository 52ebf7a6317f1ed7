"""Frequency over CDNOW, where equal rows are purchases of their own, against DuckDB over the text file."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

FOLDER = os.environ.get("SEGMENTATION_REAL_DATA")
pytestmark = [
    pytest.mark.integration,
    pytest.mark.real,
    pytest.mark.skipif(FOLDER is None, reason="SEGMENTATION_REAL_DATA is not set"),
]
HERE = Path(__file__).parent / "cdnow"
SHIPPED_CATALOG = Path(__file__).parents[2] / "segment_definitions" / "catalog.yaml"
FILE = Path(FOLDER or ".") / "cdnow" / "CDNOW_master.txt"
EARLY = dt.datetime(1997, 7, 1, tzinfo=dt.UTC)
LATE = dt.datetime(1998, 6, 30, tzinfo=dt.UTC)
FREQUENT = """
segment: frequent
name: Frequent buyers
where: {event: purchase, within: last 6 months, operator: greater_than_or_equal, value: 4}
"""
PURCHASES = r"""
create table purchase as
select word[1] as contact, strptime(word[2], '%Y%m%d') as bought_at, word[3] as cds, word[4] as dollars
from (
    select regexp_extract_all(line, '\S+') as word
    from (select unnest(string_split(content, chr(10))) as line from read_text($file))
)
where regexp_matches(word[1], '^\d+$')
"""
EXPECTED = """
select contact
from {rows}
where bought_at > $as_of - interval 6 months and bought_at <= $as_of
group by contact
having count(*) >= 4
order by contact
"""


@pytest.fixture(scope="module")
def published(make_project):
    """By instant, in order of time: the keys of the members after the run."""
    project = make_project("cdnow", SHIPPED_CATALOG.read_text(encoding="utf8"), {"frequent": FREQUENT})
    project.load("activities", HERE / "purchases.yaml", FILE)
    found = {}
    for as_of in (EARLY, LATE):
        project.publish(as_of)
        found[as_of] = (
            project.rows("segment_members").select(pl.col("object_key").sort()).to_series().to_list()
        )
    return found


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute(PURCHASES, {"file": str(FILE)})
        yield connection


def expected(database, as_of, rows="purchase"):
    found = database.execute(EXPECTED.format(rows=rows), {"as_of": as_of.replace(tzinfo=None)}).fetchall()
    return [contact for (contact,) in found]


@pytest.mark.parametrize("as_of", [EARLY, LATE], ids=["early", "late"])
def test_members_are_those_of_duckdb(published, database, as_of):
    assert published[as_of] == expected(database, as_of)
    assert 0 < len(published[as_of]) < 23_570


def test_equal_rows_count_twice(published, database):
    """Some are members only because two equal rows are two purchases."""
    assert set(expected(database, LATE, "(select distinct * from purchase)")) < set(published[LATE])
